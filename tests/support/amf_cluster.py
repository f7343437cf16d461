# SPDX-License-Identifier: Apache-2.0
"""A simulated cluster with the scripted components of `tests/conformance/amf` in it, for tests."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from saf_shim.pytest_plugin import SafShim

SUITE = Path(__file__).resolve().parents[1] / "conformance" / "amf"


def load_module(name: str) -> ModuleType:
    """A module of the suite, without its folder in sys.path for the others."""
    sys.path.insert(0, str(SUITE))
    try:
        spec = importlib.util.spec_from_file_location(f"amf_suite_{name}", SUITE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(SUITE))
    return module


class AmfCluster:
    """The recorder of the suite on a simulator: a model, behaviours, events, API calls inside components."""

    def __init__(self, saf_shim: SafShim, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shim = saf_shim
        self.folder = folder
        for name, value in saf_shim.environment().items():
            monkeypatch.setenv(name, value)
        self.runner = load_module("run")
        self.suite: Any = self.runner.M
        self.suite.set_name("ConfAmf_test")
        self.runner.write_clc(str(folder))
        self.lines: list[dict[str, Any]] = []
        self.recorder = self.runner.Recorder("test", str(folder), self.lines.append)

    def model(self, *groups: Any, nodes: Sequence[str] = ("SC-1",)) -> None:
        """Load an application; the components' software is on these nodes."""
        for sub in ("behave", "sock", "pid"):
            (self.folder / sub).mkdir(exist_ok=True)
        text: str = self.suite.document(groups, str(self.folder))
        node = self.suite.NODE
        for name in nodes:
            if name != "SC-1":
                bundle = self.suite.bundle().replace(node, node.replace("SC-1", name))
                prefix = {"saAmfNodeSwBundlePathPrefix": str(self.folder)}
                made = self.suite.obj("SaAmfNodeSwBundle", bundle, prefix)
                text = text.replace("</imm:IMM-contents>", made + "</imm:IMM-contents>")
        (self.folder / "model.xml").write_text(text, "utf-8")
        self.shim.load(self.folder / "model.xml")

    def adm(self, *words: str, check: bool = True) -> Any:
        return self.shim.run("amf-adm", *words, check=check)

    def events(self, who: str = "", kind: str = "") -> list[dict[str, Any]]:
        """Return what components and commands did, oldest first."""
        return [
            event
            for event in self.recorder.events()
            if (not who or event["who"] == who) and (not kind or event["ev"] == kind)
        ]

    def up(self, *units: str) -> None:
        """Unlock-in and unlock these SUs."""
        for unit in units:
            self.adm("unlock-in", unit)
        for unit in units:
            self.adm("unlock", unit)

    def state(self, dn: str, attribute: str) -> str:
        """As immlist shows it."""
        return self.shim.run("immlist", "-a", attribute, dn).stdout.strip().partition("=")[2]

    def wait_state(self, dn: str, attribute: str, value: str) -> None:
        self.shim.wait_for(lambda: self.state(dn, attribute) == value)

    def pid(self, key: str) -> int:
        return int((self.folder / "pid" / key).read_text())

    def call(self, key: str, method: str, *args: Any) -> Any:
        """An API call in a component: [code, out]."""
        return self.recorder.ask(key, method, *args)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
