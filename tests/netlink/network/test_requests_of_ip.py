# SPDX-License-Identifier: Apache-2.0
"""The request that creates a link has what `ip` sends for the same words, byte for byte.

`ip` runs under strace, so its request is seen even where the kernel lacks the kind. It also sends defaults
that were not named; ours leaves those to the kernel.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest
from kernel_fixtures import Namespace, cannot_run

from amf_netwatch.netlink.network.committer import Committer
from amf_netwatch.netlink.network.objects.records import read_raw

pytestmark = pytest.mark.kernel
_LINKINFO, _KIND, _DATA = 18, 1, 2

# Kind, the words of `ip` after it, and the facts of the document.
CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("bridge", "stp_state 1 ageing_time 20000", {"options": {"stp_state": 1, "ageing_time": 20000}}),
    ("vlan", "id 7", {"lower": "low0", "options": {"id": 7}}),
    (
        "vxlan",
        "id 7 dstport 4789 remote 192.0.2.9",
        {"options": {"id": 7, "port": 4789, "remote": "192.0.2.9"}},
    ),
    ("macvlan", "mode private", {"lower": "low0", "options": {"mode": "private"}}),
    ("macvtap", "mode bridge", {"lower": "low0", "options": {"mode": "bridge"}}),
    ("ipvlan", "mode l2", {"lower": "low0", "options": {"mode": "l2"}}),
    (
        "bond",
        "mode active-backup miimon 100",
        {"options": {"mode": "active-backup", "miimon": 100}},
    ),
    ("vrf", "table 100", {"options": {"table": 100}}),
    ("dummy", "", {}),
    ("ifb", "", {}),
    ("gre", "local 192.0.2.1 remote 192.0.2.9 ttl 64", {"options": {"ttl": 64}}),
    ("gretap", "local 192.0.2.1 remote 192.0.2.9 ttl 64", {"options": {"ttl": 64}}),
    ("ip6gre", "local 2001:db8::1 remote 2001:db8::9", {"options": {"local": "2001:db8::1"}}),
    ("ipip", "local 192.0.2.1 remote 192.0.2.9 ttl 64", {"options": {"local": "192.0.2.1", "ttl": 64}}),
    ("sit", "local 192.0.2.1 remote 192.0.2.9 ttl 64", {"options": {"remote": "192.0.2.9", "ttl": 64}}),
    ("vti", "local 192.0.2.1 remote 192.0.2.9", {"options": {"remote": "192.0.2.9"}}),
    ("vti6", "local 2001:db8::1 remote 2001:db8::9", {"options": {"remote": "2001:db8::9"}}),
    ("geneve", "id 9 remote 192.0.2.9", {"options": {"id": 9, "remote": "192.0.2.9"}}),
    ("xfrm", "dev low0 if_id 5", {"options": {"if_id": "0x5"}}),
]


def request_of_ip(space: Namespace, kind: str, words: str, lower: str | None) -> bytes:
    """The payload of the RTM_NEWLINK that `ip link add` sends."""
    if shutil.which("strace") is None:
        cannot_run("strace is missing: make system-packages")
    above = ["link", lower] if lower else []
    command = ["ip", "link", "add", *above, "name", "x0", "type", kind, *words.split()]
    done = subprocess.run(
        ["strace", "-e", "trace=sendmsg", "-e", "write=all", "-xx", "-s", "65536", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1, 2), done.stderr
    space.run("ip", "link", "del", "x0", check=False)
    dumps = re.findall(r"(?:^ \| [0-9a-f]{5}  (?:[0-9a-f]{2} {1,2})+.*\n)+", done.stderr, re.MULTILINE)
    for dump in dumps:
        octets = bytes.fromhex(
            "".join(re.findall(r"^ \| [0-9a-f]{5}  ((?:[0-9a-f]{2} {1,2}){1,16})", dump, re.MULTILINE))
        )
        if len(octets) > 32 and octets[4:6] == b"\x10\0" and octets[7] & 0x06:  # NEWLINK that creates
            return octets[16 : int.from_bytes(octets[:4], "little")]
    raise AssertionError(f"no request seen: {done.stderr}")


def attributes(payload: bytes) -> dict[Any, bytes]:
    """The attributes of a request, flat; without NULs at the end of texts."""
    found: dict[Any, bytes] = dict(read_raw(payload, 16, len(payload)))
    information = found.pop(_LINKINFO)
    parts = read_raw(information, 0, len(information))
    found["kind"] = parts[_KIND].rstrip(b"\0")
    data = parts.get(_DATA, b"")
    found.update({("option", number): value for number, value in read_raw(data, 0, len(data)).items()})
    found[3] = found[3].rstrip(b"\0")
    return found


@pytest.mark.parametrize(("kind", "words", "facts"), CASES, ids=[case[0] for case in CASES])
def test_a_request_is_that_of_ip(quiet: Namespace, kind: str, words: str, facts: dict[str, Any]) -> None:
    quiet.add_link("low0", "veth", "peer", "name", "low1")
    theirs = attributes(request_of_ip(quiet, kind, words, facts.get("lower")))
    change = Committer().change().load({"links": [{"name": "x0", "kind": kind, **facts}]})
    [step] = list(change.plan())
    ours = attributes(step.payload)
    assert {key: theirs.get(key) for key in ours} == ours
