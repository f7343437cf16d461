# SPDX-License-Identifier: Apache-2.0
"""The structures of the notification service (saNtf.h, A.01.01 to A.03.01)."""

from __future__ import annotations

from ctypes import CFUNCTYPE, POINTER, Structure, Union
from typing import Any

from .ais import (
    SaBoolT,
    SaDoubleT,
    SaFloatT,
    SaInt8T,
    SaInt16T,
    SaInt32T,
    SaInt64T,
    SaNameT,
    SaStringT,
    SaTimeT,
    SaUint8T,
    SaUint16T,
    SaUint32T,
    SaUint64T,
)
from .ntf_numbers import (
    SaNtfElementIdT,
    SaNtfEventTypeBitmapT,
    SaNtfEventTypeT,
    SaNtfHandleT,
    SaNtfNotificationFilterHandleT,
    SaNtfNotificationHandleT,
    SaNtfNotificationTypeT,
    SaNtfProbableCauseT,
    SaNtfSearchModeT,
    SaNtfSeverityT,
    SaNtfSeverityTrendT,
    SaNtfSourceIndicatorT,
    SaNtfSubscriptionIdT,
    SaNtfValueTypeT,
    eSaNtfValueTypeT,
)
from .ntf_references import SaNtfClassIdT, SaNtfCorrelationIdsT, SaNtfIdentifierT  # noqa: F401

# Values


class SaNtfPtrValT(Structure):
    """Where a value is in the variable data: a name, string, address or bytes."""

    _fields_ = [
        ("dataOffset", SaUint16T),
        ("dataSize", SaUint16T),
    ]


class SaNtfArrayValT(Structure):
    """Where the numbers of an array are in the variable data."""

    _fields_ = [
        ("arrayOffset", SaUint16T),
        ("numElements", SaUint16T),
        ("elementSize", SaUint16T),
    ]


class SaNtfValueT(Union):
    """A value, by its type."""

    _fields_ = [
        ("uint8Val", SaUint8T),
        ("int8Val", SaInt8T),
        ("uint16Val", SaUint16T),
        ("int16Val", SaInt16T),
        ("uint32Val", SaUint32T),
        ("int32Val", SaInt32T),
        ("floatVal", SaFloatT),
        ("uint64Val", SaUint64T),
        ("int64Val", SaInt64T),
        ("doubleVal", SaDoubleT),
        ("ptrVal", SaNtfPtrValT),
        ("arrayVal", SaNtfArrayValT),
    ]


class SaNtfAdditionalInfoT(Structure):
    """Additional information about a notification."""

    _fields_ = [
        ("infoId", SaNtfElementIdT),
        ("infoType", SaNtfValueTypeT),
        ("infoValue", SaNtfValueT),
    ]


class SaNtfAttributeT(Structure):
    """An attribute of an object."""

    _fields_ = [
        ("attributeId", SaNtfElementIdT),
        ("attributeType", SaNtfValueTypeT),
        ("attributeValue", SaNtfValueT),
    ]


class SaNtfAttributeChangeT(Structure):
    """An attribute before and after its change."""

    _fields_ = [
        ("attributeId", SaNtfElementIdT),
        ("attributeType", SaNtfValueTypeT),
        ("oldAttributePresent", SaBoolT),
        ("oldAttributeValue", SaNtfValueT),
        ("newAttributeValue", SaNtfValueT),
    ]


class SaNtfStateChangeT(Structure):
    """A state before and after its change (A.01)."""

    _fields_ = [
        ("stateId", SaNtfElementIdT),
        ("oldStatePresent", SaBoolT),
        ("oldState", SaUint16T),
        ("newState", SaUint16T),
    ]


class SaNtfStateChangeT_3(Structure):
    """A state before and after its change (A.03)."""

    _fields_ = [
        ("stateId", SaNtfElementIdT),
        ("oldStatePresent", SaBoolT),
        ("oldState", SaUint64T),
        ("newState", SaUint64T),
    ]


class SaNtfSpecificProblemT(Structure):
    """A closer description of the problem of an alarm."""

    _fields_ = [
        ("problemId", SaNtfElementIdT),
        ("problemClassId", SaNtfClassIdT),
        ("problemType", SaNtfValueTypeT),
        ("problemValue", SaNtfValueT),
    ]


class SaNtfThresholdInformationT(Structure):
    """The threshold that was crossed."""

    _fields_ = [
        ("thresholdId", SaNtfElementIdT),
        ("thresholdValueType", SaNtfValueTypeT),
        ("thresholdValue", SaNtfValueT),
        ("thresholdHysteresis", SaNtfValueT),
        ("observedValue", SaNtfValueT),
        ("armTime", SaTimeT),
    ]


