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
import time
import traceback

import harness

ATTEMPTS = 4  # of a case that Wine spoiled
HELD, FINAL, FAILED = 0, 1, 3
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


def run(build, name, function):
    """One run in a world of its own: the failure, or None."""
    world = harness.world_for(build)
    start = time.monotonic()
    print(f"{name}: {function.__doc__.strip().splitlines()[0]}")
    failure = None
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
    return failure


def outcome(build, name, function):
    for _ in range(ATTEMPTS):
        failure = run(build, name, function)
        if not failure:
            return HELD
        if not isinstance(failure, harness.WineStuck):
            print(f"{name}: FAILED: {failure}")
            return FINAL if isinstance(failure, harness.Final) else FAILED
        print(f"{name}: {failure}")
    print(f"{name}: FAILED: so {ATTEMPTS} times")
    return FINAL


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
    outcomes = {name: outcome(build, name, cases[name]) for name in names}
    failed = [name for name in names if outcomes[name] != HELD]
    if len(names) > 1:
        print(f"{len(names) - len(failed)} passed, {len(failed)} failed" + (f": {' '.join(failed)}" if failed else ""))
    return FINAL if FINAL in outcomes.values() else FAILED if failed else HELD


if __name__ == "__main__":
    sys.exit(main())
