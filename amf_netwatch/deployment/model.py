# SPDX-License-Identifier: Apache-2.0
"""The AMF model and the IMM classes as XML that ``immcfg -f`` loads: `amf-netwatch model` and `classes`.

The default is no redundancy, with one SU and one SI for each node, because network interfaces belong to
nodes. 2N is for clusters with one active publisher among several nodes. SUs are made locked for
instantiation, so that loading starts nothing. A file may be loaded twice. A file with more nodes may also be
loaded (they must be appended, so that the others keep their numbers), because existing objects are skipped.

Why these numbers
    Restarting the component costs 0.1 s and repairs every failure that a restart can repair. AMF allows 10
    restarts in 60 s, then 3 restarts of the SU in 120 s, and then gives the SU up until ``amf-adm repaired``.
    A failure that persists needs the administrator, and AMF's next step, a reboot of the node, would be worse
    than the failure. Auto-repair is off for the same reason. The healthcheck period is how late IMM may be; a
    healthcheck costs nothing when nothing changed. The healthcheck duration is how long AMF waits for an
    answer: a refresh (2 s in IMM, setting `budget`, and one call of 1 s) may be under way.
"""

from __future__ import annotations

from typing import NamedTuple

from amf_netwatch.errors import SettingsError
from amf_netwatch.program import DEFAULT_PREFIX
from amf_netwatch.publication.classes import CLASSES
from amf_netwatch.settings import BY_NAME, TABLE, Sources
from imm_model.names import escape_dn
from imm_model.objects import ImmObject
from imm_model.types import Value
from imm_model.xml import format_imm_xml

NAME = "NetWatch"
CLUSTER = "safAmfCluster=myAmfCluster"
DEFAULT_NODE = "SC-1"
DEFAULT_PERIOD, DEFAULT_MAX_DURATION = 5.0, 10.0
MIN_SECONDS = 0.1  # AMF refuses smaller values for a healthcheck
NO_REDUNDANCY, TWO_N = 5, 1  # SaAmfRedundancyModelT
_ONE_ACTIVE, _ONE_ACTIVE_OR_ONE_STANDBY = 6, 4  # SaAmfCompCapabilityModelT
_SA_AWARE = 1
_LOCKED_INSTANTIATION = 3
_COMPONENT_RESTART = 2
_SECOND = 10**9
_VERSION = "safVersion=1"


class ModelOptions(NamedTuple):
    """The input of a model. `settings` are pairs of name and value; a list has several pairs."""

    nodes: tuple[str, ...] = (DEFAULT_NODE,)
    prefix: str = DEFAULT_PREFIX
    period: float = DEFAULT_PERIOD
    max_duration: float = DEFAULT_MAX_DURATION
    settings: tuple[tuple[str, str], ...] = ()
    redundancy: int = NO_REDUNDANCY
    environment: tuple[str, ...] = ()  # more variables (NAME=VALUE) of the CLC-CLI commands
    node_group: str = "AllNodes"  # the node group of the SG; every node must be in it
    version: str = "1"  # of the component type and the software bundle; an upgrade campaign changes it


def build_model(options: ModelOptions) -> list[ImmObject]:
    """Make all objects, each after the objects that it refers to. Raises SettingsError if a setting is
    wrong."""
    if not is_prefix(options.prefix):
        raise SettingsError(f"prefix {options.prefix!r} has a blank, at which AMF splits a command")
    assigned, process = _split_settings(options)
    return [
        *_types(options, process),
        *_software(options),
        *_application(options),
        *(each for number in range(1, _workloads(options) + 1) for each in _workload(number, assigned)),
        *(each for rank, node in enumerate(options.nodes, 1) for each in _unit(options, node, rank)),
    ]


def format_model(options: ModelOptions) -> str:
    """Return the model as XML text. Raises SettingsError if a setting is wrong."""
    return format_imm_xml(objects=build_model(options), comment=_comment(options))


def format_classes() -> str:
    """Return the two IMM classes as XML text."""
    return format_imm_xml(classes=CLASSES, comment="IMM classes of amf-netwatch; load with: immcfg -f FILE")


def is_node_name(name: str) -> bool:
    """Tell whether a node can have this name: ``netWatchNode=NAME`` must fit into the 64 bytes of an RDN."""
    return 0 < len(name) <= 50 and name.isascii() and name.isprintable() and not set(name) & set(" ,\\")


