# SPDX-License-Identifier: Apache-2.0
"""IMM XML: reading and writing the class and object files that ``immcfg -f`` loads.

Reading is strict and says file, line and reason (`XmlError`). The real loader accepts some broken files;
this reader does not imitate that. The values of object attributes stay texts, because their types are known
only after the classes are known (`typed_values`). Only the root element has a namespace prefix:

    <imm:IMM-contents xmlns:imm="http://www.saforum.org/IMMSchema" ...>
      <class name="C"> <category/> <rdn/> <attr/>... </class>
      <object class="C"> <dn/> <attr><name/><value/>...</attr>... </object>
    </imm:IMM-contents>
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Optional, Union
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from imm_model.classes import (
    FILE_FLAGS,
    SYSTEM_ATTRIBUTES,
    AttributeDefinition,
    AttributeFlag,
    Category,
    ClassDefinition,
    ClassError,
    check_class,
)
from imm_model.objects import ImmObject
from imm_model.types import Value, ValueType, format_value, parse_value

NAMESPACE = "http://www.saforum.org/IMMSchema"
SCHEMA = "SAI-AIS-IMM-XSD-A.02.13.xsd"
_HEAD = f"""<?xml version="1.0" encoding="utf-8"?>
<imm:IMM-contents xmlns:imm="{NAMESPACE}"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:noNamespaceSchemaLocation="{SCHEMA}">
"""
_TAIL = "</imm:IMM-contents>\n"

# Each element, with its possible parent elements. The prefix of the root element may be any.
_PARENTS = {
    "class": {"IMM-contents"},
    "object": {"IMM-contents"},
    "category": {"class", "rdn", "attr"},
    "rdn": {"class"},
    "attr": {"class", "object"},
    "name": {"rdn", "attr"},
    "type": {"rdn", "attr"},
    "flag": {"rdn", "attr"},
    "default-value": {"rdn", "attr"},
    "ntfId": {"rdn", "attr"},
    "dn": {"object"},
    "value": {"attr"},
}
_TEXT = frozenset({"category", "name", "type", "flag", "default-value", "ntfId", "dn", "value"})
_CATEGORIES = {category.sa_name: category for category in Category}


class XmlError(ValueError):
    """A file that is not IMM XML, or whose classes IMM would refuse."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class XmlObject(NamedTuple):
    """An object of a file: its values as texts in the order of the file, and the line of its element."""

    class_name: str
    dn: str
    attributes: tuple[tuple[str, tuple[str, ...]], ...]
    line: int


class ImmDocument(NamedTuple):
    """The classes and objects of a file in its order."""

    classes: tuple[ClassDefinition, ...]
    objects: tuple[XmlObject, ...]


def read_imm_xml(path: Union[str, os.PathLike[str]]) -> ImmDocument:
    """Read the file at `path`. OSError if it cannot be read, XmlError if it is not IMM XML."""
    with open(path, "rb") as handle:
        return parse_imm_xml(handle.read(), os.fspath(path))


def parse_imm_xml(data: bytes, file: str = "<data>") -> ImmDocument:
    """Return the classes and objects in `data`; XmlError names `file`, the line and the reason."""
    return _Reader(file).read(data)


def typed_values(obj: XmlObject, definition: ClassDefinition, file: str = "<data>") -> ImmObject:
    """Return `obj` with values of the types of the class instead of texts, without the RDN. XmlError if a
    value is wrong."""
    attributes: dict[str, tuple[Value, ...]] = {}
    for name, texts in obj.attributes:
        attribute = definition.attribute(name)
        if attribute is None:
            raise XmlError(
                file, obj.line, f"object {obj.dn}: class {definition.name} has no attribute {name!r}"
            )
        try:
            values = tuple(parse_value(text, attribute.type) for text in texts)
        except ValueError as error:
            raise XmlError(file, obj.line, f"object {obj.dn}, attribute {name!r}: {error}") from None
        if len(values) > 1 and not attribute.is_multi:
            raise XmlError(
                file, obj.line, f"object {obj.dn}: attribute {name!r} takes one value, not {len(values)}"
            )
        if not attribute.is_rdn:
            attributes[name] = values
    return ImmObject(obj.dn, obj.class_name, attributes)


