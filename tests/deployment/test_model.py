# SPDX-License-Identifier: Apache-2.0
"""The AMF model and the IMM classes as XML."""

from __future__ import annotations

from pathlib import Path

import pytest

from amf_netwatch.deployment.model import ModelOptions, build_model, format_classes, format_model
from amf_netwatch.errors import SettingsError
from amf_netwatch.settings import TABLE
from imm_model.xml import parse_imm_xml

ROOT = Path(__file__).resolve().parents[2]


def test_the_model_has_the_names_that_users_rely_on():
    document = parse_imm_xml(format_model(ModelOptions(("SC-1", "PL-3"))).encode())
    names = {each.dn: each for each in document.objects}
    for dn in (
        "safApp=NetWatch",
        "safSg=NetWatch,safApp=NetWatch",
        "safSu=SC-1,safSg=NetWatch,safApp=NetWatch",
        "safComp=NetWatch,safSu=PL-3,safSg=NetWatch,safApp=NetWatch",
        "safSi=NetWatch1,safApp=NetWatch",
        "safCsi=NetWatch,safSi=NetWatch2,safApp=NetWatch",
        "safHealthcheckKey=NetWatch,safVersion=1,safCompType=NetWatch",
    ):
        assert dn in names
    for node in ("SC-1", "PL-3"):
        unit = dict(names[f"safSu={node},safSg=NetWatch,safApp=NetWatch"].attributes)
        assert unit["saAmfSUAdminState"] == ("3",)


def test_each_object_comes_after_its_parent_and_once():
    seen = set()
    for each in build_model(ModelOptions(("a", "b", "c"), settings=(("exclude", "x"), ("user", "nobody")))):
        parent = each.dn.replace("\\,", ";").partition(",")[2].replace(";", "\\,")
        assert not parent or parent in seen or parent.startswith(("safAmfNode=", "safAmfCluster="))
        assert each.dn not in seen
        seen.add(each.dn)


def test_settings_go_where_they_can_be_read():
    objects = {
        each.dn: each
        for each in build_model(
            ModelOptions(
                settings=(
                    ("exclude", "veth*"),
                    ("exclude", "docker*"),
                    ("user", "nobody"),
                    ("healthcheck-key", "K"),
                )
            )
        )
    }
    attribute = objects["safCsiAttr=exclude,safCsi=NetWatch,safSi=NetWatch1,safApp=NetWatch"]
    assert attribute.attributes["saAmfCSIAttriValue"] == ("veth*", "docker*")
    component_type = objects["safVersion=1,safCompType=NetWatch"]
    assert component_type.attributes["saAmfCtDefCmdEnv"] == (
        "AMF_NETWATCH_HEALTHCHECK_KEY=K",
        "AMF_NETWATCH_USER=nobody",
    )
    assert "safHealthcheckKey=K,safVersion=1,safCompType=NetWatch" in objects
    declared = objects["safVersion=1,safCSType=NetWatch"].attributes["saAmfCSAttrName"]
    assert set(declared) == {setting.name for setting in TABLE if setting.assigned}


def test_a_budget_that_eats_the_healthchecks_time_is_refused():
    assert build_model(ModelOptions(settings=(("budget", "9s"),)))
    assert build_model(ModelOptions(max_duration=60.0, settings=(("budget", "30s"),)))
    with pytest.raises(SettingsError, match="budget 30s"):
        build_model(ModelOptions(settings=(("budget", "30s"),)))


def test_packaged_files_are_equal_to_their_source():
    """Repair: see the lines below, each file is the output of a command."""
    assert (ROOT / "packaging/imm/netwatch_classes.xml").read_text() == format_classes()
    model = ModelOptions(("SC-1", "SC-2", "PL-3"), "/usr/bin")
    assert (ROOT / "packaging/amf/netwatch_model_3nodes.xml").read_text() == format_model(model)


def test_a_prefix_with_a_blank_is_refused():
    """AMF splits a command's text at blanks, and would not find the command."""
    with pytest.raises(SettingsError, match="blank"):
        build_model(ModelOptions(prefix="/opt/net watch"))
