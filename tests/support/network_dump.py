# SPDX-License-Identifier: Apache-2.0
"""The output of `ip` about a namespace, without what changes by itself, to compare before and after."""

from __future__ import annotations

import json
import subprocess
from typing import Any

_LINK_KEYS = (
    "ifindex",
    "ifname",
    "mtu",
    "master",
    "link",
    "address",
    "txqlen",
    "ifalias",
    "altnames",
    "group",
    "inet6_addr_gen_mode",
)
_BY_ITSELF = ("timer", "root", "bridge_id", "designated", "topology", "_port", "_path_cost", "gc_", "state")
_PORT_BY_ITSELF = (
    "failure_count",
    "mii_status",
    "timer",
    "root",
    "designated",
    "topology",
    "id",
    "no",
    "state",
    "config_pending",
)


def ip(*words: str) -> Any:
    """Return what `ip -j WORDS` prints in the namespace of the calling thread."""
    done = subprocess.run(["ip", "-j", *words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout) if done.stdout.strip() else []


def dump_all() -> dict[str, Any]:
    """Links, addresses in order, routes of all tables, rules, permanent neighbours and proxies."""
    return {
        "links": [_link(entry) for entry in ip("-d", "link")],
        "addresses": {entry["ifname"]: [_address(one) for one in entry["addr_info"]] for entry in ip("addr")},
        "routes": sorted(_route(entry) for entry in ip("-d", "-4", "route", "show", "table", "all")),
        "routes6": sorted(
            _route(entry)
            for entry in ip("-d", "-6", "route", "show", "table", "all")
            # What the kernel makes for each address comes only when its duplicate detection has ended.
            if entry.get("type") not in ("multicast", "anycast", "local")
        ),
        "rules": sorted(json.dumps(entry, sort_keys=True) for entry in ip("rule")),
        "rules6": sorted(json.dumps(entry, sort_keys=True) for entry in ip("-6", "rule")),
        "neighbours": sorted(json.dumps(one) for one in ip("neigh", "show", "nud", "permanent")),
        "next hops": sorted(
            json.dumps({key: value for key, value in one.items() if key != "flags"}) for one in ip("nexthop")
        ),
        "proxies": sorted(json.dumps(one) for one in ip("neigh", "show", "proxy")),
    }


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the differences, one line each."""
    lines = []
    for section, old in before.items():
        new = after[section]
        if old == new:
            continue
        if isinstance(old, dict):
            for key in sorted(old.keys() | new.keys()):
                if old.get(key) != new.get(key):
                    lines.append(f"{section} {key}:\n  - {old.get(key)}\n  + {new.get(key)}")
        else:
            lines += [f"{section} - {one}" for one in old if one not in new]
            lines += [f"{section} + {one}" for one in new if one not in old]
    return lines


def _link(entry: dict[str, Any]) -> str:
    kept = {key: entry[key] for key in _LINK_KEYS if key in entry}
    kept["up"] = "UP" in entry["flags"]
    information = entry.get("linkinfo", {})
    for key, words in (("info_data", _BY_ITSELF), ("info_slave_data", _PORT_BY_ITSELF)):
        kept[key] = {
            name: value
            for name, value in information.get(key, {}).items()
            if not any(word in name for word in words)
        }
    kept["kind"] = information.get("info_kind")
    return json.dumps(kept, sort_keys=True)


def _address(entry: dict[str, Any]) -> str:
    return json.dumps(
        {key: value for key, value in entry.items() if "life_time" not in key and key != "tentative"},
        sort_keys=True,
    )


def _route(entry: dict[str, Any]) -> str:
    kept = {key: value for key, value in entry.items() if key not in ("flags", "expires")}
    kept["nexthops"] = [
        {key: value for key, value in hop.items() if key != "flags"} for hop in entry.get("nexthops", ())
    ]
    if "onlink" in entry.get("flags", ()):
        kept["onlink"] = True
    return json.dumps(kept, sort_keys=True)
