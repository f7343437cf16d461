# SPDX-License-Identifier: Apache-2.0
"""The types of the notification service that other services' interfaces use. Its calls are absent."""

from __future__ import annotations

from ctypes import Structure

from .saAis import SaUint16T, SaUint32T, SaUint64T
from .saEnumConst import Const, Enumeration

SaNtfHandleT = SaUint64T
SaNtfNotificationHandleT = SaUint64T
SaNtfIdentifierT = SaUint64T
SaNtfElementIdT = SaUint16T

saNtf = Const()
saNtf.SA_NTF_IDENTIFIER_UNUSED = 0
saNtf.SA_NTF_VENDOR_ID_SAF = 18568

eSaNtfSeverityT = Enumeration(
    (
        ("SA_NTF_SEVERITY_CLEARED", 0),
        "SA_NTF_SEVERITY_INDETERMINATE",
        "SA_NTF_SEVERITY_WARNING",
        "SA_NTF_SEVERITY_MINOR",
        "SA_NTF_SEVERITY_MAJOR",
        "SA_NTF_SEVERITY_CRITICAL",
    )
)


class SaNtfClassIdT(Structure):
    """Who defined a class of notifications, and which one it is."""

    _fields_ = [("vendorId", SaUint32T), ("majorId", SaUint16T), ("minorId", SaUint16T)]


class SaNtfCorrelationIdsT(Structure):
    """The notifications that one belongs to."""

    _fields_ = [
        ("rootCorrelationId", SaNtfIdentifierT),
        ("parentCorrelationId", SaNtfIdentifierT),
        ("notificationId", SaNtfIdentifierT),
    ]
