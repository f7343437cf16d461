# SPDX-License-Identifier: Apache-2.0
"""The class tables: how they are read, and that they say what a real node says."""

from __future__ import annotations

import zlib

import pytest

from imm_model.classes import AttributeDefinition, AttributeFlag, Category, ClassDefinition, check_class
from imm_model.types import ValueType
from imm_model.xml import format_imm_xml, parse_imm_xml
from saf_shim.model.standard import standard_model
from saf_shim.model.tables import read_table

CLASSES = {definition.name: definition for definition in standard_model(["SC-1"]).classes}

# What saImmOmClassDescriptionGet_2 and immdump of OpenSAF 5.21.03 said: the number of attributes, and the
# CRC-32 of the lines made by `describe`. immlist's own listings below show which words are meant.
RECORDED = {
    "OpenSafAmfConfig": (4, 0xCA2EF70F),
    "OpenSafSmfCampRestartIndicator": (1, 0x6707B8B6),
    "OpenSafSmfCampRestartInfo": (2, 0x41B4E93A),
    "OpenSafSmfConfig": (23, 0xFB4A9DDA),
    "OpenSafSmfExecControl": (4, 0xD4209B48),
    "OpenSafSmfMisc": (2, 0x2BAD6DE2),
    "OpenSafSmfPbeIndicator": (1, 0x0B521E79),
    "OpenSafSmfRollbackData": (5, 0x15627509),
    "OpenSafSmfRollbackElement": (1, 0xA00775E3),
    "OpenSafSmfSingleStepInfo": (2, 0x838FED20),
    "OpensafConfig": (2, 0x13D93C81),
    "OpensafImm": (14, 0x9286C599),
    "SaAmfAppBaseType": (1, 0x3D3F6DEE),
    "SaAmfAppType": (2, 0x10EEB9A7),
    "SaAmfApplication": (4, 0xE7B8013B),
    "SaAmfCSBaseType": (1, 0x3D532D16),
    "SaAmfCSI": (4, 0xB6B3C843),
    "SaAmfCSIAssignment": (3, 0x3BE4D82C),
    "SaAmfCSIAttribute": (2, 0xB23F422B),
    "SaAmfCSType": (2, 0xDE427BD0),
    "SaAmfCluster": (4, 0x5551E5ED),
    "SaAmfComp": (33, 0x02A4B0E0),
    "SaAmfCompBaseType": (1, 0xCE5A9D2C),
    "SaAmfCompCsType": (6, 0x85337F58),
    "SaAmfCompGlobalAttributes": (6, 0xADF5CEDC),
    "SaAmfCompType": (22, 0xD3DD5F1C),
    "SaAmfCtCsType": (4, 0xF615E215),
    "SaAmfHealthcheck": (3, 0x3F68E44C),
    "SaAmfHealthcheckType": (3, 0x0A5399F2),
    "SaAmfNode": (10, 0xAF3EF171),
    "SaAmfNodeGroup": (3, 0x67A8C1E1),
    "SaAmfNodeSwBundle": (2, 0x173A40F6),
    "SaAmfSG": (22, 0x7F0B85C5),
    "SaAmfSGBaseType": (1, 0x8DFF1560),
    "SaAmfSGType": (10, 0x0C0E06FE),
    "SaAmfSI": (13, 0x0A8B903B),
    "SaAmfSIAssignment": (4, 0x99CFFB1C),
    "SaAmfSIDependency": (2, 0xF754D48D),
    "SaAmfSIRankedSU": (2, 0xEBB408EF),
    "SaAmfSU": (17, 0x09C29A78),
    "SaAmfSUBaseType": (1, 0x2BAFA652),
    "SaAmfSUType": (4, 0xDAD43BA1),
    "SaAmfSutCompType": (3, 0x19DA092D),
    "SaAmfSvcBaseType": (1, 0xCE89C74A),
    "SaAmfSvcType": (3, 0x86D07E60),
    "SaAmfSvcTypeCSTypes": (2, 0x3EB67D7F),
    "SaClmCluster": (3, 0x41CADFA5),
    "SaClmNode": (13, 0x666C2F00),
    "SaImmMngt": (9, 0xF227492A),
    "SaSmfActivationUnit": (3, 0x13134DF8),
    "SaSmfCampaign": (7, 0x12B6518B),
    "SaSmfDeactivationUnit": (3, 0x79DFF3D8),
    "SaSmfImageNodes": (3, 0x1EE3F998),
    "SaSmfProcedure": (10, 0xD3294769),
    "SaSmfStep": (6, 0xC21238E3),
    "SaSmfSwBundle": (12, 0x490C923E),
}

IMMLIST = {  # class: names in immlist's order, types by initial (N name, S string, T time, U uint32)
    "SaAmfSU": "safSu:S saAmfSUType:N saAmfSURestartCount:U saAmfSUReadinessState:U saAmfSURank:U "
    "saAmfSUPresenceState:U saAmfSUPreInstantiable:U saAmfSUOperState:U saAmfSUNumCurrStandbySIs:U "
    "saAmfSUNumCurrActiveSIs:U saAmfSUMaintenanceCampaign:N saAmfSUHostedByNode:N "
    "saAmfSUHostNodeOrNodeGroup:N saAmfSUFailover:U saAmfSUAssignedSIs:N saAmfSUAdminState:U "
    "osafAmfSUSwitch:U",
    "SaAmfSGType": "safVersion:S saAmfSgtValidSuTypes:N saAmfSgtRedundancyModel:U saAmfSgtDefSuRestartProb:T "
    "saAmfSgtDefSuRestartMax:U saAmfSgtDefCompRestartProb:T saAmfSgtDefCompRestartMax:U "
    "saAmfSgtDefAutoRepair:U saAmfSgtDefAutoAdjustProb:T saAmfSgtDefAutoAdjust:U",
    "SaAmfHealthcheckType": "safHealthcheckKey:S saAmfHctDefPeriod:T saAmfHctDefMaxDuration:T",
    "SaAmfCSIAttribute": "safCsiAttr:S saAmfCSIAttriValue:S",
    "SaAmfNode": "safAmfNode:S saAmfNodeSuFailoverMax:U saAmfNodeSuFailOverProb:T saAmfNodeOperState:U "
    "saAmfNodeFailfastOnTerminationFailure:U saAmfNodeFailfastOnInstantiationFailure:U saAmfNodeClmNode:N "
    "saAmfNodeCapacity:S saAmfNodeAutoRepair:U saAmfNodeAdminState:U",
}


