# SPDX-License-Identifier: Apache-2.0
"""The notification service (saNtf.h, A.03.01): its numbers, and functions that refuse.

The simulator has no such service. Programs can be imported and started, and are told so when they open a
handle: SA_AIS_ERR_NOT_SUPPORTED. The structures of notifications are absent: without a handle there are
none."""

from __future__ import annotations

from ctypes import CFUNCTYPE, POINTER, Structure

from ._notifications import SaNtfClassIdT, SaNtfCorrelationIdsT, SaNtfIdentifierT  # noqa: F401
from ._refusal import refuse_handle, refuse_initialize
from .saAis import SaEnumT, SaTimeT, SaUint16T, SaUint32T, SaUint64T, SaVoidPtr
from .saEnumConst import Const, Enumeration

SaNtfHandleT = SaUint64T
SaNtfNotificationHandleT = SaUint64T
SaNtfNotificationFilterHandleT = SaUint64T
SaNtfReadHandleT = SaUint64T
SaNtfNotificationTypeT = SaEnumT
SaNtfEventTypeT = SaEnumT
SaNtfNotificationTypeBitsT = SaEnumT
SaNtfEventTypeBitmapT = SaUint64T
SaNtfElementIdT = SaUint16T
SaNtfValueTypeT = SaEnumT
SaNtfSourceIndicatorT = SaEnumT
SaNtfProbableCauseT = SaEnumT
SaNtfSeverityT = SaEnumT
SaNtfSeverityTrendT = SaEnumT
SaNtfSubscriptionIdT = SaUint32T
SaNtfSearchModeT = SaEnumT
SaNtfSearchDirectionT = SaEnumT
SaNtfStateT = SaEnumT
SaNtfStaticFilterStateT = SaEnumT
SaNtfSubscriberStateT = SaEnumT
SaNtfNotificationMinorIdT = SaEnumT
SaNtfAdminOperationIdT = SaEnumT

saNtf = Const()
saNtf.SA_NTF_NOTIFICATIONS_TYPE_MASK = 0xF000
saNtf.SA_NTF_OBJECT_CREATION_BIT = 0x1
saNtf.SA_NTF_OBJECT_DELETION_BIT = 0x2
saNtf.SA_NTF_ATTRIBUTE_ADDED_BIT = 0x4
saNtf.SA_NTF_ATTRIBUTE_REMOVED_BIT = 0x8
saNtf.SA_NTF_ATTRIBUTE_CHANGED_BIT = 0x10
saNtf.SA_NTF_ATTRIBUTE_RESET_BIT = 0x20
saNtf.SA_NTF_OBJECT_STATE_CHANGE_BIT = 0x40
saNtf.SA_NTF_ALARM_COMMUNICATION_BIT = 0x80
saNtf.SA_NTF_ALARM_QOS_BIT = 0x100
saNtf.SA_NTF_ALARM_PROCESSING_BIT = 0x200
saNtf.SA_NTF_ALARM_EQUIPMENT_BIT = 0x400
saNtf.SA_NTF_ALARM_ENVIRONMENT_BIT = 0x800
saNtf.SA_NTF_INTEGRITY_VIOLATION_BIT = 0x1000
saNtf.SA_NTF_OPERATION_VIOLATION_BIT = 0x2000
saNtf.SA_NTF_PHYSICAL_VIOLATION_BIT = 0x4000
saNtf.SA_NTF_SECURITY_SERVICE_VIOLATION_BIT = 0x8000
saNtf.SA_NTF_TIME_VIOLATION_BIT = 0x10000
saNtf.SA_NTF_ADMIN_OPERATION_START_BIT = 0x20000
saNtf.SA_NTF_ADMIN_OPERATION_END_BIT = 0x40000
saNtf.SA_NTF_CONFIG_UPDATE_START_BIT = 0x80000
saNtf.SA_NTF_CONFIG_UPDATE_END_BIT = 0x100000
saNtf.SA_NTF_ERROR_REPORT_BIT = 0x200000
saNtf.SA_NTF_ERROR_CLEAR_BIT = 0x400000
saNtf.SA_NTF_HPI_EVENT_RESOURCE_BIT = 0x800000
saNtf.SA_NTF_HPI_EVENT_SENSOR_BIT = 0x1000000
saNtf.SA_NTF_HPI_EVENT_WATCHDOG_BIT = 0x2000000
saNtf.SA_NTF_HPI_EVENT_DIMI_BIT = 0x4000000
saNtf.SA_NTF_HPI_EVENT_FUMI_BIT = 0x8000000
saNtf.SA_NTF_HPI_EVENT_OTHER_BIT = 0x10000000
saNtf.SA_NTF_APPLICATION_EVENT_BIT = 0x100000000000
saNtf.SA_NTF_VENDOR_ID_SAF = 18568
saNtf.SA_NTF_IDENTIFIER_UNUSED = 0
saNtf.SA_NTF_ALLOC_SYSTEM_LIMIT = -1
saNtf.SA_NTF_FILTER_HANDLE_NULL = 0

