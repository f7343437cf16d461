# SPDX-License-Identifier: Apache-2.0
"""A program for `test_programs_versions`: every module of the bindings, and a life in IMM and CLM.

It runs with every Python there is, with warnings as errors, so it imports nothing that they do not have."""

from __future__ import annotations

import sys
import threading

from imm_client import Oi, Om, make_config_class, make_runtime_class, values

# Of saf_shim and not just pyosaf, as imm_client has them; below, all are imported by the usual name as well.
from saf_shim.pyosaf import saAis, saAmf, saClm, saImmOi, saLog, saNtf

OK = saAis.eSaAisErrorT.SA_AIS_OK


def live_in_imm() -> None:
    """Two classes, a runtime object with a pure attribute that a second thread answers for."""
    om = Om()
    make_runtime_class(om)
    make_config_class(om)

    def answer(_handle: int, name: object, names: object) -> int:
        assert [str(name[0]), saAis.unmarshalNullArray(names)] == ["rt=a", ["pure"]]  # type: ignore[index]
        return OK if oi.update("rt=a", [("pure", "UINT32", [7])]) == "OK" else 21

    callbacks = saImmOi.SaImmOiCallbacksT_2()
    callbacks.saImmOiRtAttrUpdateCallback = saImmOi.SaImmOiRtAttrUpdateCallbackT(answer)
    oi = Oi("Program", callbacks)
    assert oi.create("TestRt", None, values("a")) == "OK"
    dispatcher = threading.Thread(target=oi.dispatch, args=(3,))
    dispatcher.start()
    assert oi.update("rt=a", [("text", "STRING", ["\u00e9"])]) == "OK"
    expected = {"number": [1], "text": ["\u00e9"], "texts": ["a", "b"], "pure": [7]}
    code, got = om.get("rt=a", "number", "text", "texts", "pure")
    assert (code, got) == ("OK", expected), (code, got)
    assert oi.finalize() == "OK"
    dispatcher.join()
    assert om.finalize() == "OK"


def live_in_clm() -> None:
    """Return the name of our component."""
    handle, node = saClm.SaClmHandleT(), saClm.SaClmClusterNodeT_4()
    assert saClm.saClmInitialize_4(handle, None, saAis.SaVersionT("B", 4, 1)) == OK
    assert saClm.saClmClusterNodeGet_4(handle, 0xFFFFFFFF, 10**9, node) == OK
    assert str(node.nodeName) == "safNode=SC-1,safCluster=myClmCluster"
    assert saClm.saClmFinalize(handle) == OK


def be_refused() -> None:
    """There is no AMF component here, and there are no notification and log services."""
    handle = saAmf.SaAmfHandleT()
    assert saAmf.saAmfInitialize_4(handle, None, saAis.SaVersionT("B", 4, 1)) == OK
    assert saAmf.saAmfComponentNameGet(handle, saAis.SaNameT()) != OK
    assert saAmf.saAmfFinalize(handle) == OK
    not_supported = saAis.eSaAisErrorT.SA_AIS_ERR_NOT_SUPPORTED
    assert saNtf.saNtfInitialize(saNtf.SaNtfHandleT(), None, saAis.SaVersionT("A", 1, 1)) == not_supported
    assert saLog.saLogInitialize(saLog.SaLogHandleT(), None, saAis.SaVersionT("A", 2, 1)) == not_supported


def import_everything() -> None:
    """The bindings by the name that programs use."""
    from pyosaf import saAis, saAmf, saClm, saEnumConst, saImm, saImmOi, saImmOm, saLog, saNtf  # noqa: PLC0415

    for module in (saAis, saAmf, saClm, saEnumConst, saImm, saImmOi, saImmOm, saLog, saNtf):
        assert module.__name__.startswith("pyosaf.")


if __name__ == "__main__":
    import_everything()
    live_in_imm()
    live_in_clm()
    be_refused()
    print("lived with {}.{}".format(*sys.version_info[:2]))
