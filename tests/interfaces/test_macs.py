# SPDX-License-Identifier: Apache-2.0
"""MACs come from sysfs: when its file is read, and what follows where the two sources differ."""

from __future__ import annotations

import errno
import os

import pytest

from amf_netwatch.errors import SysfsError
from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.reader import DisagreementError, Everything, Reader
from amf_netwatch.interfaces.record import Interface
from amf_netwatch.interfaces.refresh import Refresh
from amf_netwatch.interfaces.sysfs import Sysfs
from amf_netwatch.netlink.listener import Cause, ChangedLinks
from amf_netwatch.settings import Settings

A, B = "02:00:00:00:00:01", "02:00:00:00:00:02"


class SpiedSysfs(Sysfs):
    """The real sysfs. It remembers what was read, and returns something else when the test wants it."""

    def __init__(self):
        super().__init__()
        self.asked = []
        self.instead = {}

    def read_mac(self, name):
        self.asked.append(name)
        return self.instead[name] if name in self.instead else super().read_mac(name)


@pytest.fixture
def sysfs(namespace):
    namespace.ip(f"link add v0 address {A} type veth peer name v1 address {B}")
    sysfs = SpiedSysfs()
    yield sysfs
    sysfs.close()


@pytest.fixture
def reader(sysfs):
    reader = Reader(Settings(), sysfs)
    yield reader
    reader.close()


def index_of(namespace, name):
    return namespace.ip_json(f"link show {name}")[0]["ifindex"]


@pytest.mark.kernel
def test_a_single_read_reads_one_file(namespace, sysfs, reader):
    index = index_of(namespace, "v0")
    facts = reader.read(index)
    assert facts.mac == A
    assert reader.read(index, facts) == facts
    assert sysfs.asked == [b"v0", b"v0"]


@pytest.mark.kernel
def test_a_filtered_link_costs_no_file(namespace, sysfs):
    reader = Reader(Settings(exclude=(b"v0",)), sysfs)
    assert reader.read(index_of(namespace, "v0")) is None
    assert [each.name for each in reader.read_everything().interfaces] == [b"v1"]
    assert sysfs.asked == [b"v1"]
    reader.close()


@pytest.mark.kernel
def test_a_full_read_reads_only_new_and_changed_macs(namespace, sysfs, reader):
    inventory = Inventory()
    found = reader.read_everything(inventory.at)
    assert {each.name: each.mac for each in found.interfaces} == {b"v0": A, b"v1": B}
    assert sorted(sysfs.asked) == [b"v0", b"v1"]
    inventory.replace(found.interfaces)
    sysfs.asked.clear()
    assert sorted(reader.read_everything(inventory.at).interfaces) == sorted(found.interfaces)
    assert sysfs.asked == []
    namespace.ip("link set v1 address 02:00:00:00:00:03")
    namespace.ip("link add w0 type veth peer name w1")
    assert {each.mac for each in reader.read_everything(inventory.at).interfaces} >= {A, "02:00:00:00:00:03"}
    assert sorted(sysfs.asked) == [b"v1", b"w0", b"w1"]


@pytest.mark.kernel
@pytest.mark.parametrize("said", [B, "", None], ids=["another", "none", "gone"])
def test_a_link_that_changes_while_it_is_read_is_not_believed(namespace, sysfs, reader, said):
    """Netlink was asked before the change, sysfs after it."""
    index = index_of(namespace, "v0")
    read_mac, asked = sysfs.read_mac, []

    def change(name):
        if asked:
            return read_mac(name)
        asked.append(name)
        namespace.ip("link set v0 address 02:00:00:00:00:03")
        return said

    sysfs.read_mac = change
    with pytest.raises(DisagreementError):
        reader.read(index)
    assert reader.read(index).mac == "02:00:00:00:00:03"


@pytest.mark.kernel
def test_a_full_read_is_uncertain_of_a_link_that_changes_meanwhile(namespace, sysfs, reader):
    index = index_of(namespace, "v0")
    read_mac, asked = sysfs.read_mac, []

    def change(name):
        if name == b"v0" and not asked:
            asked.append(name)
            namespace.ip("link set v0 address 02:00:00:00:00:03")
        return read_mac(name)

    sysfs.read_mac = change
    found = reader.read_everything()
    assert [each.name for each in found.interfaces] == [b"v1"]
    assert found.uncertain == {index}


