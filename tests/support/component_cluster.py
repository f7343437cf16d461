# SPDX-License-Identifier: Apache-2.0
"""A simulated cluster with the real component in it, for tests; what runs there is what a user would run.

The simulator is started in the namespace that the test is in, so the component sees that namespace's links.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Optional

from amf_netwatch.deployment.model import ModelOptions, format_classes, format_model

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PATIENCE = 10.0


class Cluster:
    """One simulator; stop it when done."""

    def __init__(self, directory: Path, options: ModelOptions, nodes: tuple[str, ...] = ("SC-1",)) -> None:
        self.directory = directory
        self.simulator = directory / "simulator"
        self.log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.log.bind(str(directory / "log"))
        self.log.settimeout(PATIENCE)
        self.lines: list[str] = []
        (directory / "classes.xml").write_text(format_classes())
        options = options._replace(
            prefix=str(BIN), environment=(*options.environment, f"AMF_NETWATCH_SYSLOG={directory / 'log'}")
        )
        (directory / "model.xml").write_text(format_model(options))
        words = [word for node in nodes for word in ("--node", node)]
        for name in ("classes.xml", "model.xml"):
            words += ["--load", str(directory / name)]
        self.run(
            BIN / "saf-shim",
            "start",
            "--dir",
            self.simulator,
            "--until-exit",
            os.getpid(),
            *words,
            inside=False,
        )

    def run(self, *words: Any, check: bool = True, inside: bool = True) -> subprocess.CompletedProcess[str]:
        """A command with the simulator's tools in its PATH."""
        environment = self._environment() if inside else dict(os.environ)
        done = subprocess.run(
            [str(word) for word in words], env=environment, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr, self.log_lines())
        return done

    def start(self, *words: Any) -> subprocess.Popen[str]:
        """The same, not waited for."""
        return subprocess.Popen(
            [str(word) for word in words],
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _environment(self) -> dict[str, str]:
        environment = dict(os.environ)
        environment["SAF_SHIM_DIR"] = str(self.simulator)
        environment["PATH"] = f"{self.simulator / 'bin'}{os.pathsep}{environment['PATH']}"
        environment["PYTHONPATH"] = str(self.simulator / "python")
        return environment

    def unit(self, node: str = "SC-1") -> str:
        return f"safSu={node},safSg=NetWatch,safApp=NetWatch"

    def admin(self, *operations: str, node: str = "SC-1") -> None:
        for operation in operations:
            self.run("amf-adm", operation, self.unit(node))

    def unlock(self, node: str = "SC-1") -> None:
        """Let AMF start the component and assign it; returns when its first publication is complete."""
        self.admin("unlock-in", "unlock", node=node)
        eventually(lambda: self.is_published(node))

    def is_published(self, node: str = "SC-1") -> bool:
        """Tell whether IMM has as many interfaces of this node as the node's object counts."""
        root = f"netWatchNode={node}"
        count = self.attribute(root, "interfaceCount")
        return count == str(sum(dn.endswith(root) for dn in self.find()))

    def show(self, *words: str, check: bool = True) -> list[dict[str, Any]]:
        """Return what `amf-netwatch show --json` prints."""
        text = self.run(BIN / "amf-netwatch", "show", "--json", *words, check=check).stdout
        return [json.loads(line) for line in text.splitlines()]

    def find(self, class_name: str = "NetWatchInterface") -> set[str]:
        """DNs, from immfind."""
        return set(self.run("immfind", "-c", class_name).stdout.split("\n")) - {""}

    def attribute(self, dn: str, name: str) -> Optional[str]:
        """One value, from immlist; None when there is no such object."""
        done = self.run("immlist", "-a", name, dn, check=False)
        return done.stdout.strip().partition("=")[2] if done.returncode == 0 else None

    def calls(self, prefix: str = "", clear: bool = False) -> list[dict[str, Any]]:
        """The log of AIS calls."""
        words = ["--prefix", prefix] if prefix else []
        words += ["--clear"] if clear else []
        text = self.run(BIN / "saf-shim", "calls", "--json", *words).stdout
        return [json.loads(line) for line in text.splitlines()]

    def fault(self, *words: Any) -> None:
        self.run(BIN / "saf-shim", "fault", *words)

    def pid(self) -> Optional[int]:
        """The component's process, from its pid file."""
        for file in (self.simulator / "amf-netwatch").glob("*.pid"):
            try:
                return int(file.read_text().split()[0])
            except FileNotFoundError:
                return None  # it went in this moment
        return None

    def log_lines(self) -> list[str]:
        """Every line that the component has logged so far."""
        self.log.setblocking(False)
        try:
            while True:
                self.lines.append(self.log.recv(65536).decode().partition("]: ")[2])
        except BlockingIOError:
            pass
        finally:
            self.log.settimeout(PATIENCE)
        return self.lines

    def events(self) -> list[str]:
        """The names of the events logged so far."""
        return [line.split()[0].partition("=")[2] for line in self.log_lines()]

    def stop(self) -> None:
        self.run(BIN / "saf-shim", "stop", "--dir", self.simulator, check=False)
        self.log.close()


def as_ip_says(namespace: Any) -> list[dict[str, Any]]:
    """The namespace's Ethernet links as `show --json` should print them, from `ip`."""
    found = []
    for link in namespace.ip_json("-details address show"):
        if link["link_type"] != "ether":
            continue
        addresses: dict[str, list[str]] = {"inet": [], "inet6": []}
        for each in link["addr_info"]:
            addresses[each["family"]].append(f"{each['local']}/{each['prefixlen']}")
        found.append(
            {
                "node": "SC-1",
                "interface": link["ifname"],
                "macAddress": link["address"],
                "ifIndex": link["ifindex"],
                "mtu": link["mtu"],
                "adminState": "up" if "UP" in link["flags"] else "down",
                "operState": link["operstate"].lower(),
                "master": link.get("master", ""),
                "physical": False,
                "ipv4Addresses": sorted(addresses["inet"]),
                "ipv6Addresses": sorted(addresses["inet6"]),
            }
        )
    return sorted(found, key=lambda each: each["ifIndex"])


def as_imm_says(cluster: Cluster) -> list[dict[str, Any]]:
    """Return the facts of the one node in IMM, without those that the kernel does not know."""
    return [
        {name: value for name, value in each.items() if name not in ("lastChange", "dn", "stale", "gone")}
        for each in cluster.show()
    ]


def is_true(cluster: Cluster, namespace: Any) -> bool:
    """Tell whether IMM agrees with the kernel."""
    return as_imm_says(cluster) == as_ip_says(namespace)


def eventually(check: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Ask until the answer is true; each question starts a process, which is pause enough."""
    deadline = time.monotonic() + patience
    while True:
        try:
            answer = check()
            failure: Optional[AssertionError] = None
        except AssertionError as error:
            answer, failure = None, error
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError("it did not come true") from failure


def knows_other_users() -> bool:
    """Root in a user namespace usually knows itself only."""
    uids = Path("/proc/self/uid_map").read_text().split()
    return os.geteuid() == 0 and sum(map(int, uids[2::3])) > 65534
