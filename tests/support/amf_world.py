# SPDX-License-Identifier: Apache-2.0
"""A world for the pure AMF director: a model, commands, processes and timers that do what a test says.

Nothing runs and no time passes: `World.commands`, `World.processes` and `World.timers` are what is under
way; a test ends commands, answers callbacks, lets processes die and timers fire, in any order."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Optional

from imm_model.names import escape_dn, parent_dn
from saf_shim.amf.cluster import director
from saf_shim.amf.cluster.administration import operations
from saf_shim.amf.cluster.simulated import SimulatedCluster
from saf_shim.amf.effects import (
    Create,
    Delete,
    EndOperation,
    KillCommand,
    RunCommand,
    SendCallback,
    StartTimer,
    StopTimer,
    Update,
)
from saf_shim.amf.library import FIRST_HANDLE, NAME_VARIABLE, AmfHandle, Library
from saf_shim.amf.states import SECOND, Operation
from saf_shim.codes import AisError, Code

Attributes = dict[str, tuple[Any, ...]]
CLUSTER = "safAmfCluster=myAmfCluster"
KIND = "safVersion=1,safCompType=T"
CS_TYPE = "safVersion=1,safCSType=T"
CALLBACKS = [
    "saAmfHealthcheckCallback",
    "saAmfComponentTerminateCallback",
    "saAmfCSISetCallback",
    "saAmfCSIRemoveCallback",
    "saAmfProtectionGroupTrackCallback",
]


class View:
    """A model in a dictionary; see `saf_shim.imm.implementer.hooks.View`."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[str, Attributes]] = {}

    def add(self, class_name: str, dn: str, **attributes: Any) -> str:
        self.objects[dn] = (
            class_name,
            {
                name: tuple(value) if isinstance(value, (list, tuple)) else (value,)
                for name, value in attributes.items()
            },
        )
        return dn

    def get(self, dn: str) -> Optional[Mapping[str, tuple[Any, ...]]]:
        found = self.objects.get(dn)
        return found[1] if found else None

    def class_of(self, dn: str) -> Optional[str]:
        found = self.objects.get(dn)
        return found[0] if found else None

    def children(self, dn: str, class_name: str = "") -> Sequence[str]:
        return sorted(
            child
            for child, (kind, _) in self.objects.items()
            if parent_dn(child) == dn and (not class_name or kind == class_name)
        )

    def of_class(self, class_name: str, root: str = "") -> Sequence[str]:
        return sorted(
            dn
            for dn, (kind, _) in self.objects.items()
            if kind == class_name and (not root or dn == root or dn.endswith(f",{root}"))
        )


