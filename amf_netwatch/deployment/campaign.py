# SPDX-License-Identifier: Apache-2.0
"""SMF campaigns: SMF installs, upgrades or removes the AMF model of `model`, node by node.

A campaign is a file that OpenSAF's Software Management Framework executes step by step. If a step fails, SMF
undoes the steps. Everything in it comes from the objects that ``amf-netwatch model`` prints, so a cluster
after the campaign *install* has the same model as a cluster that loaded that file.

install
    Procedure 1 installs the software bundle on every node (the command, if given, and the SaAmfNodeSwBundle
    objects: AMF reads the path prefix from them when a component appears). Procedure 2 loads the IMM classes,
    creates the types, then adds the application and unlocks its SUs.
upgrade
    It makes a new software bundle, a new version of the component type, and a node group of the given nodes
    (SMF needs a node group to upgrade node by node). Then, for each node: lock and terminate the SU, remove
    the old bundle, set the new type of the component, install the new bundle, instantiate, unlock. The old
    type, the old bundle and the group are deleted when the campaign is committed.
remove
    It locks and terminates the SUs, deletes the application, and removes the bundle from every node. Types
    and bundle are deleted when the campaign is committed.

SMF's work with the file, and the model itself, are not here. The structure follows the SA Forum's upgrade
campaign schema (SAI-AIS-SMF-UCS-A.01.02). Where OpenSAF needs more than the schema says, a comment says so.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Optional

from amf_netwatch.errors import NetwatchError
from imm_model.names import parent_dn, rdn_of
from imm_model.objects import ImmObject
from imm_model.types import Value

_SECOND = 10**9
COMMAND_TIMEOUT = 300 * _SECOND  # for one command on one node, because a package manager may need this time
STEP_TIME = 60 * _SECOND  # the expected time of a procedure; SMF only shows the number
_SCOPE_AMF_SU = 1  # SaSmfCmdScopeT: the offline command disturbs only an SU; 4 would reboot the node

# A campaign treats the objects of these classes by their role. All other objects belong to the application.
_BUNDLE, _NODE_BUNDLE = "SaSmfSwBundle", "SaAmfNodeSwBundle"
_TYPES = frozenset(
    {
        "SaAmfAppBaseType",
        "SaAmfSGBaseType",
        "SaAmfSUBaseType",
        "SaAmfCompBaseType",
        "SaAmfSvcBaseType",
        "SaAmfCSBaseType",
        "SaAmfAppType",
        "SaAmfSGType",
        "SaAmfSUType",
        "SaAmfCompType",
        "SaAmfSvcType",
        "SaAmfCSType",
        "SaAmfSutCompType",
        "SaAmfSvcTypeCSTypes",
        "SaAmfCtCsType",
        "SaAmfHealthcheckType",
    }
)
# AMF refuses to delete a type and an object that refers to it in one CCB. So the users of a type come first.
_TYPE_TREES = (
    "SaAmfAppBaseType",
    "SaAmfSGBaseType",
    "SaAmfSUBaseType",
    "SaAmfCompBaseType",
    "SaAmfSvcBaseType",
    "SaAmfCSBaseType",
)

# A campaign must name the IMM type of each attribute (SAI-AIS-AMF-B.04.01, UML model). An attribute that is
# in none of these sets is SA_UINT32_T.
_NAMES = frozenset(
    {
        "saAmfAppType",
        "saAmfApptSGTypes",
        "saAmfCSType",
        "saAmfCompType",
        "saAmfCtSwBundle",
        "saAmfNGNodeList",
        "saAmfSGSuHostNodeGroup",
        "saAmfSGType",
        "saAmfSIProtectedbySG",
        "saAmfSUHostNodeOrNodeGroup",
        "saAmfSUType",
        "saAmfSgtValidSuTypes",
        "saAmfSutProvidesSvcTypes",
        "saAmfSvcType",
        "safInstalledSwBundle",
        "safMemberCSType",
        "safMemberCompType",
        "safSupportedCsType",
    }
)
_TIMES = frozenset(
    {
        "saAmfCtDefCallbackTimeout",
        "saAmfCtDefClcCliTimeout",
        "saAmfCtDefQuiescingCompleteTimeout",
        "saAmfHctDefMaxDuration",
        "saAmfHctDefPeriod",
        "saAmfSGCompRestartProb",
        "saAmfSGSuRestartProb",
        "saAmfSgtDefAutoAdjustProb",
        "saAmfSgtDefCompRestartProb",
        "saAmfSgtDefSuRestartProb",
    }
)
_STRINGS = frozenset(
    {
        "saAmfCSAttrName",
        "saAmfCSIAttriValue",
        "saAmfCompCmdEnv",
        "saAmfCtDefCleanupCmdArgv",
        "saAmfCtDefCmdEnv",
        "saAmfCtDefInstantiateCmdArgv",
        "saAmfCtRelPathCleanupCmd",
        "saAmfCtRelPathInstantiateCmd",
        "saAmfNodeSwBundlePathPrefix",
    }
)


class CampaignError(NetwatchError):
    """The model does not fit the requested campaign. The text says why."""


class Commands(NamedTuple):
    """The commands that SMF runs on each node, as root, by /bin/sh. For an empty text, the operator does
    it."""

    install: str = ""
    remove: str = ""


NO_COMMANDS = Commands()


class _Model(NamedTuple):
    """A model's objects by their role in a campaign. In each tuple, parents come before their children."""

    bundle: str
    node_bundles: tuple[ImmObject, ...]
    types: tuple[ImmObject, ...]
    application: tuple[ImmObject, ...]

    @property
    def root(self) -> str:
        return self._one("SaAmfApplication")

    @property
    def group(self) -> str:
        return self._one("SaAmfSG")

    @property
    def units(self) -> tuple[str, ...]:
        return tuple(each.dn for each in self.application if each.class_name == "SaAmfSU")

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(parent_dn(each.dn) for each in self.node_bundles)

    @property
    def prefix(self) -> str:
        """Return the directory of the commands; it is the same on all nodes."""
        return _value(self.node_bundles[0], "saAmfNodeSwBundlePathPrefix")

    @property
    def component_type(self) -> ImmObject:
        return next(each for each in self.types if each.class_name == "SaAmfCompType")

    def _one(self, class_name: str) -> str:
        return next(each.dn for each in self.application if each.class_name == class_name)


