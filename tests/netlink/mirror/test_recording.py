# SPDX-License-Identifier: Apache-2.0
"""Recordings: the file, its damage, the same lines from it as from the kernel, and a listener fed with it."""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_fixtures import Namespace
from netlink_programs import MONITOR, Program
from random_network import RandomNetwork

from amf_netwatch.netlink.errors import OverrunError, RecordingError
from amf_netwatch.netlink.listener import Cause, Listener
from amf_netwatch.netlink.mirror.follower import Follower
from amf_netwatch.netlink.mirror.lines import list_fields
from amf_netwatch.netlink.mirror.recording import (
    LONGEST,
    Record,
    RecordedEvents,
    Recorder,
    Recording,
    RecordKind,
    replay,
)
from amf_netwatch.netlink.mirror.tables.changes import Action, Change
from amf_netwatch.netlink.mirror.tables.mirror import Mirror

KEPT = Path(__file__).parents[1] / "recordings"
HEADER, RECORD_HEADER = 16, 20
needs_little_endian = pytest.mark.skipif(
    sys.byteorder != "little", reason="the kept recordings are little-endian"
)


def lines_of(records: Any) -> list[dict[str, Any]]:
    """Return what a monitor would print, without the times."""
    lines: list[dict[str, Any]] = []

    def after(change: Change) -> None:
        if not change.resync:
            lines.append(list_fields(change, 0.0, mirror.tables))

    mirror = Mirror(after=after)
    assert replay(records, mirror) == 0
    return lines


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A recording of three datagrams and a loss."""
    path = tmp_path / "small"
    with Recorder(path) as recorder:
        for kind, payload in ((1, b"one"), (3, b""), (1, bytes(1000)), (99, b"?"), (2, b"overrun")):
            recorder.write(RecordKind(kind) if kind != 99 else kind, payload)  # type: ignore[arg-type]
    return path


# -- the file ----------------------------------------------------------------------------------------------


def test_the_file_is_what_its_description_says(small: Path) -> None:
    """Read with nothing but the documentation's drawing."""
    data = small.read_bytes()
    assert data[:16] == b"\x89NLREC\r\n\x01" + (b"<" if sys.byteorder == "little" else b">") + bytes(6)
    offset, seen = 16, []
    while offset < len(data):
        length, kind, zero1, zero2, time, _ = struct.unpack_from("<IBBHQI", data, offset)
        seen.append((kind, data[offset + 20 : offset + 20 + length]))
        assert zero1 == zero2 == 0
        assert 1_600_000_000 * 10**9 < time < 10_000_000_000 * 10**9
        offset += 20 + length
    assert [kind for kind, _ in seen] == [8, 1, 3, 1, 99, 2]
    assert seen[0][1].startswith(b"Linux ")
    assert seen[-1][1] == b"overrun"
    assert small.stat().st_mode & 0o077 == 0, "it tells addresses of the network"


def test_records_come_back_as_they_were_written(small: Path) -> None:
    recording = Recording(small)
    records = list(recording)
    assert [(one.kind, one.payload) for one in records[1:]] == [
        (RecordKind.EVENT, b"one"),
        (RecordKind.ANSWER, b""),
        (RecordKind.EVENT, bytes(1000)),
        (99, b"?"),
        (RecordKind.LOSS, b"overrun"),
    ]
    assert [one.time for one in records] == sorted(one.time for one in records)
    assert recording.damage is None
    assert list(recording) == records, "it can be read again"


def test_a_recording_that_was_cut_anywhere_is_good_up_to_there(small: Path, tmp_path: Path) -> None:
    data = small.read_bytes()
    whole = list(Recording(small))
    ends = [HEADER]
    for record in whole:
        ends.append(ends[-1] + RECORD_HEADER + len(record.payload))
    cut = tmp_path / "cut"
    for size in range(len(data)):
        cut.write_bytes(data[:size])
        if size < HEADER:
            with pytest.raises(RecordingError, match="is no recording"):
                Recording(cut)
            continue
        recording = Recording(cut)
        assert list(recording) == whole[: sum(end <= size for end in ends) - 1]
        assert (recording.damage is None) == (size in ends)


