# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""`framering selftest`: what it says of a machine that we know."""

import json

from harness import check, everywhere, one_sentence

RESULTS = ("pass", "fail", "not available")
# What every machine has.
SOUND = ("ring/memory", "ring/memory-hdr", "ring/death", "channel/busy", "encode/x264")


def run(world, *arguments, code=0, timeout=240, **options):
    """The object of `selftest --json`, checked against what docs/man/framering.1 promises."""
    report = world.fr("selftest", "--json", *arguments, timeout=timeout, **options).expect(code).json()
    check(set(report) == {"version", "passed", "failed", "not_available", "rows"}, f"{sorted(report)}")
    check_rows(report)
    return {f"{row['area']}/{row['name']}": row for row in report["rows"]}


def check_rows(report):
    counted = {result: 0 for result in RESULTS}
    for row in report["rows"]:
        check(set(row) - {"log"} == {"area", "name", "what", "result", "code", "code_name", "sentence", "ms"}, f"{row}")
        check(row["result"] in RESULTS and row["sentence"] and row["what"], f"{row}")
        check(row["code"] is None or (len(row["code"]) == 10 and int(row["code"], 16) >= 0), f"{row}")
        check(isinstance(row["ms"], int) and row["ms"] >= 0, f"{row}")
        counted[row["result"]] += 1
    check([counted[result] for result in RESULTS] == [report["passed"], report["failed"], report["not_available"]],
          f"{counted} is not what {report['passed']}, {report['failed']}, {report['not_available']} say")


def outcome(rows, name, result, code=None, words=()):
    row = rows.get(name)
    check(row, f"there is no row {name}")
    check(row["result"] == result, f"{name}: {row['result']}, not {result}: {row['sentence']}")
    check(code is None or row["code"] == code, f"{name}: {row['code']}, not {code}: {row['sentence']}")
    for word in words:
        check(word in row["sentence"], f"{name} does not say {word!r}: {row['sentence']}")


@everywhere
def case_selftest(world):
    """Everything that this machine has passes, and what it has not is said to be missing, not to work."""
    rows = run(world)
    failed = [(name, row["sentence"]) for name, row in rows.items() if row["result"] == "fail"]
    check(not failed, f"{failed}")
    for name in SOUND:
        outcome(rows, name, "pass")
    outcome(rows, "encode/nvenc-h264", "not available", words=("NVIDIA",))


@everywhere
def case_selftest_report(world):
    """--report holds the machine, every row and what the library said; the table goes to the terminal."""
    done = world.fr("selftest", "--only", "ring/memory", "--report", "report.json", timeout=240).expect(0)
    check("pass" in done.out and "ring/memory-hdr" in done.out and "2 passed, 0 failed" in done.out, f"{done.out!r}")
    report = json.loads((world.folder / "report.json").read_text(encoding="utf-8"))
    check_rows(report)
    check(report["machine"]["os"]["system"] and report["machine"]["encoders"], f"{report['machine']}")
    lines = [line for row in report["rows"] for line in row["log"]]
    check(any("connected" in line for line in lines), f"{lines}")
    check(any(line.startswith("peer: ") for line in lines), f"{lines}")


@everywhere
def case_selftest_options(world):
    """--list runs nothing; a row that is not there, and an argument, are mistakes with a way out."""
    done = world.fr("selftest", "--list").expect(0)
    check("ring/memory" in done.out and "pass" not in done.out, f"{done.out!r}")
    one_sentence(world.fr("selftest", "--only", "nowhere").expect(2), "nowhere", "--list")
    one_sentence(world.fr("selftest", "ring").expect(2), "no argument", "ring")
    one_sentence(world.fr("selftest", "--only", "convert/bgra", "--report", "no/such/folder").expect(1), "no/such/folder")
