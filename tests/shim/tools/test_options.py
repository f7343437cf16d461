# SPDX-License-Identifier: Apache-2.0
"""The command line, against the getopt_long of the C library."""

from __future__ import annotations

import ctypes
import os
from typing import Optional

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from saf_shim.tools.imm import immadm, immdump, immfind, immlist
from saf_shim.tools.immcfg import immcfg
from saf_shim.tools.options import CommandLine, LongOption, OptionError

SHORT = "a:c:f:t:dhmvuL:o:X:"
LONG = immcfg._LONG_OPTIONS

WORDS = st.sampled_from(
    [
        *("-a", "-v", "-vu", "-vaX", "-", "--", "-z", "-vz", "-t", "-t5", "-:", "x", "", "ctId=1", "-ü"),
        *("--verbose", "--verb", "--v", "--verbose=", "--a", "--att", "--attribute", "--attribute=b=c"),
        *("--class", "--class-name=X", "--ccb", "--ccb-a", "--nope", "--nope=1", "--admin-owner", "--="),
    ]
)

Result = tuple[list[tuple[str, str, int]], list[str], str]


class CLongOption(ctypes.Structure):
    """struct option."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("has_arg", ctypes.c_int),
        ("flag", ctypes.c_void_p),
        ("val", ctypes.c_int),
    )


def read_with_libc(arguments: list[str]) -> Result:
    """Options, operands and the error line that getopt_long gives."""
    libc = ctypes.CDLL(None)
    table = (CLongOption * (len(LONG) + 1))()
    for place, option in enumerate(LONG):
        letter = ord(option.letter) if option.letter else 0
        table[place] = CLongOption(option.name.encode(), int(option.takes_value), None, letter)
    words = [b"immcfg", *(argument.encode() for argument in arguments)]
    argv = (ctypes.c_char_p * (len(words) + 1))(*words, None)
    index = ctypes.c_int(-1)
    ctypes.c_int.in_dll(libc, "optind").value = 0
    optarg = ctypes.c_char_p.in_dll(libc, "optarg")
    found: list[tuple[str, str, int]] = []
    read_end, write_end = os.pipe()
    saved = os.dup(2)
    os.dup2(write_end, 2)
    try:
        while True:
            optarg.value = None
            index.value = -1
            code = libc.getopt_long(len(words), argv, SHORT.encode(), table, ctypes.byref(index))
            if code in (-1, ord("?")):
                break
            found.append((chr(code) if code else "", (optarg.value or b"").decode(), index.value))
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        line = pipe.read().decode("utf-8", "surrogateescape").rstrip("\n")
    start = ctypes.c_int.in_dll(libc, "optind").value
    operands = [] if line else [(argv[place] or b"").decode() for place in range(start, len(words))]
    return found, operands, line.replace("immcfg: ", "", 1)


def read(arguments: list[str]) -> Result:
    line = CommandLine(SHORT, LONG, arguments)
    found: list[tuple[str, str, int]] = []
    try:
        for option in line:
            found.append(tuple(option))
    except OptionError as error:
        return found, [], str(error)
    return found, line.operands, ""


@given(st.lists(WORDS, max_size=7))
@example(["x", "-a", "--", "-v", "--", "-u"])
@example(["--ccb"])
@example(["--de"])
@example(["-t"])
@example(["--attribute"])
def test_lines_are_read_as_getopt_long_does(arguments: list[str]) -> None:
    assert read(arguments) == read_with_libc(arguments)


def test_posix_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSIXLY_CORRECT", "1")
    assert read(["-v", "x", "-u"]) == read_with_libc(["-v", "x", "-u"])
    assert read(["-v", "x", "-u"])[1] == ["x", "-u"]


def test_an_option_before_a_wrong_one_is_handed_out() -> None:
    line = CommandLine("v", [LongOption("verbose", False, "v")], ["-v", "-z"])
    options = iter(line)
    assert next(options).letter == "v"
    with pytest.raises(OptionError):
        next(options)


@pytest.mark.parametrize("tool", [immlist, immfind, immcfg, immadm, immdump])
def test_every_tool_has_help_and_knows_wrong_options(
    tool: object, capsys: pytest.CaptureFixture[str]
) -> None:
    name = tool.__name__.rpartition(".")[2]
    assert tool.main(["--help"]) == 0
    text = capsys.readouterr().out
    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLE"):
        assert f"\n{heading}\n" in text
    assert tool.main(["--nope"]) == 1
    assert capsys.readouterr().err == (
        f"{name}: unrecognized option '--nope'\nTry '{name} --help' for more information\n"
    )


@pytest.mark.parametrize("tool", [immlist, immfind, immcfg, immadm, immdump])
def test_help_names_every_long_option(tool: object, capsys: pytest.CaptureFixture[str]) -> None:
    tool.main(["--help"])
    text = capsys.readouterr().out
    for option in tool._LONG_OPTIONS:
        assert f"--{option.name}" in text


def read_parameter(text: str) -> Optional[tuple[object, ...]]:
    return immadm.read_parameter(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a:SA_STRING_T:x:y:z", "x:y:z"),
        ("a:SA_STRING_T::x", ":x"),
        ("a::SA_STRING_T:x", ":x"),
        (":a:SA_STRING_T:x", ":x"),
        ("a:SA_STRING_T:", None),
        ("a:SA_STRING_T", None),
        ("", None),
        (":::", None),
        ("a:STRING:x", None),
    ],
)
def test_parameters_are_taken_apart_as_strtok_does(text: str, value: Optional[str]) -> None:
    parameter = read_parameter(text)
    assert (parameter[2] if parameter else None) == value