eSaNtfNotificationTypeT = Enumeration(
    (
        ("SA_NTF_TYPE_OBJECT_CREATE_DELETE", 0x1000),
        ("SA_NTF_TYPE_ATTRIBUTE_CHANGE", 0x2000),
        ("SA_NTF_TYPE_STATE_CHANGE", 0x3000),
        ("SA_NTF_TYPE_ALARM", 0x4000),
        ("SA_NTF_TYPE_SECURITY_ALARM", 0x5000),
        ("SA_NTF_TYPE_MISCELLANEOUS", 0x6000),
    )
)
eSaNtfEventTypeT = Enumeration(
    (
        ("SA_NTF_OBJECT_NOTIFICATIONS_START", 0x1000),
        "SA_NTF_OBJECT_CREATION",
        "SA_NTF_OBJECT_DELETION",
        ("SA_NTF_ATTRIBUTE_NOTIFICATIONS_START", 0x2000),
        "SA_NTF_ATTRIBUTE_ADDED",
        "SA_NTF_ATTRIBUTE_REMOVED",
        "SA_NTF_ATTRIBUTE_CHANGED",
        "SA_NTF_ATTRIBUTE_RESET",
        ("SA_NTF_STATE_CHANGE_NOTIFICATIONS_START", 0x3000),
        "SA_NTF_OBJECT_STATE_CHANGE",
        ("SA_NTF_ALARM_NOTIFICATIONS_START", 0x4000),
        "SA_NTF_ALARM_COMMUNICATION",
        "SA_NTF_ALARM_QOS",
        "SA_NTF_ALARM_PROCESSING",
        "SA_NTF_ALARM_EQUIPMENT",
        "SA_NTF_ALARM_ENVIRONMENT",
        ("SA_NTF_SECURITY_ALARM_NOTIFICATIONS_START", 0x5000),
        "SA_NTF_INTEGRITY_VIOLATION",
        "SA_NTF_OPERATION_VIOLATION",
        "SA_NTF_PHYSICAL_VIOLATION",
        "SA_NTF_SECURITY_SERVICE_VIOLATION",
        "SA_NTF_TIME_VIOLATION",
        ("SA_NTF_MISCELLANEOUS_NOTIFICATIONS_START", 0x6000),
        "SA_NTF_APPLICATION_EVENT",
        "SA_NTF_ADMIN_OPERATION_START",
        "SA_NTF_ADMIN_OPERATION_END",
        "SA_NTF_CONFIG_UPDATE_START",
        "SA_NTF_CONFIG_UPDATE_END",
        "SA_NTF_ERROR_REPORT",
        "SA_NTF_ERROR_CLEAR",
        "SA_NTF_HPI_EVENT_RESOURCE",
        "SA_NTF_HPI_EVENT_SENSOR",
        "SA_NTF_HPI_EVENT_WATCHDOG",
        "SA_NTF_HPI_EVENT_DIMI",
        "SA_NTF_HPI_EVENT_FUMI",
        "SA_NTF_HPI_EVENT_OTHER",
    )
)
eSaNtfNotificationTypeBitsT = Enumeration(
    (
        ("SA_NTF_TYPE_OBJECT_CREATE_DELETE_BIT", 1),
        "SA_NTF_TYPE_ATTRIBUTE_CHANGE_BIT",
        ("SA_NTF_TYPE_STATE_CHANGE_BIT", 4),
        ("SA_NTF_TYPE_ALARM_BIT", 8),
        ("SA_NTF_TYPE_SECURITY_ALARM_BIT", 16),
    )
)
eSaNtfValueTypeT = Enumeration(
    (
        ("SA_NTF_VALUE_UINT8", 0),
        "SA_NTF_VALUE_INT8",
        "SA_NTF_VALUE_UINT16",
        "SA_NTF_VALUE_INT16",
        "SA_NTF_VALUE_UINT32",
        "SA_NTF_VALUE_INT32",
        "SA_NTF_VALUE_FLOAT",
        "SA_NTF_VALUE_UINT64",
        "SA_NTF_VALUE_INT64",
        "SA_NTF_VALUE_DOUBLE",
        "SA_NTF_VALUE_LDAP_NAME",
        "SA_NTF_VALUE_STRING",
        "SA_NTF_VALUE_IPADDRESS",
        "SA_NTF_VALUE_BINARY",
        "SA_NTF_VALUE_ARRAY",
    )
)
eSaNtfSourceIndicatorT = Enumeration(
    (
        ("SA_NTF_OBJECT_OPERATION", 1),
        "SA_NTF_MANAGEMENT_OPERATION",
        "SA_NTF_UNKNOWN_OPERATION",
    )
)
eSaNtfProbableCauseT = Enumeration(
    (
        ("SA_NTF_ADAPTER_ERROR", 0),
        "SA_NTF_APPLICATION_SUBSYSTEM_FAILURE",
        "SA_NTF_BANDWIDTH_REDUCED",
        "SA_NTF_CALL_ESTABLISHMENT_ERROR",
        "SA_NTF_COMMUNICATIONS_PROTOCOL_ERROR",
        "SA_NTF_COMMUNICATIONS_SUBSYSTEM_FAILURE",
        "SA_NTF_CONFIGURATION_OR_CUSTOMIZATION_ERROR",
        "SA_NTF_CONGESTION",
        "SA_NTF_CORRUPT_DATA",
        "SA_NTF_CPU_CYCLES_LIMIT_EXCEEDED",
        "SA_NTF_DATASET_OR_MODEM_ERROR",
        "SA_NTF_DEGRADED_SIGNAL",
        "SA_NTF_D_T_E",
        "SA_NTF_ENCLOSURE_DOOR_OPEN",
        "SA_NTF_EQUIPMENT_MALFUNCTION",
        "SA_NTF_EXCESSIVE_VIBRATION",
        "SA_NTF_FILE_ERROR",
        "SA_NTF_FIRE_DETECTED",
        "SA_NTF_FLOOD_DETECTED",
        "SA_NTF_FRAMING_ERROR",
        "SA_NTF_HEATING_OR_VENTILATION_OR_COOLING_SYSTEM_PROBLEM",
        "SA_NTF_HUMIDITY_UNACCEPTABLE",
        "SA_NTF_INPUT_OUTPUT_DEVICE_ERROR",
        "SA_NTF_INPUT_DEVICE_ERROR",
        "SA_NTF_L_A_N_ERROR",
        "SA_NTF_LEAK_DETECTED",
        "SA_NTF_LOCAL_NODE_TRANSMISSION_ERROR",
        "SA_NTF_LOSS_OF_FRAME",
        "SA_NTF_LOSS_OF_SIGNAL",
        "SA_NTF_MATERIAL_SUPPLY_EXHAUSTED",
        "SA_NTF_MULTIPLEXER_PROBLEM",
        "SA_NTF_OUT_OF_MEMORY",
        "SA_NTF_OUTPUT_DEVICE_ERROR",
        "SA_NTF_PERFORMANCE_DEGRADED",
        "SA_NTF_POWER_PROBLEM",
        "SA_NTF_PRESSURE_UNACCEPTABLE",
        "SA_NTF_PROCESSOR_PROBLEM",
        "SA_NTF_PUMP_FAILURE",
        "SA_NTF_QUEUE_SIZE_EXCEEDED",
        "SA_NTF_RECEIVE_FAILURE",
        "SA_NTF_RECEIVER_FAILURE",
        "SA_NTF_REMOTE_NODE_TRANSMISSION_ERROR",
        "SA_NTF_RESOURCE_AT_OR_NEARING_CAPACITY",
        "SA_NTF_RESPONSE_TIME_EXCESSIVE",
        "SA_NTF_RETRANSMISSION_RATE_EXCESSIVE",
        "SA_NTF_SOFTWARE_ERROR",
        "SA_NTF_SOFTWARE_PROGRAM_ABNORMALLY_TERMINATED",
        "SA_NTF_SOFTWARE_PROGRAM_ERROR",
        "SA_NTF_STORAGE_CAPACITY_PROBLEM",
        "SA_NTF_TEMPERATURE_UNACCEPTABLE",
        "SA_NTF_THRESHOLD_CROSSED",
        "SA_NTF_TIMING_PROBLEM",
        "SA_NTF_TOXIC_LEAK_DETECTED",
        "SA_NTF_TRANSMIT_FAILURE",
        "SA_NTF_TRANSMITTER_FAILURE",
        "SA_NTF_UNDERLYING_RESOURCE_UNAVAILABLE",
        "SA_NTF_VERSION_MISMATCH",
        "SA_NTF_AUTHENTICATION_FAILURE",
        "SA_NTF_BREACH_OF_CONFIDENTIALITY",
        "SA_NTF_CABLE_TAMPER",
        "SA_NTF_DELAYED_INFORMATION",
        "SA_NTF_DENIAL_OF_SERVICE",
        "SA_NTF_DUPLICATE_INFORMATION",
        "SA_NTF_INFORMATION_MISSING",
        "SA_NTF_INFORMATION_MODIFICATION_DETECTED",
        "SA_NTF_INFORMATION_OUT_OF_SEQUENCE",
        "SA_NTF_INTRUSION_DETECTION",
        "SA_NTF_KEY_EXPIRED",
        "SA_NTF_NON_REPUDIATION_FAILURE",
        "SA_NTF_OUT_OF_HOURS_ACTIVITY",
        "SA_NTF_OUT_OF_SERVICE",
        "SA_NTF_PROCEDURAL_ERROR",
        "SA_NTF_UNAUTHORIZED_ACCESS_ATTEMPT",
        "SA_NTF_UNEXPECTED_INFORMATION",
        "SA_NTF_UNSPECIFIED_REASON",
    )
)
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
eSaNtfSeverityTrendT = Enumeration(
    (
        ("SA_NTF_TREND_MORE_SEVERE", 0),
        "SA_NTF_TREND_NO_CHANGE",
        "SA_NTF_TREND_LESS_SEVERE",
    )
)
eSaNtfSearchModeT = Enumeration(
    (
        ("SA_NTF_SEARCH_BEFORE_OR_AT_TIME", 1),
        "SA_NTF_SEARCH_AT_TIME",
        "SA_NTF_SEARCH_AT_OR_AFTER_TIME",
        "SA_NTF_SEARCH_BEFORE_TIME",
        "SA_NTF_SEARCH_AFTER_TIME",
        "SA_NTF_SEARCH_NOTIFICATION_ID",
        "SA_NTF_SEARCH_ONLY_FILTER",
    )
)
eSaNtfSearchDirectionT = Enumeration(
    (
        ("SA_NTF_SEARCH_OLDER", 1),
        "SA_NTF_SEARCH_YOUNGER",
    )
)
eSaNtfStateT = Enumeration(
    (
        ("SA_NTF_STATIC_FILTER_STATE", 1),
        "SA_NTF_SUBSCRIBER_STATE",
    )
)
eSaNtfStaticFilterStateT = Enumeration(
    (
        ("SA_NTF_STATIC_FILTER_STATE_INACTIVE", 1),
        "SA_NTF_STATIC_FILTER_STATE_ACTIVE",
    )
)
eSaNtfSubscriberStateT = Enumeration(
    (
        ("SA_NTF_SUBSCRIBER_STATE_FORWARD_NOT_OK", 1),
        "SA_NTF_SUBSCRIBER_STATE_FORWARD_OK",
    )
)
eSaNtfNotificationMinorIdT = Enumeration(
    (
        ("SA_NTF_NTFID_STATIC_FILTER_ACTIVATED", 101),
        "SA_NTF_NTFID_STATIC_FILTER_DEACTIVATED",
        "SA_NTF_NTFID_CONSUMER_SLOW",
        "SA_NTF_NTFID_CONSUMER_FAST_ENOUGH",
    )
)
eSaNtfAdminOperationIdT = Enumeration(
    (
        ("SA_NTF_ADMIN_ACTIVATE_STATIC_SUPPRESSION_FILTER", 1),
        "SA_NTF_ADMIN_DEACTIVATE_STATIC_SUPPRESSION_FILTER",
    )
)