class SaNtfProposedRepairActionT(Structure):
    """An action that could repair the cause of an alarm."""

    _fields_ = [
        ("actionId", SaNtfElementIdT),
        ("actionValueType", SaNtfValueTypeT),
        ("actionValue", SaNtfValueT),
    ]


class SaNtfServiceUserT(Structure):
    """The user or the provider of a service."""

    _fields_ = [
        ("valueType", SaNtfValueTypeT),
        ("value", SaNtfValueT),
    ]


class SaNtfSecurityAlarmDetectorT(Structure):
    """Who detected a breach of security."""

    _fields_ = [
        ("valueType", SaNtfValueTypeT),
        ("value", SaNtfValueT),
    ]


# Notifications


class SaNtfNotificationHeaderT(Structure):
    """What every notification has."""

    _fields_ = [
        ("eventType", POINTER(SaNtfEventTypeT)),
        ("notificationObject", POINTER(SaNameT)),
        ("notifyingObject", POINTER(SaNameT)),
        ("notificationClassId", POINTER(SaNtfClassIdT)),
        ("eventTime", POINTER(SaTimeT)),
        ("numCorrelatedNotifications", SaUint16T),
        ("lengthAdditionalText", SaUint16T),
        ("numAdditionalInfo", SaUint16T),
        ("notificationId", POINTER(SaNtfIdentifierT)),
        ("correlatedNotifications", POINTER(SaNtfIdentifierT)),
        ("additionalText", SaStringT),
        ("additionalInfo", POINTER(SaNtfAdditionalInfoT)),
    ]


class SaNtfObjectCreateDeleteNotificationT(Structure):
    """An object has been created or deleted."""

    _fields_ = [
        ("notificationHandle", SaNtfNotificationHandleT),
        ("notificationHeader", SaNtfNotificationHeaderT),
        ("numAttributes", SaUint16T),
        ("sourceIndicator", POINTER(SaNtfSourceIndicatorT)),
        ("objectAttributes", POINTER(SaNtfAttributeT)),
    ]


class SaNtfAttributeChangeNotificationT(Structure):
    """Attributes of an object have changed."""

    _fields_ = [
        ("notificationHandle", SaNtfNotificationHandleT),
        ("notificationHeader", SaNtfNotificationHeaderT),
        ("numAttributes", SaUint16T),
        ("sourceIndicator", POINTER(SaNtfSourceIndicatorT)),
        ("changedAttributes", POINTER(SaNtfAttributeChangeT)),
    ]


class SaNtfStateChangeNotificationT(Structure):
    """States of an object have changed (A.01)."""

    _fields_ = [
        ("notificationHandle", SaNtfNotificationHandleT),
        ("notificationHeader", SaNtfNotificationHeaderT),
        ("numStateChanges", SaUint16T),
        ("sourceIndicator", POINTER(SaNtfSourceIndicatorT)),
        ("changedStates", POINTER(SaNtfStateChangeT)),
    ]


class SaNtfStateChangeNotificationT_3(Structure):
    """States of an object have changed (A.03)."""

    _fields_ = [
        ("notificationHandle", SaNtfNotificationHandleT),
        ("notificationHeader", SaNtfNotificationHeaderT),
        ("numStateChanges", SaUint16T),
        ("sourceIndicator", POINTER(SaNtfSourceIndicatorT)),
        ("changedStates", POINTER(SaNtfStateChangeT_3)),
    ]


class SaNtfAlarmNotificationT(Structure):
    """Something is wrong with an object, or no longer wrong."""

    _fields_ = [
        ("notificationHandle", SaNtfNotificationHandleT),
        ("notificationHeader", SaNtfNotificationHeaderT),
        ("numSpecificProblems", SaUint16T),
        ("numMonitoredAttributes", SaUint16T),
        ("numProposedRepairActions", SaUint16T),
        ("probableCause", POINTER(SaNtfProbableCauseT)),
        ("specificProblems", POINTER(SaNtfSpecificProblemT)),
        ("perceivedSeverity", POINTER(SaNtfSeverityT)),
        ("trend", POINTER(SaNtfSeverityTrendT)),
        ("thresholdInformation", POINTER(SaNtfThresholdInformationT)),
        ("monitoredAttributes", POINTER(SaNtfAttributeT)),
        ("proposedRepairActions", POINTER(SaNtfProposedRepairActionT)),
    ]


