# SPDX-License-Identifier: Apache-2.0
"""Whatever comes over the socket harms nobody but its sender; and only the owner gets at the socket."""

from __future__ import annotations

import json
import os
import resource
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imm_client import Oi, Om, make_runtime_class, values

from saf_shim import protocol
from saf_shim.pytest_plugin import SafShim


def connect(shim: SafShim) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(os.path.join(shim.directory, "socket"))
    return sock


def is_closed(sock: socket.socket) -> bool:
    """Tell whether the server has closed the connection, after any answers."""
    try:
        while True:
            if not sock.recv(1 << 16):
                return True
    except ConnectionError:
        return True


@pytest.fixture
def served(saf_shim: SafShim) -> Iterator[SafShim]:
    """A simulator with a client that must not notice anything."""
    om, oi = Om(), Oi("Innocent")
    make_runtime_class(om)
    assert oi.create("TestRt", None, values("before")) == "OK"
    yield saf_shim
    assert oi.update("rt=before", [("number", "UINT32", [7])]) == "OK"
    assert om.get("rt=before", "number") == ("OK", {"number": [7]})
    assert oi.create("TestRt", None, values("after")) == "OK"


NO_REQUEST = {
    "no JSON": b"GET / HTTP/1.1\r\n\r\n",
    "binary": bytes(range(256)) + b"\n",
    "no array": b'{"a": 1}\n',
    "unknown role": b'["emperor", {}]\n',
    "no session": b'["channel", 99]\n',
    "session of another kind": b'["channel", "1"]\n',
    "deep": b"[" * 100_000 + b"]" * 100_000 + b"\n",
    "endless number": b'["main", ' + b"9" * 5_000_000 + b"]\n",
    "empty lines": b"\n\n\n",
    "two members": b'["main", {}]\n[1, "saImmOmInitialize"]\n',
    "arguments that are none": b'["main", {}]\n[1, "saImmOmInitialize", []]\n',
    "a name that is none": b'["main", {}]\n[1, 7, {}]\n',
    "a return out of nowhere": b'["main", {}]\n[0, "return", {"id": "x"}]\n',
    "half a character": b'["main", {}]\n[1, "saImmOmInitialize", {"x": [{"\\ud800": 1}]}]\n',
    "an endless line": b"x" * (protocol.MAX_LINE + 2),
}


@pytest.mark.parametrize("data", NO_REQUEST.values(), ids=NO_REQUEST.keys())
def test_what_is_no_request_ends_its_connection(served: SafShim, data: bytes) -> None:
    sock = connect(served)
    try:
        sock.sendall(data)
    except ConnectionError:
        pass
    assert is_closed(sock)


def test_half_a_message_waits_for_its_other_half(served: SafShim) -> None:
    sock = connect(served)
    first, second = b'["main", {"SA_', b'X": "1"}]\n'
    sock.sendall(first)
    other = connect(served)  # others are served meanwhile
    other.sendall(b'["control"]\n[1, "status", {}]\n')
    assert json.loads(other.makefile().readline())
    sock.sendall(second)
    assert json.loads(sock.makefile().readline())[1] == 1


def test_a_client_that_goes_in_the_middle_of_a_message_is_forgotten(served: SafShim) -> None:
    before = served.status()["sessions"]
    sock = connect(served)
    sock.sendall(b'["main", {}]\n[1, "saImmOmIni')
    sock.recv(100)
    assert len(served.status()["sessions"]) == len(before) + 1
    sock.close()
    served.wait_for(lambda: served.status()["sessions"] == before)


ARGUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAME_WORDS = """handle version callbacks className attrValues attrMods objectName parentName scope
    searchOptions searchParam attributeNames params operationId timeout ccbFlags flags implementerName
    classCategory attrDefinitions"""
CALL_WORDS = """saImmOmInitialize saImmOiInitialize_2 saImmOmClassCreate_2 saImmOmClassDescriptionGet_2
    saImmOmSearchInitialize_2 saImmOmSearchNext_2 saImmOmAccessorInitialize saImmOmAccessorGet_2
    saImmOmAdminOwnerInitialize saImmOmAdminOwnerSet saImmOmAdminOwnerClear saImmOmCcbInitialize
    saImmOmCcbObjectCreate_2 saImmOmCcbObjectModify_2 saImmOmCcbApply saImmOmAdminOperationInvoke_2
    saImmOiImplementerSet saImmOiRtObjectCreate_2 saImmOiRtObjectUpdate_2 saImmOiObjectImplementerSet
    saImmOmDispatch saImmOmNoSuchCall saClmInitialize_4 saClmClusterTrack_4 nonsense"""
