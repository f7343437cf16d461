# SPDX-License-Identifier: Apache-2.0
"""The CLC-CLI commands and what they stand on: run directory, pid files, the change of the user."""

from __future__ import annotations

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

from amf_netwatch.component import clc
from amf_netwatch.component.privileges import find_account
from amf_netwatch.component.run_directory import Process, RunDirectory, start_time_of
from amf_netwatch.errors import SurroundingsError

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


def test_a_lock_that_cannot_be_had_is_a_reason(environment, directory):
    os.mkdir(directory.pid_file[: -len(".pid")] + ".lock")  # root may write anywhere
    log = MemoryLog()
    assert clc.instantiate(log, [], environment) == 1
    assert log.names() == ["start-failed"]


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
