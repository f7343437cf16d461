# SPDX-License-Identifier: Apache-2.0
"""Log lines: their form, their levels, and where they go."""

from __future__ import annotations

import os
import socket

import pytest

from amf_netwatch.log import Log, SyslogSink, format_value
from amf_netwatch.log_lines import BY_NAME, LOG_LINES


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("eth0", "eth0"),
        (5, "5"),
        ("", '""'),
        ("two words", '"two words"'),
        ('say "x"\n', '"say \\"x\\"\\n"'),
        ("a=b", '"a=b"'),
        ("\udcff", '"\\udcff"'),
    ],
)
def test_values_in_log_lines(value, text):
    assert format_value(value) == text


def test_a_line_is_one_line_whatever_the_value():
    assert "\n" not in format_value("".join(map(chr, range(0x300))))
    assert len(format_value("x" * 10000)) < 1000


def test_only_events_of_the_table_and_only_their_fields():
    log = Log(lambda level, line: None, 7)
    with pytest.raises(KeyError):
        log.event("no-such-event")
    with pytest.raises(AssertionError):
        log.event("removed", other="x")


def test_levels_are_obeyed():
    lines = []
    log = Log(lambda level, line: lines.append(line), 4)
    log.event("removed", csi="x")
    log.event("name-taken", implementer="x")
    assert lines == ["event=name-taken implementer=x"]


def test_events_are_described():
    assert len(BY_NAME) == len(LOG_LINES)
    for event in LOG_LINES:
        assert event.meaning
        assert event.action
        assert event.name == event.name.lower()


def test_syslog_gets_a_datagram_and_losses_are_told(tmp_path):
    path = str(tmp_path / "log")
    sink = SyslogSink(path, now=lambda: 0.0)
    sink(6, "event=lost")  # nobody listens yet: neither an error nor a wait
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(path)
        sink(4, "event=x")
        text = daemon.recv(1000).decode()
    assert text.startswith("<28>")
    assert f"amf-netwatch[{os.getpid()}]: event=x lines_dropped=1" in text
