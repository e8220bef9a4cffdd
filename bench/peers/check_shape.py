#!/usr/bin/env python3
# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Runs a program of bench/peers and looks whether what it prints has the shape that bench/report reads.

usage: check_shape.py TASK[,TASK...] PROGRAM [ARGUMENT...]
"""

import json
import subprocess
import sys

NUMBER = (int, float)
COMMON = {"name": str, "version": str, "task": str, "width": int, "height": int, "differs": str, "ratio": NUMBER}
CONVERT = {"ms": NUMBER, "ours_ms": NUMBER, "cpu_ms": NUMBER, "ours_cpu_ms": NUMBER, "wall_ratio": NUMBER,
           "ours_kernel": str, "runs": int, "difference": dict}
SESSION = {"seconds": NUMBER, "fps": NUMBER, "ours_fps": NUMBER, "cpu_pct": NUMBER, "ours_cpu_pct": NUMBER,
           "server_cpu_pct": NUMBER, "ours_server_cpu_pct": NUMBER, "ours_latency_p50_us": dict}
TASKS = {
    "bgra-nv12": CONVERT,
    "rgba16f-p010": CONVERT,
    "handoff": {"rate": int, "sent": int, "received": int, "p50_us": NUMBER, "p99_us": NUMBER, "ours_p50_us": NUMBER,
                "ours_p99_us": NUMBER, "p99_ratio": NUMBER, "copies": int, "ours_copies": int, "copies_why": str,
                "converted_p50_us": NUMBER, "ours_converted_p50_us": NUMBER, "cpu_pct": NUMBER,
                "ours_cpu_pct": NUMBER, "ours_look_p50_us": NUMBER, "ours_look_p99_us": NUMBER, "ours_look_cpu_pct": NUMBER,
                "ours_spin_p50_us": NUMBER, "ours_spin_p99_us": NUMBER, "ours_spin_cpu_pct": NUMBER},
    "session-latency": {"p50_us": NUMBER, "p99_us": NUMBER, "ours_p50_us": NUMBER, "ours_p99_us": NUMBER, "seen": NUMBER},
    "session": SESSION,
    "session-capture": SESSION,
}
MISSING = {"name": str, "package": str, "reason": str}
# Not zero, and not below.
POSITIVE = ("ratio", "ms", "ours_ms", "p50_us", "ours_p50_us", "fps", "ours_fps", "width", "height")


def wrong(what, table, row):
    for key, kind in table.items():
        if not isinstance(row.get(key), kind) or isinstance(row.get(key), bool):
            return f"{what}: {key} is {row.get(key)!r}: {row}"
        if key in POSITIVE and row[key] <= 0:
            return f"{what}: {key} is not above zero: {row}"
    return None


def check(document, tasks):
    for row in document["peers"]:
        if row.get("task") not in tasks:
            return f"an unknown task: {row}"
        said = wrong("peer", COMMON, row) or wrong("peer", TASKS[row["task"]], row)
        if said:
            return said
    for row in document["missing"]:
        said = wrong("missing", MISSING, row)
        if said:
            return said
    return None if document["peers"] or document["missing"] else "neither a peer nor a missing one"


def main():
    tasks = sys.argv[1].split(",")
    done = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"exit code {done.returncode}")
    said = check(json.loads(done.stdout), tasks)
    if said:
        sys.exit(said)


if __name__ == "__main__":
    main()
