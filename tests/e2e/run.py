# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Runs end-to-end cases: `run.py BUILD CASE...`, `run.py BUILD all`, or `run.py --list [windows]`,
which says of each case whether others may run beside it.

A case is a function `case_NAME(world)` of a file cases_*.py beside this one. Those of cases_windows*.py, and others that
are marked, run in a build for Windows, under Wine. Exit code 0: it held; 1: it did not;
77: this machine cannot run it, and the reason is printed.
"""

import importlib
import pathlib
import sys
import time
import traceback

import harness

STUCK = "stuck"
ATTEMPTS = 4  # of a case that Wine spoiled
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
    world = harness.world_for(build)
    start = time.monotonic()
    print(f"{name}: {function.__doc__.strip().splitlines()[0]}")
    try:
        function(world)
        world.verify()
    except harness.WineStuck as stuck:
        print(f"{name}: {stuck}")
        return STUCK
    except harness.Failure as failure:
        print(f"{name}: FAILED: {failure}")
        return False
    except Exception:  # a case that breaks has failed as well
        traceback.print_exc()
        return False
    finally:
        world.close()
    print(f"{name}: holds ({time.monotonic() - start:.1f} s)")
    return True


def holds(build, name, function):
    for _ in range(ATTEMPTS):
        result = run(build, name, function)
        if result != STUCK:
            return result
    print(f"{name}: FAILED: so {ATTEMPTS} times")
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
