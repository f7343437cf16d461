# SPDX-License-Identifier: Apache-2.0
"""The command saf-shim: what it starts, passes on, says, and leaves behind (nothing)."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import saf_shim
from saf_shim import cli
from saf_shim.commands.simulators import parse_nodes
from saf_shim.commands.spoiling import show_code

SHIM = [sys.executable, "-m", "saf_shim"]


def shim(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SHIM, *words], check=False, capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload, no-any-return]


def wait_until(condition: object, what: str, timeout: float = 10.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        select.poll().poll(10)  # what another process does has no descriptor here


def alive(pid: int) -> bool:
    """Tell whether there is such a process, and not only its zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as handle:
            return handle.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Path]:
    where = tmp_path / "shim"
    done = shim("start", "--dir", str(where), "--until-exit", str(os.getpid()))
    assert done.returncode == 0, done.stderr
    yield where
    shim("stop", "--dir", str(where))


@pytest.mark.parametrize("status", [0, 1, 7, 255])
def test_run_ends_with_the_status_of_its_program(status: int) -> None:
    assert shim("run", "--", "sh", "-c", f"exit {status}").returncode == status


def test_run_tells_a_signal_as_a_shell_does() -> None:
    assert shim("run", "--", "sh", "-c", "kill -TERM $$").returncode == 128 + signal.SIGTERM


def test_a_program_that_is_not_there() -> None:
    done = shim("run", "--", "no-such-program")
    assert done.returncode == 127
    assert done.stderr == "saf-shim: no-such-program: No such file or directory\n"


def test_programs_and_tools_find_the_simulator() -> None:
    script = (
        'immlist -a safApp safApp=safImmService && python3 -c "import pyosaf.saImmOm as m; print(m.__file__)"'
    )
    done = shim("run", "--", "sh", "-c", script)
    first, second = done.stdout.splitlines()
    assert first == "safApp=safApp=safImmService"
    assert second.endswith("/python/pyosaf/saImmOm.py")


def test_standard_input_and_output_are_the_programs_own() -> None:
    done = shim("run", "--", "cat", input="through")
    assert (done.stdout, done.stderr) == ("through", "")


def test_run_leaves_nothing_behind() -> None:
    done = shim("run", "--", "sh", "-c", "echo $SAF_SHIM_DIR; cat $SAF_SHIM_DIR/pid")
    where, pid = done.stdout.splitlines()
    assert not os.path.exists(where)
    assert not alive(int(pid))


def test_keep_keeps_the_directory() -> None:
    done = shim("run", "--keep", "--", "true")
    found = re.fullmatch(r"saf-shim: kept (\S+)\n", done.stderr)
    assert found
    log = Path(found.group(1), "log")
    assert "serving nodes SC-1" in log.read_text("utf-8")
    subprocess.run(["rm", "-r", found.group(1)], check=True)


