# SPDX-License-Identifier: Apache-2.0
"""IMM XML: a written file reads back, and the fault of a broken file is named with its line."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imm_model.classes import FILE_FLAGS, AttributeDefinition, AttributeFlag, Category, ClassDefinition
from imm_model.objects import ImmObject
from imm_model.types import ValueType
from imm_model.xml import XmlError, format_imm_xml, parse_imm_xml, read_imm_xml, typed_values

F = AttributeFlag
# what an XML 1.0 file can hold and keeps as it is
texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20
)
VALUES = {
    ValueType.INT32: st.integers(-(2**31), 2**31 - 1),
    ValueType.UINT32: st.integers(0, 2**32 - 1),
    ValueType.INT64: st.integers(-(2**63), 2**63 - 1),
    ValueType.UINT64: st.integers(0, 2**64 - 1),
    ValueType.TIME: st.integers(-(2**63), 2**63 - 1),
    ValueType.NAME: texts,
    ValueType.FLOAT: st.floats(width=32, allow_nan=False),
    ValueType.DOUBLE: st.floats(allow_nan=False),
    ValueType.STRING: texts,
    ValueType.ANY: st.binary(max_size=20),
}
ALL_TYPES = ClassDefinition(
    "All",
    Category.CONFIG,
    (
        AttributeDefinition("id", ValueType.STRING, F.CONFIG | F.RDN),
        *(AttributeDefinition(kind.name, kind, F.CONFIG | F.WRITABLE | F.MULTI_VALUE) for kind in ValueType),
    ),
)


@st.composite
def objects(draw):
    attributes = {
        kind.name: tuple(draw(st.lists(VALUES[kind], min_size=1, max_size=3)))
        for kind in draw(st.sets(st.sampled_from(sorted(ValueType))))
    }
    return ImmObject("id=1", "All", attributes)


@given(objects())
def test_objects_of_all_types_read_back(obj):
    document = parse_imm_xml(format_imm_xml([ALL_TYPES], [obj]).encode())
    assert document.classes == (ALL_TYPES,)
    assert typed_values(document.objects[0], ALL_TYPES) == obj


@given(st.sampled_from(sorted(ValueType)), st.data())
def test_a_default_of_any_type_reads_back(kind, data):
    default = data.draw(VALUES[kind].filter(lambda value: value not in ("", b"")))
    definition = ClassDefinition(
        "D", Category.CONFIG, (ALL_TYPES.rdn, AttributeDefinition("x", kind, F.CONFIG | F.WRITABLE, default))
    )
    (back,) = parse_imm_xml(format_imm_xml([definition]).encode()).classes
    assert back == definition or (isinstance(default, float) and math.isnan(default))


def test_every_flag_of_the_files_is_known_both_ways():
    for word, flag in FILE_FLAGS.items():
        config = flag & (F.WRITABLE | F.INITIALIZED | F.NO_DANGLING)
        flags = flag | (F.CONFIG if config else F.RUNTIME | F.CACHED)
        if flag is F.NO_DUPLICATES:
            flags |= F.MULTI_VALUE
        kind = ValueType.STRING if flag is F.DN else ValueType.NAME
        attribute = AttributeDefinition("x", kind, flags, "d" if flag is F.STRONG_DEFAULT else None)
        definition = ClassDefinition("C", Category.CONFIG, (ALL_TYPES.rdn, attribute))
        text = format_imm_xml([definition])
        assert f"<flag>{word}</flag>" in text
        assert parse_imm_xml(text.encode()).classes == (definition,)


def test_an_independent_reader_sees_the_same():
    text = format_imm_xml(
        [ALL_TYPES], [ImmObject("id=a&b", "All", {"STRING": ("<x>", "two words")})], comment="a--b"
    )
    root = ET.fromstring(text)
    assert root.tag == "{http://www.saforum.org/IMMSchema}IMM-contents"
    assert [node.get("name") for node in root.iter("class")] == ["All"]
    assert root.findtext("object/dn") == "id=a&b"
    assert [node.text for node in root.findall("object/attr/value")] == ["<x>", "two words"]


HEAD = '<imm:IMM-contents xmlns:imm="http://www.saforum.org/IMMSchema">\n'
TAIL = "</imm:IMM-contents>"
RDN = "<rdn><name>i</name><type>SA_STRING_T</type><category>SA_CONFIG</category></rdn>"
BROKEN = [
    ("<a/>", 1, "root element is <a>"),
    (HEAD, 2, "not well-formed"),
    ("", 1, "not well-formed"),
    (HEAD + "<klass/>" + TAIL, 2, "unknown element <klass>"),
    (HEAD + "<dn>x</dn>" + TAIL, 2, "<dn> does not belong into <IMM-contents>"),
    (HEAD + "<class/>" + TAIL, 2, 'needs the attribute name="..."'),
    (HEAD + '\n<class name="C"><category>SA_BOTH</category>' + RDN + "</class>" + TAIL, 3, "SA_BOTH"),
    (HEAD + '<class name="C"><category>SA_CONFIG</category></class>' + TAIL, 2, "must be the RDN"),
    (
        HEAD
        + f'<class name="C"><category>SA_CONFIG</category>\n{RDN.replace("STRING", "STR")}</class>'
        + TAIL,
        3,
        "'SA_STR_T' is no IMM type",
    ),
    (
        HEAD
        + '<class name="C"><category>SA_CONFIG</category>\n'
        + RDN
        + "\n<attr><name>x</name><type>SA_INT32_T</type><category>SA_CONFIG</category>"
        + "<default-value>abc</default-value></attr></class>"
        + TAIL,
        4,
        "'abc' is no SA_INT32_T",
    ),
    (HEAD + '<object class="C"><attr><name>x</name></attr></object>' + TAIL, 2, "needs a <dn>"),
    (
        HEAD + '<object class="C"><dn>i=1</dn>\n<attr><value>1</value></attr></object>' + TAIL,
        3,
        "needs a <name>",
    ),
    ('<!DOCTYPE x [<!ENTITY a "b">]>' + HEAD + TAIL, 1, "entity declarations are not allowed"),
]


@pytest.mark.parametrize(("text", "line", "reason"), BROKEN)
def test_a_broken_file_is_named_with_line_and_reason(text, line, reason):
    with pytest.raises(XmlError) as caught:
        parse_imm_xml(text.encode(), "model.xml")
    assert (caught.value.file, caught.value.line) == ("model.xml", line)
    assert reason in caught.value.reason
    assert str(caught.value).startswith(f"model.xml:{line}: ")


def test_values_that_the_class_does_not_take_are_named():
    def read(name, *values):
        body = "".join(f"<value>{value}</value>" for value in values)
        text = f'{HEAD}<object class="All"><dn>id=1</dn><attr><name>{name}</name>{body}</attr></object>{TAIL}'
        return typed_values(parse_imm_xml(text.encode()).objects[0], ALL_TYPES, "m.xml")

    assert read("UINT32", "1", "2").attributes == {"UINT32": (1, 2)}
    with pytest.raises(XmlError, match=r"m.xml:2: object id=1: class All has no attribute 'nope'"):
        read("nope", "1")
    with pytest.raises(XmlError, match="outside SA_UINT32_T"):
        read("UINT32", "4294967296")
    with pytest.raises(XmlError, match="takes one value, not 2"):
        read("id", "id=1", "id=2")


def test_a_file_is_read_by_its_path(tmp_path):
    path = tmp_path / "classes.xml"
    path.write_text(format_imm_xml([ALL_TYPES]), encoding="utf-8")
    assert read_imm_xml(path).classes == (ALL_TYPES,)
    with pytest.raises(OSError, match="absent"):
        read_imm_xml(tmp_path / "absent.xml")


@given(st.binary(max_size=200))
def test_any_bytes_give_a_document_or_an_xml_error(data):
    try:
        parse_imm_xml(HEAD.encode() + data)
    except XmlError:
        pass


def test_an_unknown_encoding_is_a_fault_of_the_file():
    data = b'<?xml version="1.0" encoding="klingon"?><imm:IMM-contents xmlns:imm="x"/>'
    with pytest.raises(XmlError, match=r"file\.xml:1: .*klingon"):
        parse_imm_xml(data, "file.xml")
