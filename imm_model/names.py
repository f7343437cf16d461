# SPDX-License-Identifier: Apache-2.0
"""Distinguished names: taking them apart, nesting them, and writing any bytes as an RDN value.

A DN is read from the leaf up: ``netIf=eth0,netWatchNode=SC-1`` has the RDN ``netIf=eth0`` and the
parent ``netWatchNode=SC-1``. IMM compares names byte by byte, allows printable ASCII without blank,
and knows one escape, ``\\,``, which stays in the stored name as written. This module does not ask
whether an object of that name exists.
"""

from __future__ import annotations

MAX_DN_LENGTH = 255  # bytes; 256 is ERR_NAME_TOO_LONG
MAX_STRING_RDN_LENGTH = 64  # bytes, attribute name and '=' included; 65 is ERR_INVALID_PARAM

_ESCAPED = b",\\%"
_ENCODED = [
    chr(byte) if 0x21 <= byte <= 0x7E and byte not in _ESCAPED else f"%{byte:02X}" for byte in range(256)
]
_HEX = "0123456789ABCDEF"


def encode_rdn_value(raw: bytes) -> str:
    """`raw` as an RDN value: percent-encoded where IMM or a DN's commas could not bear it.

    Encoded are the bytes outside 0x21..0x7e and ``,`` ``\\`` ``%``, as ``%`` and two upper-case
    hexadecimal digits; everything else stands for itself. `decode_rdn_value` is the exact inverse.
    """
    return "".join([_ENCODED[byte] for byte in raw])


def decode_rdn_value(text: str) -> bytes:
    """The bytes that `encode_rdn_value` wrote as `text`; ValueError when it cannot have."""
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
    """``attribute=value`` with the value encoded."""
    return f"{attribute}={encode_rdn_value(raw)}"


def split_dn(dn: str) -> tuple[str, str]:
    """The RDN of `dn` and its parent's DN (empty at the top). An escaped comma splits nothing."""
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
    """The first part of `dn`, ``attribute=value``."""
    return split_dn(dn)[0]


def parent_dn(dn: str) -> str:
    """The DN of the object above; the empty string at the top."""
    return split_dn(dn)[1]


def rdn_value(dn: str) -> str:
    """What follows the first ``=`` of the RDN (the whole RDN when there is none)."""
    rdn = rdn_of(dn)
    return rdn.partition("=")[2] if "=" in rdn else rdn


def join_dn(rdn: str, parent: str) -> str:
    """The DN of `rdn` below `parent` (empty: at the top)."""
    return f"{rdn},{parent}" if parent else rdn


def escape_dn(dn: str) -> str:
    """`dn` as it stands inside another DN's RDN, as in ``safSISU=safSu=SU1\\,safSg=A,safSi=S``."""
    return dn.replace(",", "\\,")


def unescape_dn(text: str) -> str:
    """The inverse of `escape_dn`: each comma loses one backslash."""
    return text.replace("\\,", ",")
