# SPDX-License-Identifier: Apache-2.0
"""The notification service (saNtf.h, A.03.01): its types and numbers, and functions that refuse.

The simulator has no such service. Programs can be imported and started; when they open a handle, they get
SA_AIS_ERR_NOT_SUPPORTED."""

from __future__ import annotations

from ._library.refusal import refuse_handle, refuse_initialize
from ._types.ais import *  # noqa: F403 - as the real module hands on
from ._types.ntf import *  # noqa: F403 - what programs find in this module
from ._types.ntf_numbers import *  # noqa: F403

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
