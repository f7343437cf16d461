# SPDX-License-Identifier: Apache-2.0
"""The types, numbers and structures of the log service (saLog.h, A.02.01)."""

from __future__ import annotations

from ctypes import CFUNCTYPE, POINTER, Structure, Union, create_string_buffer

from .ais import (
    SaAisErrorT,
    SaBoolT,
    SaEnumT,
    SaInt8T,
    SaInvocationT,
    SaNameT,
    SaSizeT,
    SaStringT,
    SaTimeT,
    SaUint8T,
    SaUint16T,
    SaUint32T,
    SaUint64T,
)
from .enumerations import Const, Enumeration
from .ntf_references import SaNtfClassIdT, SaNtfIdentifierT

SaLogHandleT = SaUint64T
SaLogStreamHandleT = SaUint64T
SaLogSeverityT = SaUint16T
SaLogSeverityFlagsT = SaUint16T
SaLogAckFlagsT = SaUint32T
SaLogStreamOpenFlagsT = SaUint8T
SaLogNtfIdentifiersT = SaEnumT
SaLogNtfAttributesT = SaEnumT
SaLogHeaderTypeT = SaEnumT
SaLogFileFullActionT = SaEnumT
SaLogAdminOperationIdT = SaEnumT

saLog = Const()
saLog.SA_LOG_STREAM_SYSTEM = "safLgStrCfg=saLogSystem,safApp=safLogService"
saLog.SA_LOG_STREAM_NOTIFICATION = "safLgStrCfg=saLogNotification,safApp=safLogService"
saLog.SA_LOG_STREAM_ALARM = "safLgStrCfg=saLogAlarm,safApp=safLogService"
saLog.SA_LOG_SEV_EMERGENCY = 0
saLog.SA_LOG_SEV_ALERT = 1
saLog.SA_LOG_SEV_CRITICAL = 2
saLog.SA_LOG_SEV_ERROR = 3
saLog.SA_LOG_SEV_WARNING = 4
saLog.SA_LOG_SEV_NOTICE = 5
saLog.SA_LOG_SEV_INFO = 6
saLog.SA_LOG_SEV_FLAG_EMERGENCY = 1
saLog.SA_LOG_SEV_FLAG_ALERT = 2
saLog.SA_LOG_SEV_FLAG_CRITICAL = 4
saLog.SA_LOG_SEV_FLAG_ERROR = 8
saLog.SA_LOG_SEV_FLAG_WARNING = 16
saLog.SA_LOG_SEV_FLAG_NOTICE = 32
saLog.SA_LOG_SEV_FLAG_INFO = 64
saLog.SA_LOG_RECORD_WRITE_ACK = 1
saLog.SA_LOG_STREAM_CREATE = 1

eSaLogNtfIdentifiersT = Enumeration((("SA_LOG_NTF_LOGFILE_PERCENT_FULL", 1),))
eSaLogNtfAttributesT = Enumeration(
    (
        ("SA_LOG_NTF_ATTR_LOG_STREAM_NAME", 1),
        "SA_LOG_NTF_ATTR_LOGFILE_NAME",
        "SA_LOG_NTF_ATTR_LOGFILE_PATH_NAME",
    )
)
eSaLogHeaderTypeT = Enumeration(
    (
        ("SA_LOG_NTF_HEADER", 1),
        "SA_LOG_GENERIC_HEADER",
    )
)
eSaLogFileFullActionT = Enumeration(
    (
        ("SA_LOG_FILE_FULL_ACTION_WRAP", 1),
        "SA_LOG_FILE_FULL_ACTION_HALT",
        "SA_LOG_FILE_FULL_ACTION_ROTATE",
    )
)
eSaLogAdminOperationIdT = Enumeration((("SA_LOG_ADMIN_CHANGE_FILTER", 1),))


class SaLogBufferT(Structure):
    """A record's text."""

    _fields_ = [("logBufSize", SaSizeT), ("logBuf", POINTER(SaInt8T))]

    def __init__(self, buf: str = "") -> None:
        raw = buf.encode("utf-8")
        super().__init__(len(raw), create_string_buffer(raw))


class SaLogNtfLogHeaderT(Structure):
    """The header of a record that reports a notification."""

    _fields_ = [
        ("notificationId", SaNtfIdentifierT),
        ("eventType", SaEnumT),
        ("notificationObject", POINTER(SaNameT)),
        ("notifyingObject", POINTER(SaNameT)),
        ("notificationClassId", POINTER(SaNtfClassIdT)),
        ("eventTime", SaTimeT),
    ]


class SaLogGenericLogHeaderT(Structure):
    """The header of any other record."""

    _fields_ = [
        ("notificationClassId", POINTER(SaNtfClassIdT)),
        ("logSvcUsrName", POINTER(SaNameT)),
        ("logSeverity", SaLogSeverityT),
    ]


class SaLogHeaderT(Union):
    """The header of a record, of either kind."""

    _fields_ = [
        ("ntfHdr", SaLogNtfLogHeaderT),
        ("genericHdr", SaLogGenericLogHeaderT),
    ]


class SaLogRecordT(Structure):
    """What is written into a stream."""

    _fields_ = [
        ("logTimeStamp", SaTimeT),
        ("logHdrType", SaLogHeaderTypeT),
        ("logHeader", SaLogHeaderT),
        ("logBuffer", POINTER(SaLogBufferT)),
    ]


class SaLogFileCreateAttributesT_2(Structure):
    """What kind of file a stream gets."""

    _fields_ = [
        ("logFileName", SaStringT),
        ("logFilePathName", SaStringT),
        ("maxLogFileSize", SaUint64T),
        ("maxLogRecordSize", SaUint32T),
        ("haProperty", SaBoolT),
        ("logFileFullAction", SaLogFileFullActionT),
        ("maxFilesRotated", SaUint16T),
        ("logFileFmt", SaStringT),
    ]


SaLogFilterSetCallbackT = CFUNCTYPE(None, SaLogStreamHandleT, SaLogSeverityFlagsT)
SaLogStreamOpenCallbackT = CFUNCTYPE(None, SaInvocationT, SaLogStreamHandleT, SaAisErrorT)
SaLogWriteLogCallbackT = CFUNCTYPE(None, SaInvocationT, SaAisErrorT)


class SaLogCallbacksT(Structure):
    """The callbacks of a handle."""

    _fields_ = [
        ("saLogFilterSetCallback", SaLogFilterSetCallbackT),
        ("saLogStreamOpenCallback", SaLogStreamOpenCallbackT),
        ("saLogWriteLogCallback", SaLogWriteLogCallbackT),
    ]
