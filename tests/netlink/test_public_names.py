# SPDX-License-Identifier: Apache-2.0
"""The public names of the package, the cost of importing it, and its numbers against the kernel's headers."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyroute2.netlink import rtnl
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

import amf_netwatch.netlink as package
from amf_netwatch.netlink.codec import constants, route_constants

HEADERS = Path("/usr/include/linux")
ROOT = Path(__file__).parents[2]


def test_type_checkers_and_the_run_time_know_the_same_names():
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    (checked,) = (node for node in tree.body if isinstance(node, ast.If))
    imported = {
        alias.asname: node.module.removeprefix("amf_netwatch.netlink.")
        for node in checked.body
        for alias in node.names
    }
    assert imported == package._HOMES


def test_every_public_name_can_be_imported_and_is_listed_once():
    assert len(package.__all__) == len(set(package.__all__))
    for name in package.__all__:
        value = getattr(package, name)
        assert name.isupper() or value.__name__ == name
        assert name in dir(package)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = package.no_such_name


def test_importing_the_listener_is_cheap():
    """The component pays for what is imported at run time: none of the standard library's costly modules."""
    costly = "argparse asyncio dataclasses inspect json logging socket subprocess ctypes ipaddress pathlib"
    code = """if True:
        import sys
        before = set(sys.modules)
        import amf_netwatch.netlink.conversation, amf_netwatch.netlink.listener
        print(*(set(sys.modules) - before) & set(sys.argv[1:]))
    """
    command = [sys.executable, "-S", "-c", code, *costly.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def numbers_of_header(name):
    """#define and enum members of a header: good enough for those that count up, which is checked below."""
    text = (HEADERS / name).read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    numbers = {}
    for match in re.finditer(
        r"^\s*#define\s+(\w+)\s+\(?(0x[0-9a-fA-F]+|\d+|1\s*<<\s*\d+)\)?\s*$", text, re.MULTILINE
    ):
        base, _, shift = match[2].partition("<<")
        numbers[match[1]] = int(base, 0) << int(shift or "0")
    for body in re.findall(r"enum\s*\w*\s*\{(.*?)\}", text, re.DOTALL):
        value = -1
        for item in re.sub(r"^#.*$", "", body, flags=re.MULTILINE).split(","):
            name_, _, given = (part.strip() for part in item.partition("="))
            if not name_:
                continue
            if given:
                try:
                    value = numbers.get(given) if given in numbers else int(given, 0)
                except ValueError:
                    shift = re.fullmatch(r"1\s*<<\s*(\d+)", given)
                    value = 1 << int(shift[1]) if shift else None
            else:
                value = None if value is None else value + 1
            if value is not None:
                numbers[name_] = value
    return numbers


# In Linux 6.18, and not in the headers of Debian 12.
NEW_RULE_ATTRIBUTES = {"DSCP", "FLOWLABEL", "FLOWLABEL_MASK", "SPORT_MASK", "DPORT_MASK", "DSCP_MASK"}
CASES = [
    (constants.MessageType, "rtnetlink.h", "RTM_", {"NOOP", "ERROR", "DONE", "OVERRUN"}),
    (constants.LinkAttribute, "if_link.h", "IFLA_", set()),
    (constants.LinkInfoAttribute, "if_link.h", "IFLA_INFO_", set()),
    (constants.AddressAttribute, "if_addr.h", "IFA_", {"PROTO"}),
    (constants.AddressFlag, "if_addr.h", "IFA_F_", set()),
    (route_constants.RouteMetric, "rtnetlink.h", "RTAX_", set()),
    (route_constants.RuleAttribute, "fib_rules.h", "FRA_", NEW_RULE_ATTRIBUTES),
    (route_constants.RuleAction, "fib_rules.h", "FR_ACT_", set()),
    (route_constants.RuleFlag, "fib_rules.h", "FIB_RULE_", set()),
    (route_constants.NeighbourAttribute, "neighbour.h", "NDA_", set()),
    (route_constants.NeighbourState, "neighbour.h", "NUD_", set()),
    (route_constants.NeighbourFlag, "neighbour.h", "NTF_", set()),
    (route_constants.RouteAttribute, "rtnetlink.h", "RTA_", set()),
    (route_constants.TableNumber, "rtnetlink.h", "RT_TABLE_", set()),
    (constants.Scope, "rtnetlink.h", "RT_SCOPE_", set()),
    (route_constants.RouteType, "rtnetlink.h", "RTN_", set()),
    (route_constants.RouteProtocol, "rtnetlink.h", "RTPROT_", set()),
    (constants.LinkFlag, "if.h", "IFF_", set()),
    (constants.LinkFilter, "rtnetlink.h", "RTEXT_FILTER_", set()),
    (constants.OperState, "if.h", "IF_OPER_", set()),
]


@pytest.mark.parametrize(
    ("enum", "header", "prefix", "elsewhere"), CASES, ids=[case[0].__name__ for case in CASES]
)
def test_numbers_are_those_of_the_kernels_headers(enum, header, prefix, elsewhere):
    if not HEADERS.is_dir():
        pytest.skip("the kernel's headers (linux-libc-dev) are not installed")
    known = numbers_of_header(header)
    for member in enum:
        if member.name not in elsewhere:
            assert known[prefix + member.name] == member, member
    assert len(known) > 10


def test_numbers_are_those_of_pyroute2():
    for member in constants.MessageType:
        if member >= 16 and hasattr(rtnl, f"RTM_{member.name}"):
            assert getattr(rtnl, f"RTM_{member.name}") == member
    for member in (constants.LinkAttribute.ADDRESS, constants.LinkAttribute.PERM_ADDRESS):
        names = [name for name, *_ in ifinfmsg.nla_map]
        assert names[member] == f"IFLA_{member.name}"
    assert rtnl.RTNLGRP_LINK == constants.Group.LINK
    assert rtnl.RTNLGRP_IPV4_IFADDR == constants.Group.IPV4_ADDRESS
    assert rtnl.RTNLGRP_IPV6_IFADDR == constants.Group.IPV6_ADDRESS
    assert rtnl.RTNLGRP_IPV4_ROUTE == constants.Group.IPV4_ROUTE
    assert rtnl.RTNLGRP_IPV6_ROUTE == constants.Group.IPV6_ROUTE


def test_every_number_has_a_word_and_unknown_ones_survive():
    for enum in (constants.MessageType, constants.OperState, route_constants.TableNumber):
        unknown = enum(250)
        assert unknown == 250
        assert str(unknown) == "unknown(250)"
        assert 250 not in [member.value for member in enum]
    with pytest.raises(ValueError, match="text"):
        constants.MessageType("text")
    assert [str(member) for member in constants.OperState] == (
        ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"]
    )
