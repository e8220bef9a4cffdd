# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Runs end-to-end cases: `run.py BUILD CASE...`, `run.py BUILD all`, or `run.py --list [windows]`,
which says of each case whether others may run beside it.

A case is a function `case_NAME(world)` of a file cases_*.py beside this one. Those of cases_windows*.py, and others that
are marked, run in a build for Windows, under Wine. Exit code 0: it held; 1: it did not;
77: this machine cannot run it, and the reason is printed.

A case that failed while the machine stood still is run once more; not if its failure is one that no pause excuses
(harness.Final).
"""

import importlib
import pathlib
import sys
import threading
import time
import traceback

import harness

ATTEMPTS = 4  # of a case that Wine spoiled
BEAT = 0.05
STOOD_STILL = 0.8  # s: programs in order may miss what a case waits for
FOLDER = pathlib.Path(__file__).resolve().parent


def all_cases(windows):
    cases = {}
    for file in sorted(FOLDER.glob("cases_*.py")):
        module = importlib.import_module(file.stem)
        of_windows = file.stem.startswith("cases_windows")
        for name, function in vars(module).items():
            if name.startswith("case_") and (of_windows or getattr(function, "everywhere", False) if windows
                                             else not of_windows):
                cases[name[len("case_"):]] = function
    return cases


class Heartbeat:
    """Measures how long the machine stood still, at most: by how much a short sleep returned late."""

    def __init__(self, clock=time.monotonic, ended=None):
        self.longest = 0.0
        self.clock = clock
        self.ended = ended or threading.Event()
        self.thread = threading.Thread(target=self.beat, daemon=True)

    def beat(self):
        before = self.clock()
        while not self.ended.wait(BEAT):
            now = self.clock()
            self.longest = max(self.longest, now - before - BEAT)
            before = now

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def run(build, name, function):
    """One run in a world of its own: the failure, or None, and how long the machine stood still meanwhile."""
    world = harness.world_for(build)
    start = time.monotonic()
    print(f"{name}: {function.__doc__.strip().splitlines()[0]}")
    failure = None
    with Heartbeat() as heart:
        try:
            function(world)
            world.verify()
        except Exception as exception:  # a case that breaks has failed as well
            failure = exception
        finally:
            world.close()
    if failure and not isinstance(failure, harness.Failure):
        traceback.print_exception(failure)
    if not failure:
        print(f"{name}: holds ({time.monotonic() - start:.1f} s)")
    return failure, heart.longest


def is_excused(failure, pause):
    """The machine may have done it, and not the program."""
    return pause > STOOD_STILL and not isinstance(failure, (harness.Final, harness.WineStuck))


def holds(build, name, function):
    stuck, excused = 0, False
    while True:
        failure, pause = run(build, name, function)
        if not failure:
            return True
        if isinstance(failure, harness.WineStuck):
            stuck += 1
            print(f"{name}: {failure}")
            if stuck == ATTEMPTS:
                print(f"{name}: FAILED: so {ATTEMPTS} times")
                return False
        elif not excused and is_excused(failure, pause):
            excused = True
            print(f"{name}: once more, as the machine stood still for {pause:.1f} s: {failure}")
        else:
            print(f"{name}: FAILED: {failure}")
            return False


def main():
    sys.path.insert(0, str(FOLDER))
    if sys.argv[1] == "--list":
        for name, function in all_cases(sys.argv[2:] == ["windows"]).items():
            print(name, "alone" if getattr(function, "alone", False) else "beside-others")
        return 0
    build, names = sys.argv[1], sys.argv[2:]
    cases = all_cases(harness.is_for_windows(build))
    if names == ["all"]:
        names = list(cases)
    unknown = [name for name in names if name not in cases]
    if unknown:
        print(f"no such case: {', '.join(unknown)}")
        return 2
    failed = [name for name in names if not holds(build, name, cases[name])]
    if len(names) > 1:
        print(f"{len(names) - len(failed)} passed, {len(failed)} failed" + (f": {' '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
