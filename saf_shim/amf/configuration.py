# SPDX-License-Identifier: Apache-2.0
"""What the model says: attributes of AMF's configuration objects, with the defaults of types and of OpenSAF.

Values are read from IMM when they are used, so a change at run time counts from then on. If an entity has no
value, the value of its type counts (first saAmfCompDisableRestart, then saAmfCtDefDisableRestart). This
module writes nothing and keeps no value. Times are nanoseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

from imm_model.names import escape_dn, parent_dn, rdn_value
from imm_model.types import Value
from saf_shim.amf.states import SECOND, Capability, Recovery, Redundancy
from saf_shim.imm.implementer.hooks import View

GLOBAL_ATTRIBUTES = "safRdn=compGlobalAttributes,safApp=safAmfService"
DEFAULT_TRIES = 2
DEFAULT_FAILOVER_MAX = 2
DEFAULT_FAILOVER_PROBATION = 1200 * SECOND
SA_AWARE = 1  # SaAmfCompCategoryT bit
UNLIMITED = 1 << 32


class CommandLine(NamedTuple):
    """A CLC-CLI command of a component: the command line, and what the model adds to the environment."""

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]


class Configuration:
    """Answers questions about the model behind `view`."""

    def __init__(self, view: View) -> None:
        self.view = view

    # -- reading

    def values(self, dn: str, attribute: str) -> Sequence[Value]:
        found = self.view.get(dn)
        return () if found is None else found.get(attribute, ())

    def value(self, dn: str, attribute: str) -> Optional[Value]:
        return next(iter(self.values(dn, attribute)), None)

    def number(self, dn: str, attribute: str) -> Optional[int]:
        value = self.value(dn, attribute)
        return value if isinstance(value, int) else None

    def name(self, dn: str, attribute: str) -> str:
        value = self.value(dn, attribute)
        return value if isinstance(value, str) else ""

    def texts(self, dn: str, attribute: str) -> list[str]:
        return [value for value in self.values(dn, attribute) if isinstance(value, str)]

    def _by_type(self, dn: str, own: str, reference: str, default: str) -> Optional[int]:
        value = self.number(dn, own) if own else None
        return value if value is not None else self.number(self.name(dn, reference), default)

    # -- components

    def component_type(self, component: str) -> str:
        return self.name(component, "saAmfCompType")

    def _component(self, component: str, own: str, default: str) -> Optional[int]:
        return self._by_type(component, own, "saAmfCompType", default)

    def instantiation_level(self, component: str) -> int:
        return self._component(component, "saAmfCompInstantiationLevel", "saAmfCtDefInstantiationLevel") or 0

    def max_tries(self, component: str) -> int:
        """Return how often an instantiation is tried. OpenSAF does not support tries with a delay."""
        value = self.number(component, "saAmfCompNumMaxInstantiateWithoutDelay")
        if value is None:
            value = self.number(GLOBAL_ATTRIBUTES, "saAmfNumMaxInstantiateWithoutDelay")
        return DEFAULT_TRIES if value is None else value

    def restart_disabled(self, component: str) -> bool:
        return bool(self._component(component, "saAmfCompDisableRestart", "saAmfCtDefDisableRestart"))

    def recovery_on_error(self, component: str) -> Recovery:
        value = self._component(component, "saAmfCompRecoveryOnError", "saAmfCtDefRecoveryOnError")
        if value is None or value == Recovery.NO_RECOMMENDATION:
            return Recovery.COMPONENT_FAILOVER
        return Recovery(value)

    def instantiate_timeout(self, component: str) -> int:
        return self._component(component, "saAmfCompInstantiateTimeout", "saAmfCtDefClcCliTimeout") or 0

    def cleanup_timeout(self, component: str) -> int:
        return self._component(component, "saAmfCompCleanupTimeout", "saAmfCtDefClcCliTimeout") or 0

    def terminate_timeout(self, component: str) -> int:
        """Return the time-out of the terminate callback.

        For a component that has its own saAmfCompTerminateTimeout, amfnd 5.21 loses the value, and the
        callback times out at once."""
        if self.number(component, "saAmfCompTerminateTimeout") is not None:
            return 0
        return self._callback_timeout(component, "")

    def csi_set_timeout(self, component: str) -> int:
        return self._callback_timeout(component, "saAmfCompCSISetCallbackTimeout")

    def csi_remove_timeout(self, component: str) -> int:
        return self._callback_timeout(component, "saAmfCompCSIRmvCallbackTimeout")

    def _callback_timeout(self, component: str, own: str) -> int:
        return self._component(component, own, "saAmfCtDefCallbackTimeout") or 0

    def quiescing_timeout(self, component: str) -> int:
        value = self._component(
            component, "saAmfCompQuiescingCompleteTimeout", "saAmfCtDefQuiescingCompleteTimeout"
        )
        return value if value is not None else self._callback_timeout(component, "")

    def command(self, component: str, node: str, command: str) -> CommandLine:
        """Return the instantiate or cleanup command on the AMF node `node`. Its argv is empty if the type has
        no such command.

        The path is the prefix of the node's software bundle, followed by the type's relative path. The
        arguments of the type come first, then those of the component; each value is split at blanks. The
        environment of the type comes first, then that of the component."""
        kind = self.component_type(component)
        word = command.capitalize()
        path = self.name(kind, f"saAmfCtRelPath{word}Cmd")
        if not path:
            return CommandLine((), ())
        bundle = escape_dn(self.name(kind, "saAmfCtSwBundle"))
        prefix = self.name(f"safInstalledSwBundle={bundle},{node}", "saAmfNodeSwBundlePathPrefix")
        line = " ".join(
            [
                f"{prefix}/{path}" if prefix else path,
                *self.texts(kind, f"saAmfCtDef{word}CmdArgv"),
                *self.texts(component, f"saAmfComp{word}CmdArgv"),
            ]
        )
        settings = [*self.texts(kind, "saAmfCtDefCmdEnv"), *self.texts(component, "saAmfCompCmdEnv")]
        pairs = [setting.partition("=") for setting in settings if "=" in setting]
        return CommandLine(
            tuple(word for word in line.split(" ") if word), tuple((n, v) for n, _, v in pairs)
        )

    def healthcheck_type(self, component: str, key: str) -> Optional[tuple[int, int]]:
        dn = f"safHealthcheckKey={key},{self.component_type(component)}"
        return self._timing(dn, "saAmfHctDefPeriod", "saAmfHctDefMaxDuration")

    def healthcheck_instances(self, component: str) -> dict[str, tuple[int, int]]:
        """Return period and longest duration of the component's own SaAmfHealthcheck objects, by key."""
        found = {}
        for dn in self.view.children(component, "SaAmfHealthcheck"):
            timing = self._timing(dn, "saAmfHealthcheckPeriod", "saAmfHealthcheckMaxDuration")
            if timing is not None:
                found[rdn_value(dn)] = timing
        return found

    def _timing(self, dn: str, period: str, duration: str) -> Optional[tuple[int, int]]:
        times = self.number(dn, period), self.number(dn, duration)
        return None if times[0] is None or times[1] is None else (times[0], times[1])

    # -- service units

    def components_of(self, unit: str) -> Sequence[str]:
        return self.view.children(unit, "SaAmfComp")

    def su_failover(self, unit: str) -> bool:
        return bool(self._by_type(unit, "saAmfSUFailover", "saAmfSUType", "saAmfSutDefSUFailover"))

    def unit_rank(self, unit: str) -> int:
        """Return the rank of a unit. A lower rank is preferred, but 0 is the least preferred of all."""
        return self.number(unit, "saAmfSURank") or 0

    # -- service groups

    def _group(self, unit: str, own: str, default: str) -> int:
        return self._by_type(parent_dn(unit), own, "saAmfSGType", default) or 0

    def component_restart_max(self, unit: str) -> int:
        return self._group(unit, "saAmfSGCompRestartMax", "saAmfSgtDefCompRestartMax")

    def component_restart_probation(self, unit: str) -> int:
        return self._group(unit, "saAmfSGCompRestartProb", "saAmfSgtDefCompRestartProb")

    def unit_restart_max(self, unit: str) -> int:
        return self._group(unit, "saAmfSGSuRestartMax", "saAmfSgtDefSuRestartMax")

    def unit_restart_probation(self, unit: str) -> int:
        return self._group(unit, "saAmfSGSuRestartProb", "saAmfSgtDefSuRestartProb")

    def redundancy(self, group: str) -> Optional[Redundancy]:
        value = self.number(self.name(group, "saAmfSGType"), "saAmfSgtRedundancyModel")
        return Redundancy(value) if value is not None and value in Redundancy._value2member_map_ else None

    def auto_repair(self, group: str) -> bool:
        value = self._by_type(group, "saAmfSGAutoRepair", "saAmfSGType", "saAmfSgtDefAutoRepair")
        return True if value is None else bool(value)

    def preferred_in_service(self, group: str) -> int:
        """Return how many units should be instantiated; 0 means all."""
        return self.number(group, "saAmfSGNumPrefInserviceSUs") or 0

    def max_active_sis(self, group: str) -> int:
        """Return for how many SIs a unit may be active."""
        return self.number(group, "saAmfSGMaxActiveSIsperSU") or UNLIMITED

    # -- nodes

    def node_auto_repair(self, node: str) -> bool:
        """Tell whether AMF itself reboots the node after a failure."""
        value = self.number(node, "saAmfNodeAutoRepair")
        return True if value is None else bool(value)

    def failfast_on(self, node: str, failure: str) -> bool:
        """Tell whether this failure (Instantiation or Termination) reboots the node at once."""
        return bool(self.number(node, f"saAmfNodeFailfastOn{failure}Failure"))

    def failover_max(self, node: str) -> int:
        value = self.number(node, "saAmfNodeSuFailoverMax")
        return DEFAULT_FAILOVER_MAX if value is None else value

    def failover_probation(self, node: str) -> int:
        value = self.number(node, "saAmfNodeSuFailOverProb")
        return DEFAULT_FAILOVER_PROBATION if value is None else value

    def group_nodes(self, node_group: str) -> list[str]:
        return self.texts(node_group, "saAmfNGNodeList")

    # -- service instances

    def si_rank(self, si: str) -> int:
        return self.number(si, "saAmfSIRank") or 0

    def csi_dependencies(self, csi: str) -> list[str]:
        return self.texts(csi, "saAmfCSIDependencies")

    def csi_attributes(self, csi: str) -> Sequence[str]:
        """Return the DNs of the CSI's attributes."""
        return self.view.children(csi, "SaAmfCSIAttribute")

    def csi_attribute_values(self, attribute: str) -> list[str]:
        return self.texts(attribute, "saAmfCSIAttriValue")

    def supports(self, component: str, csi: str) -> bool:
        return self.view.get(self._supported(csi, component)) is not None

    def _supported(self, csi: str, holder: str) -> str:
        return f"safSupportedCsType={escape_dn(self.name(csi, 'saAmfCSType'))},{holder}"

    def max_assignments(self, component: str, csi: str, active: bool) -> int:
        """Return how many CSIs of this type the component can have in this HA state; -1 means any number."""
        own, default = (
            ("saAmfCompNumMaxActiveCSIs", "saAmfCtDefNumMaxActiveCSIs")
            if active
            else ("saAmfCompNumMaxStandbyCSIs", "saAmfCtDefNumMaxStandbyCSIs")
        )
        value = self.number(self._supported(csi, component), own)
        if value is None:
            value = self.number(self._supported(csi, self.component_type(component)), default)
        return -1 if value is None else value

    def capability(self, component: str, csi: str) -> Optional[Capability]:
        value = self.number(self._supported(csi, self.component_type(component)), "saAmfCtCompCapability")
        return Capability(value) if value is not None and value in Capability._value2member_map_ else None
