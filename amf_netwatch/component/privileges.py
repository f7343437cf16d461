# SPDX-License-Identifier: Apache-2.0
"""Giving up root: amfnd starts components as root, and this component does not need it.

Netlink queries, sysfs, AMF and IMM need no privileges. Only a receive buffer that is larger than the system's
limit needs them, and the listener opens its socket before `become` is called. The C library changes the user
of every thread of the process.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple, Optional

from amf_netwatch.environment import SIMULATOR_VARIABLE
from amf_netwatch.errors import SurroundingsError

DEFAULT_USER = "opensaf"  # the user of OpenSAF's own daemons, made by its packages


class Account(NamedTuple):
    """A user account: its name and numbers."""

    name: str
    uid: int
    gid: int


def find_account(wanted: Optional[str], environment: Mapping[str, str]) -> Optional[Account]:
    """Return the account to use. None if the process keeps its user.

    `wanted` None means `opensaf` if that user exists, but not under a simulator, which talks only to its own
    user. A process that is not root keeps its user. Raises SurroundingsError if the wanted account does not
    exist, or if it is another account and the process is not root.
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
    """Change to `account` for good: groups, group, user. Raises SurroundingsError if that fails."""
    try:
        os.initgroups(account.name, account.gid)
        os.setgid(account.gid)
        os.setuid(account.uid)
    except OSError as error:
        raise SurroundingsError(f"cannot become user {account.name!r}: {error}") from error
    if os.getresuid() != (account.uid,) * 3 or os.getresgid() != (account.gid,) * 3:
        raise SurroundingsError(f"still not user {account.name!r} after becoming it")