SaNtfNotificationCallbackT = CFUNCTYPE(None, SaNtfSubscriptionIdT, SaVoidPtr)
SaNtfNotificationCallbackT_3 = CFUNCTYPE(None, SaNtfSubscriptionIdT, SaVoidPtr)
SaNtfNotificationDiscardedCallbackT = CFUNCTYPE(
    None, SaNtfSubscriptionIdT, SaNtfNotificationTypeT, SaUint32T, POINTER(SaNtfIdentifierT)
)
SaNtfStaticSuppressionFilterSetCallbackT = CFUNCTYPE(None, SaNtfHandleT, SaUint16T)
SaNtfStaticSuppressionFilterSetCallbackT_3 = CFUNCTYPE(None, SaNtfHandleT, SaNtfEventTypeBitmapT)


class SaNtfSearchCriteriaT(Structure):
    """Where a reader of notifications begins."""

    _fields_ = [
        ("searchMode", SaNtfSearchModeT),
        ("eventTime", SaTimeT),
        ("notificationId", SaNtfIdentifierT),
    ]


class SaNtfNotificationTypeFilterHandlesT(Structure):
    """The filters of a reader or subscriber, one for each kind of notification."""

    _fields_ = [
        ("objectCreateDeleteFilterHandle", SaNtfNotificationFilterHandleT),
        ("attributeChangeFilterHandle", SaNtfNotificationFilterHandleT),
        ("stateChangeFilterHandle", SaNtfNotificationFilterHandleT),
        ("alarmFilterHandle", SaNtfNotificationFilterHandleT),
        ("securityAlarmFilterHandle", SaNtfNotificationFilterHandleT),
    ]


