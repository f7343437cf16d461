# SPDX-License-Identifier: Apache-2.0
"""CLC-CLI commands, run directory, command line, model, table: what runs without AMF."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from component_cluster import knows_other_users
from component_fakes import MemoryLog

from amf_netwatch import cli
from amf_netwatch.cli import COMMANDS
from amf_netwatch.commands.setting_options import parse_options
from amf_netwatch.component import clc
from amf_netwatch.component.privileges import find_account
from amf_netwatch.component.run_directory import Process, RunDirectory, start_time_of
from amf_netwatch.deployment.model import ModelOptions, build_model, format_classes, format_model
from amf_netwatch.errors import SettingsError, SurroundingsError
from amf_netwatch.publication.view import align, as_json, cells, find_duplicates, printable, rows_of, width
from amf_netwatch.settings import TABLE
from imm_model.objects import ImmObject
from imm_model.xml import parse_imm_xml

ROOT = Path(__file__).resolve().parents[2]
COMPONENT = "safComp=NetWatch,safSu=SC-1,safSg=NetWatch,safApp=NetWatch"


@pytest.fixture
def environment(tmp_path):
    return {
        "SA_AMF_COMPONENT_NAME": COMPONENT,
        "AMF_NETWATCH_RUN_DIR": str(tmp_path / "run"),
        "PATH": "/usr/bin:/bin",
    }


@pytest.fixture
def directory(environment):
    return RunDirectory(COMPONENT, environment)


@pytest.fixture
def sleeper():
    process = subprocess.Popen(["sleep", "100"])
    yield process
    process.kill()
    process.wait()


def note(directory, process):
    directory.note(Process(process.pid, start_time_of(process.pid)))


# ----------------------------------------------------------------------------------------- run directory


def test_a_living_process_is_found(directory, sleeper):
    note(directory, sleeper)
    assert directory.find().pid == sleeper.pid


def test_a_zombie_does_not_count(directory, sleeper):
    note(directory, sleeper)
    handle = os.pidfd_open(sleeper.pid)
    sleeper.send_signal(signal.SIGKILL)
    select.select([handle], [], [])
    os.close(handle)
    assert directory.find() is None


def test_another_process_with_that_number_does_not_count(directory, sleeper):
    directory.note(Process(sleeper.pid, start_time_of(sleeper.pid) - 1))
    assert directory.find() is None


@pytest.mark.parametrize("text", ["", "x y", "12", "1 2 3", "\udcff 5"])
def test_a_spoilt_pid_file_is_no_process(directory, text):
    Path(directory.pid_file).write_text(text, encoding="utf-8", errors="surrogateescape")
    assert directory.find() is None


def test_components_have_files_of_their_own(environment):
    other = RunDirectory(COMPONENT.replace("SC-1", "SC,1"), environment)
    third = RunDirectory(COMPONENT.replace("SC-1", "SC;1"), environment)
    assert len({other.pid_file, third.pid_file, RunDirectory(COMPONENT, environment).pid_file}) == 3


def test_a_simulators_components_live_in_its_directory(tmp_path):
    found = RunDirectory(COMPONENT, {"SAF_SHIM_DIR": str(tmp_path)})
    assert found.pid_file.startswith(str(tmp_path))


def test_a_directory_that_others_can_write_is_refused(tmp_path):
    path = tmp_path / "open"
    path.mkdir()
    path.chmod(0o777)
    with pytest.raises(SurroundingsError, match="written by others"):
        RunDirectory(COMPONENT, {"AMF_NETWATCH_RUN_DIR": str(path)})


def test_start_time_of_a_command_with_brackets(tmp_path):
    script = tmp_path / "a) b (c"
    script.symlink_to("/bin/sleep")
    process = subprocess.Popen([str(script), "100"])
    try:
        assert start_time_of(process.pid) >= start_time_of(os.getpid())
    finally:
        process.kill()
        process.wait()
    assert start_time_of(process.pid) is None


# ---------------------------------------------------------------------------------------------- cleanup


def test_cleanup_kills_what_the_file_names(environment, directory, sleeper):
    note(directory, sleeper)
    log = MemoryLog()
    assert clc.cleanup(log, {**environment, "OSAF_COMPONENT_ERROR_SOURCE": "8"}) == 0
    assert sleeper.wait(5) == -signal.SIGKILL
    assert not os.path.exists(directory.pid_file)
    assert log.events == [("cleaned-up", {"pid": sleeper.pid, "error_source": "8"})]


def test_cleanup_succeeds_when_nothing_is_left_and_again(environment):
    assert clc.cleanup(MemoryLog(), environment) == 0
    assert clc.cleanup(MemoryLog(), environment) == 0


def test_cleanup_spares_a_process_that_only_has_the_number(environment, directory, sleeper):
    directory.note(Process(sleeper.pid, start_time_of(sleeper.pid) - 1))
    assert clc.cleanup(MemoryLog(), environment) == 0
    assert sleeper.poll() is None


def test_kill_checks_the_start_time_again(sleeper):
    clc.kill(Process(sleeper.pid, start_time_of(sleeper.pid) - 1))
    assert sleeper.poll() is None


def test_kill_without_pidfd(sleeper, monkeypatch):
    monkeypatch.delattr(os, "pidfd_open")
    clc.kill(Process(sleeper.pid, start_time_of(sleeper.pid)))
    assert sleeper.wait(5) == -signal.SIGKILL


def test_kill_of_nobody(sleeper):
    process = Process(sleeper.pid, start_time_of(sleeper.pid))
    sleeper.kill()
    sleeper.wait()
    clc.kill(process)


def test_clc_commands_need_amf(capsys):
    assert clc.cleanup(MemoryLog(), {}) == 1
    assert clc.instantiate(MemoryLog(), (), {}) == 1
    assert "SA_AMF_COMPONENT_NAME" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------- instantiate


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Make `instantiate` start a small program instead; returns a function that sets what it does."""

    def set_program(text):
        path = tmp_path / "amf-netwatch"
        path.write_text(
            f"import os, sys, signal, select\nready = int(os.environ['AMF_NETWATCH_READY_FD'])\n{text}\n"
        )
        monkeypatch.setattr(clc, "own_command", lambda: [sys.executable, str(path)])
        return path

    return set_program


