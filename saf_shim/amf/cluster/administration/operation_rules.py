# SPDX-License-Identifier: Apache-2.0
"""The form of an entry in the tables of administrative operations."""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

from saf_shim.amf.states import Admin

Done = bool
"""True: the operation has ended with OK. False: it ends later."""


class Rule(NamedTuple):
    """One operation on one kind of object."""

    accepted: tuple[Admin, ...]  # administrative states in which the operation is carried out
    no_op: tuple[Admin, ...]  # states in which nothing is to do: NO_OP; in other states: BAD_OPERATION
    to: Optional[Admin]  # the administrative state afterwards; None if the operation leaves it alone
    begin: Callable[..., Done]  # (cluster, entity, operation); AisError if the operation is refused
    text: str
