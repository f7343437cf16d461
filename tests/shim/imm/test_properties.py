# SPDX-License-Identifier: Apache-2.0
"""The pure store against a model of a few lines: after any sequence of operations both say the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from saf_shim.codes import AisError, Code
from saf_shim.imm.content import classes, rules
from saf_shim.imm.content.rules import AttributeValues, Modification
from saf_shim.imm.content.store import Store
from saf_shim.imm.implementer import bindings, runtime_objects
from saf_shim.imm.manager import ccb_changes, owners
from saf_shim.imm.manager.ccb_handle import CcbHandle
from saf_shim.imm.manager.owners import AdminOwner

STRING, UINT32 = 9, 2
RUNTIME = [["rt", STRING, 0x50002, None], ["n", UINT32, 0x50000, 0], ["m", STRING, 0x50001, "d"]]
CONFIG = [["cfg", STRING, 0x102, None], ["v", UINT32, 0x300, None], ["w", STRING, 0x301, None]]
RDNS = st.sampled_from([f"x={letter}" for letter in "abcd"])
NUMBERS = st.integers(0, 9)


class NoTime:
    """A world in which nothing ever times out."""

    def start_timer(self, _delay: float, _function: Callable[[], None]) -> NoTime:
        return self

    def cancel(self) -> None:
        """Do nothing: no timer runs."""


def code_of(function: Callable[[], Any]) -> Code:
    try:
        function()
    except AisError as error:
        return error.code
    return Code.OK


class StoreMachine(RuleBasedStateMachine):
    """Runtime objects of two implementers, and CCBs of two owners, on one tree."""

    parents = Bundle("parents")
    ccbs = Bundle("ccbs")

    def __init__(self) -> None:
        super().__init__()
        self.store = Store()
        self.world: Any = NoTime()
        classes.create_class(self.store, "Rt", 2, RUNTIME)
        classes.create_class(self.store, "Cfg", 1, CONFIG)
        self.names = [bindings.attach(self.store, name, object()) for name in ("one", "two")]
        self.owners = [AdminOwner(name, True) for name in ("red", "blue")]
        self.model: dict[str, tuple[str, str, int]] = {}  # DN -> kind, implementer or owner, number

    # runtime objects

    @rule(target=parents, parent=st.just("") | parents, rdn=RDNS, who=st.integers(0, 1), number=NUMBERS)
    def create(self, parent: str, rdn: str, who: int, number: int) -> str:
        dn = f"{rdn},{parent}" if parent else rdn
        given_values = [AttributeValues("rt", STRING, (rdn,)), AttributeValues("n", UINT32, (number,))]
        code = code_of(
            lambda: runtime_objects.create(self.store, self.names[who], "Rt", parent, given_values)
        )
        pending = self.store.objects.get(parent)
        if parent and (parent not in self.model or (pending is not None and pending.deleting)):
            assert code == Code.ERR_NOT_EXIST
        elif dn in self.model or (dn in self.store.objects and code != Code.OK):
            assert code == Code.ERR_EXIST
        else:
            assert code == Code.OK
            self.model[dn] = ("Rt", self.names[who].name, number)
        return dn

    @rule(dn=parents, who=st.integers(0, 1), number=NUMBERS)
    def update(self, dn: str, who: int, number: int) -> None:
        change = [Modification(3, "n", UINT32, (number,))]
        code = code_of(lambda: runtime_objects.update(self.store, self.names[who], dn, change))
        kind, holder, _ = self.model.get(dn, ("", "", 0))
        if not kind:
            assert code == Code.ERR_NOT_EXIST
        elif self.store.objects[dn].deleting:
            assert code == Code.ERR_TRY_AGAIN
        elif kind == "Rt" and holder == self.names[who].name:
            assert code == Code.OK
            self.model[dn] = (kind, holder, number)
        else:
            assert code in (Code.ERR_BAD_OPERATION, Code.ERR_NOT_EXIST)

    @rule(dn=parents, who=st.integers(0, 1))
    def delete(self, dn: str, who: int) -> None:
        code = code_of(lambda: runtime_objects.delete(self.store, self.names[who], dn))
        below = [other for other in self.model if other == dn or other.endswith(f",{dn}")]
        mine = all(self.model[other][:2] == ("Rt", self.names[who].name) for other in below)
        if dn not in self.model:
            assert code == Code.ERR_NOT_EXIST
        elif code == Code.OK:
            assert mine
            for other in below:
                del self.model[other]
        else:
            assert not mine or self.store.objects[dn].deleting

    # CCBs: the model changes when one is applied, by what the store itself says was in it

    @rule(target=ccbs, who=st.integers(0, 1))
    def open_ccb(self, who: int) -> CcbHandle:
        return CcbHandle(self.store, self.world, self.owners[who], 0)

    def perform(self, ccb: CcbHandle, operation: Callable[..., None]) -> int:
        codes: list[int] = []
        ccb.perform(operation, codes.append)
        assert len(codes) == 1
        return codes[0]

    @rule(target=parents, ccb=ccbs, parent=st.just("") | parents, rdn=RDNS, number=NUMBERS)
    def ccb_create(self, ccb: CcbHandle, parent: str, rdn: str, number: int) -> str:
        before = set(self.visible())
        given_values = [AttributeValues("cfg", STRING, (rdn,)), AttributeValues("v", UINT32, (number,))]
        self.perform(ccb, lambda c, done: ccb_changes.create(c, "Cfg", parent, given_values, done))
        assert set(self.visible()) == before, "nothing shows before apply"
        return f"{rdn},{parent}" if parent else rdn

    @rule(ccb=ccbs, dn=parents, number=NUMBERS)
    def ccb_modify(self, ccb: CcbHandle, dn: str, number: int) -> None:
        change = [Modification(3, "v", UINT32, (number,))]
        before = self.visible()
        self.perform(ccb, lambda c, done: ccb_changes.modify(c, dn, change, done))
        assert self.visible() == before, "nothing shows before apply"

    @rule(ccb=ccbs, dn=parents)
    def ccb_delete(self, ccb: CcbHandle, dn: str) -> None:
        before = self.visible()
        self.perform(ccb, lambda c, done: ccb_changes.delete(c, dn, done))
        assert self.visible() == before, "nothing shows before apply"

    @rule(ccb=ccbs)
    def ccb_apply(self, ccb: CcbHandle) -> None:
        pending = dict(ccb.ccb.mutations) if ccb.ccb is not None else {}
        codes: list[int] = []
        ccb.apply(codes.append)
        if codes == [Code.OK]:
            for dn, mutation in pending.items():
                if mutation.kind.name == "DELETE":
                    del self.model[dn]
                else:
                    number = int(mutation.after.get("v", (0,))[0])
                    self.model[dn] = ("Cfg", ccb.owner.name, number)

    @rule(ccb=consumes(ccbs))
    def ccb_abandon(self, ccb: CcbHandle) -> None:
        before = self.visible()
        ccb.end()
        assert self.visible() == before, "abandoning undoes everything"

    @rule(who=st.integers(0, 1), dn=parents, scope=st.integers(1, 3))
    def own(self, who: int, dn: str, scope: int) -> None:
        code = code_of(lambda: owners.set_owner(self.store, self.owners[who], [dn], scope))
        if code == Code.OK:
            assert self.store.objects[dn].owner == self.owners[who].name

    # what always holds

    def visible(self) -> dict[str, int]:
        return {
            dn: int((found.values.get("n") or found.values.get("v") or (0,))[0])
            for dn, found in self.store.objects.items()
            if not found.creating
        }

    @invariant()
    def the_store_is_the_model(self) -> None:
        assert self.visible() == {dn: number for dn, (_, _, number) in self.model.items()}

    @invariant()
    def the_indexes_agree(self) -> None:
        objects = self.store.objects
        for dn, found in objects.items():
            assert found.dn == dn
            assert found.cls.instances[dn] is found
            above = self.store.top if found.parent is None else found.parent.children
            assert above[dn] is found
            assert found.parent is None or objects[found.parent.dn] is found.parent
        assert sum(len(cls.instances) for cls in self.store.classes.values()) == len(objects)
        assert len(self.store.top) + sum(len(found.children) for found in objects.values()) == len(objects)

    @invariant()
    def locks_belong_to_active_ccbs(self) -> None:
        for found in self.store.objects.values():
            if found.creating or found.deleting:
                assert found.ccb is not None
                assert found.ccb.active
                assert found.dn in found.ccb.mutations


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


LISTS = st.lists(st.sampled_from("abc"), max_size=6).map(tuple)


@given(present=LISTS, unwanted=LISTS)
def test_removing_values_removes_all_equal_ones_and_nothing_else(
    present: tuple[str, ...], unwanted: tuple[str, ...]
) -> None:
    left = rules.remove_values(present, unwanted)
    assert sorted(left) == sorted(value for value in present if value not in unwanted)
    if not set(present) & set(unwanted):
        assert left == present


@given(values=LISTS)
def test_as_sent_is_its_own_inverse(values: tuple[str, ...]) -> None:
    assert rules.as_sent(rules.as_sent(values)) == values
    assert rules.as_sent(values)[:1] == values[:1]


@given(name=st.text(max_size=300))
def test_an_implementer_name_is_taken_or_refused_with_a_code(name: str) -> None:
    store = Store()
    code = code_of(lambda: bindings.attach(store, name, object()))
    assert code in (Code.OK, Code.ERR_INVALID_PARAM, Code.ERR_LIBRARY)
    if code == Code.OK:
        taken = store.implementers[name]
        assert 1 <= len(name) <= rules.MAX_IMPLEMENTER_NAME
        assert code_of(lambda: bindings.attach(store, name, object())) == Code.ERR_EXIST
        bindings.detach(store, taken, NoTime())
        assert bindings.attach(store, name, object()) is taken
