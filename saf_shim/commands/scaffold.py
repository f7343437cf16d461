# SPDX-License-Identifier: Apache-2.0
"""``saf-shim new``: writes a working component with its model and its tests, as a start for your own."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping

from saf_shim.commands.shared import AddCommand, CommandError, WrongUseError

_TEMPLATES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scaffold")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_LONGEST = 40
# Names that would hide a module of Python, of the tests or of the scaffold.
_TAKEN = frozenset({"model", "test", "pyosaf", "saf-shim"})
# For each file: the template, the file's name, and its mode.
_FILES = (
    ("component.py.in", "@module@.py", 0o755),
    ("model.py.in", "model.py", 0o755),
    ("test_component.py.in", "test_@module@.py", 0o644),
    ("try.sh.in", "try.sh", 0o755),
    ("README.md.in", "README.md", 0o644),
)


def add_commands(add: AddCommand) -> None:
    """Add the subcommand."""
    made = add(
        "new", _new, "write a component to begin from, with CLC-CLI commands, AMF model, class and tests"
    )
    made.add_argument("name", metavar="NAME", help="such as my-component; its directory gets this name")


def _new(args: argparse.Namespace) -> int:
    words = words_for(args.name)
    try:
        os.mkdir(args.name)
    except OSError as error:
        raise CommandError(f"cannot make the directory {args.name}: {error.strerror}") from None
    for template, name, mode in _FILES:
        path = os.path.join(args.name, _render(name, words))
        with open(os.path.join(_TEMPLATES, template), encoding="utf-8") as handle:
            text = _render(handle.read(), words)
        with open(path, "w", encoding="utf-8") as handle:
            handle.write(text)
        os.chmod(path, mode)
        print(path)
    print(f"\nTry it:\n  saf-shim run -- sh {args.name}/try.sh\n  pytest {args.name}")
    return 0


def words_for(name: str) -> dict[str, str]:
    """Return the values of the templates' words. WrongUseError if the name is not possible for a
    component."""
    if (
        not _LETTERS.issuperset(name)
        or not name[:1].isalpha()
        or len(name) > _LONGEST
        or name.endswith("-")
        or "--" in name
    ):
        raise WrongUseError(
            f"{name!r} is no name: take lower-case letters, digits, single dashes; a letter first"
        )
    if name in _TAKEN:
        raise WrongUseError(f"{name!r} is the name of something else that Python would find in its place")
    title = "".join(part.capitalize() for part in name.split("-"))
    module = name.replace("-", "_")
    return {
        "@name@": name,
        "@Name@": title,  # the IMM class, and all names in AMF's model
        "@module@": module,
        "@attribute@": title[0].lower() + title[1:],  # the RDN
        "@VARIABLE@": module.upper(),
    }


def _render(text: str, words: Mapping[str, str]) -> str:
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    return text
