# SPDX-License-Identifier: Apache-2.0
"""immdump: writes classes and objects as XML that ``immcfg -f`` reads."""

from __future__ import annotations

import binascii
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from imm_model.classes import FILE_FLAGS, SYSTEM_ATTRIBUTES, AttributeDefinition, AttributeFlag
from imm_model.types import encode_text
from saf_shim.tools import command
from saf_shim.tools.imm.client import (
    IMM_OBJECT,
    Attribute,
    ClassDescription,
    ImmClient,
    ImmError,
    Scope,
    SearchOption,
)
from saf_shim.tools.imm.formatting import format_plain
from saf_shim.tools.options import CommandLine, LongOption, OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, TextIO

_LONG_OPTIONS = (
    LongOption("help", False, "h"),
    LongOption("pbe", True, "p"),
    LongOption("xmlwriter", True, "x"),
    LongOption("class", True, "c"),
    LongOption("audit", True, "a"),
    LongOption("null", False, "n"),
)
_CLASS_NAME = "SaImmAttrClassName"
_CLASS_NAMES = "opensafImmClassNames"
_OPTIONS = SearchOption.GET_ALL_ATTR | SearchOption.PERSISTENT_ATTRS
_HEAD = (
    '<?xml version="1.0"?>\n'
    '<imm:IMM-contents xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:noNamespaceSchemaLocation="SAI-AIS-IMM-XSD-A.02.13.xsd"'
    ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:imm="http://www.saforum.org/IMMSchema">\n'
)
_TAIL = "</imm:IMM-contents>\n"
_FLAG_WORDS = tuple(
    (word, FILE_FLAGS[word])
    for word in (
        "SA_MULTI_VALUE",
        "SA_WRITABLE",
        "SA_INITIALIZED",
        "SA_PERSISTENT",
        "SA_CACHED",
        "SA_NOTIFY",
        "SA_NO_DUPLICATES",
        "SA_NO_DANGLING",
        "SA_DN",
        "SA_DEFAULT_REMOVED",
        "SA_STRONG_DEFAULT",
    )
)
_BASE64_LINE = 72
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns its exit status."""
    return command.run(dump, argv)


def dump(arguments: Sequence[str]) -> int:
    """Perform the command; returns its exit status."""
    file_name, classes, with_empty, back_end = "", [], False, ""
    line = CommandLine("hp:x:c:a:n", _LONG_OPTIONS, arguments)
    try:
        for option in line:
            if option.letter == "h":
                _print_help()
                return 0
            if option.letter == "c":
                classes.append(option.value)
            elif option.letter == "n":
                with_empty = True
            else:
                file_name += option.value
                back_end += option.letter.replace("x", "")
    except OptionError as error:
        command.complain(f"immdump: {error}")
        command.fail("Try 'immdump --help' for more information")
    if back_end:
        return _refuse_back_end(back_end, file_name)
    imm = _connect()
    selected, warnings = _check_classes(imm, classes) if classes else (None, "")
    file_name = file_name or (line.operands or [""])[0]
    if file_name:
        sys.stdout.write(warnings)
    with _open_output(file_name) as output:
        output.write(_HEAD)
        _Dumper(imm, output, with_empty).dump(selected)
        output.write(_TAIL)
    if not file_name:  # these lines follow the XML, because the C library keeps them in a buffer
        sys.stdout.write(warnings)
    imm.finalize()
    return 0


def _connect() -> ImmClient:
    try:
        return ImmClient()
    except ImmError as error:
        if error.reason:
            command.complain(error.reason)
        command.fail(f"Failed to initialize the imm om interface - exiting{int(error.code)}")


def _refuse_back_end(letters: str, file_name: str) -> int:
    """Refuse -p and -a. They are for the SQLite back end, which the simulator does not have."""
    if "p" in letters and "a" in letters:
        _print_help()
        return command.FAILURE
    if "a" in letters:
        command.complain("There is no persistent back end: nothing to audit")
        return 2
    sys.stdout.write(f"Generating DB file from current IMM state. File: {file_name}\n")
    command.complain("There is no persistent back end: no database can be written")
    return command.FAILURE


def _class_names(imm: ImmClient) -> list[str]:
    """Return the names of all classes, as IMM's own object lists them."""
    try:
        accessor = imm.initialize_accessor()
        found = imm.get_object(accessor, IMM_OBJECT, [_CLASS_NAMES])
        imm.finalize_accessor(accessor)
    except ImmError as error:
        command.fail(f"Failed to read the names of the classes - exiting: {error}")
    return [str(name) for name in found[0].values]


