# SPDX-License-Identifier: Apache-2.0
"""How immcfg reads an IMM XML file: one element after the other, with an action at each end tag.

It does not use `imm_model.xml`, which reads a whole file strictly. immcfg creates the classes that come
before a fault, accepts and refuses other faults, and has its own error texts. `FileReader` is the state
machine, driven by expat. Its `Target` acts on classes and objects.
"""

from __future__ import annotations

import binascii
import os
import pyexpat
from collections.abc import Callable, Mapping
from enum import Enum, auto

from imm_model.classes import FILE_FLAGS, SYSTEM_ATTRIBUTES, AttributeDefinition, AttributeFlag, Category
from imm_model.types import Value, ValueType, decode_text
from saf_shim.tools import command
from saf_shim.tools.imm.client import Attribute
from saf_shim.tools.imm.values import parse_file_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Optional

_MAX_DEPTH = 10
_CHUNK = 256 * 1024
_HEAD_LENGTH = 4  # bytes that the C library needs before it parses anything
_CONTENTS = "imm:IMM-contents"
_CATEGORIES = {category.sa_name: category for category in Category}
_REFERENCES = frozenset("&<>\"'")  # characters that are usually written as references
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_FLAGS = {
    **FILE_FLAGS,
    "SA_RDN": AttributeFlag.RDN,
    "SA_CONFIG": AttributeFlag.CONFIG,
    "SA_RUNTIME": AttributeFlag.RUNTIME,
}


class Tag(Enum):
    """The elements; the value is the name in the file."""

    CONTENTS = _CONTENTS
    CLASS = "class"
    OBJECT = "object"
    DN = "dn"
    ATTRIBUTE = "attr"
    RDN = "rdn"
    NAME = "name"
    VALUE = "value"
    CATEGORY = "category"
    DEFAULT_VALUE = "default-value"
    TYPE = "type"
    FLAG = "flag"
    NTF_ID = "ntfid"


_TAGS = {tag.value: tag for tag in Tag}


class Outcome(Enum):
    """How a file was read."""

    DONE = auto()
    REFUSED = auto()  # the reason was printed on standard error
    CUT_OFF = auto()  # it ends too early: this was printed on standard error, but immcfg's status is 0
    EMPTY = auto()


class RefusedError(Exception):
    """The file is not read any further. The reason has been printed on standard error."""


class Target:
    """Acts on a file's contents; this base class does nothing. Methods may call `refuse`."""

    is_verbose = False  # True if `note_longer_value` should be called

    def begin_contents(self, schema: Optional[str]) -> frozenset[str]:
        """Begin the root element. `schema` is the schema that it names. Return flags to be accepted."""
        return frozenset()

    def end_contents(self) -> None:
        """End the root element."""

    def begin_class(self) -> None:
        """Begin a class."""

    def create_class(
        self, name: str, category: Optional[Category], attributes: tuple[AttributeDefinition, ...]
    ) -> None:
        """End a class. `category` is None if no class had a category so far."""

    def note_attribute(self, class_name: str, name: str, kind: ValueType) -> None:
        """Note the type of a class's attribute."""

    def note_rdn(self, class_name: str, name: str, kind: ValueType) -> None:
        """Note which attribute is a class's RDN."""

    def type_of(self, class_name: str, name: str) -> ValueType:
        """Return the type in which to read an object's attribute."""
        return ValueType.STRING

    def note_longer_value(self, value: str) -> None:
        """Note that a value continues with another piece of text (see `FileReader`). `value` is the text so
        far."""

    def begin_object_end(self) -> None:
        """Note that an object's end tag was read."""

    def create_object(self, class_name: str, dn: str, attributes: tuple[Attribute, ...]) -> None:
        """Act on a complete object."""


def refuse(*lines: str) -> NoReturn:
    """Print `lines` on standard error and stop reading."""
    for line in lines:
        command.complain(line)
    raise RefusedError


