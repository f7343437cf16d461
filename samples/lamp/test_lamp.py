# SPDX-License-Identifier: Apache-2.0
"""The lamp under test: AMF, IMM, faults and death, in seconds and without a cluster. Run it with
``pytest``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from saf_shim.pytest_plugin import SafShim

HERE = Path(__file__).resolve().parent
UNIT = "safSu=SC-1,safSg=Lamp,safApp=Lamp"
LAMP = "lamp=SC-1"


@pytest.fixture
def lamp(saf_shim: SafShim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SafShim:
    """A simulator with the lamp's model, and the lamp alight."""
    monkeypatch.setenv("LAMP_DIR", str(tmp_path))
    model = tmp_path / "lamp.xml"
    model.write_bytes(
        subprocess.run([sys.executable, HERE / "lamp.py", "model"], check=True, capture_output=True).stdout
    )
    saf_shim.load(model)
    saf_shim.run("amf-adm", "unlock-in", UNIT)
    saf_shim.run("amf-adm", "unlock", UNIT)
    return saf_shim


def test_it_lights_in_the_colour_it_is_told(lamp: SafShim) -> None:
    assert lamp.values(LAMP, "colour") == ["red"]
    assert lamp.values(LAMP, "SaImmAttrImplementerName") == ["Lamp_SC-1"]


def test_it_counts_healthchecks(lamp: SafShim) -> None:
    lamp.wait_for(lambda: lamp.values(LAMP, "ticks")[0] >= 2)
    assert all(call.rc == 1 for call in lamp.calls("saAmf"))


def test_an_administrator_can_blink_it(lamp: SafShim) -> None:
    lamp.run("immadm", "-o", "1", LAMP)
    assert lamp.values(LAMP, "blinks") == [1]
    assert lamp.run("immadm", "-o", "2", LAMP, check=False).returncode == 1


def test_lock_puts_it_out(lamp: SafShim) -> None:
    lamp.run("amf-adm", "lock", UNIT)
    assert lamp.objects("Lamp") == []


def test_amf_lights_it_again_when_it_dies(lamp: SafShim, tmp_path: Path) -> None:
    pid_file = next(tmp_path.glob("lamp-*.pid"))
    first = int(pid_file.read_text("ascii"))
    os.kill(first, signal.SIGKILL)
    lamp.wait_for(lambda: lamp.values(f"safComp=Lamp,{UNIT}", "saAmfCompRestartCount") == [1])
    lamp.wait_for(lambda: pid_file.exists() and pid_file.read_text("ascii") not in ("", str(first)))
    lamp.wait_for(lambda: lamp.values(LAMP, "ticks")[0] >= 1)  # a new one, which counts from zero


def test_imm_being_away_does_not_hurt_it(lamp: SafShim) -> None:
    lamp.imm("absent")
    lamp.calls(clear=True)
    lamp.wait_for(lambda: len(lamp.calls("saAmfResponse")) >= 2)
    lamp.imm("back")
    ticks = lamp.values(LAMP, "ticks")[0]
    lamp.wait_for(lambda: lamp.values(LAMP, "ticks")[0] > ticks)
    assert lamp.values(f"safComp=Lamp,{UNIT}", "saAmfCompRestartCount") == [0]
