# SPDX-License-Identifier: Apache-2.0
"""In which order implementers and appliers are told attributes: programs print what they get.

The expected orders were printed by the same program on OpenSAF 5.21.03."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from imm_client import CONFIG, RDN, WRITABLE, Kept, Oi, Om, attributes, changes, name_of

from saf_shim.pyosaf import saAis, saImmOi, saImmOm
from saf_shim.pytest_plugin import SafShim

SYSTEM = ["SaImmAttrImplementerName", "SaImmAttrClassName", "SaImmAttrAdminOwnerName"]
INITIALIZED = 0x400


class Listener:
    """Listens to the class Ordered, in a thread, and notes the attributes' names in `told`."""

    def __init__(self, name: str, minor: int) -> None:
        self.told: list[list[str]] = []
        self.callbacks = callbacks = saImmOi.SaImmOiCallbacksT_2()
        callbacks.saImmOiCcbObjectCreateCallback = saImmOi.SaImmOiCcbObjectCreateCallbackT_2(self.created)
        callbacks.saImmOiCcbObjectModifyCallback = saImmOi.SaImmOiCcbObjectModifyCallbackT_2(self.modified)
        callbacks.saImmOiCcbCompletedCallback = saImmOi.SaImmOiCcbCompletedCallbackT(lambda *_: 1)
        callbacks.saImmOiCcbObjectDeleteCallback = saImmOi.SaImmOiCcbObjectDeleteCallbackT(lambda *_: 1)
        callbacks.saImmOiCcbApplyCallback = saImmOi.SaImmOiCcbApplyCallbackT(lambda *_: None)
        callbacks.saImmOiCcbAbortCallback = saImmOi.SaImmOiCcbAbortCallbackT(lambda *_: None)
        self.handle = saImmOi.SaImmOiHandleT()
        version = saAis.SaVersionT("A", 2, minor)
        assert saImmOi.saImmOiInitialize_2(self.handle, callbacks, version) == 1
        assert saImmOi.saImmOiImplementerSet(self.handle, saAis.SaStringT(name)) == 1
        assert saImmOi.saImmOiClassImplementerSet(self.handle, saAis.SaStringT("Ordered")) == 1
        self.thread = threading.Thread(target=saImmOi.saImmOiDispatch, args=(self.handle, 3))
        self.thread.start()

    def created(self, _handle: int, _ccb: int, _class: Any, _parent: Any, given: Any) -> int:
        self.told.append([str(entry.attrName) for entry in saAis.unmarshalNullArray(given)])
        return 1

    def modified(self, _handle: int, _ccb: int, _name: Any, given: Any) -> int:
        self.told.append([str(entry.modAttr.attrName) for entry in saAis.unmarshalNullArray(given)])
        return 1

    def end(self) -> list[list[str]]:
        """Return the callbacks that it got, when it has got all of them."""
        assert saImmOi.saImmOiFinalize(self.handle) == 1
        self.thread.join()
        return self.told


def change(om: Om) -> None:
    """Create an object, giving some of its attributes, modify it, and apply both."""
    _, owner = om.owner("Administrator")
    ccb = saImmOm.SaImmCcbHandleT()
    assert saImmOm.saImmOmCcbInitialize(owner, 0, ccb) == 1
    kept = Kept()
    given = attributes(kept, [("kk", "UINT32", [1]), ("id", "STRING", ["id=1"]), ("Bb", "UINT32", [1])])
    assert name_of(saImmOm.saImmOmCcbObjectCreate_2(ccb, saAis.SaStringT("Ordered"), None, given)) == "OK"
    mods = changes(kept, [("aa", "UINT32", [1]), ("zz", "UINT32", [1]), ("kk", "UINT32", [2])])
    assert name_of(saImmOm.saImmOmCcbObjectModify_2(ccb, saAis.SaNameT("id=1"), mods)) == "OK"
    assert name_of(saImmOm.saImmOmCcbApply(ccb)) == "OK"


@pytest.mark.parametrize(
    ("name", "minor", "created", "modified"),
    [
        ("Judge", 11, ["id", "zz", "aa", *SYSTEM, "Bb", "kk"], ["kk", "zz", "aa"]),
        ("Judge", 17, ["id", "zz", "aa", *SYSTEM, "Bb", "kk"], ["aa", "zz", "kk"]),
        # Without an object implementer the RDN stays where it was given.
        ("@Listener", 11, ["zz", "aa", *SYSTEM, "Bb", "id", "kk"], ["kk", "zz", "aa"]),
        # An applier of A.2.17 gets all attributes that can change.
        ("@Listener", 17, ["zz", "aa", *SYSTEM, "Bb", "id", "kk"], ["zz", "kk", "aa", "Bb"]),
    ],
)
def test_the_order_of_attributes(
    saf_shim: SafShim, name: str, minor: int, created: list[str], modified: list[str]
) -> None:
    om = Om()
    numbers = [(attribute, "UINT32", CONFIG | WRITABLE) for attribute in ("zz", "aa", "Bb", "kk")]
    assert om.create_class("Ordered", 1, [("id", "STRING", CONFIG | RDN | INITIALIZED), *numbers]) == "OK"
    listener = Listener(name, minor)
    try:
        change(om)
        saf_shim.wait_for(lambda: len(listener.told) == 2)
    finally:
        told = listener.end()
    assert told == [created, modified]


@pytest.mark.parametrize(
    "missing", ["Apply", "Abort", "ObjectModify", "ObjectDelete", "ObjectCreate", "Completed"]
)
def test_the_callbacks_that_an_applier_must_have(saf_shim: SafShim, missing: str) -> None:
    om = Om()
    assert om.create_class("Ordered", 1, [("id", "STRING", CONFIG | RDN)]) == "OK"
    callbacks = saImmOi.SaImmOiCallbacksT_2()
    kinds = dict(saImmOi.SaImmOiCallbacksT_2._fields_)
    for name in {"Apply", "Abort", "ObjectModify", "ObjectDelete", "ObjectCreate", "Completed"} - {missing}:
        setattr(callbacks, f"saImmOiCcb{name}Callback", kinds[f"saImmOiCcb{name}Callback"](lambda *_: 1))
    oi = Oi(None, callbacks)
    taken = "OK" if missing in ("ObjectCreate", "Completed") else "ERR_INIT"
    assert oi.set("@Listener") == taken
    if taken == "OK":
        rc = saImmOi.saImmOiClassImplementerSet(oi.handle, saAis.SaStringT("Ordered"))
        assert name_of(rc) == ("ERR_INIT" if missing == "ObjectCreate" else "OK")
    else:
        assert oi.set("Judge") == "OK", "an object implementer needs none of them"