@given(st.data())
def test_a_damaged_record_ends_the_recording_and_is_told(data: st.DataObject) -> None:
    good = (KEPT / "bridge-port.rec").read_bytes()
    place = data.draw(st.integers(HEADER, len(good) - 1))
    bit = data.draw(st.integers(0, 7))
    path = Path(f"/proc/self/fd/{make_file(flip(good, place, bit))}")
    try:
        recording = Recording(path)
        whole = list(Recording(KEPT / "bridge-port.rec"))
        found = list(recording)
        assert recording.damage is not None
        assert found == whole[: len(found)]
        assert len(found) < len(whole)
    finally:
        close_file(path)


def flip(data: bytes, place: int, bit: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1 << bit
    return bytes(changed)


def make_file(data: bytes) -> int:
    descriptor = os.memfd_create("recording")
    os.write(descriptor, data)
    return descriptor


def close_file(path: Path) -> None:
    os.close(int(path.name))


def test_a_length_beyond_reason_is_damage_and_not_read(tmp_path: Path, small: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(small.read_bytes() + struct.pack("<IB3xQI", LONGEST + 1, 1, 0, 0) + bytes(100))
    recording = Recording(path)
    assert len(list(recording)) == 6
    assert recording.damage is not None
    assert "is damaged" in recording.damage


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (0, b"X", "no recording"),
        (6, b"\n\n", "no recording"),
        (8, b"\x02", "version 2"),
        (9, b"?", "byte order"),
    ],
)
def test_other_files_are_refused(small: Path, place: int, value: bytes, said: str) -> None:
    data = bytearray(small.read_bytes())
    data[place : place + len(value)] = value
    small.write_bytes(data)
    with pytest.raises(RecordingError, match=said):
        Recording(small)


# -- the same lines ----------------------------------------------------------------------------------------


@pytest.mark.kernel
@pytest.mark.parametrize("receive_buffer", [None, 4096])
def test_a_replay_gives_the_lines_of_the_live_monitor(
    namespace: Namespace, new_namespace: Any, tmp_path: Path, receive_buffer: int | None
) -> None:
    """Random operations, with silent ends of routes and overruns."""
    network = RandomNetwork(7, new_namespace().name)
    lines: list[dict[str, Any]] = []

    def after(change: Change) -> None:
        if not change.resync:
            lines.append(list_fields(change, 0.0, follower.mirror.tables))

    path = tmp_path / "recording"
    with (
        Recorder(path) as recorder,
        Follower(after=after, recorder=recorder, receive_buffer=receive_buffer) as follower,
    ):
        poll = select.poll()
        poll.register(follower.fileno(), select.POLLIN)
        for _ in range(6):
            script = "".join(f"ip {network.operation()}\n" for _ in range(60))
            namespace.run("sh", input=script, check=False)
            while follower.behind or poll.poll(50):
                follower.read()
    assert lines_of(Recording(path)) == lines
    assert len(lines) > 20
    assert any(line["action"] == "lost" for line in lines) == (receive_buffer is not None)


