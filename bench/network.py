# SPDX-License-Identifier: Apache-2.0
"""Transactions: many addresses and routes set in one go, verified, against those who do not verify; reviews.

Every contender starts with an empty link in a namespace of its own. Ours is the commit of a change; `ip
-batch` and the others are measured as they are used: a process, a library.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from statistics import median
from typing import Any

from bench.measure import Row, show_seconds

SAMPLES = 7
_SETUP = "ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; ip link set lo up"

_OURS = """
from amf_netwatch.netlink.network.committer import Committer
change = Committer().change().load(json.load(open(sys.argv[1])))
def work(): change.commit()
"""
_OURS_GUARDED = _OURS.replace("commit()", "commit(guard=True)")
_IP = """
def work(): subprocess.run(["ip", "-batch", sys.argv[2]], check=True)
"""
_IPROUTE = """
from pyroute2 import IPRoute
document = json.load(open(sys.argv[1]))
ip = IPRoute()
index = ip.link_lookup(ifname="v0")[0]
def work():
    for one in document["links"][0]["addresses"]:
        address, _, length = one.partition("/")
        ip.addr("add", index=index, address=address, prefixlen=int(length))
    for one in document["routes"]:
        ip.route("add", dst=one["dst"], gateway=one["gateway"])
"""
_NDB = """
from pyroute2 import NDB
document = json.load(open(sys.argv[1]))
ndb = NDB()
def work():
    with ndb.interfaces["v0"] as link:
        for one in document["links"][0]["addresses"]:
            link.add_ip(one)
    for one in document["routes"]:
        ndb.routes.create(dst=one["dst"], gateway=one["gateway"]).commit()
"""
_REVIEW = """
from amf_netwatch.netlink.network.committer import Committer
change = Committer().change().load(json.load(open(sys.argv[1])))
def work(): assert len(change.review()["routes"]) == len(change.wishes.routes)
"""
_PLAN = _REVIEW.partition("def work")[0] + "def work(): change.plan()\n"
_FRAME = """
import json, os, resource, subprocess, sys, time
{body}
began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
work()
took = time.perf_counter() - began
after = resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
print("\\n" + json.dumps([took, cpu, after.ru_maxrss]), flush=True)
os._exit(0)
"""


def make_document(count: int) -> dict[str, Any]:
    """Return a document with this many addresses, and as many routes through their neighbours."""
    places = [f"{place >> 8}.{place & 255}" for place in range(count)]
    return {
        "links": [{"name": "v0", "addresses": [f"10.{place}.1/24" for place in places]}],
        "routes": [
            {"dst": f"172.{16 + (place >> 8)}.{place & 255}.0/24", "gateway": f"10.{places[place]}.2"}
            for place in range(count)
        ],
    }


def run_once(body: str, document: str, batch: str) -> tuple[float, float, int]:
    """Return seconds, CPU seconds and KiB of one contender, in a namespace of its own."""
    program = _FRAME.format(body=body)
    command = f'{_SETUP}; exec {sys.executable} -c "$0" "$1" "$2"'
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", command, program, document, batch],
        capture_output=True,
        text=True,
        check=True,
    )
    took, cpu, memory = json.loads(done.stdout.strip().splitlines()[-1])
    return took, cpu, memory


def contest(
    bodies: dict[str, str], count: int, folder: str, samples: int = SAMPLES
) -> dict[str, tuple[float, float, int]]:
    """Medians by name; the contenders take turns."""
    made = make_document(count)
    document, batch = f"{folder}/{count}.json", f"{folder}/{count}.batch"
    with open(document, "w", encoding="utf-8") as file:
        json.dump(made, file)
    with open(batch, "w", encoding="utf-8") as file:
        file.writelines(f"addr add {one} dev v0\n" for one in made["links"][0]["addresses"])
        file.writelines(f"route add {one['dst']} via {one['gateway']}\n" for one in made["routes"])
    found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in bodies}
    for _ in range(samples):
        for name, body in bodies.items():
            found[name].append(run_once(body, document, batch))
    return {
        name: (
            median(one[0] for one in each),
            median(one[1] for one in each),
            int(median(one[2] for one in each)),
        )
        for name, each in found.items()
    }


def rows() -> Iterator[Row]:
    """The lines of the report."""
    with tempfile.TemporaryDirectory() as folder:
        for count in (100, 1000):
            found = contest({"ours": _OURS, "guarded": _OURS_GUARDED, "ip": _IP}, count, folder)
            ours, guarded, batch = found["ours"], found["guarded"], found["ip"]
            yield Row(
                f"{count} addresses + {count} routes, verified",
                show_seconds(ours[0]),
                f"ip -batch {show_seconds(batch[0])}",
                batch[0] / ours[0],
                "<= 1.0x of ip -batch" if count == 1000 else "",
                ours[0] <= batch[0] if count == 1000 else None,
            )
            yield Row("  with a guardian process", show_seconds(guarded[0]), "", batch[0] / guarded[0])
            yield Row("  CPU, memory at most", f"{show_seconds(ours[1])}, {ours[2] >> 10} MiB")
        slow = contest({"ours": _OURS, "iproute": _IPROUTE, "ndb": _NDB}, 100, folder, samples=1)
        for name, what in (("iproute", "pyroute2 IPRoute"), ("ndb", "pyroute2 NDB")):
            yield Row(
                "100 addresses + 100 routes, once",
                show_seconds(slow["ours"][0]),
                f"{what} {show_seconds(slow[name][0])}",
                slow[name][0] / slow["ours"][0],
            )
        for body, what in ((_REVIEW, "review"), (_PLAN, "plan")):
            took = contest({"it": body}, 5000, folder)["it"][0]
            target, met = ("<= 100 ms", took <= 0.1) if what == "review" else ("", None)
            yield Row(f"{what} of 10,000 objects", show_seconds(took), "", None, target, met)
