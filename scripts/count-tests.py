# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Prints "PASSED FAILED SKIPPED" of a log that `meson test` wrote, and names what was skipped on stderr.

usage: count-tests.py [--no-skips] LOG     --no-skips: what is skipped has failed, also a case inside a program
"""

import json
import sys

no_skips = sys.argv[1] == "--no-skips"
counts = {"OK": 0, "FAIL": 0, "SKIP": 0}
with open(sys.argv[-1], encoding="utf-8") as log:
    for line in log:
        test = json.loads(line)
        result = {"OK": "OK", "EXPECTEDFAIL": "OK", "SKIP": "SKIP"}.get(test["result"], "FAIL")
        if no_skips and "[  SKIPPED ]" in test.get("stdout", "") + test.get("stderr", ""):
            result = "SKIP"
        counts["FAIL" if no_skips and result == "SKIP" else result] += 1
        if result == "SKIP":
            print(f"skipped: {test['name']}: {test.get('stdout', '').strip()[-200:]}", file=sys.stderr)
if not sum(counts.values()):
    print("no test ran", file=sys.stderr)
    counts["FAIL"] = 1
print(counts["OK"], counts["FAIL"], counts["SKIP"])
