# SPDX-License-Identifier: Apache-2.0
"""AMF's words as Python values: HA states, recoveries, and the contents of a CSI set callback.

Numbers are those of the SA Forum's AMF specification (SAI-AIS-AMF-B.04.01). No AIS call is made here.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple, Optional


class HAState(IntEnum):
    """SaAmfHAStateT."""

    ACTIVE = 1
    STANDBY = 2
    QUIESCED = 3
    QUIESCING = 4


class CsiFlag(IntEnum):
    """SaAmfCSIFlagsT: which CSIs a callback is about."""

    ADD_ONE = 1  # a new CSI; only this callback has the CSI's attributes
    TARGET_ONE = 2
    TARGET_ALL = 4  # all CSIs that are assigned to us; the name is undefined


class Recovery(IntEnum):
    """SaAmfRecommendedRecoveryT. Any other value makes amfnd abort, which reboots the node."""

    NO_RECOMMENDATION = 1
    COMPONENT_RESTART = 2
    COMPONENT_FAILOVER = 3
    NODE_SWITCHOVER = 4
    NODE_FAILOVER = 5
    NODE_FAILFAST = 6
    CLUSTER_RESET = 7


class CsiDescriptor(NamedTuple):
    """SaAmfCSIDescriptorT: the CSIs of a saAmfCSISetCallback, and the attributes of a new CSI."""

    flags: int  # a CsiFlag, or an unknown number that AMF sent
    name: Optional[str]  # None if the flags make the name undefined
    attributes: tuple[tuple[str, Optional[str]], ...] = ()  # the name is repeated for several values
