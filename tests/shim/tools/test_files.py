# SPDX-License-Identifier: Apache-2.0
"""XML files in and out: the reader of immcfg -f, immcfg -L, and what immdump writes."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Optional
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imm_model.classes import AttributeDefinition, AttributeFlag, Category
from imm_model.types import ValueType, decode_text
from saf_shim.tools.imm import immdump
from saf_shim.tools.imm.client import Attribute, ClassDescription
from saf_shim.tools.immcfg import classfile, immcfg, load

HEAD = '<?xml version="1.0"?><imm:IMM-contents xmlns:imm="i" xmlns:xsi="x">'
TAIL = "</imm:IMM-contents>"
CLASS = (
    '<class name="C"><category>SA_CONFIG</category>'
    "<rdn><name>id</name><type>SA_STRING_T</type><category>SA_CONFIG</category></rdn></class>"
)


class Recorder(classfile.Target):
    """A target that keeps what it gets. Attributes whose name is not the name of a type are strings."""

    def __init__(self) -> None:
        self.classes: list[ClassDescription] = []
        self.objects: list[tuple[str, str, tuple[Attribute, ...]]] = []
        self.ended = False
        self.types: dict[str, ValueType] = {}

    def end_contents(self) -> None:
        self.ended = True

    def create_class(
        self, name: str, category: Optional[Category], attributes: tuple[AttributeDefinition, ...]
    ) -> None:
        assert category is not None
        self.classes.append(ClassDescription(name, category, attributes))

    def note_attribute(self, class_name: str, name: str, kind: ValueType) -> None:
        self.types[name] = kind

    def type_of(self, class_name: str, name: str) -> ValueType:
        return self.types.get(name, ValueType.STRING)

    def create_object(self, class_name: str, dn: str, attributes: tuple[Attribute, ...]) -> None:
        self.objects.append((class_name, dn, attributes))


def read(text: str, strict: bool = False) -> Recorder:
    recorder = Recorder()
    reader = classfile.FileReader(recorder, strict)
    reader.feed(text.encode("utf-8", "surrogateescape"), is_end=True)
    return recorder


def read_object(body: str, head: str = CLASS) -> tuple[Attribute, ...]:
    recorder = read(f'{HEAD}{head}<object class="C"><dn>id=1</dn>{body}</object>{TAIL}')
    assert recorder.ended
    return recorder.objects[0][2]


def attribute(name: str, *values: str) -> str:
    return f"<attr><name>{name}</name>{''.join(f'<value>{value}</value>' for value in values)}</attr>"


def refusal(text: str, capsys: pytest.CaptureFixture[str], strict: bool = False) -> str:
    with pytest.raises(classfile.RefusedError):
        read(text, strict)
    return capsys.readouterr().err


def test_values_come_in_reverse_order_and_empty_ones_only_first() -> None:
    assert read_object(attribute("a", "1", "", "2", " ")) == (
        Attribute("a", ValueType.STRING, (" ", "2", "1")),
    )
    assert read_object(attribute("a", "", "x"))[0].values == ("x", "")
    assert read_object(attribute("a", ""))[0].values == ("",)


def test_attributes_that_imm_sets_itself_are_left_out() -> None:
    """Their values are not mixed into the next attribute either, as the C tool does."""
    body = attribute("SaImmAttrClassName", "C") + attribute("a", "x")
    assert read_object(body) == (Attribute("a", ValueType.STRING, ("x",)),)


def test_text_in_pieces_is_one_value() -> None:
    assert read_object(attribute("a", "b &amp; <![CDATA[<c>]]>&#100;"))[0].values == ("b & <c>d",)
    long = "x" * 100_000
    assert read_object(attribute("a", long))[0].values == (long,)


def test_base64_values() -> None:
    body = '<attr><name>a</name><value xsi:type="xs:base64Binary">/w\r\nA=</value></attr>'
    assert read_object(body)[0].values == (decode_text(b"\xff"),)


@pytest.mark.parametrize("text", ["/w=", "/w-A", "====", "/w=A"])
def test_base64_that_is_none(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    body = f'<attr><name>a</name><value encoding="base64">{text}</value></attr>'
    document = f'{HEAD}<object class="C"><dn>i=1</dn>{body}</object>{TAIL}'
    assert refusal(document, capsys) == "Failed to decode base64 value in attribute a (value)\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<a/>", "UNKNOWN TAG! (a)\n"),
        (f"{HEAD}<class/>{TAIL}", "The document is TOO DEEPLY NESTED\nNAME ATTRIBUTE IS NULL\n"),
        (f'{HEAD}<class x="1"/>{TAIL}', "RETURNING NULL\nNAME ATTRIBUTE IS NULL\n"),
        (f"{HEAD}<dn/>{TAIL}", "DN not immediately inside an object tag\n"),
        (f"{HEAD}<name/>{TAIL}", "Name not immediately inside an attribute tag\n"),
        (f'{HEAD}<object class="C"></object>{TAIL}', "Empty DN for object\n"),
        (f"{HEAD}<value>x</value>{TAIL}", "UNKNOWN PLACEMENT OF VALUE\n"),
        (f"{HEAD}<attr><type>SA_INT32_T</type></attr>{TAIL}", "Class name is missing\n"),
        (
            f'{HEAD}<class name="C"><attr><type>SA_INT32_T</type></attr></class>{TAIL}',
            "Attribute name is missing\n",
        ),
        (f'{HEAD}<class name="C"><attr></attr></class>{TAIL}', "NO ATTR NAME\n"),
        (
            f'{HEAD}<class name="C"><attr><name>a</name></attr></class>{TAIL}',
            "Attribute value type is not set\n",
        ),
        (f'{HEAD}<class name="C"><category>x</category></class>{TAIL}', "Unknown class category\n"),
        (
            f'{HEAD}<object class="C"><dn>i=1</dn><attr><name>a</name></attr></object>{TAIL}',
            "The value array can not be empty\n",
        ),
        (
            f'{HEAD}<object class="C"><dn>i=1</dn>{attribute("a", "1") * 2}</object>{TAIL}',
            "Attribute 'a' is defined more than once in object 'i=1'\n",
        ),
        (f'{HEAD}<object class="C"><dn>i=1</dn><dn>i=2</dn></object>{TAIL}', "An object has two DNs\n"),
        ("<rdn>" * 10, "The document is too deeply nested\n"),
    ],
)
def test_refused_files(text: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(text, capsys) == line


def test_strict_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        f'{HEAD}<class name="C"><category>SA_CONFIG</category><attr><name>a</name><type>SA_UINT32_T</type>'
        f"<category>SA_CONFIG</category><default-value>abc</default-value></attr></class>{TAIL}"
    )
    assert read(text).classes[0].attributes[0].default == 0
    assert refusal(text, capsys, strict=True) == "Failed to parse default value of attribute a\n"


@pytest.mark.parametrize(
    ("content", "status", "lines"),
    [
        ("", 1, 0),
        ("x", 0, 2),
        ("not xml", 1, 2),
        (HEAD + CLASS, 0, 2),
        (HEAD + CLASS + TAIL, 0, 0),
        (HEAD + "</wrong>", 1, 2),
    ],
)
def test_check_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, status: int, lines: int
) -> None:
    """A file that ends too early is reported, but the exit status is 0."""
    path = tmp_path / "file.xml"
    path.write_text(content)
    assert immcfg.main(["-L", str(path)]) == status
    captured = capsys.readouterr()
    assert captured.out == ("Validation is successful\n" if status == 0 else "")
    assert captured.err.count("\n") == lines
    assert captured.err.startswith("Error occured during XML parsing libxml2: ") == bool(lines)


def test_a_folder_is_an_empty_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert immcfg.main(["-L", str(tmp_path)]) == 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("dn", "rdn", "parent"),
    [
        ("a=1", "a=1", ""),
        ("a=1,b=2,c=3", "a=1", "b=2,c=3"),
        ("a=1\\,2,b=2", "a=1\\,2", "b=2"),
        ("a=1,b", "a=1,b", ""),
        (",b=2", "", "b=2"),
    ],
)
def test_parents_of_files(dn: str, rdn: str, parent: str) -> None:
    assert load.split_parent(dn) == (rdn, parent)


SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="other"><xs:restriction><xs:enumeration value="SA_NO"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="attr-flags"><xs:restriction base="xs:string">
    <xs:enumeration value="SA_CACHED"/><xs:enumeration value="SA_FUTURE"/>
  </xs:restriction></xs:simpleType></xs:schema>"""