def test_a_killed_run_takes_its_simulator_with_it() -> None:
    script = "echo $SAF_SHIM_DIR; cat $SAF_SHIM_DIR/pid; exec cat"
    process = subprocess.Popen(
        [*SHIM, "run", "--", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    where, pid = process.stdout.readline().strip(), int(process.stdout.readline())
    process.kill()
    process.wait()
    wait_until(lambda: not alive(pid), "the simulator outlives its run")
    process.stdin.close()
    subprocess.run(["rm", "-r", where], check=True)


def test_terminating_run_terminates_the_program_and_stops_the_simulator() -> None:
    script = "trap 'echo stopped; exit 3' TERM; echo $SAF_SHIM_DIR; while :; do sleep 0.05; done"
    process = subprocess.Popen([*SHIM, "run", "--", "sh", "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    where = process.stdout.readline().strip()
    process.terminate()
    assert process.stdout.read() == "stopped\n"
    assert process.wait() == 3
    assert not os.path.exists(where)


def test_start_exec_status_stop(started: Path) -> None:
    status = json.loads(shim("status", "--dir", str(started), "--json").stdout)
    assert status["nodes"] == [["SC-1", []]]
    assert alive(status["pid"])
    assert (
        shim("exec", "--dir", str(started), "--", "sh", "-c", "immfind -c SaAmfNode; exit 5").returncode == 5
    )
    assert "nodes      SC-1" in shim("status", "--dir", str(started)).stdout
    again = shim("start", "--dir", str(started))
    assert (again.returncode, again.stderr) == (1, f"saf-shim: a simulator is running in {started}\n")
    assert shim("stop", "--dir", str(started)).returncode == 0
    assert not alive(status["pid"])
    assert not (started / "socket").exists()
    gone = shim("status", "--dir", str(started))
    assert (gone.returncode, gone.stderr) == (1, f"saf-shim: no simulator is running in {started}\n")


def test_start_does_not_hold_its_callers_pipes_open(tmp_path: Path) -> None:
    where = tmp_path / "d"
    # With the simulator holding its end of the pipe, $() would wait for ever.
    script = f'x=$({" ".join(SHIM)} start --dir {where} --until-exit {os.getpid()}); echo "<$x>"'
    assert (
        subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True, timeout=20).stdout
        == "<>\n"
    )
    assert shim("stop", "--dir", str(where)).returncode == 0


def test_a_killed_simulator_can_be_started_again(started: Path) -> None:
    pid = json.loads(shim("status", "--dir", str(started), "--json").stdout)["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), "it was killed")
    assert shim("status", "--dir", str(started)).returncode == 1
    assert shim("start", "--dir", str(started), "--until-exit", str(os.getpid())).returncode == 0


def test_the_directory_may_have_a_long_name(tmp_path: Path) -> None:
    where = tmp_path / ("long" * 30)
    assert shim("start", "--dir", str(where), "--until-exit", str(os.getpid())).returncode == 0
    done = shim("exec", "--dir", str(where), "--", "immfind", "-c", "SaClmCluster")
    assert done.stdout == "safCluster=myClmCluster\n"
    assert shim("stop", "--dir", str(where)).returncode == 0


CLASS = """<?xml version="1.0"?>
<imm:IMM-contents xmlns:imm="http://www.saforum.org/IMMSchema">
  <class name="C"><category>SA_CONFIG</category>
    <rdn><name>c</name><type>SA_STRING_T</type><category>SA_CONFIG</category></rdn>
    <attr><name>n</name><type>SA_UINT32_T</type><category>SA_CONFIG</category><flag>SA_WRITABLE</flag></attr>
  </class>
</imm:IMM-contents>
"""
OBJECTS = """<?xml version="1.0"?>
<imm:IMM-contents xmlns:imm="http://www.saforum.org/IMMSchema">
  <object class="C"><dn>c=child,c=parent</dn><attr><name>n</name><value>7</value></attr></object>
  <object class="C"><dn>c=parent</dn></object>
</imm:IMM-contents>
"""


def test_files_are_loaded_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "classes.xml").write_text(CLASS)
    (tmp_path / "objects.xml").write_text(OBJECTS)
    loads = ["--load", str(tmp_path / "classes.xml"), "--load", str(tmp_path / "objects.xml")]
    done = shim("run", *loads, "--", "sh", "-c", "immfind -c C | sort; immlist -a n c=child,c=parent")
    assert done.stdout.splitlines() == ["c=child,c=parent", "c=parent", "n=7"]


def test_files_may_come_through_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "classes.xml").write_text(CLASS)
    script = f"{' '.join(SHIM)} run --load <(cat {tmp_path}/classes.xml) -- immlist -c C"
    done = subprocess.run(["bash", "-c", script], check=False, capture_output=True, text=True)
    assert "n : SA_UINT32_T" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", r"bad.xml:1: .*"),
        (CLASS.replace("SA_UINT32_T", "SA_UINT31_T"), r"bad.xml:5: .*SA_UINT31_T.*"),
        (OBJECTS, r"bad.xml:\d+: object c=parent: there is no class C"),
    ],
)
def test_a_bad_file_is_refused_with_file_and_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "bad.xml"
    path.write_text(text)
    done = shim("run", "--load", str(path), "--", "echo", "not reached")
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(f"saf-shim: {tmp_path}/{reason}\n", done.stderr), done.stderr


