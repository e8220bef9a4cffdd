# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Which failed case is run once more, and what is said of it: the rules of run.py and of count-tests.py by themselves."""

import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import types

import run
from harness import Failure, Final, Finished, WineStuck

FAILED, FINAL, STUCK, BROKE = Failure("failed"), Final("torn"), WineStuck("stuck"), KeyError("flips")


def outcome(failures):
    """Of a case that failed so in its first runs, and how often it was run."""
    worlds = []
    left = list(failures)

    def case(world):
        """A case."""
        worlds.append(world)
        if left:
            raise left.pop(0)

    run.harness.world_for = lambda build: types.SimpleNamespace(verify=lambda: None, close=lambda: None)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        result = run.outcome(None, "case", case)
    assert len({id(world) for world in worlds}) == len(worlds), "a world was used twice"
    return result, len(worlds)


def check_outcomes():
    for failures, wanted in (
        ([], (run.HELD, 1)),
        ([FAILED], (run.FAILED, 1)),
        ([BROKE], (run.FAILED, 1)),
        ([FINAL], (run.FINAL, 1)),
        ([STUCK], (run.HELD, 2)),
        ([STUCK, FAILED], (run.FAILED, 2)),
        ([STUCK] * run.ATTEMPTS, (run.FINAL, run.ATTEMPTS)),
    ):
        assert outcome(failures) == wanted, f"{failures}: {outcome(failures)}, not {wanted}"


COUNT = pathlib.Path(run.FOLDER).parents[1] / "scripts" / "count-tests.py"


def count(folder, *arguments):
    return subprocess.run([sys.executable, "-B", str(COUNT), *arguments], cwd=folder, check=True, capture_output=True, text=True)


def log_of(folder, name, *results):
    """A log as `meson test` writes it."""
    lines = [json.dumps({"name": f"framering:{'e2e+threads' if len(test) == 1 else 'unit+threads'} / {test}", "result": "OK" if code == 0 else "SKIP" if code == 77 else "FAIL", "returncode": code,
                         "duration": 1, "stdout": f"{test} said"}) for test, code in results]
    (folder / name).write_text("\n".join(lines))


def check_counts(folder):
    """Few that failed beside others are run by themselves; the others of them, and many, have failed."""
    log_of(folder, "log", ("a", 0), ("b", run.FAILED), ("c", run.FINAL), ("d", 77), ("e", run.FAILED),
           ("unit", run.FAILED))  # a program of cmocka in which so many tests failed
    assert count(folder, "--again", "log").stdout == "b\ne\n"
    assert count(folder, "log", "failures").stdout == "1 4 1\n"
    log_of(folder, "alone", ("b", 0), ("e", run.FAILED))
    (folder / "failures").unlink()
    assert count(folder, "log", "failures", "alone").stdout == "2 3 1\n"
    said = (folder / "failures").read_text()
    assert "-- held by itself alone: framering:e2e+threads / b" in said and "b said" in said, said
    assert all(f"-- failed: framering:{name}:" in said for name in ("e2e+threads / c", "e2e+threads / e", "unit+threads / unit")) and "failed: framering:e2e+threads / b" not in said, said
    log_of(folder, "log", *((name, run.FAILED) for name in "abcd"))
    assert count(folder, "--again", "log").stdout == ""


def check_finals():
    """What a program says of a crash is final, whoever asks."""
    for code, err in ((-11, ""), (-6, ""), (1, "==7==ERROR: AddressSanitizer: heap"), (1, "a.c:3:4: runtime error: shift"),
                      (0, "framering: the source pattern was killed by signal 11 (Segmentation fault)")):
        try:
            Finished(code, "", err).did_not_crash()
        except Final:
            continue
        raise AssertionError(f"{code} {err!r} is no crash")
    for code, err in ((0, ""), (1, "no room"), (-9, ""), (-2, ""), (0, "the source pattern was killed by signal 9 (Killed)")):
        Finished(code, "", err).did_not_crash()


check_outcomes()
with tempfile.TemporaryDirectory() as folder:
    check_counts(pathlib.Path(folder))
check_finals()
