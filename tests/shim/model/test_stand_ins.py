# SPDX-License-Identifier: Apache-2.0
"""The classes of services that are not simulated have implementers as well."""

from __future__ import annotations

import pytest
from imm_client import Oi, name_of

from saf_shim.pyosaf import saAis, saImmOi
from saf_shim.pytest_plugin import SafShim

INSTALLED = "safInstalledSwBundle=safSmfBundle=Mine,safAmfNode=SC-1,safAmfCluster=myAmfCluster"


@pytest.mark.parametrize(
    ("class_name", "code"),
    [
        ("SaLogStream", "ERR_BAD_OPERATION"),
        ("SaCkptCheckpoint", "ERR_BAD_OPERATION"),
        ("SaLogStreamConfig", "ERR_EXIST"),
        ("OpenSafLogConfig", "ERR_EXIST"),
        ("SaSmfSwBundle", "ERR_EXIST"),
        ("SaSmfCampaign", "ERR_EXIST"),
        ("SaAmfNode", "ERR_EXIST"),
        ("SaClmNode", "ERR_EXIST"),
    ],
)
def test_nobody_else_becomes_their_implementer(saf_shim: SafShim, class_name: str, code: str) -> None:
    oi = Oi("Intruder")
    rc = saImmOi.saImmOiClassImplementerSet(oi.handle, saAis.SaStringT(class_name))
    assert name_of(rc) == code


def test_a_bundle_has_its_implementer(saf_shim: SafShim) -> None:
    saf_shim.run("immcfg", "-c", "SaSmfSwBundle", "safSmfBundle=Mine")
    for bundle in ("safSmfBundle=Mine", "safSmfBundle=OpenSAF"):
        assert saf_shim.values(bundle, "SaImmAttrImplementerName") == ["safSmfService"]


def test_an_installed_bundle_cannot_be_deleted(saf_shim: SafShim) -> None:
    saf_shim.run("immcfg", "-c", "SaSmfSwBundle", "safSmfBundle=Mine")
    saf_shim.run("immcfg", "-c", "SaAmfNodeSwBundle", "-a", "saAmfNodeSwBundlePathPrefix=/opt", INSTALLED)
    refused = saf_shim.run("immcfg", "-d", "safSmfBundle=Mine", check=False)
    assert refused.returncode == 1
    assert "SA_AIS_ERR_FAILED_OPERATION (21)" in refused.stderr
    saf_shim.run("immcfg", "-d", INSTALLED)
    saf_shim.run("immcfg", "-d", "safSmfBundle=Mine")
    assert saf_shim.objects("SaSmfSwBundle") == ["safSmfBundle=OpenSAF"]


def test_a_bundle_has_no_operations(saf_shim: SafShim) -> None:
    refused = saf_shim.run("immadm", "-o", "1", "safSmfBundle=OpenSAF", check=False)
    assert "SA_AIS_ERR_INVALID_PARAM (7)" in refused.stderr