def test_instantiate_returns_when_the_component_is_ready(environment, directory, program, tmp_path):
    facts = tmp_path / "facts"
    program(f"""
import json
ignored = [n for n in (1, 13, 20, 21, 22) if signal.getsignal(n) is signal.SIG_IGN and n != 13]
json.dump([sys.argv[1:], os.getcwd(), os.getsid(0) == os.getpid(), ignored,
           [os.readlink(f'/proc/self/fd/{{n}}') for n in (0, 1, 2)],
           sorted(int(n) for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{{n}}')),
           os.environ.get('PATH')], open({str(facts)!r}, 'w'))
os.write(ready, b'ready\\n')
os.close(ready)
select.select([], [], [])
""")
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert clc.instantiate(MemoryLog(), ["--types", "all"], environment) == 0
    finally:
        signal.signal(signal.SIGHUP, old)
    process = directory.find()
    try:
        words, cwd, leader, ignored, stdio, descriptors, path = json.loads(facts.read_text())
        assert words == ["run", "--types", "all"]
        assert (cwd, leader, ignored) == ("/", True, [])
        assert stdio == ["/dev/null"] * 3
        assert len([number for number in descriptors if number > 2]) <= 2  # the pipe, and the file of facts
        assert path == environment["PATH"]
        assert clc.instantiate(MemoryLog(), (), environment) == 0, "a second time"
        assert directory.find() == process
    finally:
        assert clc.cleanup(MemoryLog(), environment) == 0
        os.waitpid(process.pid, 0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("os.write(ready, b'no such luck'); sys.exit(1)", "no such luck"),
        ("sys.exit(7)", "ended with status 7 before it registered"),
        ("os.kill(os.getpid(), 9)", "killed by SIGKILL before it registered"),
    ],
)
def test_instantiate_says_why_not(environment, directory, program, text, reason, capsys):
    program(text)
    log = MemoryLog()
    assert clc.instantiate(log, (), environment) == 1
    assert log.names() == ["start-failed"]
    assert reason in log.events[0][1]["reason"]
    assert reason in capsys.readouterr().err
    assert directory.find() is None