def read_file(path: str, target: Target, strict: bool) -> Outcome:
    """Read the file at `path` into `target`. OSError if it cannot be opened."""
    if os.path.isdir(path):
        return Outcome.EMPTY
    parser = FileReader(target, strict)
    with open(path, "rb") as handle:
        head = rest = handle.read(_CHUNK)
        if not head:
            return Outcome.EMPTY
        try:
            while len(head) > _HEAD_LENGTH and rest:
                parser.feed(rest, is_end=False)
                rest = handle.read(_CHUNK)
        except RefusedError:
            return Outcome.REFUSED
    try:
        parser.feed(rest, is_end=True)
    except RefusedError:
        return Outcome.CUT_OFF
    return Outcome.DONE


class FileReader:
    """Takes bytes and calls the target. RefusedError ends the reading.

    With --verbose, immcfg reports when the text of a value comes in pieces. The pieces are those of libxml2:
    a reference (``&amp;``) is a piece, and everything after the first non-ASCII character is another piece.
    """

    def __init__(self, target: Target, strict: bool) -> None:
        self._target = target
        self._strict = strict
        self._stack: list[Tag] = []
        self._known_flags: frozenset[str] = frozenset()
        self._category: Optional[Category] = None
        # the class that is being read
        self._class_name: Optional[str] = None
        self._definitions: list[AttributeDefinition] = []
        # the attribute that is being read
        self._name: Optional[str] = None
        self._type: Optional[ValueType] = None
        self._flags = AttributeFlag(0)
        self._default: Optional[str] = None
        self._has_ntf_id = False
        # the object that is being read
        self._object_class = ""
        self._dn: Optional[str] = None
        self._attributes: list[Attribute] = []
        self._values: list[str] = []  # in reverse order of the file
        self._value_goes_on = False
        self._is_base64 = False
        self._expat = pyexpat.ParserCreate()
        self._expat.buffer_text = not target.is_verbose
        # Expat makes pieces as well, and it makes one of each line end, which libxml2 does not do.
        self._after_line_end = self._after_reference = False
        self._has_news = False  # a further piece of the value is not reported yet
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._characters

    def feed(self, data: bytes, is_end: bool) -> None:
        """Parse more bytes. A fault in them is printed on standard error, and RefusedError is raised."""
        try:
            self._expat.Parse(data, is_end)
        except pyexpat.ExpatError as error:
            refuse(f"Error occured during XML parsing libxml2: {pyexpat.ErrorString(error.code)}\n")
        except (
            LookupError,
            ValueError,
        ) as error:  # for an encoding that Python does not know or expat cannot use
            refuse(f"Error occured during XML parsing libxml2: {error}\n")

    # Elements

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._stack) + 1 >= _MAX_DEPTH:
            refuse("The document is too deeply nested")
        tag = _TAGS.get(name)
        if tag is None:
            refuse(f"UNKNOWN TAG! ({name})")
        self._stack.append(tag)
        self._check_place(tag)
        if tag is Tag.CLASS:
            self._target.begin_class()
            self._class_name = _required(attributes, "name", "NAME ATTRIBUTE IS NULL")
        elif tag is Tag.OBJECT:
            self._flags = AttributeFlag(0)
            line = f"OBJECT {self._dn or '(null)'} HAS NO CLASS ATTRIBUTE"
            self._object_class = _required(attributes, "class", line)
        elif tag in (Tag.ATTRIBUTE, Tag.RDN):
            self._name = self._type = self._default = None
            self._flags = AttributeFlag.RDN if tag is Tag.RDN else AttributeFlag(0)
            self._has_ntf_id = self._has_ntf_id and tag is Tag.RDN
        elif tag in (Tag.VALUE, Tag.DEFAULT_VALUE):
            self._value_goes_on = False
            self._is_base64 = _is_base64(attributes)
        elif tag is Tag.CONTENTS:
            schema = attributes.get(
                "noNamespaceSchemaLocation", attributes.get("xsi:noNamespaceSchemaLocation")
            )
            self._known_flags = self._target.begin_contents(schema)

    def _check_place(self, tag: Tag) -> None:
        """Refuse names and DNs in the wrong place. (The C tool aborts at a second name or DN.)"""
        parent = self._parent()
        if tag is Tag.DN:
            if parent is not Tag.OBJECT:
                refuse("DN not immediately inside an object tag")
            if self._dn is not None:
                refuse("An object has two DNs")
        elif tag is Tag.NAME:
            if parent not in (Tag.ATTRIBUTE, Tag.RDN):
                refuse("Name not immediately inside an attribute tag")
            if self._name is not None:
                refuse("An attribute has two names")

    def _end(self, _name: str) -> None:
        tag = self._stack[-1]
        if tag is Tag.VALUE:
            self._end_value()
        elif tag is Tag.DEFAULT_VALUE:
            if self._default and self._is_base64:
                self._default = self._decode(self._default, "default value", "default-value")
            self._is_base64 = False
        elif tag is Tag.CLASS:
            self._target.create_class(self._class_name or "", self._category, tuple(self._definitions))
            self._definitions = []
            self._class_name = None
            self._has_ntf_id = False
        elif tag in (Tag.ATTRIBUTE, Tag.RDN):
            if self._parent() is Tag.CLASS:
                self._end_definition()
            else:
                self._end_object_attribute()
        elif tag is Tag.OBJECT:
            self._target.begin_object_end()
            if self._dn is None:
                refuse("Empty DN for object")
            self._target.create_object(self._object_class, self._dn, tuple(self._attributes))
            self._dn = None
            self._attributes = []
        elif tag is Tag.CONTENTS:
            self._target.end_contents()
        self._stack.pop()

    def _parent(self) -> Optional[Tag]:
        return self._stack[-2] if len(self._stack) > 1 else None

    # Text

    def _characters(self, text: str) -> None:
        tag = self._stack[-1]
        reader = self._TEXT.get(tag)
        if reader is not None:
            reader(self, text)

    def _read_dn(self, text: str) -> None:
        self._dn = (self._dn or "") + text

    def _read_name(self, text: str) -> None:
        self._name = (self._name or "") + text

    def _read_value(self, text: str) -> None:
        if self._parent() is not Tag.ATTRIBUTE:
            refuse("UNKNOWN PLACEMENT OF VALUE")
        for piece in _pieces(text) if self._target.is_verbose else (text,):
            self._add_to_value(piece)

    def _add_to_value(self, piece: str) -> None:
        is_line_end, is_reference = piece == "\n", piece in _REFERENCES
        if not self._value_goes_on:
            self._values.insert(0, piece)
            self._value_goes_on = True
        elif (self._after_line_end and not is_reference) or (is_line_end and not self._after_reference):
            self._values[0] += piece
        else:
            self._end_piece()
            self._values[0] += piece
            self._has_news = True
        self._after_line_end, self._after_reference = is_line_end, is_reference

    def _end_piece(self) -> None:
        if self._has_news and self._target.is_verbose:
            self._target.note_longer_value(self._values[0])
        self._has_news = False

    def _read_category(self, text: str) -> None:
        category = _CATEGORIES.get(text)
        if self._parent() is Tag.CLASS:
            if category is None:
                refuse("Unknown class category")
            self._category = category
        elif self._parent() in (Tag.ATTRIBUTE, Tag.RDN):
            if category is None:
                refuse("Unknown attribute category")
            self._flags |= _FLAGS[text]

    def _read_default(self, text: str) -> None:
        if self._parent() is not Tag.ATTRIBUTE:
            refuse("UNKNOWN PLACEMENT OF DEFAULT VALUE")
        self._default = (self._default or "") + text

    def _read_type(self, text: str) -> None:
        try:
            self._type = ValueType.from_sa_name(text)
        except ValueError:
            refuse(f"UNKNOWN VALUE TYPE, {text[:20]}")
        if self._class_name is None:
            refuse("Class name is missing")
        if self._name is None:
            refuse("Attribute name is missing")
        self._target.note_attribute(self._class_name, self._name, self._type)

    def _read_flag(self, text: str) -> None:
        flag = _FLAGS.get(text)
        if flag is not None:
            self._flags |= flag
        elif text not in self._known_flags:
            refuse(f"UNKNOWN FLAGS, {text}")

    def _read_ntf_id(self, text: str) -> None:
        if text.strip().startswith("-"):
            refuse("NtfId can not be negative")
        self._has_ntf_id = True

    _TEXT: Mapping[Tag, Callable[[FileReader, str], None]] = {
        Tag.DN: _read_dn,
        Tag.NAME: _read_name,
        Tag.VALUE: _read_value,
        Tag.CATEGORY: _read_category,
        Tag.DEFAULT_VALUE: _read_default,
        Tag.TYPE: _read_type,
        Tag.FLAG: _read_flag,
        Tag.NTF_ID: _read_ntf_id,
    }

    # Ends of parts

    def _end_value(self) -> None:
        self._end_piece()
        # An empty value counts only if it is the first value of its attribute.
        if not self._values:
            self._values.insert(0, "")
        elif self._is_base64:
            self._values[0] = self._decode(self._values[0], "value", "value")
        self._value_goes_on = False
        self._is_base64 = False

    def _decode(self, text: str, what: str, element: str) -> str:
        packed = text.translate({10: None, 13: None, 32: None})
        if len(packed) % 4 or not _BASE64.issuperset(packed[:-2] + packed[-2:].rstrip("=")):
            refuse(f"Failed to decode base64 {what} in attribute {self._name} ({element})")
        raw = binascii.a2b_base64(packed)
        return decode_text(raw.split(b"\0")[0])

    def _end_definition(self) -> None:
        name, kind = self._name, self._type
        if name is None:
            refuse("NO ATTR NAME")
        if any(definition.name == name for definition in self._definitions):
            refuse(f"Attribute '{name}' is defined more than once in class '{self._class_name}'")
        class_name = self._class_name or ""
        if self._flags & AttributeFlag.RDN and kind is not None:
            self._target.note_rdn(class_name, name, kind)
        if kind is None:
            refuse("Attribute value type is not set")
        flags = self._flags
        if flags & AttributeFlag.PERSISTENT:
            flags |= AttributeFlag.CACHED
        if self._has_ntf_id:
            command.complain("IGNORING NTF-ID FOR CLASS CREATE")
        default: Optional[Value] = None
        if self._default:
            default, complete = parse_file_value(self._default, kind)
            if self._strict and not complete:
                refuse(f"Failed to parse default value of attribute {name}")
        self._definitions.insert(0, AttributeDefinition(name, kind, flags, default))
        self._name = self._default = None

    def _end_object_attribute(self) -> None:
        name, texts = self._name, self._values
        self._name, self._values = None, []
        if name in SYSTEM_ATTRIBUTES:
            return
        if name is None:
            refuse("The attrName must be set")
        if not texts:
            refuse("The value array can not be empty")
        if not self._object_class:
            refuse("The object class must be set")
        if any(attribute.name == name for attribute in self._attributes):
            refuse(f"Attribute '{name}' is defined more than once in object '{self._dn or '(null)'}'")
        kind = self._target.type_of(self._object_class, name)
        values = []
        for text in texts:
            value, complete = parse_file_value(text, kind)
            if not complete:
                refuse(f"Failed to parse a value of attribute {name}")
            values.append(value)
        self._attributes.insert(0, Attribute(name, kind, tuple(values)))


def _pieces(text: str) -> tuple[str, ...]:
    """Return the text up to the first character that is not ASCII, and the rest."""
    if text.isascii():
        return (text,)
    place = next(place for place, character in enumerate(text) if not character.isascii())
    return (text[:place], text[place:]) if place else (text,)


def _required(attributes: dict[str, str], name: str, missing: str) -> str:
    found = attributes.get(name)
    if found is None:
        # This is OpenSAF's text for an element without any attribute.
        refuse("RETURNING NULL" if attributes else "The document is TOO DEEPLY NESTED", missing)
    return found


def _is_base64(attributes: dict[str, str]) -> bool:
    return attributes.get("xsi:type") == "xs:base64Binary" or attributes.get("encoding") == "base64"