def install_campaign(objects: Iterable[ImmObject], name: str, commands: Commands = NO_COMMANDS) -> str:
    """Return the campaign that creates `objects`, which come from ``amf-netwatch model``, as XML text."""
    model = _sort(objects)
    campaign, initialization = _campaign(name, len(model.units))
    initialization.append(ET.Element("addToImm"))
    _add_bundle(initialization[0], model.bundle, commands)
    wrapup = _wrapup()

    software, act = _procedure(name, "software", 1)
    _, activation = _add_remove(act)
    _add_software(activation, "swAdd", model)

    application, act = _procedure(name, "application", 2)
    application.insert(1, _load_classes(model))
    application.insert(2, _ccb("procInitAction", [_creation("create", each) for each in model.types]))
    _, activation = _add_remove(act)
    _acted_on(activation, model.units)
    activation.extend(_creation("added", each) for each in model.application)

    campaign.extend([initialization, software, application, wrapup])
    return _text(campaign)


def upgrade_campaign(
    old: Iterable[ImmObject], new: Iterable[ImmObject], name: str, commands: Commands = NO_COMMANDS
) -> str:
    """Return the rolling campaign that turns the model `old` into the model `new`, as XML text.

    The models have the same nodes. They differ in the version of the component type, with its commands,
    time-outs and healthcheck, and in the software bundle. Raises CampaignError if anything else differs, or
    if there is no difference.
    """
    before, after = _sort(old), _sort(new)
    old_type, new_type = before.component_type.dn, after.component_type.dn
    created = [each for each in after.types if each not in before.types]
    deleted = [each for each in before.types if each not in after.types]
    if not created or before.bundle == after.bundle or old_type == new_type:
        raise CampaignError("the versions are the same: there is nothing to upgrade")
    strangers = [each.dn for each in (*created, *deleted) if not _belongs(each.dn, (old_type, new_type))]
    kept = [_without_type(each) for each in before.application]
    if strangers or kept != [_without_type(each) for each in after.application]:
        raise CampaignError(
            "an upgrade changes the component type and the software bundle, nothing else: "
            + (", ".join(strangers) or "here the application differs")
        )

    campaign, initialization = _campaign(name, len(after.units))
    initialization.append(ET.Element("addToImm"))
    _add_bundle(initialization[0], after.bundle, commands)
    group = ImmObject(
        f"safAmfNodeGroup={name},{parent_dn(after.nodes[0])}",
        "SaAmfNodeGroup",
        {"saAmfNGNodeList": after.nodes},
    )
    creations = [_creation("create", each) for each in (*created, group)]
    initialization.append(_ccb("campInitAction", creations))
    procedure, act = _procedure(name, "component", 1)
    _roll(act, group.dn, before, after)
    wrapup = _wrapup()
    wrapup.insert(-2, _ccb("campWrapupAction", [ET.Element("delete", objectDN=group.dn)]))
    # The membership of the old type in the SU type is deleted first. Deleting the type deletes its children
    # too.
    for each in sorted(deleted, key=lambda each: each.dn == old_type):
        if parent_dn(each.dn) != old_type:
            wrapup.insert(-2, _ccb("campWrapupAction", [ET.Element("delete", objectDN=each.dn)]))
    ET.SubElement(wrapup[-1], "softwareBundleDN", bundleDN=before.bundle)
    campaign.extend([initialization, procedure, wrapup])
    return _text(campaign)