NAMES = st.sampled_from(NAME_WORDS.split())
CALLS = st.sampled_from(CALL_WORDS.split())
REQUESTS = st.lists(st.tuples(CALLS, st.dictionaries(NAMES, ARGUMENTS, max_size=6)), min_size=1, max_size=20)


def test_any_arguments_are_answered_or_end_the_connection(served: SafShim) -> None:
    """With a good initialize before them, so that the calls come further than the handle check."""

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(requests=REQUESTS, kind=st.sampled_from(["saImmOmInitialize", "saImmOiInitialize_2"]))
    def run(requests: list[tuple[str, dict[str, object]]], kind: str) -> None:
        sock = connect(served)
        lines = sock.makefile()
        version = [ord("A"), 2, 17]
        sock.sendall(protocol.encode_line(["main", {}]))
        sock.sendall(protocol.encode_line([1, kind, {"version": version, "callbacks": 1}]))
        lines.readline()
        handle = json.loads(lines.readline())[2]["handle"]
        for number, (name, args) in enumerate(requests, 2):
            if name in ("saImmOmDispatch", "saImmOiDispatch") and args.get("flags") == 3:
                continue  # that one is meant to wait
            sock.sendall(protocol.encode_line([number, name, {"handle": handle, **args}]))
            line = lines.readline()
            if not line:
                break
            answer = json.loads(line)
            assert answer[0] == number
            assert isinstance(answer[1], int)
            if name.endswith("Initialize") and answer[1] == 1 and answer[2] and "handle" in answer[2]:
                handle = answer[2]["handle"]
        sock.close()

    run()
    failures = [line for line in served.log().splitlines() if "Traceback" in line or " failed" in line]
    assert not failures, served.log()[-3000:]


def test_a_client_that_never_reads_is_closed_when_its_answers_pile_up(served: SafShim) -> None:
    sock = connect(served)
    version = {"version": [ord("A"), 2, 17]}
    sock.sendall(protocol.encode_line(["main", {}]) + protocol.encode_line([1, "saImmOmInitialize", version]))
    lines = sock.makefile()
    lines.readline()
    handle = json.loads(lines.readline())[2]["handle"]
    request = protocol.encode_line(
        [2, "saImmOmClassDescriptionGet_2", {"handle": handle, "className": "SaAmfComp"}]
    )
    sock.settimeout(0.2)
    with pytest.raises(OSError):  # its own buffer is full, or the connection has been closed
        sock.sendall(request * 200_000)
    assert Om().get("rt=before", "number")[0] == "OK"
    sock.close()


def test_a_thousand_clients_are_served(served: SafShim) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        socks = [connect(served) for _ in range(1000)]
        for sock in socks:
            sock.sendall(protocol.encode_line(["main", {}]))
        assert all(json.loads(sock.recv(200))[1] == 1 for sock in socks)
        assert len(served.status()["sessions"]) >= 1000
        for sock in socks:
            sock.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    served.wait_for(lambda: len(served.status()["sessions"]) < 10)


def test_without_descriptors_left_it_waits_for_one_to_close(tmp_path: Path) -> None:
    where = tmp_path / "d"
    command = [sys.executable, "-m", "saf_shim.cli"]
    start = ["sh", "-c", 'ulimit -n 40; exec "$@"', "sh", *command, "start", "--dir", str(where)]
    subprocess.run([*start, "--until-exit", str(os.getpid())], check=True)
    try:
        socks = []
        for _ in range(60):  # more than fit; the rest wait in the listening socket's queue
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(20)
            sock.connect(str(where / "socket"))
            sock.sendall(protocol.encode_line(["control"]))
            socks.append(sock)
        while socks:
            sock = socks.pop(0)
            assert json.loads(sock.recv(200))[1] == 1
            sock.close()
    finally:
        subprocess.run([*command, "stop", "--dir", str(where)], check=True)


def test_only_the_owner_gets_at_the_socket(saf_shim: SafShim) -> None:
    path = Path(saf_shim.directory)
    assert stat.S_IMODE((path / "socket").stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_refused(saf_shim: SafShim) -> None:
    code = f"import socket; socket.socket(socket.AF_UNIX).connect({saf_shim.directory + '/socket'!r})"

    def become_nobody() -> None:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)

    done = subprocess.run(
        ["/usr/bin/env", "python3", "-c", code],
        preexec_fn=become_nobody,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert "PermissionError" in done.stderr