class SaNtfSecurityAlarmNotificationT(Structure):
    """Security has been breached, or somebody has tried to breach it."""

    _fields_ = [
        ("notificationHandle", SaNtfNotificationHandleT),
        ("notificationHeader", SaNtfNotificationHeaderT),
        ("probableCause", POINTER(SaNtfProbableCauseT)),
        ("severity", POINTER(SaNtfSeverityT)),
        ("securityAlarmDetector", POINTER(SaNtfSecurityAlarmDetectorT)),
        ("serviceUser", POINTER(SaNtfServiceUserT)),
        ("serviceProvider", POINTER(SaNtfServiceUserT)),
    ]


class SaNtfMiscellaneousNotificationT(Structure):
    """Any other kind of notification (A.03)."""

    _fields_ = [
        ("notificationHandle", SaNtfNotificationHandleT),
        ("notificationHeader", SaNtfNotificationHeaderT),
    ]


class SaNtfNotificationT(Union):
    """A notification, by its kind (A.01)."""

    _fields_ = [
        ("objectCreateDeleteNotification", SaNtfObjectCreateDeleteNotificationT),
        ("attributeChangeNotification", SaNtfAttributeChangeNotificationT),
        ("stateChangeNotification", SaNtfStateChangeNotificationT),
        ("alarmNotification", SaNtfAlarmNotificationT),
        ("securityAlarmNotification", SaNtfSecurityAlarmNotificationT),
    ]


class SaNtfNotificationsT(Structure):
    """A notification that was received or read, with its kind (A.01)."""

    _fields_ = [
        ("notificationType", SaNtfNotificationTypeT),
        ("notification", SaNtfNotificationT),
    ]


class SaNtfNotificationT_3(Union):
    """A notification, by its kind (A.03)."""

    _fields_ = [
        ("objectCreateDeleteNotification", SaNtfObjectCreateDeleteNotificationT),
        ("attributeChangeNotification", SaNtfAttributeChangeNotificationT),
        ("stateChangeNotification", SaNtfStateChangeNotificationT_3),
        ("alarmNotification", SaNtfAlarmNotificationT),
        ("securityAlarmNotification", SaNtfSecurityAlarmNotificationT),
        ("miscellaneousNotification", SaNtfMiscellaneousNotificationT),
    ]


class SaNtfNotificationsT_3(Structure):
    """A notification that was received or read, with its kind (A.03)."""

    _fields_ = [
        ("notificationType", SaNtfNotificationTypeT),
        ("notification", SaNtfNotificationT_3),
    ]


# Filters


class SaNtfNotificationFilterHeaderT(Structure):
    """What every filter has. A list without entries accepts everything."""

    _fields_ = [
        ("numEventTypes", SaUint16T),
        ("eventTypes", POINTER(SaNtfEventTypeT)),
        ("numNotificationObjects", SaUint16T),
        ("notificationObjects", POINTER(SaNameT)),
        ("numNotifyingObjects", SaUint16T),
        ("notifyingObjects", POINTER(SaNameT)),
        ("numNotificationClassIds", SaUint16T),
        ("notificationClassIds", POINTER(SaNtfClassIdT)),
    ]


class SaNtfObjectCreateDeleteNotificationFilterT(Structure):
    """Selects notifications about created or deleted objects."""

    _fields_ = [
        ("notificationFilterHandle", SaNtfNotificationFilterHandleT),
        ("notificationFilterHeader", SaNtfNotificationFilterHeaderT),
        ("numSourceIndicators", SaUint16T),
        ("sourceIndicators", POINTER(SaNtfSourceIndicatorT)),
    ]


class SaNtfAttributeChangeNotificationFilterT(Structure):
    """Selects notifications about changes of attributes."""

    _fields_ = [
        ("notificationFilterHandle", SaNtfNotificationFilterHandleT),
        ("notificationFilterHeader", SaNtfNotificationFilterHeaderT),
        ("numSourceIndicators", SaUint16T),
        ("sourceIndicators", POINTER(SaNtfSourceIndicatorT)),
    ]


class SaNtfStateChangeNotificationFilterT(Structure):
    """Selects notifications about changes of states (A.01)."""

    _fields_ = [
        ("notificationFilterHandle", SaNtfNotificationFilterHandleT),
        ("notificationFilterHeader", SaNtfNotificationFilterHeaderT),
        ("numSourceIndicators", SaUint16T),
        ("sourceIndicators", POINTER(SaNtfSourceIndicatorT)),
        ("numStateChanges", SaUint16T),
        ("changedStates", POINTER(SaNtfStateChangeT)),
    ]


