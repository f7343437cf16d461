# SPDX-License-Identifier: Apache-2.0
"""The tools in a simulator where something goes wrong: faults, time limits, nobody there, a closed pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Optional

import pytest

from saf_shim.server.directory import TOOLS

IMM = "opensafImm=opensafImm,safApp=safImmService"


class Result(NamedTuple):
    """The result of a script."""

    out: str
    err: str
    status: int


def run_script(script: str) -> Result:
    """Run a shell script in a simulator of its own."""
    return run([sys.executable, "-m", "saf_shim.cli", "run", "--", "sh", "-c", script])


def run(argv: list[str], environment: Optional[Mapping[str, str]] = None) -> Result:
    done = subprocess.run(
        argv,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env=None if environment is None else {**os.environ, **environment},
    )
    return Result(done.stdout, done.stderr, done.returncode)


def test_a_fault_is_said_as_imm_would() -> None:
    script = f"saf-shim fault saImmOmAccessorGet_2 ERR_NO_RESOURCES --times 1; immlist {IMM}"
    assert run_script(script) == Result(
        "", "error - saImmOmAccessorGet_2 FAILED: SA_AIS_ERR_NO_RESOURCES (18)\n", 1
    )


@pytest.mark.parametrize("name", ["port=eth0", "a=1", "1", "No-Such"])
def test_what_can_be_no_class_name_is_an_invalid_parameter(name: str) -> None:
    line = "error - saImmOmClassDescriptionGet_2 FAILED: SA_AIS_ERR_INVALID_PARAM (7)\n"
    assert run_script(f"immlist -c {name}") == Result("", line, 1)


@pytest.mark.slow
def test_try_again_is_repeated() -> None:
    script = f"""
        saf-shim fault saImmOmInitialize ERR_TRY_AGAIN --times 1
        saf-shim fault saImmOmAccessorGet_2 ERR_TRY_AGAIN --times 1
        immlist -a opensafImm {IMM}
        saf-shim calls --prefix saImmOm | grep -c -e saImmOmInitialize -e saImmOmAccessorGet_2
    """
    assert run_script(script) == Result("opensafImm=opensafImm=opensafImm\n4\n", "", 0)


def test_a_time_limit_ends_the_command() -> None:
    script = f"saf-shim fault saImmOmAccessorGet_2 none --delay 30; immlist -t 1 {IMM}"
    assert run_script(script) == Result("", "error - immlist command timed out (alarm)\n", 1)


def test_a_refused_apply_changes_nothing() -> None:
    node = "safAmfNode=SC-1,safAmfCluster=myAmfCluster"
    script = f"""
        immlist -a saAmfNodeSuFailoverMax {node}
        saf-shim fault saImmOmCcbApply ERR_TIMEOUT --times 1
        immcfg -a saAmfNodeSuFailoverMax=9 {node}
        immlist -a saAmfNodeSuFailoverMax {node}
    """
    before, after = (result := run_script(script)).out.splitlines()
    assert before == after
    assert result.err == "saImmOmCcbApply returned SA_AIS_ERR_TIMEOUT, result for CCB is unknown\n"


def test_the_call_log_shows_what_a_c_tool_would_call() -> None:
    script = "immfind -c OpensafImm; saf-shim calls --prefix saImmOm | grep -o 'saImmOm[A-Za-z_2]*'"
    first, *calls = run_script(script).out.splitlines()
    assert first == IMM
    assert calls == [
        "saImmOmInitialize",
        "saImmOmSearchInitialize_2",
        "saImmOmSearchNext_2",
        "saImmOmSearchNext_2",
        "saImmOmSearchFinalize",
        "saImmOmFinalize",
    ]


def test_a_closed_pipe_ends_a_tool_silently() -> None:
    result = run_script("immdump | head -1")
    assert result == Result('<?xml version="1.0"?>\n', "", 0)


def test_output_that_cannot_be_written_is_an_error() -> None:
    result = run_script("immfind >/dev/full")
    assert result == Result("", "cannot write to standard output: No space left on device\n", 1)


def test_closed_descriptors_do_no_harm() -> None:
    assert run_script("immfind >&-; immlist x 2>&-; immfind <&- | wc -l").err == ""


def test_a_whole_dump_can_be_loaded(tmp_path: Path) -> None:
    script = f"cd '{tmp_path}' && immdump all.xml && immcfg -f all.xml"
    announced = "Dumping current IMM state to XML file all.xml using XMLWriter\n"
    assert run_script(script) == Result(announced, "", 0)


@pytest.mark.parametrize("tool", ["immlist", "immfind", "immcfg", "immadm", "immdump"])
def test_without_a_simulator_a_tool_says_so(tool: str) -> None:
    arguments = {
        "immlist": ["x"],
        "immfind": [],
        "immcfg": ["-d", "x"],
        "immadm": ["-o", "1", "x"],
        "immdump": [],
    }[tool]
    program = f"import sys; from {TOOLS[tool]} import main; sys.exit(main())"
    result = run([sys.executable, "-c", program, *arguments], {"SAF_SHIM_DIR": ""})
    assert result.status == 1
    assert "SAF_SHIM_DIR" in result.err
    assert "Traceback" not in result.err