@pytest.mark.kernel
def test_the_command_records_and_replays_on_a_machine_without_a_network(
    namespace: Namespace, tmp_path: Path
) -> None:
    path = tmp_path / "recording"
    with Program(MONITOR, "--json", "--count", "4", "--record", str(path)) as monitor:
        monitor.json_line()
        namespace.ip("link add v0 type veth peer name v1")
        namespace.ip("addr add 192.0.2.1/24 dev v0")
        status, live, errors = monitor.finish()
    assert (status, errors) == (0, "")
    with Program(MONITOR, "--json", "--replay", str(path), "--count", "4") as replay:
        status, played, errors = replay.finish()
    assert (status, errors) == (0, "")

    def strip(text: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            assert 1.6e9 < line.pop("time") < 1e10
        return lines

    assert strip(played)[1:] == strip(live)
    with Program(MONITOR, "address", "--replay", str(path), "--dev", "v0") as replay:
        assert replay.finish()[1].endswith("new     address   192.0.2.1/24 on v0\n")
    path.write_bytes(path.read_bytes()[:-3])
    with Program(MONITOR, "--replay", str(path)) as replay:
        status, played, errors = replay.finish()
    assert status == 0
    assert "it ends within a record" in errors
    assert "v0" in played


# -- a recording as a regression test ----------------------------------------------------------------------


@needs_little_endian
@pytest.mark.parametrize("path", sorted(KEPT.glob("*.rec")), ids=lambda path: path.stem)
def test_kept_recordings_give_the_lines_they_always_gave(path: Path) -> None:
    kept = path.with_suffix(".json").read_text(encoding="utf-8").splitlines()
    assert [json.loads(json.dumps(line, default=decode_name)) for line in lines_of(Recording(path))] == [
        json.loads(line) for line in kept
    ]


def decode_name(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


@needs_little_endian
def test_the_components_listener_hears_a_recording() -> None:
    """A bridge port that came and went: datagram by datagram, and all together."""
    records = list(Recording(KEPT / "bridge-port.rec"))
    wanted = [one for one in records if one.kind == RecordKind.EVENT and tells_of_a_link(one.payload)]
    events = RecordedEvents(wanted)
    with Listener(open_transport=lambda: events) as listener:
        assert listener.take().cause is Cause.START
        for record in wanted:
            events.deliver(1)
            wait_for_flag(listener)
            changes = listener.take()
            assert (changes.everything, changes.ifindexes) == (False, {ifindex_of(record.payload)})
        assert listener.healthy
    events = RecordedEvents(records)
    with Listener(open_transport=lambda: events) as listener:
        listener.take()
        events.deliver()
        wait_for_flag(listener)
        changes = listener.take()
        assert (changes.everything, changes.ifindexes) == (False, {2, 3, 4})


def tells_of_a_link(datagram: bytes) -> bool:
    """By the kernel's headers alone: RTM_*LINK of AF_UNSPEC, RTM_*ADDR. One message in each datagram."""
    length, kind = struct.unpack_from("=IH", datagram)
    assert length == len(datagram)
    return (kind in (16, 17) and datagram[16] == 0) or kind in (20, 21)


def ifindex_of(datagram: bytes) -> int:
    """The second word of ifinfomsg and of ifaddrmsg."""
    ifindex: int = struct.unpack_from("=i", datagram, 20)[0]
    return ifindex


@needs_little_endian
def test_the_components_listener_hears_a_recorded_loss() -> None:
    datagram = next(
        one.payload for one in Recording(KEPT / "bridge-port.rec") if one.kind == RecordKind.EVENT
    )
    records = [Record(1, 0.0, datagram), Record(2, 0.0, b"overrun"), Record(2, 0.0, b"truncated")]
    events = RecordedEvents(records)
    with Listener(open_transport=lambda: events) as listener:
        listener.take()
        for cause in (Cause.NONE, Cause.OVERRUN, Cause.TRUNCATED):
            events.deliver(1)
            wait_for_flag(listener)
            assert listener.take().cause is cause
        assert (listener.overruns, listener.truncations) == (1, 1)


def wait_for_flag(listener: Listener) -> None:
    """The listener raises its flag in its own thread: look until it has, with the interpreter let go."""
    poll = select.poll()
    for _ in range(1000):
        if listener.network_changed:
            return
        poll.poll(1)
    raise AssertionError("the flag stayed down")


def test_recorded_events_are_a_transport() -> None:
    records = [
        Record(1, 0.0, b"a"),
        Record(8, 0.0, b"note"),
        Record(2, 0.0, b"overrun"),
        Record(1, 0.0, b"b"),
    ]
    events = RecordedEvents(records)
    poll = select.poll()
    poll.register(events.fileno(), select.POLLIN)
    assert (events.receive(), poll.poll(0), events.left) == (None, [], 3)
    assert events.deliver(2) == 2
    assert poll.poll(0)
    assert events.receive() == b"a"
    with pytest.raises(OverrunError):
        events.receive()
    assert (events.receive(), poll.poll(0)) == (None, [])
    assert events.deliver() == 1
    events.discard()
    assert (events.receive(), poll.poll(0), events.left) == (None, [], 0)
    assert events.deliver() == 0
    events.close()
    events.close()
    assert events.fileno() == -1


def test_a_recording_without_sense_harms_nobody() -> None:
    """Calls in any order, and what does not decode is counted."""
    told: list[Change] = []
    mirror = Mirror(after=told.append)
    kinds = (7, 6, 5, 4, 3, 2, 1, 0, 9, 10, 11)
    records = [Record(kind, 0.0, payload) for kind in kinds for payload in (b"", b"\xff" * 40)]
    # Two scopes, indexes and families that are none; an answer and an event of nonsense.
    assert replay(records, mirror) == 7
    assert [change.action for change in told] == [Action.LOST]


def test_the_module_says_where_it_was_made(tmp_path: Path) -> None:
    with Recorder(tmp_path / "one") as recorder:
        recorder.close()
        recorder.close()
    (note,) = Recording(tmp_path / "one")
    system = subprocess.run(["uname", "-srm"], check=True, capture_output=True).stdout.strip()
    assert (note.kind, note.payload) == (RecordKind.NOTE, system)