def describe(definition: ClassDefinition) -> list[str]:
    lines = [
        f"{a.name} {a.type.sa_name} {int(a.flags):#x} {'' if a.default is None else a.default}"
        for a in definition.attributes
    ]
    return [definition.category.sa_name, *sorted(lines)]


# Of services that the simulator does not have; no real node was asked for their descriptions.
UNRECORDED = {
    *("OpenSafLogConfig", "OpenSafLogCurrentConfig", "SaLogStream", "SaLogStreamConfig"),
    *("SaCkptCheckpoint", "SaCkptReplica", "SaEvtChannel", "SaLckResource"),
    *("SaMsgQueue", "SaMsgQueueGroup", "SaMsgQueuePriority"),
}


def test_the_classes_are_those_of_a_real_node():
    assert set(CLASSES) == set(RECORDED) | UNRECORDED


@pytest.mark.parametrize("name", RECORDED)
def test_a_class_is_what_a_real_node_describes(name):
    lines = describe(CLASSES[name])
    assert (len(lines) - 1, zlib.crc32("\n".join(lines).encode())) == RECORDED[name], "\n".join(lines)


@pytest.mark.parametrize("definition", CLASSES.values(), ids=lambda definition: definition.name)
def test_imm_takes_every_class(definition):
    check_class(definition)
    assert definition.attributes[0].is_rdn


def test_class_names_differ_in_more_than_case():
    assert len({name.lower() for name in CLASSES}) == len(CLASSES)


def test_classes_survive_a_class_file():
    written = format_imm_xml(CLASSES.values())
    assert parse_imm_xml(written.encode()).classes == tuple(CLASSES.values())


@pytest.mark.parametrize("name", IMMLIST)
def test_immlist_shows_these_attributes(name):
    attributes = sorted(CLASSES[name].attributes, key=lambda attribute: attribute.name, reverse=True)
    assert " ".join(f"{a.name}:{a.type.name[0]}" for a in attributes) == IMMLIST[name]


@pytest.mark.parametrize(
    ("name", "attribute", "flags"),
    [
        # An SU is created locked for instantiation by giving a runtime attribute, which must be persistent.
        ("SaAmfSU", "saAmfSUAdminState", "RUNTIME|CACHED|PERSISTENT"),
        ("SaAmfCompType", "saAmfCtDefCmdEnv", "CONFIG|MULTI_VALUE"),  # cannot be modified
        ("SaAmfComp", "saAmfCompCmdEnv", "CONFIG|WRITABLE|MULTI_VALUE"),
        ("SaAmfSGType", "saAmfSgtRedundancyModel", "CONFIG|INITIALIZED"),
        ("SaAmfSU", "saAmfSUAssignedSIs", "RUNTIME|MULTI_VALUE"),  # AMF is asked at each read
        ("SaAmfNodeSwBundle", "safInstalledSwBundle", "CONFIG|RDN|INITIALIZED"),
        ("SaSmfStep", "saSmfStepState", "RUNTIME|CACHED|PERSISTENT"),
    ],
)
def test_flags_that_models_and_campaigns_rely_on(name, attribute, flags):
    expected = AttributeFlag(0)
    for word in flags.split("|"):
        expected |= AttributeFlag[word]
    found = CLASSES[name].attribute(attribute)
    assert found is not None
    assert found.flags == expected


def test_a_table_is_read_line_by_line():
    first, second = read_table(
        """
Thing config
  rdn     thing    name   initialized
  config  level    int32  writable multi_value = -3
  config  label    string writable = two words
  runtime state    uint32 cached persistent

Other runtime
  rdn     other    string cached
"""
    )
    flag = AttributeFlag
    assert first == ClassDefinition(
        "Thing",
        Category.CONFIG,
        (
            AttributeDefinition("thing", ValueType.NAME, flag.CONFIG | flag.RDN | flag.INITIALIZED),
            AttributeDefinition("level", ValueType.INT32, flag.CONFIG | flag.WRITABLE | flag.MULTI_VALUE, -3),
            AttributeDefinition("label", ValueType.STRING, flag.CONFIG | flag.WRITABLE, "two words"),
            AttributeDefinition("state", ValueType.UINT32, flag.RUNTIME | flag.CACHED | flag.PERSISTENT),
        ),
    )
    assert second.category is Category.RUNTIME
    assert second.rdn.flags == flag.RDN | flag.RUNTIME | flag.CACHED


@pytest.mark.parametrize(
    "text",
    [
        "Thing",
        "Thing odd\n  rdn thing string",
        "Thing config\n  odd thing string",
        "Thing config\n  rdn thing text",
        "Thing config\n  rdn thing string odd",
        "Thing config\n  rdn thing",
        "Thing config\n  config level uint32 writable = x",
    ],
)
def test_what_is_no_table_is_refused(text):
    with pytest.raises((KeyError, ValueError)):
        list(read_table(text))
