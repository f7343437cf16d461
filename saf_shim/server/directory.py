# SPDX-License-Identifier: Apache-2.0
"""A simulator's directory: the socket, the log, and the files through which programs find the simulator.

::

        DIR/socket          the socket for clients; only the owner may use it
        DIR/log             one line for each event
        DIR/pid             the pid of the server, while it runs
    DIR/bin/immlist...  the tools; first in PATH
    DIR/python/         pyosaf, saf_shim and imm_model, for any python3; PYTHONPATH
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping

from saf_shim.protocol import DIRECTORY_VARIABLE

# OpenSAF's tools, and the module whose `main` each of them runs.
TOOLS = {
    "immlist": "saf_shim.tools.imm.immlist",
    "immfind": "saf_shim.tools.imm.immfind",
    "immcfg": "saf_shim.tools.immcfg.immcfg",
    "immadm": "saf_shim.tools.imm.immadm",
    "immdump": "saf_shim.tools.imm.immdump",
    "amf-adm": "saf_shim.tools.amf.amf_adm",
    "amf-state": "saf_shim.tools.amf.amf_state",
}
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_ROOT = os.path.dirname(_PACKAGE)


def prepare(directory: str) -> None:
    """Make the files of a simulator's directory. Existing files are replaced."""
    os.makedirs(os.path.join(directory, "bin"), exist_ok=True)
    os.makedirs(os.path.join(directory, "python"), exist_ok=True)
    os.chmod(directory, 0o700)
    links = {"pyosaf": os.path.join(_PACKAGE, "pyosaf"), "saf_shim": _PACKAGE}
    links["imm_model"] = os.path.join(_ROOT, "imm_model")
    for name, target in links.items():
        path = os.path.join(directory, "python", name)
        if os.path.islink(path):
            os.unlink(path)
        os.symlink(target, path)
    for tool, module in {**TOOLS, "saf-shim": "saf_shim.cli"}.items():
        _write_command(os.path.join(directory, "bin", tool), tool, module)


def _write_command(path: str, name: str, module: str) -> None:
    """Write a command that runs `module` in the simulator's own Python, regardless of the caller's
    environment."""
    code = (
        f"import sys; sys.path.insert(0, {_ROOT!r}); sys.argv[0] = {name!r}; "
        f"from {module} import main; sys.exit(main())"
    )
    text = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -IS -c {shlex.quote(code)} "$@"\n'
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o755)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as handle:
        handle.write(text)


def environment(directory: str, base: Mapping[str, str]) -> dict[str, str]:
    """Return `base` with the variables that make a program use the simulator in `directory`."""
    found = dict(base)
    own_bin, own_python = os.path.join(directory, "bin"), os.path.join(directory, "python")
    found["PATH"] = _prefixed(own_bin, base.get("PATH", os.defpath))
    found["PYTHONPATH"] = _prefixed(own_python, base.get("PYTHONPATH", ""))
    found[DIRECTORY_VARIABLE] = directory
    return found


def _prefixed(entry: str, path: str) -> str:
    rest = [part for part in path.split(":") if part and part != entry]
    return ":".join([entry, *rest])


def write_pid(directory: str, pid: int) -> None:
    """Write down the pid of the process that serves the directory."""
    with open(os.path.join(directory, "pid"), "w", encoding="ascii") as handle:
        handle.write(f"{pid}\n")


def clear(directory: str) -> None:
    """Remove the files that only a running simulator has."""
    for name in ("socket", "pid"):
        try:
            os.unlink(os.path.join(directory, name))
        except FileNotFoundError:
            pass
