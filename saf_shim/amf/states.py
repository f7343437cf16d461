# SPDX-License-Identifier: Apache-2.0
"""The states of AMF and their numbers, from AIS AMF B.04.01, or from OpenSAF where the standard has none.

There is no behaviour here. The tables of transitions are in `node`, `redundancy` and
`cluster.administration`."""

from __future__ import annotations

from enum import IntEnum

SECOND = 10**9  # ns, the unit of SaTimeT


class Presence(IntEnum):
    """SaAmfPresenceStateT of a component or a service unit."""

    UNINSTANTIATED = 1
    INSTANTIATING = 2
    INSTANTIATED = 3
    TERMINATING = 4
    RESTARTING = 5
    INSTANTIATION_FAILED = 6
    TERMINATION_FAILED = 7


AT_REST = frozenset({Presence.UNINSTANTIATED, Presence.INSTANTIATION_FAILED, Presence.TERMINATION_FAILED})
"""No process exists, and none is being started or ended."""

MOVING = frozenset({Presence.INSTANTIATING, Presence.TERMINATING, Presence.RESTARTING})


class Operational(IntEnum):
    """SaAmfOperationalStateT."""

    ENABLED = 1
    DISABLED = 2


class Readiness(IntEnum):
    """SaAmfReadinessStateT."""

    OUT_OF_SERVICE = 1
    IN_SERVICE = 2
    STOPPING = 3


class Admin(IntEnum):
    """SaAmfAdminStateT."""

    UNLOCKED = 1
    LOCKED = 2
    LOCKED_INSTANTIATION = 3
    SHUTTING_DOWN = 4


class Ha(IntEnum):
    """SaAmfHAStateT."""

    ACTIVE = 1
    STANDBY = 2
    QUIESCED = 3
    QUIESCING = 4


SERVING = frozenset({Ha.ACTIVE, Ha.STANDBY})


class AssignmentState(IntEnum):
    """SaAmfAssignmentStateT of a service instance."""

    UNASSIGNED = 1
    FULLY_ASSIGNED = 2
    PARTIALLY_ASSIGNED = 3


class Redundancy(IntEnum):
    """SaAmfRedundancyModelT."""

    TWO_N = 1
    N_PLUS_M = 2
    N_WAY = 3
    N_WAY_ACTIVE = 4
    NO_REDUNDANCY = 5


class Operation(IntEnum):
    """SaAmfAdminOperationIdT."""

    UNLOCK = 1
    LOCK = 2
    LOCK_INSTANTIATION = 3
    UNLOCK_INSTANTIATION = 4
    SHUTDOWN = 5
    RESTART = 6
    SI_SWAP = 7
    SG_ADJUST = 8
    REPAIRED = 9
    EAM_START = 10
    EAM_STOP = 11


class Recovery(IntEnum):
    """SaAmfRecommendedRecoveryT, and two recoveries that AMF carries out but nobody can recommend."""

    NO_RECOMMENDATION = 1
    COMPONENT_RESTART = 2
    COMPONENT_FAILOVER = 3
    NODE_SWITCHOVER = 4
    NODE_FAILOVER = 5
    NODE_FAILFAST = 6
    CLUSTER_RESET = 7
    APPLICATION_RESTART = 8
    CONTAINER_RESTART = 9
    SU_RESTART = 10
    SU_FAILOVER = 11


RECOVERY_WORDS = {
    Recovery.NO_RECOMMENDATION: "noRecommendation",
    Recovery.COMPONENT_RESTART: "componentRestart",
    Recovery.COMPONENT_FAILOVER: "componentFailover",
    Recovery.NODE_SWITCHOVER: "nodeSwitchover",
    Recovery.NODE_FAILOVER: "nodeFailover",
    Recovery.NODE_FAILFAST: "nodeFailfast",
    Recovery.CLUSTER_RESET: "clusterReset",
    Recovery.APPLICATION_RESTART: "applicationRestart",
    Recovery.CONTAINER_RESTART: "containerRestart",
    Recovery.SU_RESTART: "suRestart",
    Recovery.SU_FAILOVER: "suFailover",
}


class ErrorSource(IntEnum):
    """How AMF found the error. The cleanup command gets the number as OSAF_COMPONENT_ERROR_SOURCE."""

    NONE = 0  # an orderly end, or a failed instantiation
    ERROR_REPORT = 1
    HEALTHCHECK = 2  # component invoked: it was not confirmed in time, or was confirmed as failed
    PASSIVE_MONITOR = 3
    ACTIVE_MONITOR = 4
    COMMAND = 5
    HEALTHCHECK_TIMEOUT = 6
    HEALTHCHECK_FAILED = 7
    DEATH = 8  # the process's connection to AMF is gone
    PROXY_REGISTRATION = 9
    CSI_SET_TIMEOUT = 10
    CSI_REMOVE_TIMEOUT = 11
    CSI_SET_FAILED = 12
    CSI_REMOVE_FAILED = 13
    QUIESCING_TIMEOUT = 14
    ATTRIBUTE_CHANGE_TIMEOUT = 15
    ATTRIBUTE_CHANGE_FAILED = 16


