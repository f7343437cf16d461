# SPDX-License-Identifier: Apache-2.0
"""Campaigns: of the schema's structure, and doing to a model what their names say.

The structure is written down from SAI-AIS-SMF-UCS-A.01.02; what a campaign does, `small_smf` finds out.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from small_smf import Cluster, execute

from amf_netwatch.commands.campaign import main
from amf_netwatch.deployment.campaign import Commands, install_campaign, remove_campaign, upgrade_campaign
from amf_netwatch.deployment.model import TWO_N, ModelOptions, build_model
from amf_netwatch.errors import NetwatchError
from imm_model.names import rdn_of
from saf_shim.model.amf_classes import AMF_CLASSES
from saf_shim.model.amf_types import AMF_TYPES
from saf_shim.model.smf_classes import SMF_CLASSES
from saf_shim.model.tables import read_table

NODES = ("SC-1", "SC-2", "PL-3")
OPTIONS = ModelOptions(
    NODES, "/usr/bin", settings=(("exclude", "veth*"), ("exclude", "a,b"), ("user", "nobody"))
)
OLD = build_model(OPTIONS)
NEW = build_model(OPTIONS._replace(version="2", period=1.0))
COMMANDS = Commands("apt-get -y install amf-netwatch", "apt-get -y purge amf-netwatch")

# element: its children as a regular expression over their names, and its required attributes
STRUCTURE = {
    "upgradeCampaign": (
        "campaignInfo campaignInitialization (upgradeProcedure )+campaignWrapup ",
        "safSmfCampaign",
    ),
    "campaignInfo": ("campaignPeriod (configurationBase )?", ""),
    "campaignPeriod": ("", ""),
    "campaignInitialization": ("addToImm (callbackAt\\w+ )*(campInitAction )*", ""),
    "addToImm": ("(softwareBundle )*(amfEntityTypes )?", ""),
    "softwareBundle": ("removal installation defaultCliTimeout ", "name"),
    "removal": ("(offline )?(online )?", ""),
    "installation": ("(offline )?(online )?", ""),
    "offline": ("", "command"),
    "defaultCliTimeout": ("", ""),
    "campInitAction": ("immCCB |doCliCommand undoCliCommand (plmExecEnv )+", ""),
    "procInitAction": ("immCCB |doCliCommand undoCliCommand (plmExecEnv )+", ""),
    "campWrapupAction": ("immCCB ", ""),
    "immCCB": ("((create |delete |modify ))+", "ccbFlags"),
    "create": ("(attribute )+", "objectClassName parentObjectDN"),
    "added": ("(attribute )+", "objectClassName parentObjectDN"),
    "delete": ("", "objectDN"),
    "modify": ("(attribute )+", "objectDN operation"),
    "attribute": ("(value )+", "name type"),
    "value": ("", ""),
    "doCliCommand": ("", "command"),
    "undoCliCommand": ("", "command"),
    "plmExecEnv": ("", ""),
    "upgradeProcedure": (
        "outageInfo (procInitAction )*upgradeMethod (procWrapupAction )*",
        "safSmfProcedure",
    ),
    "outageInfo": ("acceptableServiceOutage procedurePeriod ", ""),
    "acceptableServiceOutage": ("all ", ""),
    "all": ("", ""),
    "procedurePeriod": ("", "saSmfProcPeriod"),
    "upgradeMethod": ("rollingUpgrade |singleStepUpgrade ", ""),
    "singleStepUpgrade": ("upgradeScope upgradeStep ", ""),
    "rollingUpgrade": ("upgradeScope upgradeStep ", ""),
    "upgradeScope": ("forAddRemove |byTemplate ", ""),
    "forAddRemove": ("deactivationUnit activationUnit ", ""),
    "deactivationUnit": ("(actedOn )?(removed )?(swRemove )*", ""),
    "activationUnit": ("(actedOn )?(added )*(swAdd )*", ""),
    "actedOn": ("(byName )+", ""),
    "removed": ("(byName )+", ""),
    "byName": ("", "objectDN"),
    "swAdd": ("(plmExecEnv )*", "bundleDN"),
    "swRemove": ("(plmExecEnv )*", "bundleDN"),
    "byTemplate": ("targetNodeTemplate (targetEntityTemplate )*", ""),
    "targetNodeTemplate": ("(activationUnitTemplate )?(swRemove )*(swAdd )*", "objectDN"),
    "activationUnitTemplate": ("((parent )?(type )?)+", ""),
    "targetEntityTemplate": ("(parent )?(type )?(modifyOperation )+", ""),
    "parent": ("", "objectDN"),
    "type": ("", "objectDN"),
    "modifyOperation": ("(attribute )+", "operation"),
    "upgradeStep": ("", ""),
    "campaignWrapup": (
        "(campCompleteAction )*waitToCommit (campWrapupAction )*waitToAllowNewCampaign removeFromImm ",
        "",
    ),
    "waitToCommit": ("", ""),
    "waitToAllowNewCampaign": ("", ""),
    "removeFromImm": ("(amfEntityTypeDN )*(softwareBundleDN )*", ""),
    "softwareBundleDN": ("(plmExecEnv )*", "bundleDN"),
}
DN = re.compile(r"[a-zA-Z0-9_.\\=-]*=[a-zA-Z0-9_.\\=-]*(,[a-zA-Z0-9_.\\=-]*=[a-zA-Z0-9_.\\=-]*)*")
DN_ATTRIBUTES = ("objectDN", "parentObjectDN", "bundleDN", "amfNode", "name")


def as_objects(model):
    return {
        each.dn: (
            each.class_name,
            {name: tuple(map(str, values)) for name, values in each.attributes.items()},
        )
        for each in model
    }


def without_commands(objects):
    return {dn: (kind, {} if kind == "SaSmfSwBundle" else found) for dn, (kind, found) in objects.items()}


CAMPAIGNS = {
    "install": install_campaign(OLD, "Install", COMMANDS),
    "install without commands": install_campaign(OLD, "Install"),
    "install 2N": install_campaign(build_model(OPTIONS._replace(redundancy=TWO_N)), "Install"),
    "upgrade": upgrade_campaign(OLD, NEW, "Upgrade", COMMANDS),
    "remove": remove_campaign(OLD, "Remove", COMMANDS),
}


@pytest.mark.parametrize("text", CAMPAIGNS.values(), ids=CAMPAIGNS)
def test_a_campaign_has_the_structure_of_the_schema(text):
    for element in ET.fromstring(text).iter():
        children, required = STRUCTURE[element.tag]
        assert re.fullmatch(children, "".join(f"{child.tag} " for child in element)), element.tag
        assert set(required.split()) <= set(element.keys())
        for name in DN_ATTRIBUTES:
            if element.get(name) is not None and element.tag != "attribute":
                assert DN.fullmatch(element.get(name)), element.get(name)
        names = [child.get("name") for child in element if child.tag == "attribute"]
        assert len(names) == len(set(names))


def test_install_leaves_what_loading_the_model_leaves():
    cluster = Cluster()
    execute(CAMPAIGNS["install"], cluster)
    assert without_commands(cluster.objects) == as_objects(OLD)
    unlocked = [what for kind, what, *_ in cluster.done if kind == "unlock"]
    assert unlocked == [f"safSu={node},safSg=NetWatch,safApp=NetWatch" for node in NODES]
    commands = [each[1:] for each in cluster.done if each[0] == "run"]
    cluster_nodes = [f"safAmfNode={node},safAmfCluster=myAmfCluster" for node in NODES]
    assert commands == [
        *((COMMANDS.install, node) for node in cluster_nodes),
        ("/usr/bin/amf-netwatch classes | immcfg -f /dev/stdin", cluster_nodes[0]),
    ]


def test_a_model_without_redundancy_and_2n_install_alike():
    model = build_model(OPTIONS._replace(redundancy=TWO_N))
    cluster = Cluster()
    execute(CAMPAIGNS["install 2N"], cluster)
    assert without_commands(cluster.objects) == as_objects(model)


def test_upgrade_makes_the_old_model_the_new_one_node_by_node():
    cluster = Cluster(as_objects(OLD))
    execute(CAMPAIGNS["upgrade"], cluster)
    assert without_commands(cluster.objects) == as_objects(NEW)
    words = [(kind, rdn_of(what) if kind != "run" else what) for kind, what, *_ in cluster.done]
    assert words == [
        step
        for node in NODES
        for step in (("lock", f"safSu={node}"), ("run", COMMANDS.install), ("unlock", f"safSu={node}"))
    ]


def test_upgrade_removes_the_old_software_before_it_installs_the_new():
    cluster = Cluster()
    execute(install_campaign(OLD, "Install", Commands("install 1", "remove 1")), cluster)
    cluster.done.clear()
    execute(upgrade_campaign(OLD, NEW, "Upgrade", Commands("install 2", "remove 2")), cluster)
    assert [what for kind, what, *_ in cluster.done if kind == "run"] == ["remove 1", "install 2"] * 3


def test_remove_leaves_nothing():
    cluster = Cluster(as_objects(OLD))
    execute(CAMPAIGNS["remove"], cluster)
    assert cluster.objects == {}
    assert [what for kind, what, *_ in cluster.done if kind == "run"] == [COMMANDS.remove] * 3


def test_the_whole_life():
    cluster = Cluster()
    execute(CAMPAIGNS["install"], cluster)
    execute(CAMPAIGNS["upgrade"], cluster)
    execute(remove_campaign(NEW, "Remove"), cluster)
    assert cluster.objects == {}


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (OLD, "nothing to upgrade"),
        (build_model(OPTIONS._replace(version="2", nodes=("SC-1",))), "differs"),
        (build_model(OPTIONS._replace(version="2", redundancy=TWO_N)), "SgType"),
    ],
)
def test_an_upgrade_that_is_none_is_refused(new, reason):
    with pytest.raises(NetwatchError, match=reason):
        upgrade_campaign(OLD, new, "Upgrade")


def test_the_command_prints_the_campaign_of_the_model(capsys):
    words = [word for node in NODES for word in ("--node", node)]
    settings = [
        "--set",
        "exclude=veth*",
        "--set",
        "exclude=a,b",
        "--set",
        "user=nobody",
        "--prefix",
        "/usr/bin",
    ]
    assert main(["install", *words, *settings, "--name", "Install"]) == 0
    assert capsys.readouterr().out == CAMPAIGNS["install without commands"]
    assert main(["upgrade", *words, *settings, "--from-version", "1", "--version", "2"]) == 0
    assert "safSmfCampaign=NetWatchUpgrade" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["upgrade"],
        ["install", "--from-version", "1"],
        ["remove", "--name", "a b"],
        ["install", "--set", "types=some"],
        ["install", "--node", "SC-1", "--node", "SC-1"],
        [],
    ],
)
def test_wrong_use_ends_with_status_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err


def test_attributes_have_the_types_that_their_classes_give_them():
    """The classes are those of OpenSAF as the simulator has them, compared there with the real ones."""
    classes = {
        each.name: each for table in (AMF_CLASSES, AMF_TYPES, SMF_CLASSES) for each in read_table(table)
    }
    seen = set()
    for text in CAMPAIGNS.values():
        for element in ET.fromstring(text).iter():
            class_name = element.get("objectClassName")
            for attribute in element.iterfind("attribute") if class_name else ():
                name = attribute.get("name")
                definition = classes[class_name].attribute(name)
                expected = "SA_IMM_ATTR_" + definition.type.sa_name.replace("_", "")
                assert attribute.get("type") == expected, (class_name, name)
                seen.add(name)
    assert {"saAmfCtDefCmdEnv", "saAmfNGNodeList", "saAmfHctDefPeriod", "safSupportedCsType"} <= seen