class Model:
    """A service group with its types, on some nodes. Names: SU1, C1, S1, I1..."""

    def __init__(
        self,
        redundancy: int,
        units: int = 2,
        components: int = 1,
        sis: int = 1,
        csis: int = 1,
        nodes: Sequence[str] = ("SC-1",),
        group: Optional[Mapping[str, Any]] = None,
        component_type: Optional[Mapping[str, Any]] = None,
        unit_type: Optional[Mapping[str, Any]] = None,
        unit: Optional[Mapping[str, Any]] = None,
    ) -> None:
        view = self.view = View()
        self.nodes = list(nodes)
        for node in nodes:
            dn = f"safAmfNode={node},{CLUSTER}"
            view.add("SaAmfNode", dn, saAmfNodeSuFailoverMax=1000, saAmfNodeSuFailOverProb=SECOND)
            bundle = f"safInstalledSwBundle={escape_dn('safSmfBundle=B')},{dn}"
            view.add("SaAmfNodeSwBundle", bundle, saAmfNodeSwBundlePathPrefix="/opt/b")
        view.add("SaAmfSGType", "safVersion=1,safSgType=T", saAmfSgtRedundancyModel=redundancy)
        failover = {"saAmfSutDefSUFailover": 1, **(unit_type or {})}
        view.add("SaAmfSUType", "safVersion=1,safSuType=T", **failover)
        timing = {
            "saAmfCtCompCategory": 1,
            "saAmfCtSwBundle": "safSmfBundle=B",
            "saAmfCtRelPathInstantiateCmd": "start",
            "saAmfCtRelPathCleanupCmd": "clean",
            "saAmfCtDefClcCliTimeout": 2 * SECOND,
            "saAmfCtDefCallbackTimeout": SECOND,
            "saAmfCtDefQuiescingCompleteTimeout": SECOND,
            "saAmfCtDefRecoveryOnError": 2,
            "saAmfCtDefDisableRestart": 0,
            **(component_type or {}),
        }
        view.add("SaAmfCompType", KIND, **timing)
        supported = f"safSupportedCsType={escape_dn(CS_TYPE)}"
        view.add(
            "SaAmfCtCsType",
            f"{supported},{KIND}",
            saAmfCtCompCapability=1 if redundancy == 1 else 6,
            saAmfCtDefNumMaxActiveCSIs=10,
            saAmfCtDefNumMaxStandbyCSIs=10,
        )
        view.add("SaAmfHealthcheckType", f"safHealthcheckKey=Key,{KIND}", **_TIMES)
        self.application = view.add("SaAmfApplication", "safApp=A")
        settings = {
            "saAmfSGType": "safVersion=1,safSgType=T",
            "saAmfSGAutoRepair": 0,
            "saAmfSGCompRestartMax": 3,
            "saAmfSGCompRestartProb": 30 * SECOND,
            "saAmfSGSuRestartMax": 2,
            "saAmfSGSuRestartProb": 30 * SECOND,
            **(group or {}),
        }
        self.group = view.add("SaAmfSG", "safSg=G,safApp=A", **settings)
        view.add("SaAmfCSType", CS_TYPE)
        self.units, self.components, self.sis, self.csis = [], [], [], []
        for number in range(1, sis + 1):
            si = f"safSi=S{number},safApp=A"
            view.add("SaAmfSI", si, saAmfSIProtectedbySG=self.group, saAmfSIRank=number)
            self.sis.append(si)
            for index in range(1, csis + 1):
                self.csis.append(view.add("SaAmfCSI", f"safCsi=I{index},{si}", saAmfCSType=CS_TYPE))
        for number in range(1, units + 1):
            name = f"safSu=SU{number},{self.group}"
            view.add(
                "SaAmfSU",
                name,
                saAmfSUType="safVersion=1,safSuType=T",
                saAmfSURank=number,
                saAmfSUHostNodeOrNodeGroup=f"safAmfNode={nodes[(number - 1) % len(nodes)]},{CLUSTER}",
                saAmfSUAdminState=3,
                **dict(unit or {}),
            )
            self.units.append(name)
            for index in range(1, components + 1):
                component = view.add("SaAmfComp", f"safComp=C{index},{name}", saAmfCompType=KIND)
                view.add("SaAmfCompCsType", f"{supported},{component}")
                self.components.append(component)


_TIMES = {"saAmfHctDefPeriod": SECOND, "saAmfHctDefMaxDuration": SECOND}


class Process:
    """A component's process: registered, and it remembers what it was told."""

    def __init__(self, pid: int, component: str, handle: AmfHandle) -> None:
        self.pid = pid
        self.component = component
        self.handle = handle
        self.waiting: list[tuple[str, Mapping[str, Any]]] = []
        self.states: dict[str, int] = {}  # CSI: HA state, as it was told and has accepted
        self.known: list[str] = []  # CSIs it has, for what is about all of them


