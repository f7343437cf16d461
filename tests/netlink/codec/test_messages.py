# SPDX-License-Identifier: Apache-2.0
"""Messages and attributes: any bytes give values or DecodeError, and every step goes forward."""

from __future__ import annotations

import struct
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netlink_captures import FILES, read_datagrams

from amf_netwatch.netlink.codec.messages import (
    count_alike,
    iter_attributes,
    iter_messages,
    pack_attribute,
    pack_message,
    read_name,
    read_s32,
    read_text,
    read_u8,
    read_u16,
    read_u32,
)
from amf_netwatch.netlink.errors import DecodeError


def message(length, kind=16, payload=b""):
    return struct.pack("=IHHII", length, kind, 0, 7, 9) + payload


def attribute(length, kind, value=b""):
    return struct.pack("=HH", length, kind) + value


def test_a_datagram_may_hold_several_messages_each_aligned():
    datagram = message(17, 1, b"a\0\0\0") + message(16, 2) + message(20, 3, b"abcd")
    assert [(found.type, found.payload) for found in iter_messages(datagram)] == [
        (1, b"a"),
        (2, b""),
        (3, b"abcd"),
    ]


def test_header_fields():
    (found,) = iter_messages(struct.pack("=IHHII", 16, 16, 0x302, 77, 4711))
    assert (found.type, found.flags, found.sequence, found.port) == (16, 0x302, 77, 4711)


def test_the_last_message_needs_no_padding():
    assert [found.payload for found in iter_messages(message(17, 1, b"a"))] == [b"a"]


@pytest.mark.parametrize("length", [0, 1, 15, 17, 0xFFFFFFFF], ids="length {}".format)
def test_a_message_length_that_lies_is_refused(length):
    with pytest.raises(DecodeError, match="length"):
        list(iter_messages(message(length)))


@pytest.mark.parametrize("size", [1, 4, 15])
def test_half_a_header_is_refused(size):
    with pytest.raises(DecodeError, match="header"):
        list(iter_messages(message(16) + bytes(size)))


def test_what_came_before_the_lie_is_handed_over():
    walk = iter_messages(message(16, 5) + message(3))
    assert next(walk).type == 5
    with pytest.raises(DecodeError):
        next(walk)


@pytest.mark.parametrize("length", [0, 1, 3, 9, 0xFFFF], ids="length {}".format)
def test_an_attribute_length_that_lies_is_refused(length):
    with pytest.raises(DecodeError, match="length"):
        list(iter_attributes(attribute(length, 3, b"abcd"), 0, 8))


def test_an_attribute_may_not_reach_past_its_own_message():
    datagram = message(24, 16, attribute(12, 3, b"abcd")) + message(20, 16, b"abcd")
    (first, _) = iter_messages(datagram)
    with pytest.raises(DecodeError):
        list(iter_attributes(datagram, first.start, first.end))


def test_the_flag_bits_of_an_attribute_type_are_left_out():
    (found,) = iter_attributes(attribute(4, 0xC000 | 18), 0, 4)
    assert found.type == 18


@given(st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=50))))
def test_attributes_come_out_as_they_went_in(pairs):
    data = b"".join(pack_attribute(kind, value) for kind, value in pairs)
    assert [
        (found.type, data[found.start : found.end]) for found in iter_attributes(data, 0, len(data))
    ] == pairs


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=50))))
def test_messages_come_out_as_they_went_in(pairs):
    datagram = b"".join(
        packed + bytes(-len(packed) & 3)
        for packed in (pack_message(kind, 0, 0, payload) for kind, payload in pairs)
    )
    assert [(found.type, found.payload) for found in iter_messages(datagram)] == pairs


@given(st.binary(max_size=300))
def test_any_bytes_give_values_within_them_or_a_decode_error(data):
    reached = 0
    try:
        for found in iter_messages(data):
            assert reached <= found.start - 16 <= found.start <= found.end <= len(data)
            reached = found.end
            for inner in iter_attributes(data, found.start, found.end):
                assert found.start < inner.start <= inner.end <= found.end
    except DecodeError:
        pass


# -- alike --------------------------------------------------------------------------------------------------


def walk_alike(buffer, offset, step):
    """Do what `count_alike` promises, header by header."""
    first, count = buffer[offset : offset + 16], 0
    while buffer[offset : offset + 16] == first and len(first) == 16 and offset + step <= len(buffer):
        count, offset = count + 1, offset + step
    return max(count, 1)


def test_alike_messages_are_counted():
    one, other = message(20, payload=b"abcd"), message(20, 17, b"abcd")
    assert count_alike(one * 5 + other, 0, 20) == 5
    assert count_alike(one * 5 + other + one, 20, 20) == 4
    assert count_alike(one + other * 3, 0, 20) == 1
    assert count_alike(one * 3 + one[:19], 0, 20) == 3, "the last one is cut"
    for place in range(16):
        odd = bytearray(one * 3)
        odd[20 + place] ^= 1
        assert count_alike(bytes(odd), 0, 20) == 1, f"byte {place} of the header differs"


@given(st.lists(st.integers(0, 2), min_size=1, max_size=12), st.integers(16, 24), st.integers(0, 30))
def test_alike_messages_are_those_of_a_walk(kinds, length, cut):
    step = (length + 3) & -4
    datagram = b"".join(message(length, 16 + kind, bytes(step - 16)) for kind in kinds)
    datagram = datagram[: max(step, len(datagram) - cut)]
    assert count_alike(datagram, 0, step) == walk_alike(datagram, 0, step)


@pytest.mark.parametrize(("reader", "size"), [(read_u8, 1), (read_u16, 2), (read_u32, 4), (read_s32, 4)])
def test_a_number_of_the_wrong_size_is_refused(reader, size):
    assert reader(bytes(16), 4, 4 + size) == 0
    for wrong in {0, 1, 2, 3, 4, 5, 8} - {size}:
        with pytest.raises(DecodeError):
            reader(bytes(16), 4, 4 + wrong)


def test_numbers_are_in_host_order_and_signed_where_they_should_be():
    assert read_u16(struct.pack("=H", 0xFEDC), 0, 2) == 0xFEDC
    assert read_u32(struct.pack("=I", 0xFEDCBA98), 0, 4) == 0xFEDCBA98
    assert read_s32(struct.pack("=i", -1), 0, 4) == -1


def test_names_are_bytes_up_to_the_first_nul_and_text_survives():
    assert read_name(b"a\xffb\0junk", 0, 8) == b"a\xffb"
    assert read_name(b"nonul", 0, 5) == b"nonul"
    assert read_text(b"\xc3\xa9\xff\0", 0, 4).encode("utf-8", "surrogateescape") == b"\xc3\xa9\xff"


def test_every_recorded_datagram_is_covered_to_its_last_byte():
    for name in FILES:
        for datagram in read_datagrams(name):
            ends = [found.end for found in iter_messages(datagram)]
            assert (ends[-1] + 3) & -4 == len(datagram)


@pytest.mark.parametrize(
    "step", [b"\x00\x00\x00\x00", b"\x04\x00\x01\x00"], ids=["zeros", "empty attributes"]
)
def test_time_is_linear(step):
    """Eight times the bytes take at most some twenty times as long; a quadratic loop would take
    sixty-four."""

    def cost(count):
        data, best = step * count, float("inf")
        for _ in range(3):
            start = process_time()
            for walk in (iter_messages(data), iter_attributes(data, 0, len(data))):
                try:
                    for _found in walk:
                        pass
                except DecodeError:
                    pass
            best = min(best, process_time() - start)
        return best

    assert cost(80_000) < 20 * cost(10_000) + 0.01