def _check_classes(imm: ImmClient, wanted: Sequence[str]) -> tuple[list[str], str]:
    """Return the wanted classes that exist, and lines about the others. Ends the tool if none exists."""
    present = set(_class_names(imm))
    warnings = "".join(f"Warning: Class '{name}' doesn't exist\n" for name in wanted if name not in present)
    found = [name for name in wanted if name in present]
    if not found:
        sys.stdout.write(warnings)
        command.fail("No valid class - exiting")
    return found, warnings


@contextmanager
def _open_output(file_name: str) -> Iterator[TextIO]:
    """Yield standard output or the file. If it is the file, print its name."""
    if not file_name:
        yield sys.stdout
        return
    sys.stdout.write(f"Dumping current IMM state to XML file {file_name} using XMLWriter\n")
    if file_name == "-":
        yield sys.stdout
        return
    try:
        output = open(file_name, "w", encoding="utf-8", errors="surrogateescape", newline="\n")  # noqa: SIM115
    except OSError as error:
        command.complain(f"I/O error : {error.strerror}")
        sys.stdout.write("Error at xmlNewTextWriterFilename\n")
        raise SystemExit(command.FAILURE) from None
    with output:
        yield output


class _Dumper:
    """Writes classes, then objects."""

    def __init__(self, imm: ImmClient, output: TextIO, with_empty: bool) -> None:
        self._imm = imm
        self._output = output
        self._with_empty = with_empty
        self._rdns: dict[str, str] = {}

    def dump(self, selected: Optional[Sequence[str]]) -> None:
        """Write the selected classes, or all of them. Selected classes are written in a form that can be
        loaded: without the attributes that IMM sets itself, and parents before children."""
        names = _class_names(self._imm) if selected is None else selected
        for description in [self._describe(name) for name in names]:
            self._output.write(format_class(description))
        if selected is None:
            for dn, attributes in self._search(""):
                self._write_object(dn, attributes, hidden=())
            return
        found = {
            reverse_dn(dn): (dn, attributes) for name in selected for dn, attributes in self._search(name)
        }
        for key in sorted(found):
            dn, attributes = found[key]
            self._write_object(dn, attributes, hidden=SYSTEM_ATTRIBUTES)

    def _describe(self, name: str) -> ClassDescription:
        try:
            description = self._imm.describe_class(name)
        except ImmError as error:
            command.fail(f"Failed to get the description of {name} class: {int(error.code)} - exiting!")
        for attribute in description.attributes:
            if attribute.is_rdn:
                self._rdns[name] = attribute.name
        return description

    def _search(self, class_name: str) -> Iterator[tuple[str, list[Attribute]]]:
        """Yield objects with the attributes that survive a restart. Objects without such attributes are left
        out."""
        imm = self._imm
        try:
            search = imm.initialize_search("", Scope.SUBTREE, _OPTIONS, class_name)
        except ImmError as error:
            command.fail(f"Failed on saImmOmSearchInitialize - exiting {int(error.code)}")
        try:
            for dn, attributes in imm.iterate_search(search):
                if attributes:
                    yield dn, attributes
        except ImmError as error:
            command.fail(f"Failed in saImmOmSearchNext_2 - exiting{int(error.code)}")
        try:
            imm.finalize_search(search)
        except ImmError as error:
            command.complain(f"Failed to finalize the search connection - exiting{int(error.code)}")

    def _write_object(self, dn: str, attributes: Sequence[Attribute], hidden: Iterable[str]) -> None:
        class_name = next(str(a.values[0]) for a in attributes if a.name == _CLASS_NAME)
        skipped = {self._rdns.get(class_name), *hidden}
        shown = [a for a in attributes if a.name not in skipped and (a.values or self._with_empty)]
        self._output.write(format_object(class_name, dn, shown))


