# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Which failed case is run once more: the rule of run.py by itself, in worlds without programs."""

import contextlib
import io
import types

import run
from harness import Failure, Final, Finished, WineStuck

STILL, CALM = run.STOOD_STILL + 0.1, run.STOOD_STILL - 0.1
FAILED, FINAL, STUCK, BROKE = Failure("failed"), Final("torn"), WineStuck("stuck"), KeyError("flips")


def held(failures, pause):
    """Whether a case held that failed so in its first runs, and how often it was run."""
    worlds = []
    left = list(failures)

    def case(world):
        """A case."""
        worlds.append(world)
        if left:
            raise left.pop(0)

    run.harness.world_for = lambda build: types.SimpleNamespace(verify=lambda: None, close=lambda: None)
    run.Heartbeat = lambda: contextlib.nullcontext(types.SimpleNamespace(longest=pause))
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()):
        result = run.holds(None, "case", case)
    assert len({id(world) for world in worlds}) == len(worlds), "a world was used twice"
    return result, len(worlds), said.getvalue()


def check_pauses():
    """The longest of the pauses is what counts."""
    waits, times = iter([False, False, False, True]), iter([10.0, 10.05, 12.1, 12.15])
    heart = run.Heartbeat(lambda: next(times), types.SimpleNamespace(wait=lambda beat: next(waits)))
    heart.beat()
    assert 1.99 < heart.longest < 2.01, heart.longest
    with run.Heartbeat() as heart:
        pass
    assert not heart.thread.is_alive()


def check_reruns():
    for failures, pause, wanted in (
        ([], STILL, (True, 1)),
        ([FAILED], STILL, (True, 2)),
        ([FAILED], CALM, (False, 1)),
        ([FAILED, FAILED], STILL, (False, 2)),  # once
        ([BROKE], STILL, (True, 2)),
        ([FINAL], STILL, (False, 1)),
        ([FAILED, FINAL], STILL, (False, 2)),
        ([STUCK], CALM, (True, 2)),
        ([STUCK, FAILED, STUCK], STILL, (True, 4)),
        ([STUCK] * run.ATTEMPTS, STILL, (False, run.ATTEMPTS)),
    ):
        result, runs, said = held(failures, pause)
        assert (result, runs) == wanted, f"{failures}, {pause} s: {result} after {runs} runs, not {wanted}"
        if FAILED in failures and pause == STILL:
            assert f"once more, as the machine stood still for {STILL:.1f} s: failed\n" in said, said


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


check_pauses()
check_reruns()
check_finals()
