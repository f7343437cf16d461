# SPDX-License-Identifier: Apache-2.0
"""The CLC-CLI commands where things go wrong: killed in the middle, a run directory that cannot be used."""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from component_fakes import COMPONENT, MemoryLog

from amf_netwatch.component import clc, run_directory
from amf_netwatch.component.run_directory import Process, RunDirectory, start_time_of
from amf_netwatch.errors import SurroundingsError

ROOT = Path(__file__).resolve().parents[2]


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


def refuse(code):
    def fail(*_arguments, **_options):
        raise OSError(code, os.strerror(code))

    return fail


def test_a_component_whose_instantiate_is_killed_before_it_was_noted_ends(environment, tmp_path):
    """amfnd kills a command that takes too long; an orphan would register, and nobody could end it."""
    program = tmp_path / "amf-netwatch"
    program.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    text = f"""
import os, signal, sys
sys.argv[0] = {str(program)!r}
from amf_netwatch.component import clc
from amf_netwatch.component.run_directory import RunDirectory
def note(self, process):
    print(process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
RunDirectory.note = note
class Log:
    def event(self, *_, **__): pass
clc.instantiate(Log(), [], {environment!r})
"""
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, cwd=ROOT, check=False, timeout=30
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    child = int(done.stdout)
    try:
        handle = os.pidfd_open(child)
    except ProcessLookupError:
        pass  # it has ended already
    else:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        assert poll.poll(10_000), "it lives on"
        os.close(handle)
    assert not (tmp_path / "ran").exists()


def test_no_descriptor_reaches_the_component(environment, directory, tmp_path, monkeypatch):
    facts = tmp_path / "facts"
    program = tmp_path / "amf-netwatch"
    program.write_text(
        f"""
import os
found = [n for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{{n}}')]
open({str(facts)!r}, 'w').write(' '.join(found))
ready = int(os.environ['AMF_NETWATCH_READY_FD'])
os.write(ready, b'ready\\n')
os.close(ready)
"""
    )
    monkeypatch.setattr(clc, "own_command", lambda: [sys.executable, str(program)])
    import resource  # noqa: PLC0415

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], 3000), limits[1]))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 2000, inheritable=True)
    try:
        assert clc.instantiate(MemoryLog(), (), environment) == 0
    finally:
        os.close(null)
        os.close(2000)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        clc.cleanup(MemoryLog(), environment)
    numbers = set(map(int, facts.read_text().split()))
    assert not {number for number in numbers if number >= 1000}


OWN_FAILURE = {"OSAF_COMPONENT_ERROR_SOURCE": "7"}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_cleanup_of_a_full_or_read_only_directory_kills_and_succeeds(
    environment, directory, sleeper, monkeypatch, code
):
    directory.note(Process(sleeper.pid, start_time_of(sleeper.pid)))
    opened = os.open

    def open_to_read(path, flags, *rest, **options):
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(code, os.strerror(code))
        return opened(path, flags, *rest, **options)

    monkeypatch.setattr(run_directory.os, "open", open_to_read)
    if code == errno.EROFS:
        monkeypatch.setattr(run_directory.os, "unlink", refuse(code))
    log = MemoryLog()
    assert clc.cleanup(log, {**environment, **OWN_FAILURE}) == 0
    assert sleeper.wait(5) == -signal.SIGKILL
    assert log.names() == ["run-directory", "cleaned-up", "run-directory"]


def test_cleanup_where_no_directory_is_and_none_can_be_made(environment, monkeypatch):
    monkeypatch.setattr(run_directory.os, "makedirs", refuse(errno.ENOSPC))
    log = MemoryLog()
    assert clc.cleanup(log, {**environment, **OWN_FAILURE}) == 0
    assert log.names() == []


def test_a_write_that_fails_leaves_no_litter(directory, monkeypatch):
    monkeypatch.setattr(run_directory.os, "write", refuse(errno.ENOSPC))
    with pytest.raises(SurroundingsError, match="No space left"):
        directory.note(Process(1, 1))
    with pytest.raises(SurroundingsError, match="No space left"):
        directory.note_failure(1.0)
    monkeypatch.undo()
    assert os.listdir(os.path.dirname(directory.pid_file)) == []


def test_what_a_write_killed_in_the_middle_left_is_used_again(directory, monkeypatch):
    monkeypatch.setattr(run_directory.os, "replace", refuse(errno.EINTR))
    monkeypatch.setattr(run_directory.os, "unlink", refuse(errno.EINTR))
    for number in (1, 2):
        with pytest.raises(SurroundingsError):
            directory.note(Process(number, number))
    monkeypatch.undo()
    assert len(os.listdir(os.path.dirname(directory.pid_file))) == 1
    directory.note(Process(3, 3))
    assert os.listdir(os.path.dirname(directory.pid_file)) == [os.path.basename(directory.pid_file)]


def test_a_fifo_as_pid_file_hangs_nobody(environment, directory):
    os.mkfifo(directory.pid_file)
    assert clc.cleanup(MemoryLog(), environment) == 0
    assert not os.path.exists(directory.pid_file)


@pytest.mark.parametrize("command", [clc.cleanup, lambda log, given: clc.instantiate(log, (), given)])
def test_a_link_as_run_directory_is_not_followed(environment, tmp_path, command):
    (tmp_path / "elsewhere").mkdir(mode=0o755)
    (tmp_path / "run").symlink_to("elsewhere")
    log = MemoryLog()
    assert command(log, environment) == 1
    assert "link" in str(log.events[0][1]["reason"])
    assert os.listdir(tmp_path / "elsewhere") == []


def test_a_link_as_pid_file_is_not_followed(environment, directory, sleeper, tmp_path):
    target = tmp_path / "target"
    target.write_text(f"{sleeper.pid} {start_time_of(sleeper.pid)}\n")
    os.symlink(target, directory.pid_file)
    assert clc.cleanup(MemoryLog(), environment) == 0
    assert sleeper.poll() is None
