# SPDX-License-Identifier: Apache-2.0
"""Distinguished names: how to split and join them, and how to write any bytes as an RDN value.

A DN is read from the leaf up: ``netIf=eth0,netWatchNode=SC-1`` has the RDN ``netIf=eth0`` and the
parent ``netWatchNode=SC-1``. IMM compares names byte by byte, allows printable ASCII without blanks,
and knows one escape, ``\\,``, which stays in the stored name as it was written. This module does not ask
whether an object with that name exists.
"""

from __future__ import annotations

_ESCAPED = b",\\%"
_ENCODED = [
    chr(byte) if 0x21 <= byte <= 0x7E and byte not in _ESCAPED else f"%{byte:02X}" for byte in range(256)
]
_HEX = "0123456789ABCDEF"


def encode_rdn_value(raw: bytes) -> str:
    """Return `raw` as an RDN value. Bytes that IMM or a DN does not allow are percent-encoded.

    The bytes outside 0x21..0x7e and the three characters ``,`` ``\\`` ``%`` become ``%`` and two upper-case
    hexadecimal digits; all other bytes stay. `decode_rdn_value` is the exact inverse.
    """
    return "".join([_ENCODED[byte] for byte in raw])


def decode_rdn_value(text: str) -> bytes:
    """Return the bytes for which `encode_rdn_value` returns `text`. ValueError if there are no such
    bytes."""
    parts = text.split("%")
    raw = bytearray(parts[0].encode("ascii", "replace"))
    for part in parts[1:]:
        if len(part) < 2 or part[0] not in _HEX or part[1] not in _HEX:
            raise ValueError(f"{text!r} is no encoded RDN value: '%' is not followed by two hex digits")
        raw.append(int(part[:2], 16))
        raw += part[2:].encode("ascii", "replace")
    decoded = bytes(raw)
    if encode_rdn_value(decoded) != text:
        raise ValueError(
            f"{text!r} is no encoded RDN value: some of it is encoded without need, or not at all"
        )
    return decoded


def make_rdn(attribute: str, raw: bytes) -> str:
    """Return ``attribute=value`` with the value encoded."""
    return f"{attribute}={encode_rdn_value(raw)}"


def split_dn(dn: str) -> tuple[str, str]:
    """Return the RDN of `dn` and the DN of its parent (empty at the top). An escaped comma does not split."""
    start = 0
    while True:
        comma = dn.find(",", start)
        if comma < 0:
            return dn, ""
        if comma and dn[comma - 1] == "\\":
            start = comma + 1
            continue
        return dn[:comma], dn[comma + 1 :]


def rdn_of(dn: str) -> str:
    """Return the first part of `dn`, ``attribute=value``."""
    return split_dn(dn)[0]


def parent_dn(dn: str) -> str:
    """Return the DN of the parent object. The empty string at the top."""
    return split_dn(dn)[1]


def rdn_value(dn: str) -> str:
    """Return the part of the RDN after the first ``=``, or the whole RDN if there is no ``=``."""
    rdn = rdn_of(dn)
    return rdn.partition("=")[2] if "=" in rdn else rdn


def join_dn(rdn: str, parent: str) -> str:
    """Return the DN of `rdn` below `parent`, or at the top if `parent` is empty."""
    return f"{rdn},{parent}" if parent else rdn


def escape_dn(dn: str) -> str:
    """Return `dn` escaped for use in the RDN of another DN, as in ``safSISU=safSu=SU1\\,safSg=A,safSi=S``."""
    return dn.replace(",", "\\,")
