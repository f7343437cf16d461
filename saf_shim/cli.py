# SPDX-License-Identifier: Apache-2.0
"""The command ``saf-shim``: start simulators, run programs in them, look at calls, make things go wrong."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any, Optional

from saf_shim import client
from saf_shim.codes import Code
from saf_shim.contract import Node
from saf_shim.protocol import DIRECTORY_VARIABLE
from saf_shim.server import directory
from saf_shim.server.launch import STOP_TIME, LaunchError, halt, launch

_WRONG_USE = 2
_NOT_FOUND = 127
_FIRST_NODE_ID = 0x2010F
_NODE_ID_STEP = 0x100

_DESCRIPTION = """\
An OpenSAF cluster (AMF, IMM, CLM) in one small process, for programs that use pyosaf and for
scripts that use immlist, immfind, immcfg, immadm, immdump, amf-adm and amf-state."""

_EXAMPLES = """\
examples:
  saf-shim run -- immlist safApp=safImmService
  saf-shim run --load classes.xml --load model.xml -- pytest tests/
  saf-shim run --node SC-1 --node 'SC-2=ip netns exec n2' -- sh -c 'amf-adm unlock-in ...'
  saf-shim start --dir /tmp/cluster; saf-shim exec --dir /tmp/cluster -- immfind
  saf-shim fault saImmOiRtObjectCreate_2 ERR_TRY_AGAIN --times 3