def test_a_file_that_is_not_there() -> None:
    done = shim("run", "--load", "/no/such/file", "--", "true")
    assert (done.returncode, done.stderr) == (1, "saf-shim: cannot read /no/such/file\n")


def test_several_nodes() -> None:
    done = shim(
        "run", "--node", "SC-1", "--node", "PL-3=ip netns exec n3", "--", "immfind", "-c", "SaClmNode"
    )
    assert sorted(done.stdout.splitlines()) == [
        "safNode=PL-3,safCluster=myClmCluster",
        "safNode=SC-1,safCluster=myClmCluster",
    ]
    nodes = parse_nodes(["SC-1", "PL-3=ip netns exec 'a b'"])
    assert [(node.name, node.node_id, node.prefix) for node in nodes] == [
        ("SC-1", 0x2010F, ()),
        ("PL-3", 0x2020F, ("ip", "netns", "exec", "a b")),
    ]


@pytest.mark.parametrize("words", [["=x"], ["a b"], ["a,b"], ["SC-1", "SC-1"]])
def test_node_names_that_cannot_be(words: list[str]) -> None:
    with pytest.raises(ValueError):
        parse_nodes(words)
    done = shim("run", *[f"--node={word}" for word in words], "--", "true")
    assert done.returncode == 2
    assert done.stderr.startswith("saf-shim: ")


