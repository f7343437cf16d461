# SPDX-License-Identifier: Apache-2.0
"""The objects that are in IMM from the start, as on a real cluster of the nodes given.

OpenSAF's own AMF model (its SUs, components and types) is not among them: nobody simulates its daemons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imm_model.types import Value

from ..imm.classes import define
from ..imm.rules import LOADER, Values
from ..imm.store import Store, StoredObject
from ..service import Node
from .tables import standard_classes

CLM_CLUSTER = "safCluster=myClmCluster"
AMF_CLUSTER = "safAmfCluster=myAmfCluster"
_APPLICATION_TYPE = "safVersion=4.0.0,safAppType=OpenSafApplicationType"
_BUNDLE = "safSmfBundle=OpenSAF"
_SECOND = 1_000_000_000

APPLICATIONS = (
    "OpenSAF",
    "safAmfService",
    "safCkptService",
    "safClmService",
    "safEvtService",
    "safImmService",
    "safLckService",
    "safLogService",
    "safMsgService",
    "safNtfService",
    "safSmfService",
)


# Classes that have instances on every real node, those of OpenSAF's own daemons: they cannot be deleted.
OCCUPIED = frozenset(
    {
        "OpenSafAmfConfig",
        "OpenSafSmfConfig",
        "SaAmfCSBaseType",
        "SaAmfCSI",
        "SaAmfCSIAssignment",
        "SaAmfCSType",
        "SaAmfComp",
        "SaAmfCompBaseType",
        "SaAmfCompCsType",
        "SaAmfCompType",
        "SaAmfCtCsType",
        "SaAmfHealthcheckType",
        "SaAmfSG",
        "SaAmfSGBaseType",
        "SaAmfSGType",
        "SaAmfSI",
        "SaAmfSIAssignment",
        "SaAmfSU",
        "SaAmfSUBaseType",
        "SaAmfSUType",
        "SaAmfSutCompType",
        "SaAmfSvcBaseType",
        "SaAmfSvcType",
        "SaAmfSvcTypeCSTypes",
        "SaLogStreamConfig",
    }
)


class Row(NamedTuple):
    """One object: its class, its DN, the attributes that differ from their defaults."""

    class_name: str
    dn: str
    attributes: Mapping[str, Sequence[Value]]


def standard_objects(nodes: Sequence[Node]) -> list[Row]:
    """The objects, parents first. Nodes are named SC-... (controllers) or otherwise (payloads)."""
    controllers = [node.name for node in nodes if node.name.startswith("SC-")]
    payloads = [node.name for node in nodes if not node.name.startswith("SC-")]

    def amf_nodes(names: Sequence[str]) -> list[Value]:
        return [f"safAmfNode={name},{AMF_CLUSTER}" for name in names]

    rows = [
        Row("SaAmfAppBaseType", "safAppType=OpenSafApplicationType", {}),
        Row(
            "SaAmfAppType",
            _APPLICATION_TYPE,
            {"saAmfApptSGTypes": ["safVersion=4.0.0,safSgType=OpenSafSgTypeNoRed"]},
        ),
        Row("SaSmfSwBundle", _BUNDLE, {}),
        Row("SaClmCluster", CLM_CLUSTER, {}),
        Row(
            "SaAmfCluster",
            AMF_CLUSTER,
            {"saAmfClusterStartupTimeout": [10 * _SECOND], "saAmfClusterClmCluster": [CLM_CLUSTER]},
        ),
    ]
    rows += [
        Row("SaAmfApplication", f"safApp={name}", {"saAmfAppType": [_APPLICATION_TYPE]})
        for name in APPLICATIONS
    ]
    rows += [
        Row("OpensafImm", "opensafImm=opensafImm,safApp=safImmService", {}),
        Row("SaImmMngt", "safRdn=immManagement,safApp=safImmService", {}),
        Row("SaAmfCompGlobalAttributes", "safRdn=compGlobalAttributes,safApp=safAmfService", {}),
        Row("OpensafConfig", "opensafConfigId=opensafGlobalConfig,safApp=OpenSAF", {}),
    ]
    for node in nodes:
        clm_node, amf_node = f"safNode={node.name},{CLM_CLUSTER}", f"safAmfNode={node.name},{AMF_CLUSTER}"
        rows += [
            Row("SaClmNode", clm_node, {"saClmNodeLockCallbackTimeout": [50 * _SECOND]}),
            Row(
                "SaAmfNode",
                amf_node,
                {
                    "saAmfNodeClmNode": [clm_node],
                    "saAmfNodeSuFailoverMax": [2],
                    "saAmfNodeSuFailOverProb": [1200 * _SECOND],
                },
            ),
            Row(
                "SaAmfNodeSwBundle",
                f"safInstalledSwBundle={_BUNDLE},{amf_node}",
                {"saAmfNodeSwBundlePathPrefix": ["/usr/lib/opensaf/clc-cli-scripts"]},
            ),
        ]
    groups = (("AllNodes", [*controllers, *payloads]), ("SCs", controllers), ("PLs", payloads))
    rows += [
        Row(
            "SaAmfNodeGroup", f"safAmfNodeGroup={name},{AMF_CLUSTER}", {"saAmfNGNodeList": amf_nodes(members)}
        )
        for name, members in groups
    ]
    return rows


def load_standard_model(store: Store, nodes: Sequence[Node]) -> None:
    """Put the standard classes and objects into an empty store."""
    for definition in standard_classes():
        define(store, definition)
    store.occupied = OCCUPIED
    for class_name, dn, attributes in standard_objects(nodes):
        cls = store.classes[class_name]
        rdn, _, parent_dn = dn.partition(",")
        values: dict[str, Values] = {
            a.name: (a.default,) for a in cls.definition.attributes if a.default is not None
        }
        values.update({name: tuple(given) for name, given in attributes.items()})
        values[cls.rdn.name] = (rdn,)
        found = StoredObject(dn, cls, store.objects[parent_dn] if parent_dn else None, values)
        found.implementer = cls.implementer
        found.owner = LOADER
        store.insert(found)