def format_imm_xml(
    classes: Iterable[ClassDefinition] = (),
    objects: Iterable[ImmObject] = (),
    definitions: Optional[Mapping[str, ClassDefinition]] = None,
    comment: str = "",
) -> str:
    """Return the text of a file with `classes` and `objects`.

    `definitions` (by class name) gives the types of the objects' attributes where `classes` does not. An
    attribute of unknown type is written in the form that `str` gives it. `comment` comes first in the file.
    """
    known = dict(definitions or {})
    parts = [_HEAD]
    if comment:
        parts.append(f"  <!-- {comment.replace('--', '- -')} -->\n")
    for definition in classes:
        known[definition.name] = definition
        parts.append(_format_class(definition))
    parts += [_format_object(obj, known.get(obj.class_name)) for obj in objects]
    parts.append(_TAIL)
    return "".join(parts)


def _format_class(definition: ClassDefinition) -> str:
    lines = [f"  <class name={quoteattr(definition.name)}>"]
    lines.append(f"    <category>{definition.category.sa_name}</category>")
    for attribute in sorted(definition.attributes, key=lambda item: not item.is_rdn):
        tag = "rdn" if attribute.is_rdn else "attr"
        category = Category.CONFIG if attribute.is_config else Category.RUNTIME
        lines += [
            f"    <{tag}>",
            f"      <name>{escape(attribute.name)}</name>",
            f"      <type>{attribute.type.sa_name}</type>",
            f"      <category>{category.sa_name}</category>",
        ]
        lines += [f"      <flag>{word}</flag>" for word, flag in FILE_FLAGS.items() if attribute.flags & flag]
        if attribute.default is not None:
            text = escape(format_value(attribute.default, attribute.type))
            lines.append(f"      <default-value>{text}</default-value>")
        lines.append(f"    </{tag}>")
    lines.append("  </class>\n")
    return "\n".join(lines)


def _format_object(obj: ImmObject, definition: Optional[ClassDefinition]) -> str:
    lines = [f"  <object class={quoteattr(obj.class_name)}>", f"    <dn>{escape(obj.dn)}</dn>"]
    for name, values in obj.attributes.items():
        attribute = definition.attribute(name) if definition else None
        lines += ["    <attr>", f"      <name>{escape(name)}</name>"]
        for value in values:
            text = format_value(value, attribute.type) if attribute else str(value)
            lines.append(f"      <value>{escape(text)}</value>")
        lines.append("    </attr>")
    lines.append("  </object>\n")
    return "\n".join(lines)


class _Draft:
    """What has been read so far of one class, object or attribute: the texts of its elements."""

    def __init__(self, tag: str, name: Optional[str], line: int) -> None:
        self.tag = tag
        self.name = name
        self.line = line
        self.texts: dict[str, list[str]] = {}
        self.parts: list[_Draft] = []

    def one(self, element: str) -> Optional[str]:
        found = self.texts.get(element)
        return found[0] if found else None


