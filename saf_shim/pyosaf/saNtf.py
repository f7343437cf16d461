# SPDX-License-Identifier: Apache-2.0
"""The notification service (saNtf.h, A.03.01): its types and numbers, and functions that refuse.

The simulator has no such service. Programs can be imported and started; when they open a handle, they get
SA_AIS_ERR_NOT_SUPPORTED."""

from __future__ import annotations

from ._library.refusal import miss_symbol, refuse_handle, refuse_initialize
from ._types.ais import *  # noqa: F403 - as the real module hands on
from ._types.ntf import *  # noqa: F403 - what programs find in this module
from ._types.ntf_numbers import *  # noqa: F403

saNtfInitialize = refuse_initialize("saNtfInitialize")

# All other functions need a handle, and no handle can be opened.
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
saNtfLocalizedMessageFree = refuse_handle("saNtfLocalizedMessageFree")
saNtfLocalizedMessageGet = refuse_handle("saNtfLocalizedMessageGet")
saNtfNotificationFilterFree = refuse_handle("saNtfNotificationFilterFree")
saNtfNotificationFree = refuse_handle("saNtfNotificationFree")
saNtfNotificationReadFinalize = refuse_handle("saNtfNotificationReadFinalize")
saNtfNotificationReadInitialize = refuse_handle("saNtfNotificationReadInitialize")
saNtfNotificationReadNext = refuse_handle("saNtfNotificationReadNext")
saNtfNotificationSend = refuse_handle("saNtfNotificationSend")
saNtfNotificationSubscribe = refuse_handle("saNtfNotificationSubscribe")
saNtfNotificationUnsubscribe = refuse_handle("saNtfNotificationUnsubscribe")
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
saNtfStateChangeNotificationFilterAllocate = refuse_handle("saNtfStateChangeNotificationFilterAllocate")

# OpenSAF's library has version A.01. The real bindings have these names, and calling them raises the same.
saNtfIdentifierAllocate = miss_symbol("saNtfIdentifierAllocate")
saNtfInitialize_2 = miss_symbol("saNtfInitialize_2")
saNtfInitialize_3 = miss_symbol("saNtfInitialize_3")
saNtfLocalizedMessageFree_2 = miss_symbol("saNtfLocalizedMessageFree_2")
saNtfMiscellaneousNotificationAllocate = miss_symbol("saNtfMiscellaneousNotificationAllocate")
saNtfNotificationReadInitialize_2 = miss_symbol("saNtfNotificationReadInitialize_2")
saNtfNotificationReadInitialize_3 = miss_symbol("saNtfNotificationReadInitialize_3")
saNtfNotificationReadNext_3 = miss_symbol("saNtfNotificationReadNext_3")
saNtfNotificationSendWithId = miss_symbol("saNtfNotificationSendWithId")
saNtfNotificationSubscribe_3 = miss_symbol("saNtfNotificationSubscribe_3")
saNtfNotificationUnsubscribe_2 = miss_symbol("saNtfNotificationUnsubscribe_2")
saNtfStateChangeNotificationAllocate_3 = miss_symbol("saNtfStateChangeNotificationAllocate_3")
saNtfStateChangeNotificationFilterAllocate_2 = miss_symbol("saNtfStateChangeNotificationFilterAllocate_2")
saNtfVariableDataSizeGet = miss_symbol("saNtfVariableDataSizeGet")