@pytest.mark.kernel
def test_a_difference_that_passes_is_no_difference(namespace, sysfs, reader):
    read_mac, said = sysfs.read_mac, [B, None]
    sysfs.read_mac = lambda name: said.pop() if said else read_mac(name)
    assert reader.read(index_of(namespace, "v0")).mac == A


@pytest.mark.kernel
@pytest.mark.parametrize("said", [B, None], ids=["another", "gone"])
def test_a_difference_that_stays_means_that_sysfs_is_foreign(namespace, sysfs, said):
    told = []
    reader = Reader(Settings(), sysfs, lambda: told.append("foreign"))
    sysfs.instead[b"v0"] = said
    assert reader.read(index_of(namespace, "v0")).mac == A
    assert told == ["foreign"]
    sysfs.asked.clear()
    assert {each.mac for each in reader.read_everything().interfaces} == {A, B}
    assert (told, sysfs.asked) == (["foreign"], [])
    reader.close()


@pytest.mark.kernel
def test_without_sysfs_netlink_tells(namespace):
    namespace.ip(f"link add v0 address {A} type veth peer name v1")
    reader = Reader(Settings(), None)
    assert reader.read(index_of(namespace, "v0")).mac == A
    reader.close()


@pytest.mark.kernel
def test_a_mac_of_any_length_and_none(namespace, sysfs):
    assert sysfs.read_mac(b"v0") == A
    assert sysfs.read_mac(b"lo") == "00:00:00:00:00:00"
    assert sysfs.read_mac(b"no-such") is None
    if namespace.run("ip", "tuntap", "add", "mode", "tun", "name", "tun0", check=False).returncode == 0:
        assert sysfs.read_mac(b"tun0") == ""


@pytest.mark.parametrize("text", ["", ":".join(["ab"] * 8), ":".join(["00"] * 20), ":".join(["ff"] * 32)])
def test_the_file_is_taken_as_it_is(tmp_path, text):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "address").write_text(text + "\n")
    assert Sysfs(str(tmp_path)).read_mac(b"x") == text


@pytest.mark.parametrize("function", ["open", "read"])
@pytest.mark.parametrize("code", [errno.ENOENT, errno.ENODEV, errno.EINVAL, errno.ENOTDIR])
def test_a_link_that_goes_while_it_is_read_is_gone(tmp_path, monkeypatch, function, code):
    sysfs = Sysfs(str(tmp_path))
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "address").write_text(A + "\n")
    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(os, function, lambda *_, **__: (_ for _ in ()).throw(OSError(code, "gone")))
    assert sysfs.read_mac(b"x") is None
    monkeypatch.undo()
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EACCES, errno.EIO])
def test_a_file_that_cannot_be_read_is_told(tmp_path, monkeypatch, code):
    sysfs = Sysfs(str(tmp_path))
    monkeypatch.setattr(os, "open", lambda *_, **__: (_ for _ in ()).throw(OSError(code, "no")))
    with pytest.raises(SysfsError, match="x/address"):
        sysfs.read_mac(b"x")


# ------------------------------------------------------------------------------ what a refresh makes of it

V0 = Interface(b"v0", 2, A, 1500, True, "up", b"", False)
V1 = Interface(b"v1", 3, B, 1500, True, "up", b"", False)


class Source:
    """The answers of a reader, by ifindex. An exception among them is raised."""

    def __init__(self):
        self.links = {2: V0, 3: V1}
        self.uncertain = set()
        self.reads = []
        self.renamed = {}

    def read(self, ifindex, known=None):
        self.reads.append((ifindex, known))
        if ifindex in self.uncertain:
            raise DisagreementError
        found = self.links.get(ifindex)
        if isinstance(found, BaseException):
            raise found
        return found

    def read_everything(self, known=None):
        self.reads.append("everything")
        certain = [each for each in self.links.values() if each.ifindex not in self.uncertain]
        return Everything(certain, frozenset(self.uncertain))

    def renamed_master(self, ifindex):
        return self.renamed.pop(ifindex, None)

    def close(self):
        pass


