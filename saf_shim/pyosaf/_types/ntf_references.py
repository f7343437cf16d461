# SPDX-License-Identifier: Apache-2.0
"""How the interfaces of other services refer to notifications (saNtf.h).

They stand apart from that service's other structures, which take 1.4 ms of a program's start to make.
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
    """The notifications that one belongs to."""

    _fields_ = [
        ("rootCorrelationId", SaNtfIdentifierT),
        ("parentCorrelationId", SaNtfIdentifierT),
        ("notificationId", SaNtfIdentifierT),
    ]
