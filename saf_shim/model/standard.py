# SPDX-License-Identifier: Apache-2.0
"""The classes and objects that are in IMM from the start, as on a real cluster of these nodes.

`standard_model` makes plain values and knows no store; `load_standard_model` puts them into a store. The
model has OpenSAF's own applications and the types that they refer to, but not OpenSAF's own service groups,
units and components, because its daemons are not simulated. The log, checkpoint, event, message and lock
services have their classes, but no objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from imm_model.classes import AttributeDefinition, AttributeFlag, Category, ClassDefinition
from imm_model.names import parent_dn, rdn_of
from imm_model.objects import ImmObject
from imm_model.types import Value
from saf_shim.contract import Node
from saf_shim.imm.content.classes import define
from saf_shim.imm.content.rules import LOADER, Values
from saf_shim.imm.content.store import (
    CLASS_NAMES,
    IMM_OBJECT,
    IMM_OBJECT_CLASS,
    MANAGEMENT_OBJECT,
    Store,
    StoredObject,
)
from saf_shim.model.amf_classes import AMF_CLASSES
from saf_shim.model.amf_types import AMF_TYPES
from saf_shim.model.other_classes import OTHER_CLASSES
from saf_shim.model.service_classes import SERVICE_CLASSES
from saf_shim.model.smf_classes import SMF_CLASSES
from saf_shim.model.tables import read_table

CLM_CLUSTER = "safCluster=myClmCluster"
AMF_CLUSTER = "safAmfCluster=myAmfCluster"
AMF_SERVICE = "safAmfService"
CLM_SERVICE = "safClmService"
SMF_SERVICE = "safSmfService"
LOG_SERVICE = "safLogService"
PAYLOAD_PREFIX = "PL"  # the name of a payload node begins with it; all other nodes are controllers

APPLICATIONS = (
    "OpenSAF",
    AMF_SERVICE,
    "safCkptService",
    CLM_SERVICE,
    "safEvtService",
    "safImmService",
    "safLockService",
    LOG_SERVICE,
    "safMsgService",
    SMF_SERVICE,
)

# Classes outside AMF that have an implementer. All other classes outside AMF have none.
IMPLEMENTERS: Mapping[str, str] = {
    "OpenSafLogConfig": LOG_SERVICE,
    "SaLogStreamConfig": LOG_SERVICE,
    "SaClmCluster": CLM_SERVICE,
    "SaClmNode": CLM_SERVICE,
    "SaSmfCampaign": SMF_SERVICE,
    "SaSmfSwBundle": SMF_SERVICE,
    "OpenSafSmfConfig": SMF_SERVICE,
    "OpenSafSmfExecControl": SMF_SERVICE,
}

# Classes that cannot be deleted, because OpenSAF's own daemons have instances of them on every real node.
OCCUPIED = frozenset(
    {
        "OpenSafLogConfig",
        "OpenSafLogCurrentConfig",
        "SaLogStreamConfig",
        "SaAmfCSBaseType",
        "SaAmfCSI",
        "SaAmfCSIAssignment",
        "SaAmfCSType",
        "SaAmfComp",
        "SaAmfCompBaseType",
        "SaAmfCompCsType",
        "SaAmfCompType",
        "SaAmfCtCsType",
        "SaAmfHealthcheck",
        "SaAmfHealthcheckType",
        "SaAmfSG",
        "SaAmfSI",
        "SaAmfSIAssignment",
        "SaAmfSU",
        "SaAmfSutCompType",
        "SaAmfSvcTypeCSTypes",
    }
)

_SECOND = 1_000_000_000
_ENABLED = 1  # SaAmfOperationalStateT
_VERSION = "safVersion=4.0.0"
_APPLICATION_TYPE = f"{_VERSION},safAppType=OpenSafApplicationType"
_BUNDLE = "safSmfBundle=OpenSAF"
# OpenSAF's groups (the daemons of controllers, then those of every node): SG type, redundancy model, SU type,
# service type.
_GROUP_TYPES = (
    ("OpenSafSgType2N", 1, "OpenSafSuTypeServer", "SC-2N-OpenSAF"),
    ("OpenSafSgTypeNoRed", 5, "OpenSafSuTypeND", "NoRed-OpenSAF"),
)
_SMF_SETTINGS: Mapping[str, Value] = {
    "smfBackupCreateCmd": "/usr/lib/opensaf/smf-backup-create",
    "smfBundleCheckCmd": "/usr/lib/opensaf/smf-bundle-check",
    "smfNodeCheckCmd": "/usr/lib/opensaf/smf-node-check",
    "smfRepositoryCheckCmd": "/usr/lib/opensaf/smf-repository-check",
    "smfClusterRebootCmd": "/usr/lib/opensaf/smf-cluster-reboot",
    "smfNodeRebootCmd": "reboot",
    "smfNodeBundleActCmd": "",
    "smfImmPersistCmd": "immdump /etc/opensaf/imm.xml",
    "smfAdminOpTimeout": 600 * _SECOND,
    "smfCliTimeout": 600 * _SECOND,
    "smfRebootTimeout": 600 * _SECOND,
    "smfSiSwapSiName": "safSi=SC-2N,safApp=OpenSAF",
    "smfSiSwapMaxRetry": 200,
    "smfCampMaxRestart": 10,
    "smfInactivatePbeDuringUpgrade": 1,
}


class StandardModel(NamedTuple):
    """What is in IMM from the start.

    `classes` are in IMM's order. In `objects` parents come before their children, with every value that an
    object starts with, including defaults. `implementers` has the implementer name of each class that has
    one.
    """

    classes: tuple[ClassDefinition, ...]
    objects: tuple[ImmObject, ...]
    implementers: Mapping[str, str]


class _Row(NamedTuple):
    """One object: its class, its DN, and the values that are not defaults."""

    class_name: str
    dn: str
    attributes: Mapping[str, Sequence[Value]] = {}


def standard_model(node_names: Sequence[str]) -> StandardModel:
    """Return the model of a cluster of these nodes.

    Values that only a running service knows (node ids, addresses, times, AMF's counts) are not in it.
    """
    amf = [*read_table(AMF_CLASSES), *read_table(AMF_TYPES)]
    others = [read_table(table) for table in (SMF_CLASSES, SERVICE_CLASSES, OTHER_CLASSES)]
    definitions = [*amf, *chain(*others)]
    # The order of a real node: first the class of IMM's own object, then by the bytes of the name.
    definitions.sort(key=lambda definition: (definition.name != IMM_OBJECT_CLASS, definition.name))
    starting = {definition.name: _starting_values(definition) for definition in definitions}
    rows = [
        *_application_rows([definition.name for definition in definitions]),
        *_cluster_rows(node_names),
        *_group_rows(node_names),
    ]
    objects = []
    for class_name, dn, attributes in rows:
        given = {name: tuple(values) for name, values in attributes.items()}
        objects.append(ImmObject(dn, class_name, {**starting[class_name], **given}))
    implementers = {
        definition.name: AMF_SERVICE for definition in amf if definition.category is Category.CONFIG
    }
    return StandardModel(tuple(definitions), tuple(objects), {**implementers, **IMPLEMENTERS})


def load_standard_model(store: Store, nodes: Sequence[Node]) -> None:
    """Put the standard classes and objects into an empty store."""
    model = standard_model([node.name for node in nodes])
    for definition in model.classes:
        define(store, definition)
    store.occupied = OCCUPIED
    for dn, class_name, attributes in model.objects:
        cls = store.classes[class_name]
        values: dict[str, Values] = {**attributes, cls.rdn.name: (rdn_of(dn),)}
        parent = parent_dn(dn)
        found = StoredObject(dn, cls, store.objects[parent] if parent else None, values)
        found.implementer = cls.implementer
        found.owner = LOADER
        store.insert(found)


def _starting_values(definition: ClassDefinition) -> dict[str, tuple[Value, ...]]:
    """Return the values that a loaded object has although the file does not give them: its defaults."""
    return {
        attribute.name: (attribute.default,)
        for attribute in definition.attributes
        if attribute.default is not None and _is_loaded(attribute)
    }


def _is_loaded(attribute: AttributeDefinition) -> bool:
    """Tell whether IMM sets the attribute's default when it starts from a file.

    Runtime attributes that are not persistent are left to their implementer. That is why opensafImmNostdFlags
    is empty on a real node although it has a default."""
    return attribute.is_config or bool(attribute.flags & AttributeFlag.PERSISTENT)


def _application_rows(class_names: Sequence[Value]) -> list[_Row]:
    """Return OpenSAF's applications, their types, and the settings of the services below them."""
    group_types = [f"{_VERSION},safSgType={group[0]}" for group in _GROUP_TYPES]
    rows = [
        _Row("SaAmfAppBaseType", "safAppType=OpenSafApplicationType"),
        _Row("SaAmfAppType", _APPLICATION_TYPE, {"saAmfApptSGTypes": group_types[::-1]}),
    ]
    for group, redundancy, unit, service in _GROUP_TYPES:
        rows += _type_rows(group, redundancy, unit, service)
    rows += [
        _Row("SaAmfApplication", f"safApp={name}", {"saAmfAppType": [_APPLICATION_TYPE]})
        for name in APPLICATIONS
    ]
    return [
        *rows,
        _Row("OpensafConfig", "opensafConfigId=opensafGlobalConfig,safApp=OpenSAF"),
        _Row(
            "OpenSafAmfConfig",
            f"amfConfig=1,safApp={AMF_SERVICE}",
            {
                "osafAmfRestrictAutoRepairEnable": [1],
                "osafAmfDelayNodeFailoverTimeout": [0],
                "osafAmfDelayNodeFailoverNodeWaitTimeout": [180],  # 180 ns, as on a real node
            },
        ),
        _Row("SaAmfCompGlobalAttributes", f"safRdn=compGlobalAttributes,safApp={AMF_SERVICE}"),
        _Row(IMM_OBJECT_CLASS, IMM_OBJECT, {"opensafImmEpoch": [3], CLASS_NAMES: class_names}),
        _Row("SaImmMngt", MANAGEMENT_OBJECT),
        _Row(
            "OpenSafSmfConfig",
            f"smfConfig=1,safApp={SMF_SERVICE}",
            {name: [value] for name, value in _SMF_SETTINGS.items()},
        ),
        _Row("SaSmfSwBundle", _BUNDLE),
    ]


def _type_rows(group: str, redundancy: int, unit: str, service: str) -> list[_Row]:
    """Return the types of one group, without those of the daemons in it."""
    return [
        _Row("SaAmfSvcBaseType", f"safSvcType={service}"),
        _Row("SaAmfSvcType", f"{_VERSION},safSvcType={service}"),
        _Row("SaAmfSUBaseType", f"safSuType={unit}"),
        _Row(
            "SaAmfSUType",
            f"{_VERSION},safSuType={unit}",
            {
                "saAmfSutIsExternal": [0],
                "saAmfSutDefSUFailover": [1],
                "saAmfSutProvidesSvcTypes": [f"{_VERSION},safSvcType={service}"],
            },
        ),
        _Row("SaAmfSGBaseType", f"safSgType={group}"),
        _Row(
            "SaAmfSGType",
            f"{_VERSION},safSgType={group}",
            {
                "saAmfSgtRedundancyModel": [redundancy],
                "saAmfSgtValidSuTypes": [f"{_VERSION},safSuType={unit}"],
                "saAmfSgtDefAutoAdjustProb": [10_000_000],
                "saAmfSgtDefCompRestartProb": [60 * _SECOND],
                "saAmfSgtDefCompRestartMax": [10],
                "saAmfSgtDefSuRestartProb": [600 * _SECOND],
                "saAmfSgtDefSuRestartMax": [10],
            },
        ),
    ]


def _cluster_rows(node_names: Sequence[str]) -> list[_Row]:
    """Return both clusters and their nodes. All nodes are members and enabled."""
    rows = [
        _Row("SaClmCluster", CLM_CLUSTER, {"saClmClusterNumNodes": [len(node_names)]}),
        _Row(
            "SaAmfCluster",
            AMF_CLUSTER,
            {"saAmfClusterStartupTimeout": [10 * _SECOND], "saAmfClusterClmCluster": [CLM_CLUSTER]},
        ),
    ]
    for name in node_names:
        clm_node, amf_node = f"safNode={name},{CLM_CLUSTER}", f"safAmfNode={name},{AMF_CLUSTER}"
        rows += [
            _Row(
                "SaClmNode",
                clm_node,
                {"saClmNodeLockCallbackTimeout": [50 * _SECOND], "saClmNodeIsMember": [1]},
            ),
            _Row(
                "SaAmfNode",
                amf_node,
                {
                    "saAmfNodeClmNode": [clm_node],
                    "saAmfNodeSuFailoverMax": [2],
                    "saAmfNodeSuFailOverProb": [1200 * _SECOND],
                    "saAmfNodeOperState": [_ENABLED],
                },
            ),
            _Row(
                "SaAmfNodeSwBundle",
                f"safInstalledSwBundle={_BUNDLE},{amf_node}",
                {"saAmfNodeSwBundlePathPrefix": ["/usr/lib/opensaf/clc-cli"]},
            ),
        ]
    return rows


def _group_rows(node_names: Sequence[str]) -> list[_Row]:
    """Return the node groups that have members. AMF does not support an empty group."""
    payloads = [name for name in node_names if name.startswith(PAYLOAD_PREFIX)]
    controllers = [name for name in node_names if not name.startswith(PAYLOAD_PREFIX)]
    rows = []
    for group, members in (("AllNodes", [*controllers, *payloads]), ("SCs", controllers), ("PLs", payloads)):
        # IMM shows the values of a loaded attribute in reverse order.
        nodes = [f"safAmfNode={name},{AMF_CLUSTER}" for name in reversed(members)]
        if nodes:
            rows.append(
                _Row("SaAmfNodeGroup", f"safAmfNodeGroup={group},{AMF_CLUSTER}", {"saAmfNGNodeList": nodes})
            )
    return rows
