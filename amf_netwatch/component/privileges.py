# SPDX-License-Identifier: Apache-2.0
"""Giving up root: amfnd starts components as root, and nothing here needs it.

Neither netlink queries, nor AMF, nor IMM ask for privileges; only a larger receive buffer than the system
allows does, and the listener opens its socket before this is called. The C library changes the user of
every thread of the process.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple, Optional

from amf_netwatch.environment import SIMULATOR_VARIABLE
from amf_netwatch.errors import SurroundingsError

DEFAULT_USER = "opensaf"  # the user of OpenSAF's own daemons, made by its packages


class Account(NamedTuple):
    """A user to become: name and numbers."""

    name: str
    uid: int
    gid: int


def find_account(wanted: Optional[str], environment: Mapping[str, str]) -> Optional[Account]:
    """The account to become, None to stay who we are.

    `wanted` None means `opensaf` when it exists, but not under a simulator, which talks to its own user only.
    Not being root, there is nothing to give up, and asking for somebody else is an error, as is an account
    that does not exist: SurroundingsError.
    """
    if wanted is None and environment.get(SIMULATOR_VARIABLE):
        return None
    import pwd  # noqa: PLC0415 - only needed once

    try:
        entry = pwd.getpwnam(wanted or DEFAULT_USER)
    except KeyError:
        if wanted is None:
            return None
        raise SurroundingsError(f"user {wanted!r} does not exist") from None
    if os.geteuid() != 0:
        if wanted is not None and entry.pw_uid != os.geteuid():
            raise SurroundingsError(f"only root can become user {wanted!r}")
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid) if entry.pw_uid else None


def become(account: Account) -> None:
    """Be `account` for good: groups, group, user; SurroundingsError when that fails."""
    try:
        os.initgroups(account.name, account.gid)
        os.setgid(account.gid)
        os.setuid(account.uid)
    except OSError as error:
        raise SurroundingsError(f"cannot become user {account.name!r}: {error}") from error
    if os.getresuid() != (account.uid,) * 3 or os.getresgid() != (account.gid,) * 3:
        raise SurroundingsError(f"still not user {account.name!r} after becoming it")
