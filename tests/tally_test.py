# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""tests/tally takes nothing for held that did not run. usage: tally_test.py TALLY"""

import subprocess
import sys
import tempfile

HOLDS, FAILS, SKIPS = "one holds true", "one fails sh -c 'echo it broke; exit 3'", "one skips sh -c 'echo no device; exit 77'"
INSIDE = r"one part printf '[ RUN      ] a\n[  SKIPPED ] a\n[ RUN      ] b\n[  SKIPPED ] b\n[==========] 3 test(s) run.\n[  SKIPPED ] 2 test(s), listed below:\n[  SKIPPED ] a\n[  SKIPPED ] b\n'"
NONE = r"one none printf '[==========] Running 0 test(s).\n[==========] 0 test(s) run.\n[  PASSED  ] 0 test(s).\n'"
LATE = "one late sleep 30"

# What runs, settings, whether strict and lenient sums are good, what is said.
ROWS = (
    (HOLDS, "", True, True, "1 held, 0 skipped, 0 failed"),
    (f"{HOLDS}; {FAILS}", "", False, False, "1 held, 0 skipped, 1 failed"),
    (f"{HOLDS}; {FAILS}", "", False, False, "it broke"),
    (f"{HOLDS}; {SKIPS}", "", False, True, "1 held, 1 skipped, 0 failed"),
    (f"{HOLDS}; {SKIPS}", "", False, True, "skips: skipped: no device"),
    (SKIPS, "", False, False, "0 held, 1 skipped"),
    (f"{HOLDS}; left_out other 'it is not there'", "", False, True, "other: skipped: it is not there"),
    (f"{HOLDS}; left_out other 'it is not there'", "only=holds", True, True, "1 held, 0 skipped"),
    (f"{HOLDS}; {FAILS}", "only=hold", True, True, "1 held, 0 skipped, 0 failed"),
    (f"{HOLDS}; {FAILS}", "only=typo", False, False, "0 held, 0 skipped, 0 failed"),
    (INSIDE, "", False, True, "but skipped in it: a b"),
    (INSIDE, "", False, True, "2 tests were skipped in programs that held"),
    (INSIDE, "excused=a", False, True, "1 tests were skipped in programs that held"),
    (INSIDE, "excused='a b'", True, True, "0 tests were skipped in programs that held"),
    (f"{HOLDS}; {NONE}", "", False, False, "none: FAILED (it ran no test)"),
    (f"{HOLDS}; {LATE}", "limit_s=1", False, False, "late: FAILED (124)"),
)


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as logs:
        for programs, settings, *good, words in ROWS:
            for strict, wanted in zip(("yes", "no"), good):
                script = f". '{sys.argv[1]}'; logs={logs} limit_s=20 only= excused= strict={strict}; {settings}\n{programs}\ntally"
                done = subprocess.run(["bash", "-uc", script], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                if (done.returncode == 0) != wanted or words not in done.stdout:
                    failed += 1
                    print(f"{programs} [{settings}, strict={strict}]: {done.returncode}, not {words!r}:\n{done.stdout}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