def is_prefix(prefix: str) -> bool:
    """Tell whether AMF can find a command in this directory, because AMF splits a command's text at
    blanks."""
    return not any(letter.isspace() for letter in prefix)


def _split_settings(options: ModelOptions) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Split the settings into CSI attributes and environment variables. Raises SettingsError."""
    given: dict[str, tuple[str, ...]] = {}
    for name, value in options.settings:
        given[name] = (*given.get(name, ()), value)
    budget = Sources(given, {}).settings(()).budget
    if "budget" in given and budget >= options.max_duration:
        raise SettingsError(
            f"budget {given['budget'][0]} is not less than the {options.max_duration:g} s that AMF waits for "
            "the answer to a healthcheck (--max-duration)"
        )
    assigned = {name: values for name, values in given.items() if BY_NAME[name].assigned}
    return assigned, {name: values for name, values in given.items() if name not in assigned}


def _object(class_name: str, dn: str, **attributes: Value | tuple[Value, ...]) -> ImmObject:
    values = {name: each if isinstance(each, tuple) else (each,) for name, each in attributes.items()}
    return ImmObject(dn, class_name, values)


def _type(kind: str) -> str:
    """Return the DN of a versioned type, as in ``_type("Su")``. The component type has its own version."""
    return f"{_VERSION},saf{kind}Type={NAME}"


def _component_type(options: ModelOptions) -> str:
    return f"safVersion={options.version},safCompType={NAME}"


def _bundle(options: ModelOptions) -> str:
    return f"safSmfBundle={NAME}" + ("" if options.version == "1" else f"-{options.version}")


def _types(options: ModelOptions, process: dict[str, tuple[str, ...]]) -> list[ImmObject]:
    two_n = options.redundancy == TWO_N
    environment = options.environment + tuple(
        f"{BY_NAME[name].variable}={' '.join(values)}" for name, values in sorted(process.items())
    )
    component_type: dict[str, Value | tuple[Value, ...]] = {
        "saAmfCtCompCategory": _SA_AWARE,
        "saAmfCtSwBundle": _bundle(options),
        "saAmfCtDefClcCliTimeout": 10 * _SECOND,
        "saAmfCtDefCallbackTimeout": 10 * _SECOND,
        "saAmfCtRelPathInstantiateCmd": "amf-netwatch",
        "saAmfCtDefInstantiateCmdArgv": "instantiate",
        "saAmfCtRelPathCleanupCmd": "amf-netwatch",
        "saAmfCtDefCleanupCmdArgv": "cleanup",
        "saAmfCtDefQuiescingCompleteTimeout": 10 * _SECOND,
        "saAmfCtDefRecoveryOnError": _COMPONENT_RESTART,
        "saAmfCtDefDisableRestart": 0,
    }
    if environment:
        component_type["saAmfCtDefCmdEnv"] = environment
    return [
        *(
            _object(f"SaAmf{word}BaseType", f"saf{kind}Type={NAME}")
            for word, kind in (
                ("App", "App"),
                ("SG", "Sg"),
                ("SU", "Su"),
                ("Comp", "Comp"),
                ("Svc", "Svc"),
                ("CS", "CS"),
            )
        ),
        _object("SaAmfAppType", _type("App"), saAmfApptSGTypes=_type("Sg")),
        _object(
            "SaAmfSGType",
            _type("Sg"),
            saAmfSgtRedundancyModel=options.redundancy,
            saAmfSgtValidSuTypes=_type("Su"),
            saAmfSgtDefAutoAdjustProb=10 * _SECOND,
            saAmfSgtDefCompRestartProb=60 * _SECOND,
            saAmfSgtDefCompRestartMax=10,
            saAmfSgtDefSuRestartProb=120 * _SECOND,
            saAmfSgtDefSuRestartMax=3,
        ),
        _object(
            "SaAmfSUType",
            _type("Su"),
            saAmfSutIsExternal=0,
            saAmfSutDefSUFailover=1,
            saAmfSutProvidesSvcTypes=_type("Svc"),
        ),
        _object("SaAmfCompType", _component_type(options), **component_type),
        _object("SaAmfSvcType", _type("Svc")),
        _object(
            "SaAmfCSType",
            _type("CS"),
            saAmfCSAttrName=tuple(setting.name for setting in TABLE if setting.assigned),
        ),
        _object("SaAmfSutCompType", f"safMemberCompType={escape_dn(_component_type(options))},{_type('Su')}"),
        _object("SaAmfSvcTypeCSTypes", f"safMemberCSType={escape_dn(_type('CS'))},{_type('Svc')}"),
        _object(
            "SaAmfCtCsType",
            f"safSupportedCsType={escape_dn(_type('CS'))},{_component_type(options)}",
            saAmfCtCompCapability=_ONE_ACTIVE_OR_ONE_STANDBY if two_n else _ONE_ACTIVE,
            saAmfCtDefNumMaxActiveCSIs=1,
            **({"saAmfCtDefNumMaxStandbyCSIs": 1} if two_n else {}),
        ),
        _object(
            "SaAmfHealthcheckType",
            f"safHealthcheckKey={_healthcheck_key(process)},{_component_type(options)}",
            saAmfHctDefPeriod=round(options.period * _SECOND),
            saAmfHctDefMaxDuration=round(options.max_duration * _SECOND),
        ),
    ]


def _healthcheck_key(process: dict[str, tuple[str, ...]]) -> str:
    return process.get("healthcheck-key", (BY_NAME["healthcheck-key"].default,))[0]


def _software(options: ModelOptions) -> list[ImmObject]:
    bundle = _bundle(options)
    return [
        _object("SaSmfSwBundle", bundle),
        *(
            _object(
                "SaAmfNodeSwBundle",
                f"safInstalledSwBundle={bundle},safAmfNode={node},{CLUSTER}",
                saAmfNodeSwBundlePathPrefix=options.prefix,
            )
            for node in options.nodes
        ),
    ]


def _application(options: ModelOptions) -> list[ImmObject]:
    return [
        _object("SaAmfApplication", f"safApp={NAME}", saAmfAppType=_type("App")),
        _object(
            "SaAmfSG",
            f"safSg={NAME},safApp={NAME}",
            saAmfSGType=_type("Sg"),
            # AMF refuses an SG whose node group comes from the same load. So this must be an existing group.
            saAmfSGSuHostNodeGroup=f"safAmfNodeGroup={options.node_group},{CLUSTER}",
            saAmfSGAutoRepair=0,
        ),
    ]


def _workloads(options: ModelOptions) -> int:
    return 1 if options.redundancy == TWO_N else len(options.nodes)


def _workload(number: int, assigned: dict[str, tuple[str, ...]]) -> list[ImmObject]:
    service = f"safSi={NAME}{number},safApp={NAME}"
    csi = f"safCsi={NAME},{service}"
    return [
        _object(
            "SaAmfSI",
            service,
            saAmfSvcType=_type("Svc"),
            saAmfSIProtectedbySG=f"safSg={NAME},safApp={NAME}",
        ),
        _object("SaAmfCSI", csi, saAmfCSType=_type("CS")),
        *(
            _object("SaAmfCSIAttribute", f"safCsiAttr={name},{csi}", saAmfCSIAttriValue=values)
            for name, values in sorted(assigned.items())
        ),
    ]


def _unit(options: ModelOptions, node: str, rank: int) -> list[ImmObject]:
    unit = f"safSu={node},safSg={NAME},safApp={NAME}"
    component = f"safComp={NAME},{unit}"
    return [
        _object(
            "SaAmfSU",
            unit,
            saAmfSUType=_type("Su"),
            saAmfSURank=rank,
            saAmfSUHostNodeOrNodeGroup=f"safAmfNode={node},{CLUSTER}",
            saAmfSUAdminState=_LOCKED_INSTANTIATION,
        ),
        _object("SaAmfComp", component, saAmfCompType=_component_type(options)),
        _object("SaAmfCompCsType", f"safSupportedCsType={escape_dn(_type('CS'))},{component}"),
    ]


def _comment(options: ModelOptions) -> str:
    first = f"safSu={options.nodes[0]},safSg={NAME},safApp={NAME}"
    return (
        "AMF model of amf-netwatch; load with: immcfg -f FILE (after `amf-netwatch classes`), then for each "
        f"SU: amf-adm unlock-in {first} and amf-adm unlock {first}. Times are nanoseconds."
    )