ERROR_WORDS = {
    ErrorSource.NONE: "noError",
    ErrorSource.ERROR_REPORT: "errorReport",
    ErrorSource.HEALTHCHECK: "healthCheckFailed",
    ErrorSource.PASSIVE_MONITOR: "passiveMonitorFailed",
    ErrorSource.ACTIVE_MONITOR: "activeMonitorFailed",
    ErrorSource.COMMAND: "cLCCommandFailed",
    ErrorSource.HEALTHCHECK_TIMEOUT: "healthCheckcallbackTimeout",
    ErrorSource.HEALTHCHECK_FAILED: "healthCheckcallbackFailed",
    ErrorSource.DEATH: "avaDown",
    ErrorSource.PROXY_REGISTRATION: "prxRegTimeout",
    ErrorSource.CSI_SET_TIMEOUT: "csiSetcallbackTimeout",
    ErrorSource.CSI_REMOVE_TIMEOUT: "csiRemovecallbackTimeout",
    ErrorSource.CSI_SET_FAILED: "csiSetcallbackFailed",
    ErrorSource.CSI_REMOVE_FAILED: "csiRemovecallbackFailed",
    ErrorSource.QUIESCING_TIMEOUT: "qscingCompleteTimeout",
    ErrorSource.ATTRIBUTE_CHANGE_TIMEOUT: "csiAttributeChangeCallbackTimeout",
    ErrorSource.ATTRIBUTE_CHANGE_FAILED: "csiAttributeChangeCallbackFailed",
}


class CsiFlags(IntEnum):
    """SaAmfCSIFlagsT: which CSIs a CSI callback is about."""

    ADD_ONE = 1
    TARGET_ONE = 2
    TARGET_ALL = 4


class CsiTransition(IntEnum):
    """SaAmfCSITransitionDescriptorT: the state of the component that was active before."""

    NEW_ASSIGN = 1
    QUIESCED = 2
    NOT_QUIESCED = 3
    STILL_ACTIVE = 4


class Capability(IntEnum):
    """SaAmfCompCapabilityModelT."""

    X_ACTIVE_AND_Y_STANDBY = 1
    X_ACTIVE_OR_Y_STANDBY = 2
    ONE_ACTIVE_OR_Y_STANDBY = 3
    ONE_ACTIVE_OR_ONE_STANDBY = 4
    X_ACTIVE = 5
    ONE_ACTIVE = 6
    NON_PRE_INSTANTIABLE = 7


NEVER_STANDBY = frozenset({Capability.X_ACTIVE, Capability.ONE_ACTIVE})


class Invocation(IntEnum):
    """SaAmfHealthcheckInvocationT."""

    AMF_INVOKED = 1
    COMPONENT_INVOKED = 2


class Track(IntEnum):
    """SaUint8T flags of saAmfProtectionGroupTrack_4."""

    CURRENT = 1
    CHANGES = 2
    CHANGES_ONLY = 4


class GroupChange(IntEnum):
    """SaAmfProtectionGroupChangesT."""

    NO_CHANGE = 1
    ADDED = 2
    REMOVED = 3
    STATE_CHANGE = 4


class Progress(IntEnum):
    """How far a node director has come with one CSI of a component, or with one SI of a unit."""

    UNASSIGNED = 1
    ASSIGNING = 2
    ASSIGNED = 3
    REMOVING = 4
    REMOVED = 5
    RESTARTING = 6


class Susi(IntEnum):
    """How far the cluster director has come with one SI assignment (OpenSAF: SU-SI)."""

    ASSIGNING = 1
    ASSIGNED = 2
    REMOVING = 3
    MODIFYING = 4


class GroupState(IntEnum):
    """What a service group is busy with: one thing at a time."""

    STABLE = 0
    REALIGN = 1  # assignments are being made, moved or removed
    SU_OPERATION = 2  # one SU is leaving: lock, shutdown, fault, or SI swap
    SI_OPERATION = 3  # one SI is being locked or shut down
    SG_ADMIN = 4  # the group is being locked or shut down


class Act(IntEnum):
    """What the cluster director asks a node to do with an assignment."""

    ASSIGN = 1
    REMOVE = 2
    MODIFY = 3
