# SPDX-License-Identifier: Apache-2.0
"""`diff` says just what is needed; `apply` proves it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imm_model.diff import Changes, ObjectUpdate, apply, diff
from imm_model.names import parent_dn
from imm_model.objects import ImmObject

RDNS = ("a=1", "b=2", "c=3", "d=4")
attributes = st.dictionaries(
    st.sampled_from(["x", "y", "z"]), st.lists(st.integers(0, 3), max_size=2).map(tuple), max_size=3
)


@st.composite
def models(draw):
    """Objects by DN in which every parent is there."""
    model = {}
    for _ in range(draw(st.integers(0, 8))):
        parent = draw(st.sampled_from(["", *model]))
        rdn = draw(st.sampled_from(RDNS))
        dn = f"{rdn},{parent}" if parent else rdn
        model[dn] = ImmObject(dn, draw(st.sampled_from(["C", "D"])), draw(attributes))
    return model


def normal(model):
    """An attribute without values is the same as one left out."""
    return {
        dn: (obj.class_name, {name: values for name, values in obj.attributes.items() if values})
        for dn, obj in model.items()
    }


@given(models(), models())
def test_applying_the_difference_gives_the_other_side(published, desired):
    assert normal(apply(diff(published, desired), published)) == normal(desired)


@given(models())
def test_nothing_changed_means_nothing_to_do(model):
    assert diff(model, dict(model)) == Changes()
    assert not diff(model, dict(model))


@given(models(), models())
def test_the_order_is_one_that_imm_takes(published, desired):
    changes = diff(published, desired)
    there = set(published)
    for dn in changes.delete:
        assert dn in there
        there = {other for other in there if other != dn and not other.endswith("," + dn)}
    for obj in changes.create:
        assert obj.dn not in there
        assert not parent_dn(obj.dn) or parent_dn(obj.dn) in there
        there.add(obj.dn)
    assert all(update.dn in there for update in changes.update)
    assert there == set(desired)


@given(models(), models())
def test_an_update_names_only_what_differs(published, desired):
    for dn, changed in diff(published, desired).update:
        old, new = published[dn].attributes, desired[dn].attributes
        assert changed
        assert all(old.get(name, ()) != values == new.get(name, ()) for name, values in changed.items())


def test_a_rename_is_a_delete_before_a_create():
    old = {"n=1": ImmObject("n=1", "N", {}), "i=a,n=1": ImmObject("i=a,n=1", "I", {"x": (1,)})}
    new = {"n=1": ImmObject("n=1", "N", {}), "i=b,n=1": ImmObject("i=b,n=1", "I", {"x": (1,)})}
    assert diff(old, new) == Changes(("i=a,n=1",), (new["i=b,n=1"],), ())


def test_one_update_carries_all_changed_attributes():
    old = {"n=1": ImmObject("n=1", "N", {"x": (1,), "y": (2,), "z": (3,)})}
    new = {"n=1": ImmObject("n=1", "N", {"x": (1,), "y": (5,)})}
    assert diff(old, new) == Changes((), (), (ObjectUpdate("n=1", {"y": (5,), "z": ()}),))
