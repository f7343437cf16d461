# SPDX-License-Identifier: Apache-2.0
"""The network as other programs see it: `ip -j` and pyroute2, in the words of `monitor --json`.

Nothing here uses the library under test.
"""

from __future__ import annotations

from typing import Any

from kernel_fixtures import Namespace
from pyroute2 import IPRoute

UP, RUNNING = 0x1, 0x40
OPERSTATES = ("up", "down", "lowerlayerdown", "dormant", "testing", "notpresent", "unknown")
FAMILIES = {2: "inet", 10: "inet6"}
Row = dict[str, Any]


def ip_links(namespace: Namespace) -> dict[int, Row]:
    """By ifindex."""
    return {
        link["ifindex"]: {
            "ifname": link["ifname"],
            "mac": link.get("address"),
            "mtu": link["mtu"],
            "admin_state": "up" if "UP" in link["flags"] else "down",
            "oper_state": link["operstate"].lower(),
            # `ip` leaves RUNNING out of its words; it says NO-CARRIER when UP and not RUNNING.
            "running": "UP" in link["flags"] and "NO-CARRIER" not in link["flags"],
            "master": link.get("master"),
            "kind": link.get("linkinfo", {}).get("info_kind"),
        }
        for link in namespace.ip_json("-d link show")
    }


def ip_addresses(namespace: Namespace) -> set[tuple[int, str, str]]:
    """Index, address with prefix length, family."""
    return {
        (link["ifindex"], f"{address['local']}/{address['prefixlen']}", address["family"])
        for link in namespace.ip_json("addr show")
        for address in link["addr_info"]
    }


def ip_routes(namespace: Namespace) -> list[tuple[Any, ...]]:
    """Sorted: family, table, destination, gateway, name of the link."""
    tables = {"main": 254, "local": 255, "default": 253}
    routes = []
    for family, length in (("inet", 32), ("inet6", 128)):
        flag = "-4" if family == "inet" else "-6"
        for route in namespace.ip_json(f"{flag} route show table all"):
            destination = route["dst"]
            if destination != "default" and "/" not in destination:
                destination += f"/{length}"
            table = route.get("table", "main")
            number = tables[table] if table in tables else int(table)
            gateway = route.get("gateway") or route.get("via", {}).get("host")
            routes.append((family, number, destination, gateway, route.get("dev")))
    return sorted(routes, key=repr)


TABLES = {"main": 254, "local": 255, "default": 253}


def ip_rules(namespace: Namespace) -> list[tuple[Any, ...]]:
    """Sorted: family, priority, source, destination, input, output, mark, table, action."""
    rules = []
    for family, flag in (("inet", "-4"), ("inet6", "-6")):
        for rule in namespace.ip_json(f"{flag} rule show"):
            table = rule.get("table")
            action = "goto" if "goto" in rule else rule.get("action", "table")
            mark = rule.get("fwmark")
            rules.append(
                (
                    family,
                    rule["priority"],
                    _prefix(rule, "src", "srclen", family),
                    _prefix(rule, "dst", "dstlen", family),
                    rule.get("iif"),
                    rule.get("oif"),
                    None if mark is None else int(mark, 16),
                    None if table is None else TABLES.get(table) or int(table),
                    action,
                )
            )
    return sorted(rules, key=repr)


def _prefix(rule: Row, key: str, length: str, family: str) -> str | None:
    text = rule.get(key, "all")
    return None if text == "all" else f"{text}/{rule.get(length, 32 if family == 'inet' else 128)}"


def ip_neighbours(namespace: Namespace) -> set[tuple[str, str, str, bool]]:
    """Link, address, hardware address, whether permanent; those whose hardware address is in use."""
    known = {"PERMANENT", "REACHABLE", "STALE", "DELAY", "PROBE"}
    return {
        (one["dev"], one["dst"], one["lladdr"], "PERMANENT" in one["state"])
        for one in namespace.ip_json("neigh show")
        if known & set(one["state"]) and "lladdr" in one
    }


class Pyroute2Oracle:
    """pyroute2 in the namespace in which it is made."""

    def __init__(self) -> None:
        self._ipr = IPRoute()

    def __enter__(self) -> Pyroute2Oracle:
        return self

    def __exit__(self, *_: object) -> None:
        self._ipr.close()

    def links(self) -> dict[int, Row]:
        """By ifindex."""
        links = list(self._ipr.get_links())
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in links}
        found = {}
        for link in links:
            info = link.get_attr("IFLA_LINKINFO")
            found[link["index"]] = {
                "ifname": names[link["index"]],
                "mac": link.get_attr("IFLA_ADDRESS"),
                "mtu": link.get_attr("IFLA_MTU"),
                "admin_state": "up" if link["flags"] & UP else "down",
                "oper_state": link.get_attr("IFLA_OPERSTATE").lower(),
                "running": bool(link["flags"] & RUNNING),
                "master": names.get(link.get_attr("IFLA_MASTER")),
                "kind": info.get_attr("IFLA_INFO_KIND") if info is not None else None,
            }
        return found

    def addresses(self) -> set[tuple[int, str, str]]:
        """Index, address with prefix length, family."""
        return {
            (
                one["index"],
                f"{one.get_attr('IFA_LOCAL') or one.get_attr('IFA_ADDRESS')}/{one['prefixlen']}",
                FAMILIES[one["family"]],
            )
            for one in self._ipr.get_addr()
        }

    def routes(self) -> list[tuple[Any, ...]]:
        """Sorted: family, table, destination, gateway, link's index; those with one way."""
        routes = []
        for family in FAMILIES:
            for route in self._ipr.get_routes(family=family):
                if route["family"] not in FAMILIES or route.get_attr("RTA_MULTIPATH"):
                    continue
                destination = route.get_attr("RTA_DST")
                text = "default" if destination is None else f"{destination}/{route['dst_len']}"
                via = route.get_attr("RTA_VIA")
                gateway = route.get_attr("RTA_GATEWAY") or (via["addr"] if via else None)
                table = route.get_attr("RTA_TABLE")
                routes.append((FAMILIES[route["family"]], table, text, gateway, route.get_attr("RTA_OIF")))
        return sorted(routes, key=repr)
