# SPDX-License-Identifier: Apache-2.0
"""The report of all measurements: ``python -m bench [PART]... [--json]``.

Ends with status 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys

from bench.measure import Row
from bench.world import become_able

PARTS = ("component", "process", "decode", "listening", "network", "tools", "shim")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--json", action="store_true", help="one object a line")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; parts are {', '.join(PARTS)}")
    become_able()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # processes start as they do where they are installed
    if not options.json:
        print(f"Python {platform.python_version()}, Linux {platform.release()}, {os.cpu_count()} processors")
        print(f"{'':54} {'ours':>10}  {'rival':34} {'ratio':>8}  target")
    missed = 0
    for part in options.parts or PARTS:
        for row in importlib.import_module(f"bench.{part}").rows():
            print(json.dumps(row._asdict()) if options.json else line(row), flush=True)
            missed += row.met is False
    if missed and not options.json:
        print(f"{missed} target{'s' if missed > 1 else ''} missed")
    return 1 if missed else 0


def line(row: Row) -> str:
    ratio = f"{row.ratio:.3g}x" if row.ratio is not None else ""
    verdict = {True: "met", False: "MISSED", None: ""}[row.met]
    return f"{row.what:54} {row.ours:>10}  {row.rival:34} {ratio:>8}  {row.target} {verdict}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
