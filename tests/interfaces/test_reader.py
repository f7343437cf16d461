# SPDX-License-Identifier: Apache-2.0
"""Reading on the kernel: after any change of links, the inventory agrees with `ip`."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.reader import Reader
from amf_netwatch.interfaces.refresh import Refresh
from amf_netwatch.interfaces.sysfs import Sysfs
from amf_netwatch.netlink.codec.link_facts import LinkFacts
from amf_netwatch.netlink.listener import Listener
from amf_netwatch.settings import Settings

pytestmark = pytest.mark.kernel
ROOT = Path(__file__).resolve().parents[2]
EVERYTHING = Settings(types="all")
_TUNSETIFF, _TUNSETLINK, _IFF_TAP, _IFF_NO_PI = 0x400454CA, 0x400454CD, 0x2, 0x1000
_ARPHRD_ETHER, _ARPHRD_IEEE80211 = 1, 801


class Watch:
    """Listener, reader and inventory as the component has them, without AMF and IMM."""

    def __init__(self, settings=EVERYTHING, sysfs=True):
        self.listener = Listener()
        self.listener.start()
        self.inventory = Inventory()
        self.sysfs = Sysfs() if sysfs else None
        self.reader = Reader(settings, self.sysfs)
        self.refresh = Refresh(self.reader, self.inventory)
        self.reads = []
        read = self.reader.read
        self.reader.read = lambda index, known=None: self.reads.append(index) or read(index, known)

    def update(self):
        """One refresh; waits for an event first."""
        while not self.listener.network_changed:
            select.select([], [], [], 0.001)
        self.refresh.mark(self.listener.take())
        self.refresh.read()
        return self

    def names(self):
        return set(self.inventory.names())

    def close(self):
        self.listener.stop()
        self.reader.close()
        if self.sysfs is not None:
            self.sysfs.close()


@pytest.fixture
def watch(namespace):
    watch = Watch().update()
    yield watch
    watch.close()


def as_ip_says(namespace):
    """The same facts from iproute2, which takes them from the kernel on its own."""
    found = {}
    links = namespace.ip_json("address show")
    for link in links:
        addresses = {"inet": [], "inet6": []}
        for each in link["addr_info"]:
            addresses[each["family"]].append(f"{each['local']}/{each['prefixlen']}")
        found[os.fsencode(link["ifname"])] = (
            link["ifindex"],
            link.get("address", ""),
            link["mtu"],
            "UP" in link["flags"],
            link["operstate"].lower(),
            os.fsencode(link.get("master", "")),
            tuple(sorted(addresses["inet"])),
            tuple(sorted(addresses["inet6"])),
        )
    return found


def as_read(inventory):
    facts = map(inventory.find, inventory.names())
    return {each.name: (*each[1:7], *each[8:]) for each in facts}


def test_everything_is_what_ip_says(namespace, watch):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("link set v0 up mtu 1400 address 02:00:00:00:00:01")
    namespace.ip("address add 192.0.2.1/24 dev v0")
    namespace.ip("address add 2001:db8::1/64 dev v0")
    namespace.ip("address add 198.51.100.1 peer 198.51.100.2/32 dev v0")
    namespace.add_link("br0", "bridge")
    namespace.ip("link set v1 master br0")
    watch.update()
    assert as_read(watch.inventory) == as_ip_says(namespace)


STEPS = [
    ["link add v0 address 02:00:00:00:00:01 type veth peer name v1"],
    ["link set v0 up", "link set v1 up"],
    ["link set v0 mtu 1300"],
    ["link set v0 address 02:00:00:00:00:02"],
    ["link set v0 down"],
    ["link set v0 name w0"],
    ["link add br0 type bridge"],
    ["link set br0 up", "link set w0 up"],
    ["link set w0 master br0"],
    ["link set br0 name br1"],
    ["link set w0 nomaster"],
    ["address add 192.0.2.1/24 dev w0", "address add 2001:db8::1/64 dev w0"],
    ["address delete 192.0.2.1/24 dev w0"],
    ["link set w0 down"],
    ["link set w0 name tmp0", "link set v1 name w0", "link set tmp0 name v1"],
    ["link delete br1"],
    ["link delete w0"],
]


def test_each_change_brings_the_inventory_to_what_ip_says(namespace, watch):
    namespace.add_link("probe", "veth", "peer", "name", "eborp")
    namespace.ip("link delete probe")
    for commands in STEPS:
        for command in commands:
            namespace.ip(command)
        watch.update()
        settle(namespace, watch, commands)


def settle(namespace, watch, commands):
    """Take what is still on its way: a link's state follows that of its peer or its ports after a while."""
    for _ in range(200):
        found, wanted = as_read(watch.inventory), as_ip_says(namespace)
        if found == wanted:
            return
        select.select([], [], [], 0.05)
        if watch.listener.network_changed:
            watch.update()
        elif watch.refresh.pending:
            watch.refresh.read()
    assert found == wanted, commands