def test_a_process_that_cannot_be_noted_does_not_stay(environment, directory, program, monkeypatch):
    program("select.select([], [], [])")
    children = []

    def note(_self, process):
        children.append(process)
        raise SurroundingsError("no space left")

    monkeypatch.setattr(RunDirectory, "note", note)
    log = MemoryLog()
    assert clc.instantiate(log, [], environment) == 1
    assert start_time_of(children[0].pid) is None
    assert log.names() == ["start-failed"]


@pytest.mark.parametrize("command", [clc.cleanup, lambda log, given: clc.instantiate(log, [], given)])
def test_a_lock_that_cannot_be_had_is_a_reason(environment, directory, command):
    os.mkdir(directory.pid_file[: -len(".pid")] + ".lock")  # root may write anywhere
    log = MemoryLog()
    assert command(log, environment) == 1
    assert len(log.names()) == 1


def test_own_failures_slow_the_next_start_down(environment, directory, program, monkeypatch):
    program("sys.exit(1)")
    pauses = []
    monkeypatch.setattr(clc.select, "poll", lambda: SimpleNamespace(poll=pauses.append))
    names = []
    for _ in range(7):
        clc.cleanup(MemoryLog(), {**environment, "OSAF_COMPONENT_ERROR_SOURCE": "12"})
        log = MemoryLog()
        clc.instantiate(log, (), environment)
        names.append(log.names())
    assert pauses == [500, 1000, 2000, 4000, 4000, 4000]
    assert names[0] == ["start-failed"]
    assert names[1] == ["backing-off", "start-failed"]


def test_deaths_do_not_slow_the_next_start_down(environment, program, monkeypatch):
    program("sys.exit(1)")
    monkeypatch.setattr(clc.select, "poll", lambda: pytest.fail("it waited"))
    for _ in range(5):
        clc.cleanup(MemoryLog(), {**environment, "OSAF_COMPONENT_ERROR_SOURCE": "8"})
        clc.instantiate(MemoryLog(), (), environment)


# ------------------------------------------------------------------------------------------- privileges


def test_nobody_exists_and_no_such_user_does_not():
    with pytest.raises(SurroundingsError, match="does not exist"):
        find_account("no-such-user-here", {})
    if os.geteuid() == 0:
        assert find_account("nobody", {}).uid > 0
        assert find_account("root", {}) is None
    else:
        with pytest.raises(SurroundingsError, match="only root"):
            find_account("nobody", {})
    assert find_account(None, {"SAF_SHIM_DIR": "/x"}) is None


@pytest.mark.skipif(not knows_other_users(), reason="only root can become somebody else")
def test_becoming_nobody_gives_up_every_group():
    text = (
        "from amf_netwatch.component.privileges import *; import os; os.setgroups([0, 5]); "
        "become(find_account('nobody', {})); print(os.getuid(), os.geteuid(), os.getgid(), "
        "0 in os.getgroups(), 5 in os.getgroups())"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, cwd=ROOT, check=False)
    uid, euid, gid, *roots = done.stdout.split()
    assert uid == euid != "0"
    assert gid != "0"
    assert roots == ["False", "False"]


# --------------------------------------------------------------------------------------------------- cli


def run(*words, **environment):
    """The command line in a process of its own."""
    ours = ("AMF_NETWATCH", "SA_AMF", "SAF_SHIM")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return subprocess.run(
        [sys.executable, "-m", "amf_netwatch", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**clean, **environment},
        check=False,
    )