"""


class _CommandError(Exception):
    """The command cannot be done; the text is for the user."""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command line; returns the exit status: 0, 1 failed, 2 wrong use, or that of the command run."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # What follows the first "--" is another program's business, and argparse would eat a second one.
    command: list[str] = []
    if "--" in arguments:
        cut = arguments.index("--")
        arguments, command = arguments[:cut], arguments[cut + 1 :]
    parser = _parser()
    args = parser.parse_args(arguments)
    if args.function in (_run, _exec) and not command:
        parser.error(f"{args.subcommand}: give the program to run after --")
    if args.function not in (_run, _exec) and command:
        parser.error(f"{args.subcommand} runs no program")
    args.command = command
    try:
        status: int = args.function(args)
    except (_CommandError, LaunchError) as failure:
        print(f"saf-shim: {failure}", file=sys.stderr)
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="saf-shim",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="subcommand", metavar="COMMAND", required=True)

    def add(name: str, function: Any, text: str, **more: Any) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, allow_abbrev=False, **more)
        made.set_defaults(function=function)
        return made

    def model(made: argparse.ArgumentParser) -> None:
        made.add_argument(
            "--node",
            action="append",
            default=[],
            metavar="NAME[=PREFIX COMMAND]",
            help="a node of the cluster (default: SC-1); its CLC-CLI commands are run through PREFIX COMMAND,"
            " such as 'ip netns exec n2'",
        )
        made.add_argument(
            "--load",
            action="append",
            default=[],
            metavar="FILE.xml",
            help="an IMM file of classes and objects that are there from the start",
        )

    def where(made: argparse.ArgumentParser) -> None:
        made.add_argument(
            "--dir",
            default=os.environ.get(DIRECTORY_VARIABLE),
            metavar="DIR",
            help=f"the simulator's directory (default: ${DIRECTORY_VARIABLE})",
        )

    made = add(
        "run", _run, "start a simulator, run a program in it, stop it; ends with the program's status",
        usage="saf-shim run [--node N[=PREFIX COMMAND]]... [--load FILE.xml]... -- PROGRAM [ARGUMENT]...",
    )  # fmt: skip
    model(made)
    made.add_argument(
        "--keep", action="store_true", help="keep the simulator's directory (its log) and name it"
    )
    made = add("start", _start, "start a simulator in the background")
    model(made)
    made.add_argument("--dir", required=True, metavar="DIR", help="its directory; made if it is not there")
    made.add_argument("--until-exit", type=int, metavar="PID", help="stop when this process ends")
    where(add("stop", _stop, "stop a simulator; what its AMF started is killed"))
    where(
        add(
            "exec", _exec, "run a program in a running simulator",
            usage="saf-shim exec [--dir DIR] -- PROGRAM [ARGUMENT]...",
        )
    )  # fmt: skip
    made = add("status", _status, "show a running simulator; status 1 if there is none")
    where(made)
    made.add_argument("--json", action="store_true", help="as one JSON object")
    made = add("calls", _calls, "show the log of AIS calls, oldest first")
    where(made)
    made.add_argument("--clear", action="store_true", help="empty the log afterwards")
    made.add_argument("--json", action="store_true", help="one JSON object a line, with all arguments")
    made.add_argument("--prefix", default="", help="only calls whose name begins so, such as saImmOi")
    made = add(
        "fault", _fault, "let a call fail, be late, or never be answered",
        epilog="RC is a code (ERR_TRY_AGAIN, SA_AIS_ERR_TRY_AGAIN or 6): the call answers it and does"
        " nothing; 'none': it is done, after the delay; 'lost': it is done, but its answer never comes.",
    )  # fmt: skip
    where(made)
    made.add_argument("call", nargs="?", metavar="CALL", help="the AIS function, such as saImmOmSearchNext_2")
    made.add_argument("rc", nargs="?", metavar="RC", help="what goes wrong, see below")
    made.add_argument("--times", type=int, help="how many calls (default: all from now on)")
    made.add_argument("--delay", type=float, default=0.0, metavar="S", help="seconds before the answer")
    made.add_argument("--clear", action="store_true", help="take all faults back")
    made.add_argument("--list", action="store_true", help="show the faults that are set")
    made = add(
        "imm",
        _imm,
        "take IMM away, let it hang, bring it back, or restart it (losing runtime objects and handles)",
    )
    where(made)
    made.add_argument("what", choices=("absent", "hang", "back", "restart"))
    return parser


def parse_nodes(words: Sequence[str]) -> list[Node]:
    """Nodes out of ``NAME[=PREFIX COMMAND]``; SC-1 if there are none. ValueError for names that cannot be."""
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


# Starting and stopping


def _nodes(args: argparse.Namespace) -> list[Node]:
    try:
        return parse_nodes(args.node)
    except ValueError as error:
        raise _CommandError(str(error)) from None


def _run(args: argparse.Namespace) -> int:
    import shutil  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    nodes = _nodes(args)
    where = tempfile.mkdtemp(prefix="saf-shim-")
    try:
        pid = launch(where, nodes, args.load, os.getpid())
        try:
            return _run_program(args.command, directory.environment(where, os.environ))
        finally:
            halt(where, pid)
    finally:
        if args.keep:
            print(f"saf-shim: kept {where}", file=sys.stderr)
        else:
            shutil.rmtree(where, ignore_errors=True)


def _run_program(command: Sequence[str], environment: dict[str, str]) -> int:
    """Run a program in the foreground; signals meant for us are passed on to it."""
    child = 0
    early: list[int] = []  # signals that came before there was a child

    def pass_on(number: int, _frame: Any) -> None:
        if child:
            os.kill(child, number)
        else:
            early.append(number)

    # The terminal sends SIGINT and SIGQUIT to the program as well; all we do is survive until it has ended.
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGQUIT)}
    previous[signal.SIGTERM] = signal.signal(signal.SIGTERM, pass_on)
    previous[signal.SIGHUP] = signal.signal(signal.SIGHUP, pass_on)
    reset = [number for number, old in previous.items() if old is not signal.SIG_IGN]
    try:
        os.environ["PATH"] = environment["PATH"]  # posix_spawnp looks in ours, not in the program's
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
        raise _CommandError(f"a simulator is running in {where}")
    launch(where, _nodes(args), args.load, args.until_exit)
    return 0


def _running(where: str) -> bool:
    try:
        done, _ = client.control(where, "status", {}, STOP_TIME)
    except OSError:
        return False
    return done


def _directory(args: argparse.Namespace) -> str:
    if not args.dir:
        raise _CommandError(f"give --dir, or set {DIRECTORY_VARIABLE}")
    return os.path.abspath(str(args.dir))


def _ask(args: argparse.Namespace, name: str, arguments: dict[str, Any]) -> Any:
    where = _directory(args)
    try:
        done, answer = client.control(where, name, arguments, STOP_TIME)
    except OSError:
        raise _CommandError(f"no simulator is running in {where}") from None
    if not done:
        raise _CommandError(str(answer))
    return answer


def _stop(args: argparse.Namespace) -> int:
    status = _ask(args, "status", {})
    halt(_directory(args), status["pid"])
    return 0


def _exec(args: argparse.Namespace) -> int:
    where = _directory(args)
    _ask(args, "status", {})
    try:
        os.execvpe(args.command[0], args.command, directory.environment(where, os.environ))
    except OSError as error:
        print(f"saf-shim: {args.command[0]}: {error.strerror}", file=sys.stderr)
        return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_FOUND - 1


def _status(args: argparse.Namespace) -> int:
    status = _ask(args, "status", {})
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


# Looking and spoiling


def _calls(args: argparse.Namespace) -> int:
    names = ("number", "time", "pid", "handle", "call", "rc", "args")
    for call in _ask(args, "calls", {"clear": args.clear, "prefix": args.prefix}):
        if args.json:
            print(json.dumps(dict(zip(names, call))))
            continue
        _, moment, pid, _, name, rc, arguments = call
        seconds, rest = divmod(moment, 1_000_000_000)
        stamp = f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{rest // 1_000_000:03}"
        shown = ", ".join(_show(value) for value in arguments.values() if value is not None)
        print(f"{stamp} {pid} {name}({shown}) {show_code(rc)}")
    return 0


def _show(value: Any) -> str:
    text: str = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 100 else text[:97] + "..."


def show_code(rc: int) -> str:
    """``ERR_EXIST`` for 14; unknown numbers as they are."""
    try:
        name: str = Code(rc).name
    except ValueError:
        return str(rc)
    return name


def parse_code(word: str) -> int:
    """14 for ``14``, ``ERR_EXIST``, ``EXIST`` or ``SA_AIS_ERR_EXIST``; ValueError for anything else."""
    if word.isdigit():
        return int(word)
    name = word[7:] if word.startswith("SA_AIS_") else word
    for candidate in (name, f"ERR_{name}"):
        if candidate in Code.__members__:
            return int(Code[candidate])
    raise ValueError(f"{word!r} is no AIS return code")


def fault_arguments(call: str, rc: str, times: Optional[int], delay: float) -> dict[str, Any]:
    """The control command's arguments for a fault as a user says it; ValueError for a bad code."""
    code = None if rc in ("none", "lost") else parse_code(rc)
    return {"call": call, "rc": code, "times": times, "delay": delay, "lost": rc == "lost"}


def _fault(args: argparse.Namespace) -> int:
    if args.clear:
        _ask(args, "fault", {"clear": True})
    elif args.list:
        for name, rc, times, delay, lost in _ask(args, "fault", {"list": True}):
            what = "lost" if lost else "none" if rc is None else show_code(rc)
            print(f"{name} {what} {'for ever' if times is None else f'{times} times'} delay {delay:g} s")
    elif not args.call or not args.rc:
        raise _CommandError("fault takes CALL and RC, or --clear, or --list")
    else:
        try:
            wanted = fault_arguments(args.call, args.rc, args.times, args.delay)
        except ValueError as error:
            raise _CommandError(str(error)) from None
        _ask(args, "fault", wanted)
    return 0


def _imm(args: argparse.Namespace) -> int:
    _ask(args, "imm", {"what": args.what})
    return 0


if __name__ == "__main__":
    sys.exit(main())
