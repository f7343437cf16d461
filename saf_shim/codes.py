# SPDX-License-Identifier: Apache-2.0
"""Numbers that every AIS service shares: return codes and dispatch flags.

The values are those of the SA Forum's saAis.h. The pure parts (IMM store, AMF director) raise `AisError` to
refuse a call; the server turns it into the return code of the call.
"""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """Return codes (SaAisErrorT) without their prefix ``SA_AIS_``."""

    OK = 1
    ERR_LIBRARY = 2
    ERR_VERSION = 3
    ERR_INIT = 4
    ERR_TIMEOUT = 5
    ERR_TRY_AGAIN = 6
    ERR_INVALID_PARAM = 7
    ERR_NO_MEMORY = 8
    ERR_BAD_HANDLE = 9
    ERR_BUSY = 10
    ERR_ACCESS = 11
    ERR_NOT_EXIST = 12
    ERR_NAME_TOO_LONG = 13
    ERR_EXIST = 14
    ERR_NO_SPACE = 15
    ERR_INTERRUPT = 16
    ERR_NAME_NOT_FOUND = 17
    ERR_NO_RESOURCES = 18
    ERR_NOT_SUPPORTED = 19
    ERR_BAD_OPERATION = 20
    ERR_FAILED_OPERATION = 21
    ERR_MESSAGE_ERROR = 22
    ERR_QUEUE_FULL = 23
    ERR_QUEUE_NOT_AVAILABLE = 24
    ERR_BAD_FLAGS = 25
    ERR_TOO_BIG = 26
    ERR_NO_SECTIONS = 27
    ERR_NO_OP = 28
    ERR_REPAIR_PENDING = 29
    ERR_NO_BINDINGS = 30
    ERR_UNAVAILABLE = 31
    ERR_CAMPAIGN_ERROR_DETECTED = 32
    ERR_CAMPAIGN_PROC_FAILED = 33
    ERR_CAMPAIGN_CANCELED = 34
    ERR_CAMPAIGN_FAILED = 35
    ERR_CAMPAIGN_SUSPENDED = 36
    ERR_CAMPAIGN_SUSPENDING = 37
    ERR_ACCESS_DENIED = 38
    ERR_NOT_READY = 39
    ERR_DEPLOYMENT = 40


class DispatchFlag(IntEnum):
    """How many callbacks a dispatch call runs (SaDispatchFlagsT)."""

    ONE = 1
    ALL = 2
    BLOCKING = 3


class AisError(Exception):
    """A call is refused with `code`. `text`, if there is one, is an error string for the administrator."""

    def __init__(self, code: Code, text: str = "") -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text

    def __str__(self) -> str:
        return f"{self.code.name}: {self.text}" if self.text else self.code.name