def test_run_outside_amf_is_one_clear_line():
    done = run("run")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "not started by AMF" in done.stderr


def test_without_pyosaf_there_is_a_clear_message(tmp_path):
    done = run("show")
    assert done.returncode == 1
    assert "pyosaf" in done.stderr
    assert "Traceback" not in done.stderr
    done = run("instantiate", SA_AMF_COMPONENT_NAME=COMPONENT, AMF_NETWATCH_RUN_DIR=str(tmp_path / "run"))
    assert done.returncode == 1
    assert "pyosaf" in done.stderr


@pytest.mark.parametrize("command", ["run", "instantiate"])
def test_a_wrong_setting_says_which(command, tmp_path):
    names = {"SA_AMF_COMPONENT_NAME": COMPONENT, "AMF_NETWATCH_RUN_DIR": str(tmp_path / "run")}
    done = run(command, "--types", "wifi", **names)
    assert done.returncode == 2
    assert "--types" in done.stderr
    assert "wifi" in done.stderr
    done = run(command, **names, AMF_NETWATCH_BUDGET="soon")
    assert done.returncode == 2
    assert "AMF_NETWATCH_BUDGET" in done.stderr


def test_help_lists_every_command_and_version_is_told():
    text = run("--help").stdout
    for command in COMMANDS:
        assert f"  {command.name} " in text
    assert run("--version").stdout.startswith("amf-netwatch ")
    assert run().returncode == 2
    assert run("no-such").returncode == 2


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_the_same_shape(command):
    """`main(arguments) -> int`, and `make_parser()` in each module that reads its options with argparse."""
    module = importlib.import_module(f"amf_netwatch.commands.{command.module}")
    signature = inspect.signature(module.main)
    assert list(signature.parameters) == ["arguments"]
    assert signature.return_annotation == "int"
    if "argparse" in vars(module):
        assert module.make_parser().prog == f"amf-netwatch {command.name}"


def test_every_module_of_the_room_is_a_command_or_named_by_it():
    room = ROOT / "amf_netwatch" / "commands"
    found = {".".join(path.relative_to(room).with_suffix("").parts) for path in room.rglob("*.py")}
    shared = {"__init__", "network.__init__", "shape", "setting_options"}
    assert found - shared == {command.module for command in COMMANDS}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["classes"], ["model"], ["run", "--help"]])
def test_a_full_disk_is_one_line(words):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "amf_netwatch", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "amf-netwatch: standard output: No space left on device\n")


@pytest.mark.parametrize("command", ["run", "instantiate"])
def test_help_of_the_light_commands_lists_every_setting(command):
    text = run(command, "--help").stdout
    for setting in TABLE:
        assert f"--{setting.name} " in text


@pytest.mark.parametrize("command", ["demo", "show", "model", "classes"])
def test_other_commands_help(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"usage: amf-netwatch {command}" in done.stdout


def test_options_are_words_or_pairs():
    assert parse_options(["--include", "a", "--include=b=c", "--types", "all"]) == {
        "include": ("a", "b=c"),
        "types": ("all",),
    }
    for wrong in (["x"], ["--nope", "1"], ["--types"], ["--types", "a", "b"]):
        with pytest.raises(SettingsError):
            parse_options(wrong)


def test_main_catches_our_errors(capsys, monkeypatch):
    monkeypatch.setattr(
        cli, "import_module", lambda name: (_ for _ in ()).throw(SurroundingsError("it rains"))
    )
    assert cli.main(["show"]) == 1
    assert capsys.readouterr().err == "amf-netwatch: it rains\n"


def test_what_the_component_does_not_import():
    """Each of these costs milliseconds and megabytes (`re` comes with `typing` up to Python 3.12)."""
    text = (
        "import sys; before = set(sys.modules); "
        "import amf_netwatch.cli, amf_netwatch.commands.run, amf_netwatch.component.process; "
        "print(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", text], capture_output=True, text=True, cwd=ROOT, check=True
    )
    heavy = {"argparse", "logging", "json", "subprocess", "socket", "selectors", "dataclasses", "inspect"}
    heavy |= {"asyncio", "fnmatch", "tempfile", "shutil", "ctypes", "pyosaf"}
    assert not heavy & set(done.stdout.split())