class SaNtfNotificationTypeFilterHandlesT_3(Structure):
    """The filters of a reader or subscriber (A.03)."""

    _fields_ = [
        *SaNtfNotificationTypeFilterHandlesT._fields_,
        ("miscellaneousFilterHandle", SaNtfNotificationFilterHandleT),
    ]


class SaNtfCallbacksT(Structure):
    """The callbacks of a handle (A.01)."""

    _fields_ = [
        ("saNtfNotificationCallback", SaNtfNotificationCallbackT),
        ("saNtfNotificationDiscardedCallback", SaNtfNotificationDiscardedCallbackT),
    ]


class SaNtfCallbacksT_2(Structure):
    """The callbacks of a handle (A.02)."""

    _fields_ = [
        *SaNtfCallbacksT._fields_,
        ("saNtfStaticSuppressionFilterSetCallback", SaNtfStaticSuppressionFilterSetCallbackT),
    ]


class SaNtfCallbacksT_3(Structure):
    """The callbacks of a handle (A.03)."""

    _fields_ = [
        ("saNtfNotificationCallback", SaNtfNotificationCallbackT_3),
        ("saNtfNotificationDiscardedCallback", SaNtfNotificationDiscardedCallbackT),
        ("saNtfStaticSuppressionFilterSetCallback", SaNtfStaticSuppressionFilterSetCallbackT_3),
    ]


