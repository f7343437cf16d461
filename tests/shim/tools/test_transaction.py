# SPDX-License-Identifier: Apache-2.0
"""immcfg's lines on standard input: how they are split, what ends them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from saf_shim.tools.immcfg import transaction


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("immcfg -a text='two words' ctId=1", ["immcfg", "-a", "text=two words", "ctId=1"]),
        ('  immcfg   -d "a b"  ', ["immcfg", "-d", "a b"]),
        ("a\\\\ b", ["a\\", "b"]),
        ("$WORD", ["value"]),
        ("# x", ["#", "x"]),
        ("", []),
    ],
)
def test_words(monkeypatch: pytest.MonkeyPatch, line: str, words: list[str]) -> None:
    monkeypatch.setenv("WORD", "value")
    assert transaction.expand_words(line) == words


@pytest.mark.parametrize(
    ("line", "code"), [("a; b", 2), ("a | b", 2), ("a & b", 2), ("a 'b", 5), ('a "b', 5)]
)
def test_refused_lines(line: str, code: int) -> None:
    with pytest.raises(transaction.WordError) as caught:
        transaction.expand_words(line)
    assert caught.value.code == code


class Input:
    """Standard input from a file or a pipe."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self._monkeypatch = monkeypatch
        self._path = tmp_path / "lines"

    def give(self, text: str, pipe: bool = True) -> None:
        if pipe:
            read_end, write_end = os.pipe()
            os.write(write_end, text.encode())
            os.close(write_end)
            stream = os.fdopen(read_end)
        else:
            self._path.write_text(text)
            stream = self._path.open()
        self._monkeypatch.setattr(sys, "stdin", stream)


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Input:
    return Input(monkeypatch, tmp_path)


class Performer:
    """Keeps the commands; answers each with the next status."""

    def __init__(self, *statuses: int) -> None:
        self.lines: list[list[str]] = []
        self._statuses = list(statuses)

    def __call__(self, words: Sequence[str]) -> int:
        self.lines.append(list(words))
        return self._statuses.pop(0) if self._statuses else 0


def test_the_first_failure_ends_it(stdin: Input) -> None:
    performer = Performer(0, -1)
    stdin.give("immcfg 1\nimmcfg 2\nimmcfg 3\n")
    assert transaction.run_commands(performer) == -1
    assert performer.lines == [["1"], ["2"]]


def test_other_lines_are_said_and_skipped(stdin: Input, capsys: pytest.CaptureFixture[str]) -> None:
    performer = Performer()
    stdin.give("# comment\n\nimmlist x\nimmcfg 1\r\n  \n")
    assert transaction.run_commands(performer) == 0
    assert performer.lines == [["1"]]
    assert capsys.readouterr() == ("", "Not immcfg command\n" * 2)


def test_a_line_of_wrong_syntax_ends_it(stdin: Input, capsys: pytest.CaptureFixture[str]) -> None:
    performer = Performer()
    stdin.give("immcfg 1; immcfg 2\nimmcfg 3\n")
    assert transaction.run_commands(performer) == 2
    assert performer.lines == []
    assert "WRDE_BADCHAR" in capsys.readouterr().err


def test_a_file_gets_an_empty_line_at_the_end(stdin: Input, capsys: pytest.CaptureFixture[str]) -> None:
    stdin.give("immcfg 1", pipe=False)
    assert transaction.run_commands(Performer()) == 0
    assert capsys.readouterr().out == "\n"


def test_the_last_line_may_lack_its_end_and_loses_a_backslash(stdin: Input) -> None:
    performer = Performer()
    stdin.give("immcfg 1\\")
    transaction.run_commands(performer)
    assert performer.lines == [["1"]]


def test_a_device_is_prompted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with open(os.devnull) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert transaction.run_commands(Performer()) == 0
    assert capsys.readouterr().out == "> "
