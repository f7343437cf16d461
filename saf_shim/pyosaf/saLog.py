# SPDX-License-Identifier: Apache-2.0
"""The log service (saLog.h, A.02.01): its types and numbers, and functions that refuse.

The simulator has no such service. Programs can be imported and started; when they open a handle, they get
SA_AIS_ERR_NOT_SUPPORTED."""

from __future__ import annotations

from ._library.refusal import refuse_handle, refuse_initialize
from ._types.ais import *  # noqa: F403 - as the real module hands on
from ._types.log import *  # noqa: F403 - what programs find in this module

saLogInitialize = refuse_initialize("saLogInitialize")

# All other functions need a handle, and no handle can be opened.
saLogDispatch = refuse_handle("saLogDispatch")
saLogFinalize = refuse_handle("saLogFinalize")
saLogLimitGet = refuse_handle("saLogLimitGet")
saLogSelectionObjectGet = refuse_handle("saLogSelectionObjectGet")
saLogStreamClose = refuse_handle("saLogStreamClose")
saLogStreamOpenAsync_2 = refuse_handle("saLogStreamOpenAsync_2")
saLogStreamOpen_2 = refuse_handle("saLogStreamOpen_2")
saLogWriteLog = refuse_handle("saLogWriteLog")
saLogWriteLogAsync = refuse_handle("saLogWriteLogAsync")
