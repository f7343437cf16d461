# SPDX-License-Identifier: Apache-2.0
"""What the demonstration shows: a table printed once, or the lines of a screen. It is pure: values in, text
out.

The screen never has more lines or columns than the terminal. If not everything fits, the hints are left out
first, then the log lines, then rows without a mark. A line says how many rows are not shown, and a shortened
line ends with a special character.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from amf_netwatch import __version__
from amf_netwatch.demo.marks import MarkedRow
from amf_netwatch.demo.simulation import NODE, PERIOD
from amf_netwatch.publication.classes import NODE_CLASS
from amf_netwatch.publication.view import COLUMNS, Found, align, cells, rows_of, width
from imm_model.objects import ImmObject

_LEAST_ROWS = 5  # hints are shown only if at least this many rows are shown as well
_MARK_WIDTH = 2


class Style(NamedTuple):
    """Control sequences of the terminal, which are empty without colours, and the mark of a shortened
    line."""

    bold: str = ""
    dim: str = ""
    green: str = ""
    yellow: str = ""
    red: str = ""
    plain: str = ""
    cut: str = ">"


COLOURS = Style(*(f"\033[{code}m" for code in ("1", "2", "32", "33", "31", "0")))


def format_once(objects: Sequence[Found]) -> str:
    """Return the table that `demo --once` prints."""
    head = f"netWatchNode={NODE} in IMM, published by the component under AMF ({_summary(objects)}):"
    lines = [head, "", *align([COLUMNS, *(cells(row) for row in rows_of(objects))])]
    return "".join(line + "\n" for line in lines)


def compose(
    objects: Sequence[Found],
    marked: Sequence[MarkedRow],
    notes: Sequence[str],
    size: tuple[int, int],
    style: Style,
    root: bool = True,
) -> list[str]:
    """Return the lines of the screen.

    `notes`: the component's last log lines. `size`: columns and lines of the terminal. `root`: True if the
    commands of the hints work without sudo.
    """
    columns, height = size
    table = align([COLUMNS, *(cells(each.row) for each in marked)])
    head = [
        (style.bold, f"amf-netwatch {__version__}: this machine's network interfaces, as IMM has them"),
        (style.dim, f"{_summary(objects)}; AMF checks the component every {PERIOD:g} s"),
        ("", ""),
        (style.bold, f"  {table[0]}"),
    ]
    foot = [("", ""), ("", "q or Ctrl-C ends.")]
    room = height - len(head) - len(foot)
    hints = _hints("" if root else "sudo ", style)
    log = [(style.dim, line) for line in notes]
    least = min(len(marked), _LEAST_ROWS)
    if room - least < len(hints):
        hints = []
    log = log[-max(0, room - least - len(hints)) :] if room - least > len(hints) else []
    body = _body(marked, table[1:], room - len(hints) - len(log), style)
    lines = [*head, *body, *hints, foot[0], *log, *foot[1:]]
    return [_paint(colour, _cut(line, columns, style), style) for colour, line in lines[:height]]


def _body(
    marked: Sequence[MarkedRow], table: Sequence[str], room: int, style: Style
) -> list[tuple[str, str]]:
    """Choose the rows that fit into this many lines. Marked rows have priority; the order is kept."""
    shown = range(len(marked))
    left = 0
    if len(marked) > room:
        fitting = max(0, room - 1)
        by_importance = sorted(shown, key=lambda index: marked[index].mark == " ")
        shown_indices = sorted(by_importance[:fitting])
        left = len(marked) - len(shown_indices)
    else:
        shown_indices = list(shown)
    colours = {"+": style.green, "~": style.yellow, "-": style.red}
    lines = [
        (colours.get(marked[index].mark, ""), f"{marked[index].mark} {table[index]}")
        for index in shown_indices
    ]
    if left and room > 0:
        lines.append((style.dim, f"  ... and {left} more: this terminal has too few lines for them"))
    return lines


def _hints(sudo: str, style: Style) -> list[tuple[str, str]]:
    legend = (
        f"In another terminal ({style.green}+ new{style.plain}, {style.yellow}~ changed{style.plain}, "
        f"{style.red}- gone{style.plain}):"
    )
    return [
        ("", ""),
        ("", legend),
        ("", f"  {sudo}ip link add demo0 type veth peer name demo1"),
        ("", f"  {sudo}ip link set demo1 up"),
        ("", f"  {sudo}ip link set demo0 up mtu 1400"),
        ("", f"  {sudo}ip address add 192.0.2.1/24 dev demo0"),
        ("", f"  {sudo}ip link delete demo0"),
    ]


def _cut(line: str, columns: int, style: Style) -> str:
    """Cut the line to this many columns. Control sequences take no column."""
    if width(_without_style(line, style)) <= columns:
        return line
    line = _without_style(line, style)
    while width(line) > max(0, columns - width(style.cut)):
        line = line[:-1]
    return line + style.cut


def _without_style(line: str, style: Style) -> str:
    for sequence in style[:-1]:
        if sequence:
            line = line.replace(sequence, "")
    return line


def _paint(colour: str, line: str, style: Style) -> str:
    return f"{colour}{line}{style.plain}" if colour and line else line


def _summary(objects: Sequence[Found]) -> str:
    node = next((found.object for found in objects if found.object.class_name == NODE_CLASS), None)
    if node is None:
        return "nothing is published"
    writes = _number(node, "changeCount")
    return (
        f"{_counted(_number(node, 'interfaceCount'), 'interface')}, written in {_counted(writes, 'refresh')}"
    )


def _number(node: ImmObject, attribute: str) -> int:
    number = node.attributes.get(attribute, (0,))[0]
    return number if isinstance(number, int) else 0


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "es" if noun.endswith("sh") else "s")
