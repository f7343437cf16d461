# SPDX-License-Identifier: Apache-2.0
"""The house: which rooms the packages have, how large they are, and who imports whom.

``make rooms`` prints it and ends with status 1 when a wall is broken. `tests/test_architecture.py` checks
the same walls one by one.

A *room* is a row of the table "Rooms" in `docs/architecture.md`: a folder, or one floor of a folder whose
modules stand partly above and partly below other rooms. The rows stand from the top floor to the ground.
Imports go down: a module imports its own room and the rooms that its row names, and these stand below. An
import under ``TYPE_CHECKING`` counts as any other, and so does one inside a function.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("amf_netwatch", "imm_model", "saf_shim")
DOCUMENT = ROOT / "docs" / "architecture.md"
CROWD = 13  # modules in one folder, without `__init__`: about a dozen


class Room(NamedTuple):
    """One row of the table: a folder, or one floor of it with the modules that stand there."""

    name: str  # how other rows call it: "saf_shim/tools", "saf_shim/amf (ground)"
    modules: frozenset[str]  # empty: all of the folder
    purpose: str
    imports: frozenset[str]  # names of rooms

    @property
    def folder(self) -> str:
        """The folder below the root."""
        return self.name.partition(" ")[0]

    def holds(self, path: Path) -> bool:
        """Tell whether the module at `path` (below the root) is in this room."""
        if path.parent.as_posix() != self.folder:
            return False
        return not self.modules or path.stem in self.modules


class House(NamedTuple):
    """The packages as they are: each module's path below the root, and the modules that it imports."""

    modules: Mapping[str, Path]
    imports: Mapping[str, frozenset[str]]


def name_of(path: Path) -> str:
    """The dotted name of the module at `path` (below the root)."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(path: Path, package: str) -> Iterator[str]:
    """Every dotted name that the file imports, wherever the import stands in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")
            base = above[: len(above) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


@cache
def read_house(root: Path = ROOT, packages: tuple[str, ...] = PACKAGES) -> House:
    """The modules of `packages` and their imports, read from the files. Nothing is imported."""
    paths = sorted(path.relative_to(root) for package in packages for path in (root / package).rglob("*.py"))
    modules = {name_of(path): path for path in paths}
    imports = {}
    for name, path in modules.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        found = {each for each in imported_names(root / path, package) if each in modules}
        # `from package import module` names both; the folder's face is not what is meant
        found -= {each for each in found if any(other.startswith(f"{each}.") for other in found)}
        imports[name] = frozenset(found - {name})
    return House(modules, imports)


def read_rooms(text: str) -> list[Room]:
    """The rows of the table under the heading "Rooms", from the top floor to the ground."""
    section = re.split(r"^## ", text.partition("\n## Rooms\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    rooms = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("| `") or len(cells) != 3:
            continue
        name, *modules = re.findall(r"`([^`]+)`", cells[0])
        imports = frozenset(re.findall(r"`([^`]+)`", cells[2]))
        rooms.append(Room(name, frozenset(modules), cells[1], imports))
    return rooms


def arrows(house: House, rooms: Iterable[Room]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """The imports that go from one room to another, by the names of the two rooms."""
    rows = list(rooms)
    home = {
        name: next((room.name for room in rows if room.holds(path)), "")
        for name, path in house.modules.items()
    }
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for name, targets in house.imports.items():
        for target in targets:
            if home[name] != home[target]:
                found.setdefault((home[name], home[target]), []).append((name, target))
    return found


def homeless(house: House, rooms: Iterable[Room]) -> list[str]:
    """Modules that stand in no room, or in two. A folder's `__init__` belongs to the whole folder."""
    rows = list(rooms)
    found = []
    for name, path in house.modules.items():
        homes = sum(room.holds(path) for room in rows)
        if homes != 1 and path.name != "__init__.py":
            found.append(f"{name} stands in {homes or 'no'} room of the table in docs/architecture.md")
    return found


def broken_walls(house: House, rooms: Iterable[Room]) -> list[str]:
    """Imports that the table does not have, that go up, and rows that name what nobody imports."""
    rows = list(rooms)
    floor = {room.name: number for number, room in enumerate(rows)}
    row_of = {room.name: room for room in rows}
    found = []
    real = arrows(house, rows)
    for (source, target), imports in sorted(real.items()):
        if not source or not target:
            continue  # the face of a folder with several rooms, or a module without one: see `homeless`
        witness = "{} -> {}".format(*sorted(imports)[0])
        if floor[target] < floor[source]:
            found.append(f"upward: {source} -> {target} ({witness})")
        if target not in row_of[source].imports:
            found.append(f"not in the table: {source} -> {target} ({witness})")
    for room in rows:
        for target in sorted(room.imports):
            if target not in row_of:
                found.append(f"the row of {room.name} names no room: {target}")
            elif (room.name, target) not in real:
                found.append(f"nobody imports so: {room.name} -> {target}")
    return found


def circles(house: House) -> list[list[str]]:
    """The groups of modules that import each other in a circle (Tarjan's algorithm)."""
    numbers: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        numbers[name] = lowest[name] = len(numbers)
        stack.append(name)
        for target in house.imports[name]:
            if target not in numbers:
                visit(target)
                lowest[name] = min(lowest[name], lowest[target])
            elif target in stack:
                lowest[name] = min(lowest[name], numbers[target])
        if lowest[name] == numbers[name]:
            place = stack.index(name)
            group, stack[place:] = stack[place:], []
            if len(group) > 1:
                found.append(sorted(group))

    for name in house.modules:
        if name not in numbers:
            visit(name)
    return found


def crowded(house: House) -> list[str]:
    """The folders that hold more modules than `CROWD`."""
    count: dict[str, int] = {}
    for path in house.modules.values():
        count[path.parent.as_posix()] = count.get(path.parent.as_posix(), 0) + (path.name != "__init__.py")
    return [f"{folder} holds {number} modules" for folder, number in sorted(count.items()) if number > CROWD]


def lines_of(path: Path) -> int:
    """Return how many lines the file has."""
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def main() -> int:
    """Print the rooms, their sizes and their arrows; the exit status tells whether every wall stands."""
    house, rooms = read_house(), read_rooms(DOCUMENT.read_text(encoding="utf-8"))
    real = arrows(house, rooms)
    for room in rooms:
        paths = [path for path in house.modules.values() if room.holds(path)]
        own = [path for path in paths if path.name != "__init__.py"]
        print(f"{room.name}  ({len(own)} modules, {sum(map(lines_of, paths))} lines)")
        for target in sorted(target for source, target in real if source == room.name and target):
            print(f"    -> {target}  ({len(real[room.name, target])} imports)")
    faults = [
        *homeless(house, rooms),
        *broken_walls(house, rooms),
        *(f"circle: {' <-> '.join(group)}" for group in circles(house)),
        *(f"crowded: {line}" for line in crowded(house)),
    ]
    for fault in faults:
        print(f"broken wall: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
