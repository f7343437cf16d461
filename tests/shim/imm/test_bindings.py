# SPDX-License-Identifier: Apache-2.0
"""How attaching and detaching an implementer affects open CCBs and the values that readers see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from saf_shim.codes import AisError, Code
from saf_shim.imm.content import classes
from saf_shim.imm.content.rules import AttributeValues, Modification, ModificationType
from saf_shim.imm.content.store import Store
from saf_shim.imm.implementer import bindings, runtime_objects
from saf_shim.imm.manager import ccb_changes, reading
from saf_shim.imm.manager.ccb import Ccb, State
from saf_shim.imm.manager.owners import AdminOwner

STRING, UINT32 = 9, 2
SUBTREE = 3
CONFIG = [["cfg", STRING, 0x102, None], ["v", UINT32, 0x300, None], ["state", UINT32, 0x50000, None]]
RUNTIME = [["rt", STRING, 0x50002, None], ["n", UINT32, 0x50000, None]]
PERSISTENT = [["rt", STRING, 0x70002, None], ["kept", UINT32, 0x70000, None], ["n", UINT32, 0x50000, None]]


class Timers:
    """A world whose timers fire when the test wants it."""

    def __init__(self) -> None:
        self.functions: list[Callable[[], None]] = []

    def start_timer(self, _delay: float, function: Callable[[], None]) -> Timers:
        self.functions.append(function)
        return self

    def cancel(self) -> None:
        """Do nothing: the functions notice by themselves that they are too late."""

    def let_time_pass(self) -> None:
        functions, self.functions = self.functions, []
        for function in functions:
            function()


class Willing:
    """An implementer that accepts everything."""

    patience = 6.0

    def __getattr__(self, _name: str) -> Callable[..., None]:
        def answer(*arguments: Any) -> None:
            if callable(arguments[-1]):
                arguments[-1](Code.OK, "")

        return answer


@pytest.fixture
def timers() -> Timers:
    return Timers()


@pytest.fixture
def store(timers: Timers) -> Store:
    """A store with the configuration object ``cfg=1`` of the class Cfg, and two runtime classes."""
    made = Store()
    classes.create_class(made, "Cfg", 1, CONFIG)
    classes.create_class(made, "Rt", 2, RUNTIME)
    classes.create_class(made, "Kept", 2, PERSISTENT)
    ccb = Ccb(made, timers, AdminOwner("me", False), 0)
    ccb_changes.create(ccb, "Cfg", None, [AttributeValues("cfg", STRING, ("cfg=1",))], lambda _rc: None)
    ccb.apply(lambda _rc: None)
    return made


def open_ccb(store: Store, timers: Timers) -> Ccb:
    """A CCB that has modified ``cfg=1``."""
    ccb = Ccb(store, timers, AdminOwner("me", False), 0)
    change = [Modification(ModificationType.REPLACE, "v", UINT32, (7,))]
    ccb_changes.modify(ccb, "cfg=1", change, lambda _rc: None)
    return ccb


def values(store: Store, dn: str) -> dict[str, tuple[Any, ...]]:
    found = store.find(dn)
    return {entry.name: entry.values for entry in reading.take_values(found, found.cls.read_order)}


@pytest.mark.parametrize("name", ["Owner", "@watcher"])
@pytest.mark.parametrize("what", ["class", "object"])
def test_binding_aborts_the_ccb_that_is_in_the_way(
    store: Store, timers: Timers, name: str, what: str
) -> None:
    implementer = bindings.attach(store, name, Willing())

    def bind() -> None:
        if what == "class":
            bindings.set_class(store, implementer, "Cfg")
        else:
            bindings.set_object(store, implementer, "cfg=1", SUBTREE)

    ccb = open_ccb(store, timers)
    with pytest.raises(AisError) as refused:
        bind()
    assert refused.value.code == Code.ERR_TRY_AGAIN
    assert ccb.state is State.ABORTED
    codes: list[int] = []
    ccb.apply(codes.append)
    assert codes == [Code.ERR_FAILED_OPERATION]
    assert ccb.grab_strings() == ["IMM: Resource abort: CCB is in an error state"]
    bind()
    assert values(store, "cfg=1")["v"] == ()


def test_an_orphan_shows_no_values_until_its_name_is_held_again(store: Store, timers: Timers) -> None:
    implementer = bindings.attach(store, "Owner", Willing())
    for class_name in ("Rt", "Kept"):
        given = [AttributeValues("rt", STRING, (f"rt={class_name}",)), AttributeValues("n", UINT32, (5,))]
        if class_name == "Kept":
            given.append(AttributeValues("kept", UINT32, (6,)))
        runtime_objects.create(store, implementer, class_name, "", given)
    before = {dn: values(store, dn) for dn in ("rt=Rt", "rt=Kept")}
    bindings.detach(store, implementer, timers)
    assert {dn: values(store, dn) for dn in before} == before, "at first everything reads as before"
    timers.let_time_pass()
    assert set(values(store, "rt=Rt").values()) == {()}
    shown = {name: found for name, found in values(store, "rt=Kept").items() if found}
    assert shown == {
        "rt": ("rt=Kept",),
        "kept": (6,),
        "SaImmAttrClassName": ("Kept",),
        "SaImmAttrImplementerName": ("Owner",),
    }
    bindings.attach(store, "Owner", Willing())
    assert {dn: values(store, dn) for dn in before} == before


def test_whoever_comes_back_in_time_leaves_no_gap(store: Store, timers: Timers) -> None:
    implementer = bindings.attach(store, "Owner", Willing())
    bindings.set_class(store, implementer, "Cfg")
    runtime_objects.update(
        store, implementer, "cfg=1", [Modification(ModificationType.REPLACE, "state", UINT32, (3,))]
    )
    bindings.detach(store, implementer, timers)
    bindings.attach(store, "Owner", Willing())
    timers.let_time_pass()
    assert values(store, "cfg=1")["state"] == (3,)
    bindings.detach(store, implementer, timers)
    assert values(store, "cfg=1")["state"] == (3,), "the timer of the first departure counts no more"
    timers.let_time_pass()
    assert values(store, "cfg=1")["state"] == ()
    assert values(store, "cfg=1")["SaImmAttrImplementerName"] == ("Owner",), "a configuration object keeps it"