saNtfInitialize = refuse_initialize("saNtfInitialize")
saNtfInitialize_2 = refuse_initialize("saNtfInitialize_2")
saNtfInitialize_3 = refuse_initialize("saNtfInitialize_3")

# Everything else needs a handle, and there is none.
saNtfAlarmNotificationAllocate = refuse_handle("saNtfAlarmNotificationAllocate")
saNtfAlarmNotificationFilterAllocate = refuse_handle("saNtfAlarmNotificationFilterAllocate")
saNtfArrayValAllocate = refuse_handle("saNtfArrayValAllocate")
saNtfArrayValGet = refuse_handle("saNtfArrayValGet")
saNtfAttributeChangeNotificationAllocate = refuse_handle("saNtfAttributeChangeNotificationAllocate")
saNtfAttributeChangeNotificationFilterAllocate = refuse_handle(
    "saNtfAttributeChangeNotificationFilterAllocate"
)
saNtfDispatch = refuse_handle("saNtfDispatch")
saNtfFinalize = refuse_handle("saNtfFinalize")
saNtfIdentifierAllocate = refuse_handle("saNtfIdentifierAllocate")
saNtfLocalizedMessageFree = refuse_handle("saNtfLocalizedMessageFree")
saNtfLocalizedMessageFree_2 = refuse_handle("saNtfLocalizedMessageFree_2")
saNtfLocalizedMessageGet = refuse_handle("saNtfLocalizedMessageGet")
saNtfMiscellaneousNotificationAllocate = refuse_handle("saNtfMiscellaneousNotificationAllocate")
saNtfNotificationFilterFree = refuse_handle("saNtfNotificationFilterFree")
saNtfNotificationFree = refuse_handle("saNtfNotificationFree")
saNtfNotificationReadFinalize = refuse_handle("saNtfNotificationReadFinalize")
saNtfNotificationReadInitialize = refuse_handle("saNtfNotificationReadInitialize")
saNtfNotificationReadInitialize_2 = refuse_handle("saNtfNotificationReadInitialize_2")
saNtfNotificationReadInitialize_3 = refuse_handle("saNtfNotificationReadInitialize_3")
saNtfNotificationReadNext = refuse_handle("saNtfNotificationReadNext")
saNtfNotificationReadNext_3 = refuse_handle("saNtfNotificationReadNext_3")
saNtfNotificationSend = refuse_handle("saNtfNotificationSend")
saNtfNotificationSendWithId = refuse_handle("saNtfNotificationSendWithId")
saNtfNotificationSubscribe = refuse_handle("saNtfNotificationSubscribe")
saNtfNotificationSubscribe_3 = refuse_handle("saNtfNotificationSubscribe_3")
saNtfNotificationUnsubscribe = refuse_handle("saNtfNotificationUnsubscribe")
saNtfNotificationUnsubscribe_2 = refuse_handle("saNtfNotificationUnsubscribe_2")
saNtfObjectCreateDeleteNotificationAllocate = refuse_handle("saNtfObjectCreateDeleteNotificationAllocate")
saNtfObjectCreateDeleteNotificationFilterAllocate = refuse_handle(
    "saNtfObjectCreateDeleteNotificationFilterAllocate"
)
saNtfPtrValAllocate = refuse_handle("saNtfPtrValAllocate")
saNtfPtrValGet = refuse_handle("saNtfPtrValGet")
saNtfSecurityAlarmNotificationAllocate = refuse_handle("saNtfSecurityAlarmNotificationAllocate")
saNtfSecurityAlarmNotificationFilterAllocate = refuse_handle("saNtfSecurityAlarmNotificationFilterAllocate")
saNtfSelectionObjectGet = refuse_handle("saNtfSelectionObjectGet")
saNtfStateChangeNotificationAllocate = refuse_handle("saNtfStateChangeNotificationAllocate")
saNtfStateChangeNotificationAllocate_3 = refuse_handle("saNtfStateChangeNotificationAllocate_3")
saNtfStateChangeNotificationFilterAllocate = refuse_handle("saNtfStateChangeNotificationFilterAllocate")
saNtfStateChangeNotificationFilterAllocate_2 = refuse_handle("saNtfStateChangeNotificationFilterAllocate_2")
saNtfVariableDataSizeGet = refuse_handle("saNtfVariableDataSizeGet")