def test_flags_of_a_schema(tmp_path: Path) -> None:
    path = tmp_path / "flags.xsd"
    path.write_text(SCHEMA)
    assert load.read_schema_flags(str(path), None) == {"SA_FUTURE"}
    assert load.read_schema_flags(str(tmp_path), "flags.xsd") == {"SA_FUTURE"}


@pytest.mark.parametrize(
    ("path", "schema", "line"),
    [
        ("nope", None, "{}/nope does not exist"),
        ("", None, "Schema is not defined in XML file"),
        ("", "nope.xsd", "XSD file {}/ does not exist"),
        ("", "folder", "Schema {}/folder is not a file"),
    ],
)
def test_schemas_that_are_not_there(
    tmp_path: Path, path: str, schema: Optional[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(classfile.RefusedError):
        load.read_schema_flags(f"{tmp_path}/{path}", schema)
    assert capsys.readouterr().err == line.format(tmp_path) + "\nFailed to load XML schema\n"


NAMES = st.text(alphabet="abcdefghijklmnop", min_size=1, max_size=8)
VALUES = {
    ValueType.STRING: st.text(max_size=20).filter(lambda text: "\r" not in text and "\0" not in text),
    ValueType.INT32: st.integers(-(2**31), 2**31 - 1),
    ValueType.UINT64: st.integers(0, 2**64 - 1),
    ValueType.DOUBLE: st.floats(allow_nan=False),
    ValueType.ANY: st.binary(min_size=1, max_size=9),
}


@st.composite
def definitions(draw: st.DrawFn) -> ClassDescription:
    """A config class of some attributes, the RDN first."""
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    attributes = [
        AttributeDefinition(names[0], ValueType.STRING, AttributeFlag.CONFIG | AttributeFlag.RDN, None)
    ]
    for name in names[1:]:
        kind = draw(st.sampled_from(sorted(VALUES)))
        flags = AttributeFlag.CONFIG | draw(
            st.sampled_from([AttributeFlag(0), AttributeFlag.WRITABLE | AttributeFlag.MULTI_VALUE])
        )
        default = draw(st.none() | VALUES[kind]) or None
        attributes.append(AttributeDefinition(name, kind, flags, default))
    return ClassDescription(draw(NAMES), Category.CONFIG, tuple(attributes))


@given(definitions())
def test_dumped_classes_are_read_back(description: ClassDescription) -> None:
    read_back = read(HEAD + immdump.format_class(description) + TAIL).classes
    assert [c._replace(attributes=c.attributes[::-1]) for c in read_back] == [description]


@given(st.sampled_from(sorted(VALUES)), st.data())
def test_dumped_objects_are_read_back(kind: ValueType, data: st.DataObject) -> None:
    values = tuple(data.draw(st.lists(VALUES[kind], min_size=1, max_size=4)))
    if "" in values[1:]:  # immcfg -f drops them
        values = values[:1]
    text = immdump.format_object("C", "id=1", [Attribute("a", kind, values)])
    recorder = Recorder()
    recorder.types["a"] = kind
    classfile.FileReader(recorder, False).feed(f"{HEAD}{text}{TAIL}".encode(), is_end=True)
    assert recorder.objects == [("C", "id=1", (Attribute("a", kind, values[::-1]),))]


@given(st.text(max_size=30))
def test_what_is_written_is_xml(text: str) -> None:
    text = text.replace("\0", "")
    written = immdump.format_object("C", "id=1", [Attribute("a", ValueType.STRING, (text,))])
    root = ElementTree.fromstring(HEAD + written + TAIL)
    assert root.findtext("object/attr/name") == "a"


def test_bytes_that_are_no_text_are_written_in_base64() -> None:
    text = immdump.format_object(
        "C", "id=1", [Attribute("a", ValueType.STRING, (decode_text(b"\xff" * 60),))]
    )
    _, _, encoded = text.partition('<value xsi:type="xs:base64Binary">')
    assert [len(line) for line in encoded.partition("</value>")[0].split("\r\n")] == [72, 8]


def test_parents_are_dumped_before_children() -> None:
    names = ["b=1", "a=2,b=1", "a=1,b=10", "c=x\\,y,b=1", "b=10"]
    ordered = sorted(names, key=immdump.reverse_dn)
    assert ordered == ["b=1", "a=2,b=1", "c=x\\,y,b=1", "b=10", "a=1,b=10"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("plain\ntext", []),
        ("a&amp;b\nc", [(3, "a&"), (6, "a&b\nc")]),
        ("x\n&lt;", [(4, "x\n<")]),
        ("grün", [(6, "grün")]),
        ("ürig", []),
    ],
)
def test_verbose_says_when_a_value_comes_in_pieces(
    value: str, said: list[tuple[int, str]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A reference is a piece, and so is what begins with a character not of ASCII, as in libxml2 2.9."""
    path = tmp_path / "objects.xml"
    body = attribute("text", "first", value)
    path.write_text(f'{HEAD}<object class="C"><dn>id=1</dn>{body}</object>{TAIL}', encoding="utf-8")
    assert immcfg.main(["-v", "-L", str(path)]) == 0
    text = capsys.readouterr().err
    lines = "".join(f"APPENDED NEW VALUE newsize {size} {words}\n" for size, words in said)
    assert text.count("APPENDED") == len(said)
    assert lines in text


@pytest.mark.parametrize("encoding", ["no-such-code", "utf-7", "idna", "rot13"])
def test_an_encoding_that_nobody_can_read_is_an_error_line(
    encoding: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "classes.xml"
    path.write_text(f'<?xml version="1.0" encoding="{encoding}"?><a/>', encoding="ascii")
    assert immcfg.main(["-L", str(path)]) == 1
    assert capsys.readouterr().err.startswith("Error occured during XML parsing libxml2: ")


def test_a_large_file_is_read_in_parts(tmp_path: Path) -> None:
    """Memory does not grow with the file: 20 MB of objects need less than 2 MB."""
    path = tmp_path / "objects.xml"
    body = attribute("text", "x" * 1000)
    with path.open("w", encoding="ascii") as handle:
        handle.write(HEAD)
        for number in range(20_000):
            handle.write(f'<object class="C"><dn>id={number}</dn>{body}</object>')
        handle.write(TAIL)
    tracemalloc.start()
    assert classfile.read_file(str(path), classfile.Target(), strict=False) is classfile.Outcome.DONE
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
