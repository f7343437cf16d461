# SPDX-License-Identifier: Apache-2.0
"""The types of the notification service that the interfaces of other services use (saNtf.h)."""

from __future__ import annotations

from ctypes import Structure

from .saAis import SaUint16T, SaUint32T, SaUint64T

SaNtfIdentifierT = SaUint64T


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
