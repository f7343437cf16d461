# SPDX-License-Identifier: Apache-2.0
"""amf-state: prints the states of AMF's objects in words.

OpenSAF's tool is a shell script around immfind and immlist.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from imm_model.named_tuple import NamedTuple
from saf_shim.codes import Code
from saf_shim.tools import command
from saf_shim.tools.imm.client import ImmClient, ImmError, Scope, SearchOption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Optional

_SECONDS = 60
_EMPTY = "<Empty>"

_ADMIN = ("UNLOCKED", "LOCKED", "LOCKED-INSTANTIATION", "SHUTTING-DOWN")
_ASSIGNMENT = ("UNASSIGNED", "FULLY_ASSIGNED", "PARTIALLY_ASSIGNED")
_HA = ("ACTIVE", "STANDBY", "QUIESCED", "QUIESCING")
_HA_READINESS = (
    "READY_FOR_ASSIGNMENT",
    "READY_FOR_ACTIVE_DEGRADED",
    "NOT_READY_FOR_ACTIVE",
    "NOT_READY_FOR_ASSIGNMENT",
)
_OPERATIONAL = ("ENABLED", "DISABLED")
_PRESENCE = (
    "UNINSTANTIATED",
    "INSTANTIATING",
    "INSTANTIATED",
    "TERMINATING",
    "RESTARTING",
    "INSTANTIATION-FAILED",
    "TERMINATION-FAILED",
)
_READINESS = ("OUT-OF-SERVICE", "IN-SERVICE", "STOPPING")


class State(NamedTuple):
    """One state of a class: its name on the command line, its attribute, the words for the values 1, 2,
    3..."""

    name: str
    attribute: str
    words: tuple[str, ...]


class Kind(NamedTuple):
    """A class: its name on the command line, and its states in the order of printing."""

    class_name: str
    states: tuple[State, ...]
    called: str = ""  # the name in error messages, if it differs from the command line


KINDS = {
    "app": Kind("SaAmfApplication", (State("adm", "saAmfApplicationAdminState", _ADMIN),)),
    "comp": Kind(
        "SaAmfComp",
        (
            State("oper", "saAmfCompOperState", _OPERATIONAL),
            State("pres", "saAmfCompPresenceState", _PRESENCE),
            State("readi", "saAmfCompReadinessState", _READINESS),
        ),
    ),
    "csiass": Kind(
        "SaAmfCSIAssignment",
        (
            State("ha", "saAmfCSICompHAState", _HA),
            State("har", "saAmfCSICompHAReadinessState", _HA_READINESS),
        ),
    ),
    "node": Kind(
        "SaAmfNode",
        (
            State("adm", "saAmfNodeAdminState", _ADMIN),
            State("oper", "saAmfNodeOperState", _OPERATIONAL),
        ),
    ),
    "sg": Kind("SaAmfSG", (State("adm", "saAmfSGAdminState", _ADMIN),)),
    "si": Kind(
        "SaAmfSI",
        (
            State("adm", "saAmfSIAdminState", _ADMIN),
            State("ass", "saAmfSIAssignmentState", _ASSIGNMENT),
        ),
    ),
    "siass": Kind(
        "SaAmfSIAssignment",
        (
            State("ha", "saAmfSISUHAState", _HA),
            State("har", "saAmfSISUHAReadinessState", _HA_READINESS),
        ),
    ),
    "su": Kind(
        "SaAmfSU",
        (
            State("adm", "saAmfSUAdminState", _ADMIN),
            State("oper", "saAmfSUOperState", _OPERATIONAL),
            State("pres", "saAmfSUPresenceState", _PRESENCE),
            State("readi", "saAmfSUReadinessState", _READINESS),
        ),
    ),
    "ng": Kind("SaAmfNodeGroup", (State("adm", "saAmfNGAdminState", _ADMIN),), "NodeGroup"),
}

_QUESTIONABLE = (
    # heading, class, attributes and the values that are shown
    ("Service Instances UNLOCKED and UNASSIGNED:", "si", (1, 1)),
    ("Service Units UNLOCKED and DISABLED:", "su", (1, 2)),
    ("Nodes UNLOCKED and DISABLED:", "node", (1, 2)),
)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns its exit status."""
    return command.run(show, argv)


