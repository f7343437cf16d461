# SPDX-License-Identifier: Apache-2.0
"""`changed_attributes` says just what is needed to make one set of attributes the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imm_model.diff import changed_attributes

attributes = st.dictionaries(
    st.sampled_from(["x", "y", "z"]), st.lists(st.integers(0, 3), max_size=2).map(tuple), max_size=3
)


def with_values(named):
    """An attribute without values is the same as one that is left out."""
    return {name: values for name, values in named.items() if values}


@given(attributes, attributes)
def test_writing_the_difference_gives_the_other_side(old, new):
    assert with_values({**old, **changed_attributes(old, new)}) == with_values(new)


@given(attributes)
def test_nothing_changed_means_nothing_to_write(same):
    assert changed_attributes(same, dict(same)) == {}


@given(attributes, attributes)
def test_it_names_only_what_differs(old, new):
    changed = changed_attributes(old, new)
    assert all(old.get(name, ()) != values for name, values in changed.items())


def test_an_attribute_that_goes_is_emptied():
    assert changed_attributes({"x": (1,), "y": (2,), "z": (3,)}, {"x": (1,), "y": (5,)}) == {
        "y": (5,),
        "z": (),
    }
