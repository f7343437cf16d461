# SPDX-License-Identifier: Apache-2.0
"""How the interfaces of other services refer to notifications (saNtf.h).

They are in their own module, because the other structures of that service cost 1.4 ms at a program's start.
"""

from __future__ import annotations

from ctypes import Structure

from .ais import SaUint16T, SaUint32T, SaUint64T

SaNtfIdentifierT = SaUint64T


class SaNtfClassIdT(Structure):
    """Who defined a class of notifications, and which one it is."""

    _fields_ = [
        ("vendorId", SaUint32T),
        ("majorId", SaUint16T),
        ("minorId", SaUint16T),
    ]


class SaNtfCorrelationIdsT(Structure):
    """The notifications to which a notification is related."""

    _fields_ = [
        ("rootCorrelationId", SaNtfIdentifierT),
        ("parentCorrelationId", SaNtfIdentifierT),
        ("notificationId", SaNtfIdentifierT),
    ]
