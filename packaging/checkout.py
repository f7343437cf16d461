#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the commands of this checkout, in an environment below it: for `make run`, without network or pip.

    python3 packaging/checkout.py .venv

The environment gets a path file that leads to the checkout, and the two commands. What `pip install --editable`
puts there later does the same. An environment that was made elsewhere, or by a Python that is gone, is made anew.
"""

import os
import shlex
import subprocess
import sys

OLDEST = (3, 9)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMANDS = (("amf-netwatch", "amf_netwatch.cli"), ("saf-shim", "saf_shim.cli"))
SCRIPT = """\
#!{python}
import sys
from {module} import main
sys.exit(main())
"""
# The kernel takes a path of at most 127 bytes without blanks after "#!"; otherwise a shell finds the interpreter.
SCRIPT_BY_SHELL = """\
#!/bin/sh
'''exec' {python} "$0" "$@"
' '''
import sys
from {module} import main
sys.exit(main())
"""


def main(environment):
    """Make the environment; the exit status."""
    if sys.version_info < OLDEST:
        found = ".".join(str(number) for number in sys.version_info[:2])
        sys.stderr.write(
            "amf-netwatch needs Python %d.%d or later, and %s is %s: give another one, as in `make run"
            " PYTHON=python3.11`\n" % (*OLDEST, sys.executable, found)
        )
        return 1
    environment = os.path.join(ROOT, environment)
    python = os.path.join(environment, "bin", "python")
    place = os.path.join(environment, ".place")
    if not works(python) or read(place) not in ("", ROOT):
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", "--without-pip", environment], check=False
        )
        if made.returncode != 0:
            sys.stderr.write(
                "Python's module venv is missing: install it (Debian: apt install python3-venv)\n"
            )
            return 1
    folder = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    write(os.path.join(folder, "amf_netwatch_checkout.pth"), ROOT + "\n")
    for name, module in COMMANDS:
        path = os.path.join(environment, "bin", name)
        write(path, script(python, module))
        os.chmod(path, 0o755)
    write(place, ROOT)
    return 0


def works(python):
    """Tell whether there is an interpreter that starts."""
    try:
        return subprocess.run([python, "-c", "pass"], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def script(python, module):
    """The text of a command that runs the module's `main`."""
    if any(letter.isspace() for letter in python) or len(os.fsencode(python)) > 120:
        return SCRIPT_BY_SHELL.format(python=shlex.quote(python), module=module)
    return SCRIPT.format(python=python, module=module)


def read(path):
    """The file's text; empty when there is no such file."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""


def write(path, text):
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
