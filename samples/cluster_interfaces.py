#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which network interfaces does each node of the cluster have? IMM knows: one search, from any node.

    saf-shim run -- sh samples/cluster_interfaces.sh     without a cluster
    python3 samples/cluster_interfaces.py                on a node

It uses nothing but pyosaf and the names' encoding. `amf-netwatch show` is the same with more comfort.
"""

from __future__ import annotations

import select
import sys
import time
from ctypes import POINTER, addressof
from typing import Any, NamedTuple

from pyosaf import saAis, saImm, saImmOm

from imm_model.names import decode_rdn_value, split_dn

CLASS = "NetWatchInterface"
ATTRIBUTES = ("macAddress", "operState", "ipv4Addresses", "ipv6Addresses")
OK = saAis.eSaAisErrorT.SA_AIS_OK
TRY_AGAIN = saAis.eSaAisErrorT.SA_AIS_ERR_TRY_AGAIN
NOT_EXIST = saAis.eSaAisErrorT.SA_AIS_ERR_NOT_EXIST
PATIENCE = 10.0  # seconds


class Interface(NamedTuple):
    """An interface of a node; `addresses` with their prefix lengths."""

    node: str
    name: bytes
    mac: str
    state: str
    addresses: tuple[str, ...]


def call(function: Any, *arguments: Any) -> int:
    """Perform an AIS call, again while IMM says TRY_AGAIN, as it does when it is moving to another node."""
    end = time.monotonic() + PATIENCE
    while True:
        rc: int = function(*arguments)
        if rc != TRY_AGAIN or time.monotonic() > end:
            return rc
        select.select([], [], [], 0.1)  # AIS has no event to wait for here


def must(function: Any, *arguments: Any) -> None:
    """Perform an AIS call that has to succeed."""
    rc = call(function, *arguments)
    if rc != OK:
        sys.exit(f"{function.__name__}: {saAis.eSaAisErrorT.whatis(rc)}")


def read_interfaces() -> list[Interface]:
    """All interfaces of all nodes that IMM shows at this moment."""
    om, search = saImmOm.SaImmHandleT(), saImmOm.SaImmSearchHandleT()
    must(saImmOm.saImmOmInitialize, om, None, saAis.SaVersionT("A", 2, 17))
    # The value that is searched for must live until saImmOmSearchInitialize_2 returns: `wanted` holds it.
    wanted = saAis.SaStringT(CLASS)
    parameter = saImm.SaImmSearchParametersT_2()
    parameter.searchOneAttr.attrName = saAis.SaStringT("SaImmAttrClassName")
    parameter.searchOneAttr.attrValueType = saImm.eSaImmValueTypeT.SA_IMM_ATTR_SASTRINGT
    parameter.searchOneAttr.attrValue = addressof(wanted)
    options = saImm.saImm.SA_IMM_SEARCH_ONE_ATTR | saImm.saImm.SA_IMM_SEARCH_GET_SOME_ATTR
    names = [saAis.SaStringT(name) for name in ATTRIBUTES]
    subtree = saImm.eSaImmScopeT.SA_IMM_SUBTREE
    must(saImmOm.saImmOmSearchInitialize_2, om, None, subtree, options, parameter, names, search)
    found = []
    while True:
        dn, attributes = saAis.SaNameT(), POINTER(POINTER(saImm.SaImmAttrValuesT_2))()
        rc = call(saImmOm.saImmOmSearchNext_2, search, dn, attributes)
        if rc == NOT_EXIST:  # that was the last one
            break
        if rc != OK:
            sys.exit(f"saImmOmSearchNext_2: {saAis.eSaAisErrorT.whatis(rc)}")
        found.append(make_interface(str(dn), values_of(attributes)))
    must(saImmOm.saImmOmFinalize, om)  # ends the search as well
    return found


def values_of(attributes: Any) -> dict[str, list[Any]]:
    """The values in what IMM returned; to be copied before the next call, which frees it."""
    return {
        str(entry.attrName): [
            saImm.unmarshalSaImmValue(entry.attrValues[index], entry.attrValueType)
            for index in range(entry.attrValuesNumber)
        ]
        for entry in saAis.unmarshalNullArray(attributes)
    }


def make_interface(dn: str, values: dict[str, list[Any]]) -> Interface:
    """``netIf=eth0,netWatchNode=SC-1`` and its values as one line of the table."""
    rdn, parent = split_dn(dn)
    return Interface(
        node=parent.partition("=")[2],
        name=decode_rdn_value(rdn.partition("=")[2]),
        mac="".join(values["macAddress"]),
        state="".join(values["operState"]),
        addresses=tuple(" ".join(values["ipv4Addresses"] + values["ipv6Addresses"]).split()),
    )


def main() -> None:
    for interface in sorted(read_interfaces()):
        name = interface.name.decode("utf-8", "backslashreplace")
        print(interface.node, name, interface.mac or "-", interface.state, *interface.addresses)


if __name__ == "__main__":
    main()