# ------------------------------------------------------------------------------------------------- model


def test_the_model_has_the_names_that_users_rely_on():
    document = parse_imm_xml(format_model(ModelOptions(("SC-1", "PL-3"))).encode())
    names = {each.dn: each for each in document.objects}
    for dn in (
        "safApp=NetWatch",
        "safSg=NetWatch,safApp=NetWatch",
        "safSu=SC-1,safSg=NetWatch,safApp=NetWatch",
        "safComp=NetWatch,safSu=PL-3,safSg=NetWatch,safApp=NetWatch",
        "safSi=NetWatch1,safApp=NetWatch",
        "safCsi=NetWatch,safSi=NetWatch2,safApp=NetWatch",
        "safHealthcheckKey=NetWatch,safVersion=1,safCompType=NetWatch",
    ):
        assert dn in names
    for node in ("SC-1", "PL-3"):
        unit = dict(names[f"safSu={node},safSg=NetWatch,safApp=NetWatch"].attributes)
        assert unit["saAmfSUAdminState"] == ("3",)


def test_each_object_comes_after_its_parent_and_once():
    seen = set()
    for each in build_model(ModelOptions(("a", "b", "c"), settings=(("exclude", "x"), ("user", "nobody")))):
        parent = each.dn.replace("\\,", ";").partition(",")[2].replace(";", "\\,")
        assert not parent or parent in seen or parent.startswith(("safAmfNode=", "safAmfCluster="))
        assert each.dn not in seen
        seen.add(each.dn)


def test_settings_go_where_they_can_be_read():
    objects = {
        each.dn: each
        for each in build_model(
            ModelOptions(
                settings=(
                    ("exclude", "veth*"),
                    ("exclude", "docker*"),
                    ("user", "nobody"),
                    ("healthcheck-key", "K"),
                )
            )
        )
    }
    attribute = objects["safCsiAttr=exclude,safCsi=NetWatch,safSi=NetWatch1,safApp=NetWatch"]
    assert attribute.attributes["saAmfCSIAttriValue"] == ("veth*", "docker*")
    component_type = objects["safVersion=1,safCompType=NetWatch"]
    assert component_type.attributes["saAmfCtDefCmdEnv"] == (
        "AMF_NETWATCH_HEALTHCHECK_KEY=K",
        "AMF_NETWATCH_USER=nobody",
    )
    assert "safHealthcheckKey=K,safVersion=1,safCompType=NetWatch" in objects
    declared = objects["safVersion=1,safCSType=NetWatch"].attributes["saAmfCSAttrName"]
    assert set(declared) == {setting.name for setting in TABLE if setting.assigned}


def test_a_budget_that_eats_the_healthchecks_time_is_refused():
    assert build_model(ModelOptions(settings=(("budget", "9s"),)))
    assert build_model(ModelOptions(max_duration=60.0, settings=(("budget", "30s"),)))
    with pytest.raises(SettingsError, match="budget 30s"):
        build_model(ModelOptions(settings=(("budget", "30s"),)))


def test_the_command_line_of_model():
    done = run(
        "model", "--node", "A", "--node", "B", "--prefix", "/opt/x", "--period", "0.5", "--set", "types=all"
    )
    assert done.returncode == 0
    assert ">/opt/x<" in done.stdout
    assert "<value>500000000</value>" in done.stdout
    for wrong in (
        ["--period", "0.05"],
        ["--period", "x"],
        ["--set", "types"],
        ["--set", "nope=1"],
        ["--set", "types=wifi"],
        ["--node", "A", "--node", "A"],
        ["--node", "a,b"],
    ):
        done = run("model", *wrong)
        assert done.returncode == 2, wrong
        assert "Traceback" not in done.stderr