@pytest.mark.parametrize(
    "words",
    [[], ["run"], ["run", "true"], ["exec"], ["start"], ["status", "--", "x"], ["imm", "gone"], ["jump"]],
)
def test_wrong_use_ends_with_status_2_and_usage(words: list[str]) -> None:
    done = shim(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")


@pytest.mark.parametrize("command", [[], ["run"], ["fault"], ["calls"]])
def test_help_helps(command: list[str]) -> None:
    done = shim(*command, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 8


def test_calls_and_faults_as_text_and_json(started: Path) -> None:
    def ask(*words: str) -> str:
        done = shim(*words[:1], "--dir", str(started), *words[1:])
        assert done.returncode == 0, done.stderr
        return done.stdout

    ask("calls", "--clear")
    ask("exec", "--", "immfind", "-c", "SaClmNode")
    text = ask("calls")
    assert re.search(r"^\d\d:\d\d:\d\d\.\d{3} \d+ saImmOmInitialize\(.*\) OK$", text, re.MULTILINE)
    names = [json.loads(line)["call"] for line in ask("calls", "--json", "--clear").splitlines()]
    assert names[0] == "saImmOmInitialize"
    assert "saImmOmSearchInitialize_2" in names
    assert ask("calls") == ""
    ask("fault", "saImmOmInitialize", "ERR_LIBRARY", "--times", "2")
    ask("fault", "saImmOmFinalize", "lost", "--delay", "0.5")
    assert ask("fault", "--list").splitlines() == [
        "saImmOmInitialize ERR_LIBRARY 2 times delay 0 s",
        "saImmOmFinalize lost for ever delay 0.5 s",
    ]
    ask("fault", "--clear")
    assert ask("fault", "--list") == ""
    bad = shim("fault", "--dir", str(started), "saImmOmInitialize", "ERR_FOO")
    assert (bad.returncode, bad.stderr) == (2, "saf-shim: 'ERR_FOO' is no AIS return code\n")
    incomplete = shim("fault", "--dir", str(started), "saImmOmInitialize")
    assert incomplete.returncode == 2


def test_commands_need_a_simulator(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "SAF_SHIM_DIR"}
    done = shim("status", env=environment)
    assert (done.returncode, done.stderr) == (2, "saf-shim: give --dir, or set SAF_SHIM_DIR\n")
    done = shim("exec", "--dir", str(tmp_path), "--", "true")
    assert (done.returncode, done.stderr) == (1, f"saf-shim: no simulator is running in {tmp_path}\n")


def test_codes_print_as_names() -> None:
    assert [show_code(rc) for rc in (1, 14, 99)] == ["OK", "ERR_EXIST", "99"]


def test_two_simulators_know_nothing_of_each_other(started: Path) -> None:
    script = f"saf-shim stop --dir {started} && immfind -c SaClmCluster && saf-shim status"
    done = shim("run", "--", "sh", "-c", script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("safCluster=myClmCluster\n")


def test_it_tells_its_version() -> None:
    assert shim("--version").stdout == f"saf-shim {saf_shim.__version__}\n"
    project = (Path(__file__).resolve().parents[3] / "pyproject.toml").read_text("utf-8")
    assert f'\nversion = "{saf_shim.__version__}"\n' in project


def test_a_program_without_the_two_dashes_is_explained() -> None:
    done = shim("run", "immlist", "-c", "SaAmfSU")
    assert done.returncode == 2
    assert done.stderr.endswith("error: put -- before the program: saf-shim run -- immlist -c SaAmfSU\n")


NO_DELAY = "the delay must be a number of seconds, and not negative"
NO_CALL = "there is no call 'saImmOmSearchNxt_2'; did you mean saImmOmSearchNext_2?"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("status", "give --dir, or set SAF_SHIM_DIR"),
        ("fault", "fault takes CALL and RC, or --clear, or --list"),
        ("fault noSuchCall ERR_BUSY", "there is no call 'noSuchCall'"),
        ("fault saImmOmSearchNxt_2 6", NO_CALL),
        ("fault saImmOmFinalize NOPE", "'NOPE' is no AIS return code"),
        ("fault saImmOmFinalize 99", "'99' is no AIS return code"),
        ("fault saImmOmFinalize none --delay -1", NO_DELAY),
        ("fault saImmOmFinalize none --delay nan", NO_DELAY),
        ("fault saImmOmFinalize none --times 0", "times must be at least 1"),
        ("run --node a,b -- true", "'a,b' is no node name"),
    ],
)
def test_wrong_use_is_status_2_and_a_reason(words: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAF_SHIM_DIR", raising=False)
    done = shim(*words.split())
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"saf-shim: {reason}\n")


def test_a_directory_that_cannot_be_made_is_an_error_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for where in (file, file / "below", Path("/proc/nothing")):
        done = shim("start", "--dir", str(where))
        assert done.returncode == 1
        assert done.stderr.startswith(f"saf-shim: cannot make a simulator's directory of {where}: ")
    assert shim("status", "--dir", str(file)).stderr == f"saf-shim: {file} is no directory\n"


def test_a_simulator_ends_when_its_directory_is_removed(started: Path) -> None:
    pid = int((started / "pid").read_text("ascii"))
    shutil.rmtree(started, ignore_errors=True)  # the simulator may remove the rest at the same moment
    wait_until(lambda: not alive(pid), "the simulator outlives its directory")


def test_a_shell_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")
    monkeypatch.delenv("SAF_SHIM_DIR", raising=False)
    done = shim("shell", input="immlist -a safApp safApp=safImmService; exit 5\n")
    assert (done.returncode, done.stdout) == (5, "safApp=safApp=safImmService\n")


def test_a_shell_in_a_running_simulator(started: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")
    done = shim("shell", "--dir", str(started), input="saf-shim status | head -1\n")
    assert done.stdout == f"directory  {started}\n"
    assert shim("shell", "--dir", str(started), "--node", "SC-2", input="").returncode == 2


def test_a_reader_that_leaves_early_is_no_traceback(started: Path) -> None:
    shim("exec", "--dir", str(started), "--", "immfind")
    done = subprocess.run(
        ["sh", "-c", f"{' '.join(SHIM)} calls --dir {started} | true"], check=True, capture_output=True
    )
    assert done.stderr == b""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another user")
def test_another_users_simulator_is_named_so(started: Path) -> None:
    read_end, write_end = os.pipe()
    pid = os.fork()
    if not pid:  # not a program of its own: another user may not read the one that we run
        os.dup2(write_end, 2)
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        os.setuid(65534)
        code = cli.main(["status", "--dir", str(started)])
        sys.stderr.flush()
        os._exit(code)
    os.close(write_end)
    _, status = os.waitpid(pid, 0)
    with open(read_end, encoding="utf-8") as handle:
        assert handle.read() == f"saf-shim: the simulator in {started} belongs to another user\n"
    assert os.WEXITSTATUS(status) == 1