def remove_campaign(objects: Iterable[ImmObject], name: str, commands: Commands = NO_COMMANDS) -> str:
    """Return the campaign that removes the whole application, as XML text.

    Every node that has an SU must be in `objects`, because AMF refuses to delete an application if one of its
    SUs is not locked for instantiation. The campaign then fails and can be rolled back.
    """
    model = _sort(objects)
    campaign, initialization = _campaign(name, len(model.units))
    initialization.append(ET.Element("addToImm"))
    if commands.remove:
        initialization.append(_ccb("campInitAction", [_removal_command(model.bundle, commands.remove)]))
    procedure, act = _procedure(name, "application", 1)
    deactivation, _ = _add_remove(act)
    _acted_on(deactivation, model.units)
    removed = ET.SubElement(deactivation, "removed")
    ET.SubElement(removed, "byName", objectDN=model.root)
    _add_software(deactivation, "swRemove", model)
    wrapup = _wrapup()
    for class_name in _TYPE_TREES:
        for each in model.types:
            if each.class_name == class_name:
                wrapup.insert(-2, _ccb("campWrapupAction", [ET.Element("delete", objectDN=each.dn)]))
    ET.SubElement(wrapup[-1], "softwareBundleDN", bundleDN=model.bundle)
    campaign.extend([initialization, procedure, wrapup])
    return _text(campaign)


def immcfg_commands(name: str, path: str) -> Sequence[str]:
    """Return the commands that register, execute and commit the campaign of this name in the file `path`."""
    dn = f"safSmfCampaign={name},safApp=safSmfService"
    return (
        f"immcfg -c SaSmfCampaign -a saSmfCmpgFileUri={path} {dn}",
        f"smf-adm execute {dn}",
        f"smf-adm commit {dn}",
    )


def _sort(objects: Iterable[ImmObject]) -> _Model:
    listed = list(objects)
    bundles = [each.dn for each in listed if each.class_name == _BUNDLE]
    node_bundles = tuple(each for each in listed if each.class_name == _NODE_BUNDLE)
    if len(bundles) != 1 or not node_bundles:
        raise CampaignError("the model needs one software bundle, and a node it is installed on")
    special = {_BUNDLE, _NODE_BUNDLE}
    return _Model(
        bundles[0],
        node_bundles,
        tuple(each for each in listed if each.class_name in _TYPES),
        tuple(each for each in listed if each.class_name not in _TYPES | special),
    )