def show(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - one return for each form of the command
    """Perform the command ``[CLASS [STATE [DN]]]``; returns its exit status."""
    if len(arguments) > 3:
        return _print_usage()
    imm = ImmClient.connect(_SECONDS)
    if not arguments:
        _show_questionable(imm)
        return 0
    name = arguments[0]
    wanted = arguments[1] if len(arguments) > 1 else "all"
    kind = KINDS.get(name)
    if len(arguments) < 3:
        if kind is None:
            return _print_usage()
        states = _choose(name, kind, wanted)
        _print_objects(imm, _find(imm, kind.class_name), states)
        return 0
    root = arguments[2]
    if not _exists(imm, root):
        sys.stdout.write(f"object/parent/ancestor '{root}' does not exist in model\n")
        return command.FAILURE
    if kind is None:  # the same result as for immfind without a class
        command.complain("immfind: option requires an argument -- 'c'")
        command.complain("Try 'immfind --help' for more information")
        return 0
    found = [dn for dn in _find(imm, kind.class_name) if root in dn]
    if found:
        _print_objects(imm, found, _choose(name, kind, wanted))
    return 0


def _choose(name: str, kind: Kind, wanted: str) -> tuple[State, ...]:
    chosen = tuple(state for state in kind.states if wanted in (state.name, "all"))
    if not chosen:
        sys.stdout.write(f"error - state '{wanted}' not supported for {kind.called or name}\n")
        raise SystemExit(command.FAILURE)
    return chosen


def _find(imm: ImmClient, class_name: str) -> list[str]:
    search = imm.initialize_search("", Scope.SUBTREE, SearchOption.GET_NO_ATTR, class_name)
    found = [dn for dn, _attributes in imm.iterate_search(search)]
    imm.finalize_search(search)
    return found


def _exists(imm: ImmClient, dn: str) -> bool:
    try:
        search = imm.initialize_search(dn, Scope.SUBTREE, SearchOption.GET_NO_ATTR)
    except ImmError:
        return False
    imm.finalize_search(search)
    return True


class _Reader:
    """Reads attributes as numbers. An attribute without a value is None."""

    def __init__(self, imm: ImmClient) -> None:
        self._imm = imm
        self._accessor = imm.initialize_accessor()

    def read(self, dn: str, names: Sequence[str]) -> list[Optional[int]]:
        """Return the numbers of the named attributes. Ends the command if the object is gone."""
        try:
            attributes = self._imm.get_object(self._accessor, dn, names)
        except ImmError as error:
            _fail(error)
        values = {attribute.name: attribute.values for attribute in attributes}
        return [int(values[name][0]) if values.get(name) else None for name in names]


def _fail(error: ImmError) -> NoReturn:
    if error.code == Code.ERR_NOT_EXIST:
        command.fail("error - object or attribute does not exist")
    command.fail(f"error - {error}")


def _print_objects(imm: ImmClient, dns: Iterable[str], states: Sequence[State]) -> None:
    reader = _Reader(imm)
    for dn in dns:
        sys.stdout.write(f"{dn}\n")
        values = reader.read(dn, [state.attribute for state in states])
        for state, value in zip(states, values):
            sys.stdout.write(f"\t{state.attribute}={describe(value, state.words)}\n")


def describe(value: Optional[int], words: Sequence[str]) -> str:
    """Return a state in words, with its number."""
    if value is None:
        return _EMPTY
    word = words[value - 1] if 0 < value <= len(words) else "UNKNOWN"
    return f"{word}({value})"


def _show_questionable(imm: ImmClient) -> None:
    reader = _Reader(imm)
    for heading, name, shown in _QUESTIONABLE:
        sys.stdout.write(f"\n{heading}\n")
        kind = KINDS[name]
        attributes = [state.attribute for state in kind.states[:2]]
        for dn in _find(imm, kind.class_name):
            if tuple(reader.read(dn, attributes)) == shown:
                sys.stdout.write(f"   {dn}\n")
    sys.stdout.write("\n")


def _print_usage() -> int:
    """Print the usage and return status 1. OpenSAF's tool does the same for -h."""
    states = sorted({state.name for kind in KINDS.values() for state in kind.states} | {"all"})
    sys.stdout.write(
        "\nusage: amf-state [CLASS [STATE [DN]]]\n\n"
        "\tPrints the states of the objects of a class; without arguments what needs attention.\n"
        f"\tCLASS: {'|'.join(KINDS)}\n"
        f"\tSTATE: {'|'.join(states)}\n"
        "\tDN: only this object, or those below it\n\n"
    )
    return command.FAILURE
