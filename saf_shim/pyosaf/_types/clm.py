# SPDX-License-Identifier: Apache-2.0
"""The types, numbers and structures of cluster membership (saClm.h, B.01.01 and B.04.01)."""

from __future__ import annotations

from ctypes import CFUNCTYPE, POINTER, Structure

from .ais import (
    SaAisErrorT,
    SaBoolT,
    SaEnumT,
    SaInt8T,
    SaInvocationT,
    SaNameT,
    SaTimeT,
    SaUint16T,
    SaUint32T,
    SaUint64T,
)
from .enumerations import Const, Enumeration
from .ntf_references import SaNtfCorrelationIdsT

SaClmHandleT = SaUint64T
SaClmNodeIdT = SaUint32T
SaClmNodeAddressFamilyT = SaEnumT
SaClmClusterChangesT = SaEnumT
SaClmStateT = SaEnumT
SaClmAdminOperationIdT = SaEnumT
SaClmAdminStateT = SaEnumT
SaClmChangeStepT = SaEnumT
SaClmResponseT = SaEnumT
SaClmAdditionalInfoIdT = SaEnumT
SaClmAdditionalInfoIdT_4 = SaEnumT
SaClmNotificationMinorIdT = SaEnumT

saClm = Const()
saClm.SA_CLM_LOCAL_NODE_ID = 0xFFFFFFFF
saClm.SA_CLM_MAX_ADDRESS_LENGTH = 64

eSaClmNodeAddressFamilyT = Enumeration((("SA_CLM_AF_INET", 1), "SA_CLM_AF_INET6"))
eSaClmClusterChangesT = Enumeration(
    (
        ("SA_CLM_NODE_NO_CHANGE", 1),
        "SA_CLM_NODE_JOINED",
        "SA_CLM_NODE_LEFT",
        "SA_CLM_NODE_RECONFIGURED",
        "SA_CLM_NODE_UNLOCK",
        "SA_CLM_NODE_SHUTDOWN",
    )
)
eSaClmStateT = Enumeration((("SA_CLM_CLUSTER_CHANGE_STATUS", 1), "SA_CLM_ADMIN_STATE"))
eSaClmAdminOperationIdT = Enumeration(
    (
        ("SA_CLM_ADMIN_UNLOCK", 1),
        "SA_CLM_ADMIN_LOCK",
        "SA_CLM_ADMIN_SHUTDOWN",
        "SA_CLM_ADMIN_RESET",
        "SA_CLM_ADMIN_ACTION",
    )
)
eSaClmAdminStateT = Enumeration(
    (("SA_CLM_ADMIN_UNLOCKED", 1), "SA_CLM_ADMIN_LOCKED", "SA_CLM_ADMIN_SHUTTING_DOWN")
)
eSaClmChangeStepT = Enumeration(
    (("SA_CLM_CHANGE_VALIDATE", 1), "SA_CLM_CHANGE_START", "SA_CLM_CHANGE_ABORTED", "SA_CLM_CHANGE_COMPLETED")
)
eSaClmAdditionalInfoIdT = Enumeration((("SA_CLM_NODE_NAME", 1),))
eSaClmAdditionalInfoIdT_4 = Enumeration((("SA_CLM_ROOT_CAUSE_ENTITY", 1),))
eSaClmNotificationMinorIdT = Enumeration(
    (
        ("SA_CLM_NTFID_NODE_JOIN", 101),
        "SA_CLM_NTFID_NODE_LEAVE",
        "SA_CLM_NTFID_NODE_RECONFIG",
        "SA_CLM_NTFID_NODE_ADMIN_STATE",
    )
)
eSaClmResponseT = Enumeration(
    (
        ("SA_CLM_CALLBACK_RESPONSE_OK", 1),
        "SA_CLM_CALLBACK_RESPONSE_REJECTED",
        "SA_CLM_CALLBACK_RESPONSE_ERROR",
    )
)


class SaClmNodeAddressT(Structure):
    """A node's address as text."""

    _fields_ = [("family", SaClmNodeAddressFamilyT), ("length", SaUint16T), ("value", SaInt8T * 64)]

    def __init__(self, family: int = 0, address: str = "") -> None:
        raw = address.encode("utf-8")
        super().__init__(family, len(raw), raw)

    def __str__(self) -> str:
        return self.value.decode("utf-8", "replace")  # type: ignore[no-any-return]