def _campaign(name: str, units: int) -> tuple[ET.Element, ET.Element]:
    campaign = ET.Element("upgradeCampaign", safSmfCampaign=f"safSmfCampaign={name}")
    information = ET.SubElement(campaign, "campaignInfo")
    ET.SubElement(information, "campaignPeriod", saSmfCmpgExpectedTime=str(units * STEP_TIME))
    return campaign, ET.Element("campaignInitialization")


def _wrapup() -> ET.Element:
    """Make the end of a campaign. The actions of the commit are inserted before its last two elements."""
    wrapup = ET.Element("campaignWrapup")
    for tag in ("waitToCommit", "waitToAllowNewCampaign", "removeFromImm"):
        ET.SubElement(wrapup, tag)
    return wrapup


def _procedure(campaign: str, name: str, level: int) -> tuple[ET.Element, ET.Element]:
    """Make a procedure and its upgradeMethod. SMF runs procedures in the order of their levels."""
    procedure = ET.Element(
        "upgradeProcedure", safSmfProcedure=f"safSmfProc={campaign}-{name}", saSmfExecLevel=str(level)
    )
    outage = ET.SubElement(procedure, "outageInfo")
    ET.SubElement(ET.SubElement(outage, "acceptableServiceOutage"), "all")
    ET.SubElement(outage, "procedurePeriod", saSmfProcPeriod=str(STEP_TIME))
    return procedure, ET.SubElement(procedure, "upgradeMethod")


def _add_remove(method: ET.Element) -> tuple[ET.Element, ET.Element]:
    """Make the deactivation unit and the activation unit of a single step."""
    step = ET.SubElement(method, "singleStepUpgrade")
    pair = ET.SubElement(ET.SubElement(step, "upgradeScope"), "forAddRemove")
    ET.SubElement(step, "upgradeStep")
    return ET.SubElement(pair, "deactivationUnit"), ET.SubElement(pair, "activationUnit")


def _roll(method: ET.Element, nodes: str, before: _Model, after: _Model) -> None:
    """Add one step for each SU of our SG on the nodes of the group `nodes`."""
    rolling = ET.SubElement(method, "rollingUpgrade")
    template = ET.SubElement(ET.SubElement(rolling, "upgradeScope"), "byTemplate")
    target = ET.SubElement(template, "targetNodeTemplate", objectDN=nodes)
    ET.SubElement(ET.SubElement(target, "activationUnitTemplate"), "parent", objectDN=after.group)
    ET.SubElement(target, "swRemove", bundleDN=before.bundle, pathnamePrefix=before.prefix)
    ET.SubElement(target, "swAdd", bundleDN=after.bundle, pathnamePrefix=after.prefix)
    entity = ET.SubElement(template, "targetEntityTemplate")
    unit_type = next(
        _value(each, "saAmfSUType") for each in after.application if each.class_name == "SaAmfSU"
    )
    ET.SubElement(entity, "type", objectDN=unit_type)
    component = next(each.dn for each in after.application if each.class_name == "SaAmfComp")
    modification = ET.SubElement(
        entity,
        "modifyOperation",
        objectRDN=rdn_of(component),
        operation="SA_IMM_ATTR_VALUES_REPLACE",
    )
    modification.append(_attribute("saAmfCompType", (after.component_type.dn,)))
    ET.SubElement(rolling, "upgradeStep")


def _acted_on(unit: ET.Element, dns: Iterable[str]) -> None:
    acted_on = ET.SubElement(unit, "actedOn")
    for dn in dns:
        ET.SubElement(acted_on, "byName", objectDN=dn)


def _add_software(unit: ET.Element, tag: str, model: _Model) -> None:
    software = ET.SubElement(unit, tag, bundleDN=model.bundle, pathnamePrefix=model.prefix)
    for node in model.nodes:
        ET.SubElement(software, "plmExecEnv", amfNode=node)


