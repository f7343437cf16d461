# SPDX-License-Identifier: Apache-2.0
"""The form of an entry in the tables of administrative operations."""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

from saf_shim.amf.states import Admin

Done = bool
"""True: the operation has ended with OK; False: its end comes later."""


class Rule(NamedTuple):
    """One operation on one kind of object."""

    accepted: tuple[Admin, ...]  # administrative states in which it is carried out
    no_op: tuple[Admin, ...]  # those in which it has nothing to do: NO_OP; in others BAD_OPERATION
    to: Optional[Admin]  # the administrative state it ends in; None: it leaves the state alone
    begin: Callable[..., Done]  # (cluster, entity, operation); AisError: the operation is refused
    text: str