class SaClmClusterNodeT(Structure):
    """A node (B.01 to B.03)."""

    _fields_ = [
        ("nodeId", SaClmNodeIdT),
        ("nodeAddress", SaClmNodeAddressT),
        ("nodeName", SaNameT),
        ("member", SaBoolT),
        ("bootTimestamp", SaTimeT),
        ("initialViewNumber", SaUint64T),
    ]


class SaClmClusterNodeT_4(Structure):
    """A node (B.04)."""

    _fields_ = [
        ("nodeId", SaClmNodeIdT),
        ("nodeAddress", SaClmNodeAddressT),
        ("nodeName", SaNameT),
        ("executionEnvironment", SaNameT),
        ("member", SaBoolT),
        ("bootTimestamp", SaTimeT),
        ("initialViewNumber", SaUint64T),
    ]


class SaClmClusterNotificationT(Structure):
    """A node and what happened to it (B.01 to B.03)."""

    _fields_ = [("clusterNode", SaClmClusterNodeT), ("clusterChange", SaClmClusterChangesT)]


class SaClmClusterNotificationT_4(Structure):
    """A node and what happened to it (B.04)."""

    _fields_ = [("clusterNode", SaClmClusterNodeT_4), ("clusterChange", SaClmClusterChangesT)]


class SaClmClusterNotificationBufferT(Structure):
    """The nodes of a view (B.01 to B.03)."""

    _fields_ = [
        ("viewNumber", SaUint64T),
        ("numberOfItems", SaUint32T),
        ("notification", POINTER(SaClmClusterNotificationT)),
    ]


class SaClmClusterNotificationBufferT_4(Structure):
    """The nodes of a view (B.04)."""

    _fields_ = [
        ("viewNumber", SaUint64T),
        ("numberOfItems", SaUint32T),
        ("notification", POINTER(SaClmClusterNotificationT_4)),
    ]


SaClmClusterTrackCallbackT = CFUNCTYPE(None, POINTER(SaClmClusterNotificationBufferT), SaUint32T, SaAisErrorT)
SaClmClusterNodeGetCallbackT = CFUNCTYPE(None, SaInvocationT, POINTER(SaClmClusterNodeT), SaAisErrorT)
SaClmClusterTrackCallbackT_4 = CFUNCTYPE(
    None,
    POINTER(SaClmClusterNotificationBufferT_4),
    SaUint32T,
    SaInvocationT,
    POINTER(SaNameT),
    POINTER(SaNtfCorrelationIdsT),
    SaClmChangeStepT,
    SaTimeT,
    SaAisErrorT,
)
SaClmClusterNodeGetCallbackT_4 = CFUNCTYPE(None, SaInvocationT, POINTER(SaClmClusterNodeT_4), SaAisErrorT)


class SaClmCallbacksT(Structure):
    """The callbacks of a handle (B.01)."""

    _fields_ = [
        ("saClmClusterNodeGetCallback", SaClmClusterNodeGetCallbackT),
        ("saClmClusterTrackCallback", SaClmClusterTrackCallbackT),
    ]


SaClmClusterNodeEvictionCallbackT = CFUNCTYPE(None, SaClmHandleT, SaInvocationT, SaClmAdminOperationIdT)


class SaClmCallbacksT_3(Structure):
    """The callbacks of a handle (B.03). Programs use the name, but no function of OpenSAF takes it."""

    _fields_ = [
        ("saClmClusterNodeGetCallback", SaClmClusterNodeGetCallbackT),
        ("saClmClusterTrackCallback", SaClmClusterTrackCallbackT),
        ("saClmClusterNodeEvictionCallback", SaClmClusterNodeEvictionCallbackT),
    ]


class SaClmCallbacksT_4(Structure):
    """The callbacks of a handle (B.04)."""

    _fields_ = [
        ("saClmClusterNodeGetCallback", SaClmClusterNodeGetCallbackT_4),
        ("saClmClusterTrackCallback", SaClmClusterTrackCallbackT_4),
    ]
