# SPDX-License-Identifier: Apache-2.0
"""An implementer that adds changes of its own to the CCB that it is asked about."""

from __future__ import annotations

import select
import threading
from collections.abc import Callable, Iterator
from ctypes import POINTER
from typing import Any

import pytest
from imm_client import Given, Kept, Oi, Om, attributes, changes, make_config_class, name_of

from saf_shim.pyosaf import saAis, saImmOi, saImmOm
from saf_shim.pytest_plugin import SafShim

OK = 1
Hook = Callable[[int, int], int]


class Server:
    """An implementer of a class, dispatched by a thread. It calls `on_create` when an object is created."""

    def __init__(self, name: str, class_name: str) -> None:
        self.seen: list[str] = []
        self.on_create: Hook = lambda handle, ccb: OK
        callbacks = saImmOi.SaImmOiCallbacksT_2()
        callbacks.saImmOiCcbObjectCreateCallback = saImmOi.SaImmOiCcbObjectCreateCallbackT_2(self._create)
        callbacks.saImmOiCcbObjectModifyCallback = saImmOi.SaImmOiCcbObjectModifyCallbackT_2(
            self._note("modify")
        )
        callbacks.saImmOiCcbCompletedCallback = saImmOi.SaImmOiCcbCompletedCallbackT(self._note("completed"))
        callbacks.saImmOiCcbApplyCallback = saImmOi.SaImmOiCcbApplyCallbackT(self._note("apply"))
        callbacks.saImmOiCcbAbortCallback = saImmOi.SaImmOiCcbAbortCallbackT(self._note("abort"))
        self.oi = Oi(name, callbacks)
        assert saImmOi.saImmOiClassImplementerSet(self.oi.handle, saAis.SaStringT(class_name)) == OK
        self._fd = self.oi.selection_object()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _note(self, what: str) -> Callable[..., int]:
        def note(*_arguments: Any) -> int:
            self.seen.append(what)
            return OK

        return note

    def _create(self, handle: int, ccb: int, *_rest: Any) -> int:
        self.seen.append("create")
        return self.on_create(handle, ccb)

    def _serve(self) -> None:
        while not self._stop.is_set():
            if select.select([self._fd], [], [], 0.05)[0]:
                self.oi.dispatch()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


class Manager:
    """An administrator with one CCB."""

    def __init__(self) -> None:
        self.om = Om()
        _, self.owner = self.om.owner("Administrator")
        self.ccb = saImmOm.SaImmCcbHandleT()
        assert saImmOm.saImmOmCcbInitialize(self.owner, 0, self.ccb) == OK

    def create(self, class_name: str, name: str) -> str:
        return name_of(create(self.ccb, class_name, [("cfg", "STRING", [name])]))

    def apply(self) -> str:
        return name_of(saImmOm.saImmOmCcbApply(self.ccb))

    def strings(self) -> list[str]:
        found = POINTER(saAis.SaStringT)()
        assert saImmOm.saImmOmCcbGetErrorStrings(self.ccb, found) == OK
        texts = []
        while found and found[len(texts)].value is not None:
            texts.append(str(found[len(texts)]))
        return texts


def create(ccb: Any, class_name: str, given: list[Given]) -> int:
    kept = Kept()
    rc: int = saImmOm.saImmOmCcbObjectCreate_2(
        ccb, saAis.SaStringT(class_name), None, attributes(kept, given)
    )
    return rc


def augment(handle: int, ccb: int) -> tuple[int, Any, Any]:
    made, owner = saImmOm.SaImmCcbHandleT(), saImmOm.SaImmAdminOwnerHandleT()
    return saImmOi.saImmOiAugmentCcbInitialize(handle, ccb, made, owner), made, owner


@pytest.fixture
def servers(saf_shim: SafShim) -> Iterator[tuple[Manager, Server, Server]]:
    manager = Manager()
    make_config_class(manager.om, "Mine")
    make_config_class(manager.om, "Other")
    mine, other = Server("Mine", "Mine"), Server("Other", "Other")
    yield manager, mine, other
    mine.stop()
    other.stop()


