# SPDX-License-Identifier: Apache-2.0
"""Events of the presence of a component and of a service unit: the columns of the tables in `node.presence`
and `node.units`."""

from __future__ import annotations

from enum import Enum


class ComponentEvent(Enum):
    """What can happen to a component's presence."""

    INSTANTIATE = "instantiate"
    INSTANTIATED = "instantiated"  # command ended with 0 and registered
    INSTANTIATION_FAILED = "instantiation failed"
    TERMINATE = "terminate"
    TERMINATED = "terminated"  # terminate answered OK and the process gone
    CLEANUP = "clean up"
    CLEANED_UP = "cleaned up"
    CLEANUP_FAILED = "cleanup failed"
    RESTART = "restart"


class UnitEvent(Enum):
    """What can happen to a unit's presence."""

    INSTANTIATE = "instantiate"
    TERMINATE = "terminate"
    RESTART = "restart"
    COMPONENT_INSTANTIATED = "a component is instantiated"
    COMPONENT_INSTANTIATION_FAILED = "a component's instantiation failed"
    COMPONENT_RESTARTING = "a component waits for its turn to restart"
    COMPONENT_TERMINATION_FAILED = "a component's termination failed"
    COMPONENT_UNINSTANTIATED = "a component is uninstantiated"
    COMPONENT_TERMINATING = "a component is being terminated"