def test_one_change_reads_one_link(namespace, watch):
    index = namespace.add_link("v0", "veth", "peer", "name", "v1")
    watch.update()
    watch.reads.clear()
    namespace.ip("link set v0 mtu 1300")
    watch.update()
    assert watch.reads == [index]


def test_a_deleted_link_goes_also_when_it_was_down(namespace, watch):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    watch.update()
    assert {b"v0", b"v1"} <= watch.names()
    namespace.ip("link delete v0")
    watch.update()
    assert watch.names() == {b"lo"}


def test_a_link_that_leaves_its_bridge_stays(namespace, watch):
    namespace.add_link("br0", "bridge")
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("link set v0 master br0")
    watch.update()
    assert watch.inventory.find(b"v0").master == b"br0"
    namespace.ip("link set v0 nomaster")
    watch.update()
    assert watch.inventory.find(b"v0").master == b""


def test_a_link_that_moves_to_another_namespace_goes(namespace, new_namespace, watch):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    watch.update()
    namespace.ip(f"link set v0 netns {new_namespace().name}")
    watch.update()
    assert watch.names() == {b"lo", b"v1"}


@pytest.mark.parametrize("name", [b"a,b=c", b"a;b", b'a"b', "é".encode(), b"\xff", b"a%b\\c", b"*"])
def test_odd_names(namespace, watch, name):
    done = subprocess.run(
        [b"ip", b"link", b"add", name, b"type", b"veth", b"peer", b"name", b"p"], check=False
    )
    if done.returncode:
        pytest.skip("this `ip` refuses the name")
    watch.update()
    assert watch.names() == {b"lo", b"p", name}
    assert watch.inventory.find(name).ifindex > 0


def test_a_tun_has_no_mac(namespace, watch):
    done = namespace.run("ip", "tuntap", "add", "mode", "tun", "name", "tun0", check=False)
    if done.returncode:
        pytest.skip(f"no tun here: {done.stderr}")
    watch.update()
    assert watch.inventory.find(b"tun0").mac == ""
    assert watch.inventory.macs == ("00:00:00:00:00:00",)  # that of lo


def test_a_tap_that_becomes_something_else_is_no_longer_ether(namespace):
    try:
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        pytest.skip(f"no tap here: {error}")
    watch = Watch(Settings())
    try:
        fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH14x", b"tap0", _IFF_TAP | _IFF_NO_PI))
        assert watch.update().names() == {b"tap0"}
        fcntl.ioctl(device, _TUNSETLINK, _ARPHRD_IEEE80211)
        assert watch.update().names() == set()
        fcntl.ioctl(device, _TUNSETLINK, _ARPHRD_ETHER)
        assert watch.update().names() == {b"tap0"}
    finally:
        watch.close()
        os.close(device)


def test_an_index_that_is_used_again_is_read_afresh(namespace, watch):
    namespace.ip("link add v0 index 77 type veth peer name v1")
    namespace.ip("address add 192.0.2.1/24 dev v0")
    watch.update()
    assert watch.inventory.find(b"v0").ipv4 == ("192.0.2.1/24",)
    namespace.ip("link delete v0")
    namespace.ip("link add v0 index 77 type veth peer name v1")
    watch.update()
    assert watch.inventory.find(b"v0").ipv4 == ()


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (Settings(), {b"v0", b"v1", b"br0"}),
        (Settings(types="all"), {b"lo", b"v0", b"v1", b"br0"}),
        (Settings(include=(b"v*",)), {b"v0", b"v1"}),
        (Settings(exclude=(b"v?",)), {b"br0"}),
        (Settings(include=(b"v*", b"br*"), exclude=(b"v1",)), {b"v0", b"br0"}),
        (Settings(physical_only=True), set()),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_filters(namespace, settings, names, when):
    def make():
        namespace.add_link("v0", "veth", "peer", "name", "v1")
        namespace.add_link("br0", "bridge")

    if when == "before":
        make()
    watch = Watch(settings).update()
    try:
        if when == "after":
            make()
            watch.update()
        assert watch.names() == names
    finally:
        watch.close()


def test_a_rename_past_the_filter(namespace):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    watch = Watch(Settings(include=(b"v0",))).update()
    try:
        namespace.ip("link set v0 name x0")
        assert watch.update().names() == set()
        namespace.ip("link set v1 name v0")
        assert watch.update().names() == {b"v0"}
    finally:
        watch.close()


def test_without_addresses_none_are_read(namespace):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("address add 192.0.2.1/24 dev v0")
    watch = Watch(Settings(addresses=False)).update()
    try:
        assert watch.inventory.find(b"v0").ipv4 == ()
    finally:
        watch.close()


def test_without_our_sysfs_the_facts_are_the_same(namespace, watch):
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    watch.update()
    foreign = Watch(sysfs=False).update()
    try:
        assert as_read(foreign.inventory) == as_read(watch.inventory)
        assert not any(foreign.inventory.find(name).physical for name in foreign.names())
    finally:
        foreign.close()