def test_what_it_adds_becomes_visible_with_the_ccb(
    saf_shim: SafShim, servers: tuple[Manager, Server, Server]
) -> None:
    manager, mine, other = servers
    codes: list[int] = []

    def add(handle: int, ccb: int) -> int:
        rc, made, owner = augment(handle, ccb)
        codes.extend([rc, create(made, "Mine", [("cfg", "STRING", ["cfg=second"])])])
        codes.append(create(made, "Other", [("cfg", "STRING", ["cfg=third"])]))
        kept = Kept()
        change = changes(kept, [("value", "UINT32", [7])])
        codes.append(saImmOm.saImmOmCcbObjectModify_2(made, saAis.SaNameT("cfg=third"), change))
        codes.append(saImmOm.saImmOmCcbApply(made))
        codes.append(saImmOm.saImmOmAdminOwnerFinalize(owner))
        return OK

    mine.on_create = add
    assert manager.create("Mine", "cfg=first") == "OK"
    assert codes == [OK] * 6
    assert saf_shim.objects("Mine") == []
    assert manager.apply() == "OK"
    assert saf_shim.objects("Mine") == ["cfg=first", "cfg=second"]
    assert saf_shim.values("cfg=third", "value") == [7]
    assert saf_shim.values("cfg=third", "SaImmAttrAdminOwnerName") == ["Administrator"]
    assert mine.seen == ["create", "completed", "apply"], "nobody is asked about their own changes"
    assert other.seen == ["create", "modify", "completed", "apply"]


def test_one_that_is_not_applied_refuses_the_ccb(
    saf_shim: SafShim, servers: tuple[Manager, Server, Server]
) -> None:
    manager, mine, _ = servers
    mine.on_create = lambda handle, ccb: create(
        augment(handle, ccb)[1], "Mine", [("cfg", "STRING", ["cfg=second"])]
    )
    assert manager.create("Mine", "cfg=first") == "ERR_FAILED_OPERATION"
    assert manager.strings() == ["IMM: Validation abort: Implementer returned error: 21"]
    assert manager.apply() == "ERR_FAILED_OPERATION"
    assert saImmOm.saImmOmCcbFinalize(manager.ccb) == OK
    assert saf_shim.objects("Mine") == []


def test_an_empty_one_does_no_harm(saf_shim: SafShim, servers: tuple[Manager, Server, Server]) -> None:
    manager, mine, _ = servers
    mine.on_create = lambda handle, ccb: augment(handle, ccb)[0]
    assert manager.create("Mine", "cfg=first") == "OK"
    assert manager.apply() == "OK"
    assert saf_shim.objects("Mine") == ["cfg=first"]


def test_a_refusal_by_another_refuses_all(saf_shim: SafShim, servers: tuple[Manager, Server, Server]) -> None:
    manager, mine, other = servers
    codes: list[int] = []

    def add(handle: int, ccb: int) -> int:
        _, made, _ = augment(handle, ccb)
        codes.append(create(made, "Other", [("cfg", "STRING", ["cfg=second"])]))
        return OK

    mine.on_create = add
    other.on_create = lambda handle, ccb: saAis.eSaAisErrorT.SA_AIS_ERR_BAD_OPERATION
    assert manager.create("Mine", "cfg=first") == "ERR_FAILED_OPERATION"
    assert [name_of(code) for code in codes] == ["ERR_FAILED_OPERATION"]
    assert saImmOm.saImmOmCcbFinalize(manager.ccb) == OK
    saf_shim.wait_for(lambda: mine.seen == other.seen == ["create", "abort"])
    assert saf_shim.objects("Other") == []


def test_only_in_a_callback_of_that_ccb(saf_shim: SafShim, servers: tuple[Manager, Server, Server]) -> None:
    manager, mine, _ = servers
    seen: list[int] = []

    def note(handle: int, ccb: int) -> int:
        seen.append(ccb)
        assert name_of(augment(handle, ccb + 1)[0]) == "ERR_BAD_OPERATION"
        assert augment(handle, ccb)[0] == OK
        assert name_of(augment(handle, ccb)[0]) == "ERR_TRY_AGAIN"
        return OK

    mine.on_create = note
    assert manager.create("Mine", "cfg=first") == "OK"
    assert name_of(augment(mine.oi.handle, seen[0])[0]) == "ERR_BAD_OPERATION"
    assert name_of(augment(mine.oi.handle, 0)[0]) == "ERR_INVALID_PARAM"
