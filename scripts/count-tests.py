# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Prints "PASSED FAILED SKIPPED" of a log that `meson test` wrote, and names what was skipped on stderr.

usage: count-tests.py [--no-skips] LOG FAILURES [ALONE]
       count-tests.py --again LOG
--no-skips: what is skipped has failed, also a case inside a program
FAILURES: a file that gets what failed added to it, with the end of what it printed
ALONE: the log of some that failed, run once more by themselves: what held there holds, and is named in FAILURES too
--again: prints the names, as `meson test` takes them, of what ALONE is for: end-to-end cases that failed as a busy machine may
make them (tests/e2e/run.py). Of more than a few, none: they have a reason of their own.
"""

import json
import sys

SHOWN = 1500  # characters of each stream
MAY_BE_THE_MACHINE = 3  # exit status of a case of tests/e2e
FEW = 3


def read(path):
    with open(path, encoding="utf-8") as log:
        return [json.loads(line) for line in log]


def describe(test, what):
    lines = [f"-- {what}: {test['name']}: {test['result']}, exit status {test['returncode']}, {test['duration']:.1f} s"]
    for stream in ("stdout", "stderr"):
        text = test.get(stream, "").strip()
        if text:
            lines.append(f"{stream}: {'... ' if len(text) > SHOWN else ''}{text[-SHOWN:]}")
    return "\n".join(lines) + "\n"


def print_again(tests):
    names = []
    for test in tests:
        suites, name = test["name"].split(":")[-1].split(" / ")
        if "e2e" in suites.split("+") and test["returncode"] == MAY_BE_THE_MACHINE:
            names.append(name)
    if len(names) <= FEW:
        print("".join(f"{name}\n" for name in names), end="")


def print_counts(tests, alone, failures, no_skips):
    counts = {"OK": 0, "FAIL": 0, "SKIP": 0}
    for test in tests:
        result = {"OK": "OK", "EXPECTEDFAIL": "OK", "SKIP": "SKIP"}.get(test["result"], "FAIL")
        if no_skips and "[  SKIPPED ]" in test.get("stdout", "") + test.get("stderr", ""):
            result = "SKIP"
        counted = "FAIL" if no_skips and result == "SKIP" else result
        if counted == "FAIL" and test["name"] in alone:
            failures.write(describe(test, "held by itself alone"))
            counted = "OK"
        elif counted == "FAIL":
            failures.write(describe(test, "failed"))
        counts[counted] += 1
        if result == "SKIP":
            print(f"skipped: {test['name']}: {test.get('stdout', '').strip()[-200:]}", file=sys.stderr)
    if not tests:
        print("no test ran", file=sys.stderr)
        counts["FAIL"] = 1
    print(counts["OK"], counts["FAIL"], counts["SKIP"])


def main(arguments):
    if arguments[0] == "--again":
        return print_again(read(arguments[1]))
    no_skips = arguments[0] == "--no-skips"
    log, failures_path, *alone = arguments[no_skips:]
    held = {test["name"] for path in alone for test in read(path) if test["result"] == "OK"}
    with open(failures_path, "a", encoding="utf-8") as failures:
        return print_counts(read(log), held, failures, no_skips)


main(sys.argv[1:])
