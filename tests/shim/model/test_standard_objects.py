# SPDX-License-Identifier: Apache-2.0
"""The objects that are there from the start, and that AMF models fit the classes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imm_model.classes import AttributeFlag, Category
from imm_model.names import parent_dn, rdn_of, split_dn
from imm_model.types import ValueType, check_value
from imm_model.xml import XmlError, format_imm_xml, parse_imm_xml, typed_values
from saf_shim.contract import Node
from saf_shim.imm.content.store import Store
from saf_shim.model.standard import OCCUPIED, load_standard_model, standard_model

NODES = ("SC-1", "SC-2", "PL-3")
MODEL = standard_model(NODES)
CLASSES = {definition.name: definition for definition in MODEL.classes}
OBJECTS = {obj.dn: obj for obj in MODEL.objects}
CLUSTERS = st.lists(
    st.from_regex(r"(SC-|PL-|)[a-z0-9]{1,8}", fullmatch=True), unique=True, min_size=1, max_size=12
)


def problems(model):
    """Yield each fault of a model that IMM or AMF would have refused."""
    classes = {definition.name: definition for definition in model.classes}
    seen = set()
    for dn, class_name, attributes in model.objects:
        definition = classes[class_name]
        if dn in seen:
            yield f"{dn} is there twice"
        if parent_dn(dn) and parent_dn(dn) not in seen:
            yield f"{dn} comes before its parent"
        seen.add(dn)
        if split_dn(dn)[0].partition("=")[0] != definition.rdn.name:
            yield f"{dn} is not named by {definition.rdn.name}"
        for name, values in attributes.items():
            attribute = definition.attribute(name)
            if attribute is None or attribute.is_rdn:
                yield f"{dn}: {name} is no attribute to be given"
                continue
            if len(values) > 1 and not attribute.is_multi:
                yield f"{dn}: {name} has one value"
            for value in values:
                check_value(value, attribute.type)
        yield from missing(dn, definition, attributes)


def missing(dn, definition, attributes):
    for attribute in definition.attributes:
        needed = attribute.flags & AttributeFlag.INITIALIZED and not attribute.is_rdn
        if needed and not attributes.get(attribute.name):
            yield f"{dn}: {attribute.name} needs a value"


def test_every_object_fits_its_class():
    assert not list(problems(MODEL))


@given(CLUSTERS)
def test_every_cluster_has_a_sound_model(names):
    model = standard_model(names)
    assert not list(problems(model))
    dns = {obj.dn for obj in model.objects}
    for name in names:
        assert f"safNode={name},safCluster=myClmCluster" in dns
        assert f"safAmfNode={name},safAmfCluster=myAmfCluster" in dns
    groups = {
        rdn_of(obj.dn): {rdn_of(str(dn))[len("safAmfNode=") :] for dn in obj.attributes["saAmfNGNodeList"]}
        for obj in model.objects
        if obj.class_name == "SaAmfNodeGroup"
    }
    payloads = {name for name in names if name.startswith("PL")}
    expected = {"AllNodes": set(names), "SCs": set(names) - payloads, "PLs": payloads}
    # AMF has no group without members: a cluster without payloads has no PLs.
    assert groups == {f"safAmfNodeGroup={group}": nodes for group, nodes in expected.items() if nodes}


def test_every_name_is_that_of_an_object():
    for dn, class_name, attributes in MODEL.objects:
        for name, values in attributes.items():
            if CLASSES[class_name].attribute(name).type is ValueType.NAME:
                assert set(values) <= set(OBJECTS), f"{dn}: {name}"


def test_objects_survive_a_file():
    written = format_imm_xml(objects=MODEL.objects, definitions=CLASSES)
    read = parse_imm_xml(written.encode()).objects
    assert tuple(typed_values(item, CLASSES[item.class_name]) for item in read) == MODEL.objects


@pytest.mark.parametrize(
    ("dn", "expected"),
    [
        (
            "safAmfNode=SC-1,safAmfCluster=myAmfCluster",
            {
                "saAmfNodeSuFailoverMax": (2,),
                "saAmfNodeSuFailOverProb": (1200000000000,),
                "saAmfNodeOperState": (1,),
                "saAmfNodeFailfastOnTerminationFailure": (0,),
                "saAmfNodeFailfastOnInstantiationFailure": (0,),
                "saAmfNodeClmNode": ("safNode=SC-1,safCluster=myClmCluster",),
                "saAmfNodeAutoRepair": (1,),
                "saAmfNodeAdminState": (1,),
            },
        ),
        (
            "safAmfNodeGroup=AllNodes,safAmfCluster=myAmfCluster",
            {
                "saAmfNGNodeList": tuple(
                    f"safAmfNode={name},safAmfCluster=myAmfCluster" for name in ("PL-3", "SC-2", "SC-1")
                ),
                "saAmfNGAdminState": (1,),
            },
        ),
        ("safRdn=compGlobalAttributes,safApp=safAmfService", {}),
        ("safRdn=immManagement,safApp=safImmService", {"saImmRepositoryInit": (2,)}),
        (
            "safApp=safEvtService",
            {
                "saAmfAppType": ("safVersion=4.0.0,safAppType=OpenSafApplicationType",),
                "saAmfApplicationAdminState": (1,),
            },
        ),
        (
            "amfConfig=1,safApp=safAmfService",
            {
                "osafAmfRestrictAutoRepairEnable": (1,),
                "osafAmfDelayNodeFailoverTimeout": (0,),
                "osafAmfDelayNodeFailoverNodeWaitTimeout": (180,),
            },
        ),
        (
            "safVersion=4.0.0,safSgType=OpenSafSgType2N",
            {
                "saAmfSgtValidSuTypes": ("safVersion=4.0.0,safSuType=OpenSafSuTypeServer",),
                "saAmfSgtRedundancyModel": (1,),
                "saAmfSgtDefSuRestartProb": (600000000000,),
                "saAmfSgtDefSuRestartMax": (10,),
                "saAmfSgtDefCompRestartProb": (60000000000,),
                "saAmfSgtDefCompRestartMax": (10,),
                "saAmfSgtDefAutoRepair": (1,),
                "saAmfSgtDefAutoAdjustProb": (10000000,),
                "saAmfSgtDefAutoAdjust": (0,),
            },
        ),
    ],
)
def test_immlist_of_a_fresh_node_shows_these_values(dn, expected):
    assert OBJECTS[dn].attributes == expected


def test_imm_lists_its_classes_and_has_no_nonstandard_flags():
    attributes = OBJECTS["opensafImm=opensafImm,safApp=safImmService"].attributes
    assert attributes["opensafImmClassNames"] == tuple(definition.name for definition in MODEL.classes)
    assert "opensafImmNostdFlags" not in attributes
    assert attributes["opensafImmSyncBatchSize"] == (58680,)


def test_implementers_are_those_of_the_services():
    services = {"safAmfService", "safClmService", "safLogService", "safSmfService"}
    assert set(MODEL.implementers.values()) == services
    for name in MODEL.implementers:
        assert CLASSES[name].category is Category.CONFIG, "IMM refuses class implementers of runtime classes"
    assert MODEL.implementers["SaAmfApplication"] == "safAmfService"
    assert MODEL.implementers["SaSmfSwBundle"] == "safSmfService"
    assert not {"OpensafImm", "SaImmMngt", "OpensafConfig", "OpenSafSmfMisc"} & set(MODEL.implementers)


def test_classes_are_occupied_by_what_is_left_out():
    instances = {obj.class_name for obj in MODEL.objects}
    assert set(CLASSES) >= OCCUPIED
    assert not instances & OCCUPIED


def test_loading_fills_a_store():
    store = Store()
    load_standard_model(store, [Node("SC-1", 0x2010F), Node("PL-2", 0x2020F)])
    model = standard_model(["SC-1", "PL-2"])
    assert [store.classes[definition.name].definition for definition in model.classes] == list(model.classes)
    assert list(store.objects) == [obj.dn for obj in model.objects]
    for dn, class_name, attributes in model.objects:
        found = store.objects[dn]
        assert found.cls.name == class_name
        assert found.values == {**attributes, found.cls.rdn.name: (rdn_of(dn),)}
        assert found.owner == "IMMLOADER"
    group = store.find("safAmfNodeGroup=PLs,safAmfCluster=myAmfCluster")
    assert group.parent is store.find("safAmfCluster=myAmfCluster")


def test_the_model_needs_no_slow_imports():
    code = (
        "import sys; from saf_shim.model.standard import standard_model; standard_model(['SC-1']);"
        "print(*sorted({'xml', 'imm_model.xml', 'json', 'argparse', 'dataclasses'} & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    run = [sys.executable, "-S", "-c", code]
    result = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


# The shape of an AMF model as its authors write it: all types, one SU, one SI. (class, DN, attributes)
TYPES = [
    ("SaAmfAppBaseType", "safAppType=T", {}),
    ("SaAmfSGBaseType", "safSgType=T", {}),
    ("SaAmfSUBaseType", "safSuType=T", {}),
    ("SaAmfCompBaseType", "safCompType=T", {}),
    ("SaAmfSvcBaseType", "safSvcType=T", {}),
    ("SaAmfCSBaseType", "safCSType=T", {}),
    ("SaAmfAppType", "safVersion=1,safAppType=T", {"saAmfApptSGTypes": ["safVersion=1,safSgType=T"]}),
    (
        "SaAmfSGType",
        "safVersion=1,safSgType=T",
        {
            "saAmfSgtRedundancyModel": ["5"],
            "saAmfSgtValidSuTypes": ["safVersion=1,safSuType=T"],
            "saAmfSgtDefAutoAdjustProb": ["10000000000"],
            "saAmfSgtDefCompRestartProb": ["30000000000"],
            "saAmfSgtDefCompRestartMax": ["2"],
            "saAmfSgtDefSuRestartProb": ["60000000000"],
            "saAmfSgtDefSuRestartMax": ["1"],
        },
    ),
    (
        "SaAmfSUType",
        "safVersion=1,safSuType=T",
        {
            "saAmfSutIsExternal": ["0"],
            "saAmfSutDefSUFailover": ["1"],
            "saAmfSutProvidesSvcTypes": ["safVersion=1,safSvcType=T"],
        },
    ),
    (
        "SaAmfCompType",
        "safVersion=1,safCompType=T",
        {
            "saAmfCtCompCategory": ["1"],
            "saAmfCtSwBundle": ["safSmfBundle=T"],
            "saAmfCtDefClcCliTimeout": ["6000000000"],
            "saAmfCtDefCallbackTimeout": ["5000000000"],
            "saAmfCtRelPathInstantiateCmd": ["clc"],
            "saAmfCtDefInstantiateCmdArgv": ["instantiate"],
            "saAmfCtRelPathCleanupCmd": ["clc"],
            "saAmfCtDefCleanupCmdArgv": ["cleanup"],
            "saAmfCtDefQuiescingCompleteTimeout": ["5000000000"],
            "saAmfCtDefRecoveryOnError": ["2"],
            "saAmfCtDefDisableRestart": ["0"],
            "saAmfCtDefCmdEnv": ["A=1", "B=2"],
        },
    ),
    ("SaAmfSvcType", "safVersion=1,safSvcType=T", {}),
    ("SaAmfCSType", "safVersion=1,safCSType=T", {"saAmfCSAttrName": ["include", "exclude"]}),
    (
        "SaAmfSutCompType",
        "safMemberCompType=safVersion=1\\,safCompType=T,safVersion=1,safSuType=T",
        {"saAmfSutMaxNumComponents": ["1"]},
    ),
    ("SaAmfSvcTypeCSTypes", "safMemberCSType=safVersion=1\\,safCSType=T,safVersion=1,safSvcType=T", {}),
    (
        "SaAmfCtCsType",
        "safSupportedCsType=safVersion=1\\,safCSType=T,safVersion=1,safCompType=T",
        {"saAmfCtCompCapability": ["6"], "saAmfCtDefNumMaxActiveCSIs": ["1"]},
    ),
    (
        "SaAmfHealthcheckType",
        "safHealthcheckKey=K,safVersion=1,safCompType=T",
        {"saAmfHctDefPeriod": ["4000000000"], "saAmfHctDefMaxDuration": ["3000000000"]},
    ),
    ("SaSmfSwBundle", "safSmfBundle=T", {}),
]
ENTITIES = [
    (
        "SaAmfNodeSwBundle",
        "safInstalledSwBundle=safSmfBundle=T,safAmfNode=SC-1,safAmfCluster=myAmfCluster",
        {"saAmfNodeSwBundlePathPrefix": ["/opt/t"]},
    ),
    ("SaAmfApplication", "safApp=T", {"saAmfAppType": ["safVersion=1,safAppType=T"]}),
    (
        "SaAmfSG",
        "safSg=T,safApp=T",
        {
            "saAmfSGType": ["safVersion=1,safSgType=T"],
            "saAmfSGSuHostNodeGroup": ["safAmfNodeGroup=SCs,safAmfCluster=myAmfCluster"],
            "saAmfSGAutoRepair": ["0"],
        },
    ),
    (
        "SaAmfSI",
        "safSi=T,safApp=T",
        {"saAmfSvcType": ["safVersion=1,safSvcType=T"], "saAmfSIProtectedbySG": ["safSg=T,safApp=T"]},
    ),
    ("SaAmfCSI", "safCsi=T,safSi=T,safApp=T", {"saAmfCSType": ["safVersion=1,safCSType=T"]}),
    (
        "SaAmfCSIAttribute",
        "safCsiAttr=exclude,safCsi=T,safSi=T,safApp=T",
        {"saAmfCSIAttriValue": ["docker*", "veth*"]},
    ),
    (
        "SaAmfSU",
        "safSu=1,safSg=T,safApp=T",
        {
            "saAmfSUType": ["safVersion=1,safSuType=T"],
            "saAmfSURank": ["1"],
            "saAmfSUHostNodeOrNodeGroup": ["safAmfNode=SC-1,safAmfCluster=myAmfCluster"],
            "saAmfSUAdminState": ["3"],
        },
    ),
    (
        "SaAmfComp",
        "safComp=T,safSu=1,safSg=T,safApp=T",
        {"saAmfCompType": ["safVersion=1,safCompType=T"], "saAmfCompCmdEnv": ["B=3"]},
    ),
    (
        "SaAmfCompCsType",
        "safSupportedCsType=safVersion=1\\,safCSType=T,safComp=T,safSu=1,safSg=T,safApp=T",
        {},
    ),
    (
        "SaAmfHealthcheck",
        "safHealthcheckKey=K,safComp=T,safSu=1,safSg=T,safApp=T",
        {"saAmfHealthcheckPeriod": ["1000000000"], "saAmfHealthcheckMaxDuration": ["1000000000"]},
    ),
    ("SaSmfCampaign", "safSmfCampaign=T", {"saSmfCmpgFileUri": ["/opt/t/campaign.xml"]}),
]


def model_file(rows):
    objects = "".join(
        f'<object class="{class_name}"><dn>{dn}</dn>'
        + "".join(
            f"<attr><name>{name}</name>{''.join(f'<value>{text}</value>' for text in texts)}</attr>"
            for name, texts in attributes.items()
        )
        + "</object>"
        for class_name, dn, attributes in rows
    )
    return f'<imm:IMM-contents xmlns:imm="http://www.saforum.org/IMMSchema">{objects}</imm:IMM-contents>'


def test_an_amf_model_fits_the_classes():
    read = parse_imm_xml(model_file(TYPES + ENTITIES).encode()).objects
    typed = [typed_values(item, CLASSES[item.class_name]) for item in read]
    present = {*OBJECTS, *(item.dn for item in typed)}
    for dn, class_name, attributes in typed:
        definition = CLASSES[class_name]
        assert rdn_of(dn).partition("=")[0] == definition.rdn.name
        assert not parent_dn(dn) or parent_dn(dn) in present
        assert not list(missing(dn, definition, attributes))
        for name, values in attributes.items():
            if definition.attribute(name).type is ValueType.NAME:
                assert set(values) <= present, f"{dn}: {name}"
    unit = next(item for item in typed if item.class_name == "SaAmfSU")
    assert unit.attributes["saAmfSUAdminState"] == (3,)


@pytest.mark.parametrize(
    ("class_name", "name", "texts"),
    [
        ("SaAmfSU", "saAmfSuRank", ["1"]),  # the model says SU
        ("SaAmfSU", "saAmfSURank", ["first"]),
        ("SaAmfSU", "saAmfSURank", ["-1"]),
        ("SaAmfSU", "saAmfSURank", ["1", "2"]),
        ("SaAmfSGType", "saAmfSgtDefCompRestartProb", ["30s"]),
        ("SaAmfCompType", "saAmfCompCmdEnv", ["A=1"]),  # an attribute of the component
    ],
)
def test_mistakes_of_a_model_are_found(class_name, name, texts):
    item = parse_imm_xml(model_file([(class_name, "x=1", {name: texts})]).encode()).objects[0]
    with pytest.raises(XmlError):
        typed_values(item, CLASSES[class_name])