class SaNtfStateChangeNotificationFilterT_2(Structure):
    """Selects notifications about changes of states (A.02)."""

    _fields_ = [
        ("notificationFilterHandle", SaNtfNotificationFilterHandleT),
        ("notificationFilterHeader", SaNtfNotificationFilterHeaderT),
        ("numSourceIndicators", SaUint16T),
        ("sourceIndicators", POINTER(SaNtfSourceIndicatorT)),
        ("numStates", SaUint16T),
        ("stateId", POINTER(SaNtfElementIdT)),
    ]


class SaNtfAlarmNotificationFilterT(Structure):
    """Selects alarms."""

    _fields_ = [
        ("notificationFilterHandle", SaNtfNotificationFilterHandleT),
        ("notificationFilterHeader", SaNtfNotificationFilterHeaderT),
        ("numProbableCauses", SaUint16T),
        ("numPerceivedSeverities", SaUint16T),
        ("numTrends", SaUint16T),
        ("probableCauses", POINTER(SaNtfProbableCauseT)),
        ("perceivedSeverities", POINTER(SaNtfSeverityT)),
        ("trends", POINTER(SaNtfSeverityTrendT)),
    ]


class SaNtfSecurityAlarmNotificationFilterT(Structure):
    """Selects security alarms."""

    _fields_ = [
        ("notificationFilterHandle", SaNtfNotificationFilterHandleT),
        ("notificationFilterHeader", SaNtfNotificationFilterHeaderT),
        ("numProbableCauses", SaUint16T),
        ("numSeverities", SaUint16T),
        ("numSecurityAlarmDetectors", SaUint16T),
        ("numServiceUsers", SaUint16T),
        ("numServiceProviders", SaUint16T),
        ("probableCauses", POINTER(SaNtfProbableCauseT)),
        ("severities", POINTER(SaNtfSeverityT)),
        ("securityAlarmDetectors", POINTER(SaNtfSecurityAlarmDetectorT)),
        ("serviceUsers", POINTER(SaNtfServiceUserT)),
        ("serviceProviders", POINTER(SaNtfServiceUserT)),
    ]


class SaNtfMiscellaneousNotificationFilterT(Structure):
    """Selects miscellaneous notifications (A.03)."""

    _fields_ = [
        ("notificationFilterHandle", SaNtfNotificationFilterHandleT),
        ("notificationFilterHeader", SaNtfNotificationFilterHeaderT),
    ]


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


# Callbacks

SaNtfNotificationCallbackT = CFUNCTYPE(None, SaNtfSubscriptionIdT, POINTER(SaNtfNotificationsT))
SaNtfNotificationCallbackT_3 = CFUNCTYPE(None, SaNtfSubscriptionIdT, POINTER(SaNtfNotificationsT_3))
SaNtfNotificationDiscardedCallbackT = CFUNCTYPE(
    None, SaNtfSubscriptionIdT, SaNtfNotificationTypeT, SaUint32T, POINTER(SaNtfIdentifierT)
)
SaNtfStaticSuppressionFilterSetCallbackT = CFUNCTYPE(None, SaNtfHandleT, SaUint16T)
SaNtfStaticSuppressionFilterSetCallbackT_3 = CFUNCTYPE(None, SaNtfHandleT, SaNtfEventTypeBitmapT)


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


# The C type of a value, by its type; an array has the type of its elements.
SaNtfValueTypeMap: dict[int, Any] = {
    eSaNtfValueTypeT.SA_NTF_VALUE_UINT8: SaUint8T,
    eSaNtfValueTypeT.SA_NTF_VALUE_INT8: SaInt8T,
    eSaNtfValueTypeT.SA_NTF_VALUE_UINT16: SaUint16T,
    eSaNtfValueTypeT.SA_NTF_VALUE_INT16: SaInt16T,
    eSaNtfValueTypeT.SA_NTF_VALUE_UINT32: SaUint32T,
    eSaNtfValueTypeT.SA_NTF_VALUE_INT32: SaInt32T,
    eSaNtfValueTypeT.SA_NTF_VALUE_FLOAT: SaFloatT,
    eSaNtfValueTypeT.SA_NTF_VALUE_UINT64: SaUint64T,
    eSaNtfValueTypeT.SA_NTF_VALUE_INT64: SaInt64T,
    eSaNtfValueTypeT.SA_NTF_VALUE_DOUBLE: SaDoubleT,
    eSaNtfValueTypeT.SA_NTF_VALUE_LDAP_NAME: SaNameT,
    eSaNtfValueTypeT.SA_NTF_VALUE_STRING: SaStringT,
    eSaNtfValueTypeT.SA_NTF_VALUE_IPADDRESS: SaStringT,
}