def test_a_foreign_sysfs_is_recognized(namespace):
    assert Sysfs().shows_our_namespace()
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    text = "from amf_netwatch.interfaces.sysfs import Sysfs; print(Sysfs().shows_our_namespace())"
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", text], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stdout == "False\n", done.stderr


def test_a_file_beside_the_links_is_none(tmp_path, namespace):
    for name in ("lo",):
        (tmp_path / name).mkdir()
    (tmp_path / "bonding_masters").write_text("")
    assert Sysfs(str(tmp_path)).shows_our_namespace()
    (tmp_path / "eth9").mkdir()
    assert not Sysfs(str(tmp_path)).shows_our_namespace()


def test_a_device_link_means_physical(tmp_path):
    (tmp_path / "net" / "eth0" / "device").mkdir(parents=True)
    (tmp_path / "net" / "veth0").mkdir()
    sysfs = Sysfs(str(tmp_path / "net"))
    assert sysfs.is_physical(b"eth0")
    assert not sysfs.is_physical(b"veth0")
    assert not sysfs.is_physical(b"gone")
    assert sysfs.physical_among([b"eth0", b"veth0"] * 50) == {b"eth0"}


def test_descriptors_stay_flat(namespace):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        Watch().update().close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_storm_ends_in_the_truth(namespace, watch):
    commands = [f"link add s{number} type veth peer name t{number}" for number in range(60)]
    commands += [f"link set s{number} mtu 1400" for number in range(60)]
    commands += [f"link delete s{number}" for number in range(0, 60, 2)]
    namespace.batch(commands)
    watch.update()
    if watch.listener.network_changed:
        watch.update()
    assert as_read(watch.inventory) == as_ip_says(namespace)


def test_a_port_has_its_master_also_in_the_first_read(namespace):
    namespace.add_link("br0", "bridge")
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("link set v0 master br0")
    namespace.ip("address add 192.0.2.1/24 dev br0")
    watch = Watch().update()
    try:
        assert watch.inventory.find(b"v0").master == b"br0"
        assert as_read(watch.inventory) == as_ip_says(namespace)
    finally:
        watch.close()


def test_every_single_read_is_what_a_full_read_says(namespace, watch):
    namespace.add_link("br0", "bridge")
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.ip("link set v0 master br0 up")
    namespace.ip("address add 192.0.2.1/24 dev v1")
    watch.update()
    settle(namespace, watch, "links")
    full = {each.ifindex: each for each in watch.reader.read_everything().interfaces}
    assert len(full) == 4
    assert {index: watch.reader.read(index) for index in full} == full
    assert {index: watch.reader.read(index, known) for index, known in full.items()} == full


def test_a_thousand_addresses_of_one_link(namespace, watch):
    index = namespace.add_link("v0", "veth", "peer", "name", "v1")
    namespace.batch([f"address add 10.0.{n // 250}.{n % 250 + 1}/16 dev v0" for n in range(1000)])
    facts = watch.reader.read(index)
    assert len(facts.ipv4) == 1000
    assert facts in watch.reader.read_everything().interfaces


def test_ordinary_reads_need_no_conversation(namespace, watch, mocker):
    """One link costs one request: the conversation is for what is unusual."""
    conversation = watch.reader._query._conversation
    spies = [mocker.spy(conversation, name) for name in ("ask", "dump", "dump_addresses")]
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    watch.update()
    namespace.ip("address add 192.0.2.1/24 dev v0")
    namespace.ip("link set v0 up mtu 1400")
    watch.update()
    while watch.refresh.pending:
        watch.refresh.read()
    assert watch.inventory.find(b"v0").ipv4 == ("192.0.2.1/24",)
    assert [spy.call_count for spy in spies] == [0, 0, 0]


class ScriptedQuery:
    """Links as the kernel would describe them."""

    def __init__(self, *links):
        self.links = {link.ifindex: link for link, _ in links}
        self.kinds = {link.ifindex: kind for link, kind in links}

    def get_links(self):
        return list(self.links.values())

    def get_link(self, ifindex):
        return self.links.get(ifindex)

    def get_kind(self, ifindex):
        return self.kinds[ifindex]

    def get_addresses(self, _ifindex):
        return []

    def get_all_addresses(self):
        return []

    def close(self):
        pass


def test_without_sysfs_a_link_without_a_kind_is_physical():
    def link(index, name, hardware_type):
        return LinkFacts(0, hardware_type, index, 0, 0, name, 6, 1500, 1, b"\2\0\0\0\0\1", None)

    reader = Reader(EVERYTHING, None)
    reader.close()
    reader._query = ScriptedQuery(
        (link(1, b"lo", 772), None), (link(2, b"eth0", 1), None), (link(3, b"v0", 1), "veth")
    )
    wanted = {b"lo": False, b"eth0": True, b"v0": False}
    assert {each.name: each.physical for each in reader.read_everything().interfaces} == wanted
    assert {each.name: each.physical for each in map(reader.read, (1, 2, 3))} == wanted