def _add_bundle(parent: ET.Element, dn: str, commands: Commands) -> None:
    # The commands are offline commands: they run while the SU is terminated. A rollback first undoes the new
    # bundle and then restores the old one. If both bundles put their files into the same place, only offline
    # commands give the right result.
    bundle = ET.SubElement(parent, "softwareBundle", name=dn)
    for tag, word, command in (
        ("removal", "Remove", commands.remove),
        ("installation", "Install", commands.install),
    ):
        element = ET.SubElement(bundle, tag)
        if command:
            scope = {f"saSmfBundle{word}OfflineScope": str(_SCOPE_AMF_SU)}
            ET.SubElement(element, "offline", {"command": command, **scope})
    ET.SubElement(bundle, "defaultCliTimeout", saSmfBundleDefaultCmdTimeout=str(COMMAND_TIMEOUT))


def _removal_command(bundle: str, command: str) -> ET.Element:
    modification = ET.Element("modify", objectDN=bundle, operation="SA_IMM_ATTR_VALUES_REPLACE")
    for name, kind, value in (
        ("saSmfBundleRemoveOfflineCmdUri", "SASTRINGT", command),
        ("saSmfBundleRemoveOfflineScope", "SAUINT32T", str(_SCOPE_AMF_SU)),
        ("saSmfBundleDefaultCmdTimeout", "SATIMET", str(COMMAND_TIMEOUT)),
    ):
        attribute = ET.SubElement(modification, "attribute", name=name, type=f"SA_IMM_ATTR_{kind}")
        ET.SubElement(attribute, "value").text = value
    return modification


def _load_classes(model: _Model) -> ET.Element:
    # A campaign can create objects but no classes. SMF runs this command by /bin/sh. Classes may be loaded
    # twice.
    action = ET.Element("procInitAction")
    ET.SubElement(
        action, "doCliCommand", command=f"{model.prefix}/amf-netwatch", args="classes | immcfg -f /dev/stdin"
    )
    ET.SubElement(action, "undoCliCommand", command="/bin/true")
    ET.SubElement(action, "plmExecEnv", amfNode=model.nodes[0])
    return action


def _ccb(tag: str, operations: Iterable[ET.Element]) -> ET.Element:
    action = ET.Element(tag)
    ET.SubElement(action, "immCCB", ccbFlags="0").extend(operations)
    return action


def _creation(tag: str, item: ImmObject) -> ET.Element:
    # The schema requires a DN as parent. A campaign writes "=" for an object at the top.
    creation = ET.Element(tag, objectClassName=item.class_name, parentObjectDN=parent_dn(item.dn) or "=")
    rdn = rdn_of(item.dn)
    naming = rdn.partition("=")[0]
    creation.append(_attribute(naming, (rdn,), None if naming in _NAMES else "SASTRINGT"))
    creation.extend(_attribute(name, values) for name, values in item.attributes.items() if values)
    return creation


def _attribute(name: str, values: Sequence[Value], kind: Optional[str] = None) -> ET.Element:
    if kind is None:
        if name in _NAMES:
            kind = "SANAMET"
        elif name in _TIMES:
            kind = "SATIMET"
        else:
            kind = "SASTRINGT" if name in _STRINGS else "SAUINT32T"
    attribute = ET.Element("attribute", name=name, type=f"SA_IMM_ATTR_{kind}")
    for value in values:
        ET.SubElement(attribute, "value").text = str(value)
    return attribute


def _value(item: ImmObject, name: str) -> str:
    values = item.attributes.get(name)
    if not values:
        raise CampaignError(f"{item.dn} has no {name}")
    return str(values[0])


def _belongs(dn: str, types: Iterable[str]) -> bool:
    """Tell whether `dn` is one of the component types, is below one, or is its membership in an SU type."""
    for each in types:
        member = "safMemberCompType=" + each.replace(",", "\\,")
        if dn == each or dn.endswith("," + each) or rdn_of(dn) == member:
            return True
    return False


def _without_type(item: ImmObject) -> ImmObject:
    kept = {name: values for name, values in item.attributes.items() if name != "saAmfCompType"}
    return item._replace(attributes=kept)


def _text(campaign: ET.Element) -> str:
    ET.indent(campaign)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(campaign, encoding="unicode") + "\n"