class _Reader:
    """The reading of one file: it gets the events of expat and makes a document."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._path: list[str] = []
        self._text: list[str] = []
        self._drafts: list[_Draft] = []
        self._classes: list[ClassDefinition] = []
        self._objects: list[XmlObject] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text.append
        self._parser.EntityDeclHandler = self._entity

    def read(self, data: bytes) -> ImmDocument:
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            raise XmlError(
                self._file, error.lineno, f"not well-formed XML: {expat.ErrorString(error.code)}"
            ) from None
        except LookupError as error:  # Python has no codec for the encoding that the file names
            raise self._fail(str(error)) from None
        return ImmDocument(tuple(self._classes), tuple(self._objects))

    def _fail(self, reason: str, line: Optional[int] = None) -> XmlError:
        return XmlError(self._file, line or self._parser.CurrentLineNumber, reason)

    def _entity(self, *_declaration: object) -> None:
        raise self._fail("entity declarations are not allowed")

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        self._text.clear()
        if not self._path:
            if element.rpartition(":")[2] != "IMM-contents":
                raise self._fail(f"the root element is <{element}>, not <imm:IMM-contents>")
            self._path.append("IMM-contents")
            return
        parents = _PARENTS.get(element)
        if parents is None:
            raise self._fail(f"unknown element <{element}>")
        if self._path[-1] not in parents:
            raise self._fail(f"<{element}> does not belong into <{self._path[-1]}>")
        self._path.append(element)
        if element not in _TEXT:
            key = {"class": "name", "object": "class"}.get(element)
            name = attributes.get(key) if key else None
            if key and not name:
                raise self._fail(f'<{element}> needs the attribute {key}="..."')
            self._drafts.append(_Draft(element, name, self._parser.CurrentLineNumber))

    def _end(self, element: str) -> None:
        self._path.pop()
        if not self._path:
            return
        if element in _TEXT:
            self._drafts[-1].texts.setdefault(element, []).append("".join(self._text))
            self._text.clear()
            return
        draft = self._drafts.pop()
        if element == "class":
            self._classes.append(self._class(draft))
        elif element == "object":
            self._objects.append(self._object(draft))
        else:
            self._drafts[-1].parts.append(draft)

    def _class(self, draft: _Draft) -> ClassDefinition:
        assert draft.name
        category = self._category(draft)
        # immdump also writes the attributes that IMM added to the class; they do not belong to the
        # definition.
        parts = [part for part in draft.parts if part.one("name") not in SYSTEM_ATTRIBUTES]
        attributes = tuple(self._attribute(part) for part in parts)
        definition = ClassDefinition(draft.name, category, attributes)
        try:
            check_class(definition)
        except ClassError as error:
            raise self._fail(str(error), draft.line) from None
        return definition

    def _category(self, draft: _Draft) -> Category:
        word = draft.one("category")
        if word not in _CATEGORIES:
            raise self._fail(f"a <category> is SA_CONFIG or SA_RUNTIME, not {word!r}", draft.line)
        return _CATEGORIES[word]

    def _attribute(self, draft: _Draft) -> AttributeDefinition:
        name = draft.one("name")
        if not name:
            raise self._fail("an attribute needs a <name>", draft.line)
        config = self._category(draft) is Category.CONFIG
        flags = AttributeFlag.CONFIG if config else AttributeFlag.RUNTIME
        if draft.tag == "rdn":
            flags |= AttributeFlag.RDN
        for word in draft.texts.get("flag", ()):
            if word not in FILE_FLAGS:
                raise self._fail(f"attribute {name!r}: unknown flag {word!r}", draft.line)
            flags |= FILE_FLAGS[word]
        default: Optional[Value] = None
        text = draft.one("default-value")
        try:
            kind = ValueType.from_sa_name(draft.one("type") or "")
            if text:  # an empty <default-value> counts as none
                default = parse_value(text, kind)
        except ValueError as error:
            raise self._fail(f"attribute {name!r}: {error}", draft.line) from None
        return AttributeDefinition(name, kind, flags, default)

    def _object(self, draft: _Draft) -> XmlObject:
        assert draft.name
        dn = draft.one("dn")
        if not dn:
            raise self._fail(f"an object of class {draft.name} needs a <dn>", draft.line)
        attributes = []
        for part in draft.parts:
            name = part.one("name")
            if not name:
                raise self._fail(f"object {dn}: an attribute needs a <name>", part.line)
            attributes.append((name, tuple(part.texts.get("value", ()))))
        return XmlObject(draft.name, dn, tuple(attributes), draft.line)
