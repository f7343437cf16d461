# SPDX-License-Identifier: Apache-2.0
"""Virtual tunnel interfaces for IPsec: vti, vti6 (IFLA_VTI_*) and xfrm (IFLA_XFRM_*).

Source: linux/if_tunnel.h, if_link.h.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amf_netwatch.netlink.codec.kinds.table import (
    ABSENT,
    Option,
    Table,
    endpoint,
    hexadecimal,
    key,
    link,
    presence,
)


def _options(size: int) -> tuple[Option, ...]:
    return (
        endpoint("remote", 5, size),
        endpoint("local", 4, size),
        link("link", 1),
        key("ikey", 2),
        key("okey", 3),
        hexadecimal("fwmark", 6, "u32"),
    )


def _if_id() -> Option:
    """Which policies belong to the interface; not printed when metadata decides it."""
    plain = hexadecimal("if_id", 2, "u32", zero=True)

    def read(found: Mapping[int, bytes]) -> Any:
        return ABSENT if 3 in found else plain.read(found)

    return plain._replace(attributes=(2, 3), read=read).but_fixed()


VTI = Table("vti", _options(4), whole=True)
VTI6 = Table("vti6", _options(16), whole=True)
# `ip` does not print the link below (IFLA_XFRM_LINK) here, for the message itself has it (IFLA_LINK).
XFRM = Table("xfrm", (presence("external", 3).but_fixed(), _if_id(), link("link", 1).but_newer()), whole=True)
