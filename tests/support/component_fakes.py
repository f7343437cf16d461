# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for the tests of the component: an IMM that obeys the measured rules, and a log that remembers.

`FakeImm` is written from what a real IMM answered (the codes, not the component's view of them); it counts
every call, and fails those that it is told to, before or after doing them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable, NamedTuple, Optional

from amf_netwatch.errors import AisError
from amf_netwatch.interfaces.inventory import Difference
from amf_netwatch.log import Log
from amf_netwatch.publication.classes import CLASSES, definition_of
from amf_netwatch.publication.publisher import Publisher
from imm_model.names import join_dn, parent_dn, split_dn
from imm_model.objects import ImmObject

CODES = {
    "LIBRARY": 2,
    "TIMEOUT": 5,
    "TRY_AGAIN": 6,
    "INVALID_PARAM": 7,
    "NO_MEMORY": 8,
    "BAD_HANDLE": 9,
    "NOT_EXIST": 12,
    "EXIST": 14,
    "NO_RESOURCES": 18,
    "BAD_OPERATION": 20,
}
CALLS = (
    "initialize",
    "selection",
    "set_name",
    "search",
    "create",
    "update",
    "delete",
    "clear_name",
    "read_node",
    "open_manager",
    "next",
    "finalize",
    "finalize_manager",
)


UNIT = "safSu=SC-1,safSg=NetWatch,safApp=NetWatch"
COMPONENT = f"safComp=NetWatch,{UNIT}"


class Stored(NamedTuple):
    """An object in the store."""

    class_name: str
    attributes: dict[str, tuple[Any, ...]]
    owner: str


class Fault(NamedTuple):
    """Answer `code` to the next `times` calls of this name; with `done`, execute them first."""

    call: str
    code: str
    done: bool = False


class FakeImm:
    """The store, its implementers, and what was asked of it."""

    def __init__(self) -> None:
        self.objects: dict[str, Stored] = {}
        self.classes = {definition.name for definition in CLASSES}
        self.holders: dict[str, FakeImplementer] = {}
        self.calls: list[tuple[Any, ...]] = []
        self.faults: list[Fault] = []
        self.node = "SC-1"
        self.generation = 0
        self.chance: Optional[Callable[[str], Optional[Fault]]] = None
        self.pace: Callable[[], None] = lambda: None  # called for each object that a search finds
        self.managers = self.implementers = 0
        self.last_implementer: FakeImplementer

    # what the publisher uses

    def open_implementer(self) -> FakeImplementer:
        self.enter("initialize")
        self.last_implementer = FakeImplementer(self)
        return self.last_implementer

    def open_manager(self) -> FakeManager:
        self.fail_if_told("open_manager")
        return FakeManager(self)

    # what the tests use

    def enter(self, call: str, *arguments: Any) -> Optional[Fault]:
        """Count a call; raise the fault that is set for it, or return it when it fails afterwards."""
        self.calls.append((call, *arguments))
        return self.fail_if_told(call)

    def fail_if_told(self, call: str) -> Optional[Fault]:
        """The same for a call that is not counted."""
        fault = next((each for each in self.faults if each.call == call), None)
        if fault is not None:
            self.faults.remove(fault)
        elif self.chance is not None:
            fault = self.chance(call)
        if fault is None:
            return None
        if fault.code == "BAD_HANDLE":
            self.generation += 1  # every handle made before is dead
            self.holders.clear()
        if fault.done and call in ("create", "update", "delete"):
            return fault
        raise error(call, fault.code)

    def restart(self) -> None:
        """IMM forgets everything but the classes; handles die."""
        self.objects.clear()
        self.generation += 1
        self.holders.clear()

    def take_calls(self) -> list[str]:
        """The names of the calls since the last time."""
        names = [call[0] for call in self.calls]
        self.calls.clear()
        return names

    def published(self) -> dict[str, dict[str, tuple[Any, ...]]]:
        """Attributes by DN, without times."""
        return {
            dn: {name: values for name, values in stored.attributes.items() if name != "lastChange"}
            for dn, stored in self.objects.items()
        }


class FakeManager:
    """An OM handle. `FakeImm.managers` counts those that are open."""

    def __init__(self, imm: FakeImm) -> None:
        self.imm = imm
        self.finalized = False
        imm.managers += 1

    def read(self, dn: str, *names: str) -> dict[str, tuple[Any, ...]]:
        self.imm.enter("read_node")
        assert (dn, names) == (UNIT, ("saAmfSUHostedByNode",))
        return {
            "saAmfSUHostedByNode": (f"safAmfNode={self.imm.node},safAmfCluster=c",) if self.imm.node else ()
        }

    def iterate_subtree(self, root: str) -> Iterator[ImmObject]:
        with_fault = self.imm.enter("search", root)
        assert with_fault is None, "a search has no effect"
        for dn, stored in list(self.imm.objects.items()):
            if dn == root or dn.endswith("," + root):
                self.imm.fail_if_told("next")
                self.imm.pace()
                yield ImmObject(dn, stored.class_name, dict(stored.attributes))

    def finalize(self) -> None:
        assert not self.finalized
        self.imm.fail_if_told("finalize_manager")
        self.finalized = True
        self.imm.managers -= 1


class FakeImplementer:
    """An OI handle. Its descriptor is a real one. `FakeImm.implementers` counts those that are open."""

    def __init__(self, imm: FakeImm) -> None:
        self.imm = imm
        self.generation = imm.generation
        self.name = ""
        self.descriptor, self.writer = os.pipe()
        self.finalized = False
        imm.implementers += 1

    def _enter(self, call: str, *arguments: Any) -> Optional[Fault]:
        fault = self.imm.enter(call, *arguments)
        if self.generation != self.imm.generation or self.finalized:
            raise error(call, "BAD_HANDLE")
        return fault

    def selection_object(self) -> int:
        self._enter("selection")
        return self.descriptor

    def dispatch(self) -> None:
        self._enter("dispatch")
        os.set_blocking(self.descriptor, False)
        os.read(self.descriptor, 100)

    def set_name(self, name: str) -> None:
        self._enter("set_name", name)
        holder = self.imm.holders.get(name)
        if holder is not None and not holder.finalized:
            raise error("set_name", "EXIST")
        self.imm.holders[name] = self
        self.name = name

    def clear_name(self) -> None:
        self._enter("clear_name")
        if not self.name:
            raise error("clear_name", "BAD_HANDLE")
        del self.imm.holders[self.name]
        self.name = ""

    def create(self, obj: ImmObject) -> None:
        fault = self._enter("create", obj.dn)
        imm = self.imm
        assert join_dn(*split_dn(obj.dn)) == obj.dn
        if not self.name:
            raise error("create", "BAD_OPERATION")
        if obj.class_name not in imm.classes:
            raise error("create", "NOT_EXIST")
        if parent_dn(obj.dn) and parent_dn(obj.dn) not in imm.objects:
            raise error("create", "NOT_EXIST")
        if obj.dn in imm.objects:
            raise error("create", "EXIST")
        definition = definition_of(obj.class_name)
        wanted = {attribute.name for attribute in definition.attributes if not attribute.is_rdn}
        if set(obj.attributes) != wanted or not all(obj.attributes.values()):
            raise error("create", "INVALID_PARAM")
        imm.objects[obj.dn] = Stored(obj.class_name, dict(obj.attributes), self.name)
        _finish("create", fault)

    def update(self, dn: str, class_name: str, attributes: Mapping[str, Sequence[Any]]) -> None:
        assert attributes, "an empty list is an ArgumentError"
        fault = self._enter("update", dn, tuple(sorted(attributes)))
        stored = self._owned("update", dn)
        if not {*attributes} <= {each.name for each in definition_of(class_name).attributes}:
            raise error("update", "NOT_EXIST")
        stored.attributes.update({name: tuple(values) for name, values in attributes.items()})
        _finish("update", fault)

    def delete(self, dn: str) -> None:
        fault = self._enter("delete", dn)
        self._owned("delete", dn)
        for each in self._below(dn):
            if self.imm.objects[each].owner != self.name:
                raise error("delete", "BAD_OPERATION")
        for each in list(self._below(dn)):
            del self.imm.objects[each]
        _finish("delete", fault)

    def finalize(self) -> None:
        if not self.finalized:
            self.imm.fail_if_told("finalize")
            self.die()

    def die(self) -> None:
        """The process that has it ends."""
        if not self.finalized:
            self.finalized = True
            self.imm.implementers -= 1
            os.close(self.descriptor)
            os.close(self.writer)
            if self.imm.holders.get(self.name) is self:
                del self.imm.holders[self.name]

    def _owned(self, call: str, dn: str) -> Stored:
        if not self.name:
            raise error(call, "BAD_OPERATION")
        stored = self.imm.objects.get(dn)
        if stored is None:
            raise error(call, "NOT_EXIST")
        if stored.owner != self.name:
            raise error(call, "BAD_OPERATION")
        return stored

    def _below(self, dn: str) -> Iterator[str]:
        yield from [each for each in self.imm.objects if each == dn or each.endswith("," + dn)]


class InlineOwner:
    """The owner of IMM without its thread: an order is carried out before the call returns.

    Attempts to withdraw take a tenth of a second of `clock` each.
    """

    def __init__(self, publisher: Publisher, clock: Clock) -> None:
        self.publisher = publisher
        self.clock = clock
        self.settled = self.withdrawn = True
        self.busy = False
        self.budgets: list[float] = []
        self.started = self.stopped = 0

    def start(self) -> None:
        self.started += 1

    def stop(self) -> None:
        self.stopped += 1

    def publish(self, difference: Difference, budget: float) -> None:
        self.budgets.append(budget)
        self.withdrawn = False
        self.publisher.note(difference)
        self.settled = self.publisher.publish(budget)

    def withdraw(self, patience: float) -> bool:
        deadline = self.clock.now + patience
        self.settled = self.withdrawn = self.publisher.withdraw()
        while not self.withdrawn and self.clock.now + 0.1 <= deadline:
            self.clock.now += 0.1
            self.settled = self.withdrawn = self.publisher.withdraw()
        if self.withdrawn:
            self.publisher.release()
        return self.withdrawn


class MemoryLog:
    """Events as they come; checks them against the table as the real one does."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._real = Log(lambda level, line: None, 7)

    def event(self, name: str, /, **fields: Any) -> None:
        self._real.event(name, **fields)
        self.events.append((name, fields))

    def names(self) -> list[str]:
        return [name for name, _ in self.events]


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def error(call: str, code: str) -> AisError:
    return AisError(call, CODES[code], f"SA_AIS_ERR_{code}")


def _finish(call: str, fault: Optional[Fault]) -> None:
    if fault is not None:
        raise error(call, fault.code)
