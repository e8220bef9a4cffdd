# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Every C file is as .clang-format says. Other versions than Debian 12's clang-format judge otherwise: skipped there."""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP = 77


def main():
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout if tool else ""
    if not re.search(r"version 14\.", version):
        print(f"clang-format 14 is not here ({version.strip() or 'none found'})")
        return SKIP
    folders = ("include", "src", "sources", "cli", "tests", "examples")
    files = sorted(file for folder in folders for file in (ROOT / folder).rglob("*.[ch]"))
    done = subprocess.run([tool, "--dry-run", "--Werror", *files], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        print("\n".join(line for line in done.stderr.splitlines() if "error:" in line))
        print("clang-format -i mends it")
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