def test_packaged_files_are_equal_to_their_source():
    """Repair: see the lines below, each file is the output of a command."""
    assert (ROOT / "packaging/imm/netwatch_classes.xml").read_text() == format_classes()
    model = ModelOptions(("SC-1", "SC-2", "PL-3"), "/usr/bin")
    assert (ROOT / "packaging/amf/netwatch_model_3nodes.xml").read_text() == format_model(model)


# ------------------------------------------------------------------------------------------------- table


def interface(node, name, mac="02:00:00:00:00:01", **changes):
    attributes = {
        "macAddress": (mac,),
        "ifIndex": (2,),
        "mtu": (1500,),
        "adminState": ("up",),
        "operState": ("up",),
        "master": ("",),
        "physical": (1,),
        "ipv4Addresses": ("",),
        "ipv6Addresses": ("fe80::1/64",),
        "lastChange": (5,),
        **changes,
    }
    obj = ImmObject(f"netIf={name},netWatchNode={node}", "NetWatchInterface", attributes)
    return SimpleNamespace(object=obj, implementer=f"NetWatch_{node}")


def test_objects_of_a_node_that_is_gone_are_stale():
    found = interface("PL-3", "eth0")
    found.implementer = ""
    (row,) = rows_of([found])
    assert cells(row)[2] == "stale"
    assert (as_json(row)["stale"], as_json(row)["gone"]) == (True, False)


def test_objects_that_read_empty_are_gone_and_still_shown():
    """Some seconds after its owner went, an object's every value reads empty, its class included."""
    empty = dict.fromkeys(interface("PL-3", "eth0").object.attributes, ())
    found = SimpleNamespace(object=ImmObject("netIf=a%2Cb,netWatchNode=PL-3", "", empty), implementer="")
    (row,) = rows_of([found])
    assert cells(row) == ("PL-3", "a,b", "gone", "-", "-", "-", "-", "-")
    printed = as_json(row)
    assert (printed["stale"], printed["gone"], printed["mtu"], printed["physical"]) == (
        True,
        True,
        None,
        None,
    )
    other = SimpleNamespace(object=ImmObject("safApp=x", "", {}), implementer="")
    assert rows_of([other]) == []


def test_rows_and_cells():
    rows = rows_of([interface("SC-2", "a%2Cb=c"), interface("SC-1", "%C3%A9", adminState=("down",))])
    assert [(row.node, row.name) for row in rows] == [("SC-1", "é"), ("SC-2", "a,b=c")]
    assert cells(rows[0]) == ("SC-1", "é", "off", "02:00:00:00:00:01", "1500", "-", "yes", "fe80::1/64")
    assert as_json(rows[0])["ipv4Addresses"] == []


def test_duplicates_are_between_nodes_only():
    rows = rows_of(
        [
            interface("SC-1", "bond0", "02:aa"),
            interface("SC-1", "eth0", "02:aa"),
            interface("SC-1", "eth1", "02:bb"),
            interface("SC-2", "eth0", "02:bb"),
            interface("SC-1", "lo", "00:00:00:00:00:00"),
            interface("SC-2", "lo", "00:00:00:00:00:00"),
            interface("SC-1", "tun0", ""),
            interface("SC-2", "tun0", ""),
        ]
    )
    found = find_duplicates(rows)
    assert [each.mac for each in found] == ["02:bb"]
    assert [(row.node, row.name) for row in found[0].rows] == [("SC-1", "eth1"), ("SC-2", "eth0")]


def test_columns_stand_below_each_other_also_with_wide_letters():
    lines = align([("N", "界", "x", "", "", "", "", "end"), ("N", "eth0", "x", "", "", "", "", "end")])
    assert width(lines[0]) == width(lines[1])


def test_unprintable_names_cannot_play_with_the_terminal():
    assert printable(b"\x1b[31m\xff") == "\\x1b[31m\\xff"