class World:
    """The directors, and everything outside them."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.cluster = SimulatedCluster(model.view, model.nodes)
        self.library = Library(self.cluster)
        self.commands: dict[int, RunCommand] = {}
        self.processes: dict[int, Process] = {}
        self.timers: dict[Hashable, int] = {}
        self.asked: set[int] = set()
        self.ended: dict[int, tuple[int, str]] = {}
        self.values: dict[str, Attributes] = {}
        self.objects: set[str] = set()
        self.history: list[Any] = []
        self.pids = 100
        director.start(self.cluster)
        self.pump()

    # effects

    def pump(self) -> None:
        director.settle(self.cluster)
        while True:
            effects = self.cluster.outbox.take_effects()
            if not effects:
                return
            for effect in effects:
                self.history.append(effect)
                self._take(effect)

    def _take(self, effect: Any) -> None:
        if isinstance(effect, RunCommand):
            self.commands[effect.ticket] = effect
        elif isinstance(effect, KillCommand):
            self.commands.pop(effect.ticket, None)
        elif isinstance(effect, StartTimer):
            self.timers[effect.key] = effect.delay
        elif isinstance(effect, StopTimer):
            self.timers.pop(effect.key, None)
        elif isinstance(effect, SendCallback):
            for process in self.processes.values():
                if process.handle.number == effect.handle:
                    process.waiting.append((effect.name, effect.arguments))
        elif isinstance(effect, EndOperation):
            assert effect.ticket not in self.ended, "an operation was answered twice"
            self.ended[effect.ticket] = (effect.code, effect.text)
        elif isinstance(effect, Update):
            self.values.setdefault(effect.dn, {}).update(effect.attributes)
        elif isinstance(effect, Create):
            name = next(
                value[0] for key, value in effect.attributes.items() if key in ("safSISU", "safCSIComp")
            )
            dn = f"{name},{effect.parent}"
            assert dn not in self.objects, f"created twice: {dn}"
            self.objects.add(dn)
            self.values[dn] = dict(effect.attributes)
        elif isinstance(effect, Delete):
            assert effect.dn in self.objects, f"deleted, but not there: {effect.dn}"
            self.objects.remove(effect.dn)
            del self.values[effect.dn]

    # what a test does

    def operate(self, operation: Operation, dn: str) -> int:
        """Begin an administrative operation; its ticket."""
        ticket = self.cluster.outbox.ticket()
        self.asked.add(ticket)
        try:
            class_name = self.model.view.class_of(dn) or ""
            operations.operate(self.cluster, class_name, dn, operation, ticket)
        except AisError as error:
            self.ended[ticket] = (error.code, error.text)
        self.pump()
        return ticket

    def end_command(self, ticket: int, status: Optional[int] = 0, register: bool = True) -> None:
        """A command ends; an instantiate command leaves a process behind, a cleanup command none."""
        command = self.commands.pop(ticket)
        component = command.environment[NAME_VARIABLE]
        if command.argv[0].endswith("clean"):
            if status == 0:
                for pid in [p.pid for p in self.processes.values() if p.component == component]:
                    self.die(pid)
        elif status == 0 and register:
            self.start(component)
        director.command_ended(self.cluster, ticket, status)
        self.pump()

    def start(self, component: str) -> Optional[Process]:
        """A process that registers as the component; it ends when it may not."""
        self.pids += 1
        args = {"version": [ord("B"), 4, 1], "callbacks": CALLBACKS}
        environment = {NAME_VARIABLE: component}
        number = FIRST_HANDLE + self.pids
        _reply, handle = self.library.initialize("saAmfInitialize_4", self.pids, environment, args, number)
        assert handle is not None
        process = self.processes[self.pids] = Process(self.pids, component, handle)
        code = self.call(process, "saAmfComponentRegister", compName=component, proxyCompName=None)
        if code == Code.OK:
            return process
        self.die(process.pid)
        return None

    def call(self, process: Process, name: str, **args: Any) -> Code:
        reply = self.library.call(name, process.handle, args)
        self.pump()
        return reply.code

    def die(self, pid: int) -> None:
        self.processes.pop(pid, None)
        self.library.lost(pid)
        self.pump()

    def answer(self, process: Process, code: Code = Code.OK) -> str:
        """Dispatch and answer the process's next callback; its name."""
        name, args = process.waiting.pop(0)
        process.handle.dispatched(name, args)
        if name == "saAmfProtectionGroupTrackCallback":
            return name
        if code == Code.OK:
            self._remember(process, name, args)
        invocation = args["invocation"]
        self.call(process, "saAmfResponse_4", invocation=invocation, error=code, correlationIds=None)
        if name == "saAmfComponentTerminateCallback" and code == Code.OK:
            self.die(process.pid)
        elif args.get("haState") == 4 and code == Code.OK and process.pid in self.processes:
            self.call(process, "saAmfCSIQuiescingComplete", invocation=invocation, error=Code.OK)
        return name

    @staticmethod
    def _remember(process: Process, name: str, args: Mapping[str, Any]) -> None:
        if name == "saAmfCSISetCallback":
            descriptor = args["csiDescriptor"]
            names = [descriptor["csiName"]] if descriptor["csiName"] else list(process.states)
            for csi in names:
                process.states[csi] = args["haState"]
        elif name == "saAmfCSIRemoveCallback":
            if args["csiName"]:
                process.states.pop(args["csiName"], None)
            else:
                process.states.clear()

    def fire(self, key: Hashable) -> None:
        del self.timers[key]
        director.timer_fired(self.cluster, key)
        self.pump()

    # convenience

    def run(self) -> None:
        """Let everything go well until nothing is under way."""
        for _ in range(10000):
            if self.commands:
                self.end_command(next(iter(self.commands)))
                continue
            busy = next((p for p in self.processes.values() if p.waiting), None)
            if busy is None:
                return
            self.answer(busy)
        raise AssertionError("it never comes to rest")

    def do(self, operation: Operation, dn: str) -> tuple[int, str]:
        """An operation and everything that follows from it; how it ended."""
        ticket = self.operate(operation, dn)
        self.run()
        return self.ended[ticket]

    def up(self) -> None:
        """All units unlocked."""
        for unit in self.model.units:
            self.do(Operation.UNLOCK_INSTANTIATION, unit)
        for unit in self.model.units:
            self.do(Operation.UNLOCK, unit)

    def value(self, dn: str, attribute: str) -> Any:
        values = self.values.get(dn, {}).get(attribute, ())
        return values[0] if values else None

    def process_of(self, component: str) -> Process:
        return next(p for p in self.processes.values() if p.component == component)
