# SPDX-License-Identifier: Apache-2.0
"""What the checks of a CCB work with: the model as it would be, and small checks of one value."""

from __future__ import annotations

from typing import NamedTuple, Optional

from saf_shim.amf.configuration import Configuration
from saf_shim.amf.entities.cluster import Cluster
from saf_shim.amf.states import Admin, Recovery, Redundancy
from saf_shim.codes import AisError, Code


class Ccb(NamedTuple):
    """What a check gets, in addition to the name of the object."""

    cluster: Cluster
    model: Configuration  # the model as it would be after the CCB
    gone: frozenset[str]  # DNs that the CCB deletes
    supported: frozenset[Redundancy]


def refuse(text: str, code: Code = Code.ERR_BAD_OPERATION) -> None:
    raise AisError(code, text)


def must_exist(ccb: Ccb, dn: str) -> None:
    if ccb.model.view.get(dn) is None:
        refuse(f"'{dn}' does not exist in existing model or in CCB")


def check_flag(ccb: Ccb, dn: str, attribute: str, text: str) -> None:
    value = ccb.model.number(dn, attribute)
    if value is not None and value > 1:
        refuse(f"{text} {value} for '{dn}'")


def check_admin(ccb: Ccb, dn: str, attribute: str) -> None:
    value = ccb.model.number(dn, attribute)
    if value is not None and value not in Admin._value2member_map_:
        refuse(f"Invalid {attribute} {value} for '{dn}'")


def is_recovery(value: Optional[int]) -> bool:
    return (
        value is not None
        and Recovery.NO_RECOMMENDATION <= value <= Recovery.CONTAINER_RESTART
        and value != Recovery.APPLICATION_RESTART
    )
