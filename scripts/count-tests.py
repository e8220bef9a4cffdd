# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Prints "PASSED FAILED SKIPPED" of a log that `meson test` wrote, and names what was skipped on stderr.

usage: count-tests.py [--no-skips] LOG FAILURES
--no-skips: what is skipped has failed, also a case inside a program
FAILURES: a file that gets what failed added to it, with the end of what it printed
"""

import json
import sys

SHOWN = 1500  # characters of each stream

no_skips = sys.argv[1] == "--no-skips"
log_path, failures_path = sys.argv[-2:]


def describe(test):
    lines = [f"-- failed: {test['name']}: {test['result']}, exit status {test['returncode']}, {test['duration']:.1f} s"]
    for stream in ("stdout", "stderr"):
        text = test.get(stream, "").strip()
        if text:
            lines.append(f"{stream}: {'... ' if len(text) > SHOWN else ''}{text[-SHOWN:]}")
    return "\n".join(lines) + "\n"


counts = {"OK": 0, "FAIL": 0, "SKIP": 0}
with open(log_path, encoding="utf-8") as log, open(failures_path, "a", encoding="utf-8") as failures:
    for line in log:
        test = json.loads(line)
        result = {"OK": "OK", "EXPECTEDFAIL": "OK", "SKIP": "SKIP"}.get(test["result"], "FAIL")
        if no_skips and "[  SKIPPED ]" in test.get("stdout", "") + test.get("stderr", ""):
            result = "SKIP"
        counted = "FAIL" if no_skips and result == "SKIP" else result
        counts[counted] += 1
        if counted == "FAIL":
            failures.write(describe(test))
        if result == "SKIP":
            print(f"skipped: {test['name']}: {test.get('stdout', '').strip()[-200:]}", file=sys.stderr)
if not sum(counts.values()):
    print("no test ran", file=sys.stderr)
    counts["FAIL"] = 1
print(counts["OK"], counts["FAIL"], counts["SKIP"])