def format_class(description: ClassDescription) -> str:
    """Return a class as XML. The RDN comes first."""
    lines = [f'  <class name="{escape(description.name)}">']
    lines.append(f"    <category>{description.category.sa_name}</category>")
    for attribute in sorted(description.attributes, key=lambda a: not a.is_rdn):
        lines += _format_definition(attribute)
    lines.append("  </class>\n")
    return "\n".join(lines)


def _format_definition(attribute: AttributeDefinition) -> Iterator[str]:
    element = "rdn" if attribute.is_rdn else "attr"
    yield f"    <{element}>"
    yield f"      <name>{escape(attribute.name)}</name>"
    yield f"      <type>{attribute.type.sa_name}</type>"
    if attribute.flags & AttributeFlag.RUNTIME:
        yield "      <category>SA_RUNTIME</category>"
    if attribute.is_config:
        yield "      <category>SA_CONFIG</category>"
    for word, flag in _FLAG_WORDS:
        if attribute.flags & flag:
            yield f"      <flag>{word}</flag>"
    if attribute.default is not None and not attribute.is_rdn:
        yield "      " + _format_text("default-value", format_plain(attribute.default, attribute.type))
    yield f"    </{element}>"


def format_object(class_name: str, dn: str, attributes: Sequence[Attribute]) -> str:
    """Return an object as XML. An attribute without values has a nil value."""
    lines = [f'  <object class="{escape(class_name)}">', f"    <dn>{escape(dn)}</dn>"]
    for name, kind, values in attributes:
        lines += ["    <attr>", f"      <name>{escape(name)}</name>"]
        lines += ["      " + _format_text("value", format_plain(value, kind)) for value in values]
        if not values:
            lines.append('      <value xsi:nil="true"/>')
        lines.append("    </attr>")
    lines.append("  </object>\n")
    return "\n".join(lines)


def _format_text(element: str, text: str) -> str:
    if is_xml_text(text):
        return f"<{element}>{escape(text)}</{element}>"
    encoded = binascii.b2a_base64(encode_text(text), newline=False).decode("ascii")
    lines = [encoded[place : place + _BASE64_LINE] for place in range(0, len(encoded), _BASE64_LINE)]
    joined = "\r\n".join(lines)
    return f'<{element} xsi:type="xs:base64Binary">{joined}</{element}>'


def escape(text: str) -> str:
    """Return text in the form for use between tags or in an attribute."""
    for character, entity in _ENTITIES.items():
        text = text.replace(character, entity)
    return text


def is_xml_text(text: str) -> bool:
    """Tell whether XML 1.0 can hold a text. Control characters, lone surrogates (bytes that are not UTF-8),
    U+FFFE and U+FFFF cannot be written, not even as references."""
    return all(
        character >= " " and not "\ud800" <= character <= "\udfff" and character not in "\ufffe\uffff"
        if character not in "\t\n\r"
        else True
        for character in text
    )


def reverse_dn(dn: str) -> bytes:
    """Return the parts of the DN in reverse order, so that sorting puts parents before their children."""
    parts: list[str] = []
    for part in dn.split(","):
        if parts and parts[-1].endswith("\\"):
            parts[-1] += "," + part
        else:
            parts.append(part)
    return encode_text(",".join(reversed(parts)))


def _print_help() -> None:
    command.print_help(
        "immdump",
        "immdump [options] [FILE]",
        "write the information model as XML\n"
        "Classes, configuration objects and persistent runtime objects, in the form that immcfg -f loads;\n"
        "to standard output when no FILE is given.",
        "-c, --class=NAME      only this class and its objects (repeat for several)\n"
        "-h, --help            print this text and end\n"
        "-n, --null            write attributes without value too\n"
        "-x, --xmlwriter=FILE  the same as FILE\n"
        "-p, --pbe=FILE        (database of the persistent back end: not in the simulator)\n"
        "-a, --audit=FILE      (check of such a database: not in the simulator)",
        "immdump model.xml\nimmdump -c SaAmfSU -c SaAmfComp",
    )
