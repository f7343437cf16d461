# SPDX-License-Identifier: Apache-2.0
"""The output of AMF's commands and components is kept, logged, and printed when an operation fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from saf_shim.pytest_plugin import SafShim, ShimError
from saf_shim.server.loop import Loop
from saf_shim.server.output import MAX_LINE, RATE, Outputs

LAMP = Path(__file__).resolve().parents[3] / "samples" / "lamp" / "lamp.py"
UNIT = "safSu=SC-1,safSg=Lamp,safApp=Lamp"
COMPONENT = f"safComp=Lamp,{UNIT}"


def model(tmp_path: Path, command: str) -> Path:
    """The lamp's model with another instantiate command, which is tried only once."""
    script = tmp_path / "command.sh"
    script.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    script.chmod(0o755)
    text = subprocess.run([sys.executable, LAMP, "model"], check=True, capture_output=True, text=True).stdout
    path = tmp_path / "model.xml"
    path.write_text(
        text.replace("lamp.py</value>", "command.sh</value>").replace(str(LAMP.parent), str(tmp_path))
    )
    return path


def test_a_failed_operation_says_what_the_command_wrote(saf_shim: SafShim, tmp_path: Path) -> None:
    saf_shim.load(model(tmp_path, "echo to standard output; echo 'ImportError: no lamp' >&2; exit 3"))
    done = saf_shim.run("amf-adm", "unlock-in", UNIT, check=False)
    assert done.returncode == 1
    assert f"saf-shim: {COMPONENT} wrote (saf-shim log shows all of it):\n" in done.stderr
    assert "  to standard output\n  ImportError: no lamp\n" in done.stderr
    assert "command.sh instantiate has failed: status 3\n" in done.stderr
    log = saf_shim.run("saf-shim", "log").stdout
    assert f"{COMPONENT}: ImportError: no lamp\n" in log
    assert log == saf_shim.log()


def test_a_daemons_output_is_kept_as_long_as_it_lives(saf_shim: SafShim, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    saf_shim.load(model(tmp_path, f"(cat {fifo}; printf 'no line end') & exit 0"))
    unlocking = saf_shim.start_program("amf-adm", "unlock-in", UNIT, stderr=subprocess.DEVNULL)
    fifo.write_text("later\n", encoding="ascii")
    saf_shim.wait_for(lambda: f"{COMPONENT}: later\n" in saf_shim.log(), timeout=60)
    saf_shim.wait_for(lambda: f"{COMPONENT}: no line end\n" in saf_shim.log(), timeout=60)
    unlocking.kill()
    unlocking.wait()


def test_output_can_be_discarded_as_on_a_real_node(tmp_path: Path) -> None:
    path = model(tmp_path, f"out=$(readlink /proc/$$/fd/1 /proc/$$/fd/2); echo $out >{tmp_path}/seen; exit 3")
    program = ["sh", "-c", f"immcfg -f {path}; amf-adm unlock-in {UNIT}"]
    shim = [sys.executable, "-m", "saf_shim", "run", "--discard-output"]
    done = subprocess.run([*shim, "--", *program], check=False, capture_output=True)
    assert (tmp_path / "seen").read_text("ascii") == "/dev/null /dev/null\n"
    assert b"saf-shim" not in done.stderr


def test_following_the_log_ends_with_the_simulator(saf_shim: SafShim) -> None:
    follower = saf_shim.start_program("saf-shim", "log", "-f", stdout=subprocess.PIPE, text=True)
    assert follower.stdout is not None
    assert "serving nodes SC-1" in follower.stdout.readline()
    saf_shim.imm("absent")
    assert follower.stdout.readline().endswith("imm absent\n")
    saf_shim.stop()
    assert follower.wait(timeout=60) == 0


def test_long_lines_are_cut_and_no_byte_is_lost() -> None:
    lines: list[str] = []
    loop = Loop(lines.append)
    outputs = Outputs(loop, lambda: 7, lines.append)
    pipe = outputs.open("c")
    os.write(pipe.write_end, b"x" * (MAX_LINE + 5) + b"\n\xff\nend")
    pipe.read(parts=2)
    os.close(pipe.write_end)
    pipe.read(parts=2)
    assert lines == ["c: " + "x" * MAX_LINE, "c: xxxxx", "c: \\xff", "c: end"]
    assert [line.text for line in outputs.since(7)] == [line[3:] for line in lines]
    assert outputs.since(8) == []
    loop.close()


def test_a_component_that_never_stops_writing_does_no_harm(saf_shim: SafShim, tmp_path: Path) -> None:
    saf_shim.load(model(tmp_path, "yes 'on and on' & exit 0"))
    unlocking = saf_shim.start_program("amf-adm", "unlock-in", UNIT, stderr=subprocess.DEVNULL)
    saf_shim.wait_for(lambda: "bytes are dropped: it writes too much]" in saf_shim.log(), timeout=60)
    log = Path(saf_shim.directory) / "log"
    size, began = log.stat().st_size, time.monotonic()
    for _ in range(20):
        saf_shim.run("immlist", "safApp=safImmService")
    lines = (time.monotonic() - began) * RATE / len("on and on\n") + MAX_LINE
    assert log.stat().st_size - size < lines * len(f"00:00:00 {COMPONENT}: on and on\n")
    unlocking.kill()
    unlocking.wait()


def test_loading_a_file_that_ends_too_early_is_an_error(saf_shim: SafShim, tmp_path: Path) -> None:
    """immcfg complains, but ends with status 0, as OpenSAF's does."""
    for text in ("<a/>", '<?xml version="1.0"?><imm:IMM-contents xmlns:imm="i"><class name="C">'):
        path = tmp_path / "short.xml"
        path.write_text(text, encoding="ascii")
        with pytest.raises(ShimError, match="immcfg -f"):
            saf_shim.load(path)