def changed(*ifindexes, only_links=()):
    return ChangedLinks(False, frozenset(ifindexes), Cause.NONE, frozenset(only_links))


@pytest.fixture
def refresh():
    refresh = Refresh(Source(), Inventory())
    refresh.read()
    refresh.source.reads.clear()
    return refresh


def test_what_was_read_is_not_read_again(refresh):
    assert not refresh.pending
    assert refresh.read() == frozenset()
    assert refresh.source.reads == []


def test_addresses_are_read_again_only_when_they_may_have_changed(refresh):
    refresh.mark(changed(2, 3, only_links=(3,)))
    refresh.read()
    assert sorted(refresh.source.reads, key=lambda each: each[0]) == [(2, None), (3, V1)]
    refresh.source.reads.clear()
    refresh.mark(changed(2, only_links=(2,)))
    refresh.read()
    assert refresh.source.reads == [(2, V0)]


def test_a_link_on_which_the_sources_differ_stays_marked_and_as_it_was(refresh):
    refresh.source.links[2] = V0._replace(mac=B)
    refresh.source.uncertain = {2}
    refresh.mark(changed(2, 3, only_links=(2, 3)))
    assert refresh.read() == {2}
    assert refresh.pending
    assert refresh.inventory.at(2) == V0
    assert len(refresh.source.reads) == 2
    refresh.source.uncertain = set()
    assert refresh.read() == frozenset()
    assert refresh.inventory.at(2).mac == B
    assert not refresh.pending


def test_a_full_read_keeps_what_it_is_uncertain_of_and_reads_it_as_a_whole(refresh):
    refresh.source.uncertain = {2}
    refresh.mark_everything()
    assert refresh.read() == {2}
    assert refresh.inventory.at(2) == V0
    refresh.source.reads.clear()
    refresh.source.uncertain = set()
    refresh.read()
    assert refresh.source.reads == [(2, None)]


def test_a_new_link_of_which_a_full_read_is_uncertain_waits(refresh):
    refresh.source.links[4] = V0._replace(ifindex=4, name=b"v4")
    refresh.source.uncertain = {4}
    refresh.mark_everything()
    refresh.read()
    assert refresh.inventory.at(4) is None
    refresh.source.uncertain = set()
    refresh.read()
    assert refresh.inventory.at(4) is not None


def test_a_link_whose_reading_fails_stays_marked_with_those_not_read_yet(refresh):
    refresh.source.links[2] = ZeroDivisionError("oops")
    refresh.source.links[3] = V1._replace(mtu=9000)
    refresh.mark(changed(2, 3, only_links=(3,)))
    for _ in range(3):  # whichever of the two is read first
        with pytest.raises(ZeroDivisionError):
            refresh.read()
        assert refresh.pending
    refresh.source.links[2] = V0._replace(mtu=9000)
    refresh.read()
    assert not refresh.pending
    assert (refresh.inventory.at(2).mtu, refresh.inventory.at(3).mtu) == (9000, 9000)


def test_everything_that_is_marked_replaces_single_links(refresh):
    refresh.mark(changed(2))
    refresh.mark(ChangedLinks(True, frozenset(), Cause.OVERRUN))
    refresh.mark(changed(3))
    refresh.read()
    assert refresh.source.reads == ["everything"]
    assert not refresh.pending


def test_a_renamed_master_makes_its_ports_read_again(refresh):
    port = V1._replace(master=b"br0")
    refresh.source.links[3] = port
    refresh.mark(changed(3))
    refresh.read()
    refresh.source.reads.clear()
    refresh.source.renamed = {9: b"br0"}
    refresh.source.links[3] = port._replace(master=b"br1")
    refresh.mark(changed(9))
    refresh.read()
    assert refresh.source.reads == [(9, None), (3, port)]
    assert refresh.inventory.at(3).master == b"br1"
