# SPDX-License-Identifier: Apache-2.0
"""The recorded datagrams of `captures/`: what tests read instead of asking a kernel."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from amf_netwatch.netlink.codec.messages import Message, iter_messages

DIRECTORY = Path(__file__).parents[1] / "netlink" / "captures"
EVENTS = sorted(path.stem for path in DIRECTORY.glob("*.events"))
FILES = sorted(path.name for path in DIRECTORY.iterdir() if path.suffix in (".events", ".dump", ".answers"))
LINK_TYPES, ADDRESS_TYPES, ROUTE_TYPES = (16, 17), (20, 21), (24, 25)


def read_datagrams(name: str) -> list[bytes]:
    """The datagrams of one file."""
    if sys.byteorder != "little":
        pytest.skip("the recordings are little-endian")
    data, offset, datagrams = (DIRECTORY / name).read_bytes(), 0, []
    while offset < len(data):
        (size,) = struct.unpack_from("<I", data, offset)
        datagrams.append(data[offset + 4 : offset + 4 + size])
        offset += 4 + size
    return datagrams


def read_messages(name: str, types: tuple[int, ...] | None = None) -> list[Message]:
    """The messages of one file, or those of some types."""
    return [
        message
        for datagram in read_datagrams(name)
        for message in iter_messages(datagram)
        if types is None or message.type in types
    ]


def every_message(types: tuple[int, ...] | None = None) -> list[Message]:
    """The messages of all files."""
    return [message for name in FILES for message in read_messages(name, types)]


def read_json(name: str) -> Any:
    """Return the output of `ip -j`."""
    return json.loads((DIRECTORY / f"{name}.json").read_text(encoding="utf-8"))
