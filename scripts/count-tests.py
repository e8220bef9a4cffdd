# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Prints "PASSED FAILED SKIPPED" of a log that `meson test` wrote, and names what was skipped on stderr."""

import json
import sys

counts = {"OK": 0, "FAIL": 0, "SKIP": 0}
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        test = json.loads(line)
        result = {"OK": "OK", "EXPECTEDFAIL": "OK", "SKIP": "SKIP"}.get(test["result"], "FAIL")
        counts[result] += 1
        if result == "SKIP":
            print(f"skipped: {test['name']}: {test.get('stdout', '').strip()[-200:]}", file=sys.stderr)
if not sum(counts.values()):
    print("no test ran", file=sys.stderr)
    counts["FAIL"] = 1
print(counts["OK"], counts["FAIL"], counts["SKIP"])
