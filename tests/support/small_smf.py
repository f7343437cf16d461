# SPDX-License-Identifier: Apache-2.0
"""A small SMF: it does to a `Cluster` what SMF does, in SMF's order (as runs on OpenSAF showed it).

`Cluster` is IMM as a dictionary, and refuses what IMM and AMF refuse; one that is more than that overrides
the methods that act.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

from imm_model.names import parent_dn

AMF_CLUSTER = "safAmfCluster=myAmfCluster"  # stands before any campaign


@dataclass
class Cluster:
    """IMM as far as campaigns change it, and what was done to nodes and SUs."""

    objects: dict = field(default_factory=dict)  # DN -> (class, {attribute: texts})
    done: list = field(default_factory=list)  # ("lock" | "unlock", SU) and ("run", command, node)

    # ------------------------------------------------------------------------------------- what SMF does

    def ccb(self, creations, deletions=(), modifications=()):
        """One CCB: objects (DN, class, attributes), DNs, and (DN, attributes)."""
        for dn, class_name, attributes in creations:
            parent = parent_dn(dn)
            assert (
                parent in ("", AMF_CLUSTER) or parent in self.objects or parent.startswith("safAmfNode=")
            ), dn
            assert dn not in self.objects
            self.objects[dn] = (class_name, dict(attributes))
        for dn in deletions:
            self._delete(dn)
        for dn, attributes in modifications:
            self.objects[dn][1].update(attributes)

    def lock(self, unit):
        """Lock it, and lock it for instantiation."""
        self.done.append(("lock", unit))

    def unlock(self, unit):
        """Unlock it for instantiation, and unlock it."""
        (node,) = self.objects[unit][1]["saAmfSUHostNodeOrNodeGroup"]
        bundles = [dn for dn in self.objects if dn.startswith("safInstalledSwBundle=") and dn.endswith(node)]
        assert bundles, "AMF reads the path prefix when it learns of a component"
        self.done.append(("unlock", unit))

    def run(self, command, node):
        """Run a command on a node."""
        self.done.append(("run", command, node))

    # ---------------------------------------------------------------------------------------------- helpers

    def _delete(self, dn):
        assert dn in self.objects, f"nothing to delete: {dn}"
        gone = {each for each in self.objects if each == dn or each.endswith("," + dn)}
        left = {each: found for each, found in self.objects.items() if each not in gone}
        for each, (_, attributes) in left.items():
            for texts in attributes.values():
                assert not gone & set(texts), f"{each} refers to what is deleted"
        self.objects = left

    def run_bundle_command(self, bundle, word, node):
        command = self.objects[bundle][1].get(f"saSmfBundle{word}OfflineCmdUri")
        if command:
            self.run(command[0], node)

    def install(self, software, node):
        bundle, prefix = software.get("bundleDN"), software.get("pathnamePrefix")
        self.run_bundle_command(bundle, "Install", node)
        dn = f"safInstalledSwBundle={bundle},{node}"
        if dn not in self.objects:
            self.ccb([(dn, "SaAmfNodeSwBundle", {"saAmfNodeSwBundlePathPrefix": (prefix,)})])

    def remove(self, software, node):
        dn = f"safInstalledSwBundle={software.get('bundleDN')},{node}"
        if dn in self.objects:
            self.ccb([], [dn])


def execute(text, cluster):
    """Run the campaign and commit it."""
    campaign = ET.fromstring(text)
    for bundle in campaign.iter("softwareBundle"):
        attributes = {}
        for word, tag in (("Remove", "removal"), ("Install", "installation")):
            offline = bundle.find(f"{tag}/offline")
            if offline is not None:
                attributes[f"saSmfBundle{word}OfflineCmdUri"] = (offline.get("command"),)
                assert offline.get(f"saSmfBundle{word}OfflineScope") == "1"  # 4 would reboot the nodes
        cluster.ccb([(bundle.get("name"), "SaSmfSwBundle", attributes)])
    for action in campaign.iter("campInitAction"):
        _act(action, cluster)
    procedures = campaign.iter("upgradeProcedure")
    for procedure in sorted(procedures, key=lambda each: int(each.get("saSmfExecLevel"))):
        for action in procedure.iter("procInitAction"):
            _act(action, cluster)
        rolling = procedure.find(".//byTemplate")
        if rolling is not None:
            _roll(rolling, cluster)
        else:
            _step(procedure.find(".//forAddRemove"), cluster)
    for action in campaign.iter("campWrapupAction"):
        _act(action, cluster)
    for bundle in campaign.iter("softwareBundleDN"):
        cluster.ccb([], [bundle.get("bundleDN")])


def _act(action, cluster):
    bundle = action.find("immCCB")
    if bundle is not None:
        cluster.ccb(
            [_creation(each) for each in bundle.iterfind("create")],
            [each.get("objectDN") for each in bundle.iterfind("delete")],
            [(each.get("objectDN"), _attributes(each)) for each in bundle.iterfind("modify")],
        )
    command = action.find("doCliCommand")
    if command is not None:
        node = action.find("plmExecEnv").get("amfNode")
        cluster.run(f"{command.get('command')} {command.get('args')}", node)


def _attributes(element):
    return {each.get("name"): tuple(value.text or "" for value in each) for each in element}


def _creation(element):
    attributes = _attributes(element)
    naming = next(iter(attributes))
    (rdn,) = attributes.pop(naming)
    assert rdn.startswith(naming + "=")
    parent = element.get("parentObjectDN")
    return (rdn if parent == "=" else f"{rdn},{parent}"), element.get("objectClassName"), attributes


def _step(pair, cluster):
    old, new = pair.find("deactivationUnit"), pair.find("activationUnit")
    for unit in old.iterfind("actedOn/byName"):
        cluster.lock(unit.get("objectDN"))
    for software in old.iterfind("swRemove"):
        for node in software:
            cluster.run_bundle_command(software.get("bundleDN"), "Remove", node.get("amfNode"))
    cluster.ccb(
        [_creation(each) for each in new.iterfind("added")],
        [each.get("objectDN") for each in old.iterfind("removed/byName")],
    )
    for software in new.iterfind("swAdd"):
        for node in software:
            cluster.install(software, node.get("amfNode"))
    for unit in new.iterfind("actedOn/byName"):
        cluster.unlock(unit.get("objectDN"))
    for software in old.iterfind("swRemove"):
        for node in software:
            cluster.remove(software, node.get("amfNode"))


def _roll(template, cluster):
    target = template.find("targetNodeTemplate")
    group = cluster.objects[target.get("objectDN")]
    assert group[0] == "SaAmfNodeGroup", "SMF rolls over clusters and node groups only"
    entity = template.find("targetEntityTemplate")
    operation = entity.find("modifyOperation")
    steps = []
    for unit, (kind, attributes) in list(cluster.objects.items()):
        if kind != "SaAmfSU" or parent_dn(unit) != target.find("activationUnitTemplate/parent").get(
            "objectDN"
        ):
            continue
        (node,) = attributes["saAmfSUHostNodeOrNodeGroup"]
        if node in group[1]["saAmfNGNodeList"]:
            assert attributes["saAmfSUType"] == (entity.find("type").get("objectDN"),)
            steps.append((unit, node))
    for unit, node in steps:
        cluster.lock(unit)
        for software in target.iterfind("swRemove"):
            cluster.run_bundle_command(software.get("bundleDN"), "Remove", node)
        cluster.ccb([], [], [(f"{operation.get('objectRDN')},{unit}", _attributes(operation))])
        for software in target.iterfind("swAdd"):
            cluster.install(software, node)
        cluster.unlock(unit)
    for _, node in steps:  # after all steps
        for software in target.iterfind("swRemove"):
            cluster.remove(software, node)
