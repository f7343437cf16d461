# SPDX-License-Identifier: Apache-2.0
"""``saf-shim run``, ``start``, ``stop``, ``exec``, ``shell`` and ``status``: start, use and stop a
simulator."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from saf_shim import client
from saf_shim.commands.shared import AddCommand, CommandError, WrongUseError, add_directory, ask, directory_of
from saf_shim.contract import Node
from saf_shim.server import directory
from saf_shim.server.launch import STOP_TIME, halt, launch

# Makes a program's environment from a simulator's directory and our own environment.
Surround = Callable[[str, Mapping[str, str]], dict[str, str]]
RUN_A_PROGRAM = ("run", "exec")  # subcommands that take ``-- PROGRAM``
_NOT_FOUND = 127
_FIRST_NODE_ID = 0x2010F
_NODE_ID_STEP = 0x100


def add_commands(add: AddCommand) -> None:
    """Add the subcommands."""
    made = add(
        "run", _run, "start a simulator, run a program in it, stop it; ends with the program's status",
        usage="saf-shim run [--node N[=PREFIX COMMAND]]... [--load FILE.xml]... -- PROGRAM [ARGUMENT]...",
    )  # fmt: skip
    _add_model(made)
    made.add_argument(
        "--keep", action="store_true", help="keep the simulator's directory (its log) and name it"
    )
    made = add("start", _start, "start a simulator in the background")
    _add_model(made)
    made.add_argument("--dir", required=True, metavar="DIR", help="its directory; made if it is not there")
    made.add_argument("--until-exit", type=int, metavar="PID", help="stop when this process ends")
    add_directory(add("stop", _stop, "stop a simulator; what its AMF started is killed"))
    add_directory(
        add(
            "exec", _exec, "run a program in a running simulator",
            usage="saf-shim exec [--dir DIR] -- PROGRAM [ARGUMENT]...",
        )
    )  # fmt: skip
    made = add("shell", _shell, "start a shell in a simulator: the one in --dir, or one of its own")
    _add_model(made)
    add_directory(made)
    made = add("status", _status, "show a running simulator; status 1 if there is none")
    add_directory(made)
    made.add_argument("--json", action="store_true", help="as one JSON object")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--node",
        action="append",
        default=[],
        metavar="NAME[=PREFIX COMMAND]",
        help="a node of the cluster (default: SC-1); its CLC-CLI commands are run through PREFIX COMMAND,"
        " such as 'ip netns exec n2'",
    )
    parser.add_argument(
        "--load",
        action="append",
        default=[],
        metavar="FILE.xml",
        help="an IMM file of classes and objects that are there from the start",
    )
    parser.add_argument(
        "--discard-output",
        action="store_true",
        help="give AMF's commands /dev/null to write to, as a real node does (default: into the log)",
    )


def parse_nodes(words: Sequence[str]) -> list[Node]:
    """Return the nodes of ``NAME[=PREFIX COMMAND]``; SC-1 if there are none. ValueError for impossible
    names."""
    nodes: list[Node] = []
    for number, word in enumerate(words or ["SC-1"]):
        name, _, prefix = word.partition("=")
        if not name or not all("\x21" <= letter <= "\x7e" and letter not in ",\\" for letter in name):
            raise ValueError(f"{name!r} is no node name")
        if any(node.name == name for node in nodes):
            raise ValueError(f"node {name} is there twice")
        node_id = _FIRST_NODE_ID + number * _NODE_ID_STEP
        nodes.append(Node(name, node_id, tuple(shlex.split(prefix))))
    return nodes


def _nodes(args: argparse.Namespace) -> list[Node]:
    try:
        return parse_nodes(args.node)
    except ValueError as error:
        raise WrongUseError(str(error)) from None


def _run(args: argparse.Namespace) -> int:
    return _run_in_its_own(args, args.command, directory.environment, args.keep)


def _run_in_its_own(args: argparse.Namespace, command: Sequence[str], surround: Surround, keep: bool) -> int:
    """Run a program in a simulator that ends with the program."""
    import shutil  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    nodes = _nodes(args)
    where = tempfile.mkdtemp(prefix="saf-shim-")
    try:
        pid = launch(where, nodes, args.load, os.getpid(), not args.discard_output)
        try:
            return _run_program(command, surround(where, os.environ))
        finally:
            halt(where, pid)
    finally:
        if keep:
            print(f"saf-shim: kept {where}", file=sys.stderr)
        else:
            shutil.rmtree(where, ignore_errors=True)


def _run_program(command: Sequence[str], environment: dict[str, str]) -> int:
    """Run a program in the foreground. Signals sent to us are passed on to it."""
    child = 0
    early: list[int] = []  # signals that arrived before the child existed

    def pass_on(number: int, _frame: Any) -> None:
        if child:
            os.kill(child, number)
        else:
            early.append(number)

    # The terminal sends SIGINT and SIGQUIT to the program as well. We only have to survive until it has
    # ended.
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGQUIT)}
    previous[signal.SIGTERM] = signal.signal(signal.SIGTERM, pass_on)
    previous[signal.SIGHUP] = signal.signal(signal.SIGHUP, pass_on)
    reset = [number for number, old in previous.items() if old is not signal.SIG_IGN]
    try:
        os.environ["PATH"] = environment["PATH"]  # posix_spawnp searches our PATH, not the program's
        child = os.posix_spawnp(command[0], list(command), environment, setsigdef=[*reset, signal.SIGPIPE])
    except OSError as error:
        print(f"saf-shim: {command[0]}: {error.strerror}", file=sys.stderr)
        return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_FOUND - 1
    for number in early:
        os.kill(child, number)
    _, status = os.waitpid(child, 0)
    child = 0
    if os.WIFSIGNALED(status):
        return 128 + os.WTERMSIG(status)
    return os.WEXITSTATUS(status)


def _start(args: argparse.Namespace) -> int:
    where = os.path.abspath(args.dir)
    if _running(where):
        raise CommandError(f"a simulator is running in {where}")
    launch(where, _nodes(args), args.load, args.until_exit, not args.discard_output)
    return 0


def _running(where: str) -> bool:
    try:
        done, _ = client.control(where, "status", {}, STOP_TIME)
    except OSError:
        return False
    return done


def _stop(args: argparse.Namespace) -> int:
    status = ask(args, "status", {})
    halt(directory_of(args), status["pid"])
    return 0


def _exec(args: argparse.Namespace) -> int:
    where = directory_of(args)
    ask(args, "status", {})
    try:
        os.execvpe(args.command[0], args.command, directory.environment(where, os.environ))
    except OSError as error:
        print(f"saf-shim: {args.command[0]}: {error.strerror}", file=sys.stderr)
        return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_FOUND - 1


def _shell(args: argparse.Namespace) -> int:
    command = [os.environ.get("SHELL") or "/bin/sh"]
    if not args.dir:
        print("saf-shim: a simulator of its own, which ends with this shell", file=sys.stderr)
        return _run_in_its_own(args, command, _shell_environment, keep=False)
    if args.node or args.load:
        raise WrongUseError("--node and --load are for a simulator that the shell starts, not for --dir")
    where = directory_of(args)
    ask(args, "status", {})
    return _run_program(command, _shell_environment(where, os.environ))


def _shell_environment(where: str, base: Mapping[str, str]) -> dict[str, str]:
    """Return a program's environment. If the shell supports it, the prompt shows that it is in a
    simulator."""
    return {**directory.environment(where, base), "PS1": "(saf-shim) $ "}


def _status(args: argparse.Namespace) -> int:
    status = ask(args, "status", {})
    if args.json:
        print(json.dumps(status))
        return 0
    nodes = [" = ".join([name, shlex.join(prefix)]) if prefix else name for name, prefix in status["nodes"]]
    print(f"directory  {status['directory']}")
    print(f"pid        {status['pid']}")
    print(f"nodes      {', '.join(nodes)}")
    print(f"imm        {status['imm']}, {status['classes']} classes, {status['objects']} objects")
    print(f"handles    {len(status['sessions'])} of {len({pid for pid, _ in status['sessions']})} processes")
    print(f"calls      {status['calls']}")
    return 0
