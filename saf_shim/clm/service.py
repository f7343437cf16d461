# SPDX-License-Identifier: Apache-2.0
"""CLM for clients: versions, nodes, tracking. All nodes are members from the start and stay members.

It also keeps the runtime attributes of the CLM objects in IMM.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from saf_shim.codes import AisError, Code
from saf_shim.contract import OK, Answer, Call, Node, Session, World
from saf_shim.imm.content.port import AdminOperation
from saf_shim.imm.content.rules import Values
from saf_shim.imm.content.store import Store
from saf_shim.imm.implementer.attached import Attached
from saf_shim.imm.implementer.hooks import ObjectChange, View

SUPPORTED = [ord("B"), 4, 1]
LOCAL_NODE = 0xFFFFFFFF
CURRENT, CHANGES, CHANGES_ONLY = 1, 2, 4
_KNOWN_FLAGS = 0x3F
NO_CHANGE = 1
COMPLETED = 4
AF_INET = 1
_CLUSTER = "safCluster=myClmCluster"
IMPLEMENTER = "safClmService"


class Member(NamedTuple):
    """One node as CLM describes it. `name` is the DN of its CLM object."""

    node_id: int
    name: str
    address: str
    boot_time: int
    view: int


class _ClmSession:
    """What the service keeps for one handle."""

    def __init__(self, handle: int, version: Sequence[int]) -> None:
        self.handle = handle
        self.version = version
        self.tracking = False


class ClmService:
    """The service behind saClm*. The server calls the methods of `Service`, IMM those of `Hooks`."""

    finalizers: Mapping[str, Code] = {"saClmFinalize": Code.ERR_BAD_HANDLE}
    local_calls: frozenset[str] = frozenset()

    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self._store = store
        booted = world.wall_clock()
        self._members = [_member(node, booted, number) for number, node in enumerate(world.nodes, 1)]
        self._last = 0xC1A000000000
        self._attached: Optional[Attached] = None

    def start(self) -> None:
        """Take the implementer name and fill in the CLM objects."""
        self._attached = Attached(self._store, IMPLEMENTER, self)
        self._attached.bind_classes(["SaClmCluster", "SaClmNode"])
        count = {"saClmClusterNumNodes": (len(self._members),)}
        self._attached.update(_CLUSTER, {**count, "saClmClusterInitTimestamp": (self._members[0].boot_time,)})
        for member in self._members:
            self._attached.update(
                member.name,
                {
                    "saClmNodeID": (member.node_id,),
                    "saClmNodeIsMember": (1,),
                    "saClmNodeBootTimeStamp": (member.boot_time,),
                    "saClmNodeInitialViewNumber": (member.view,),
                    "saClmNodeCurrAddressFamily": (AF_INET,),
                    "saClmNodeCurrAddress": (member.address,),
                },
            )

    def stop(self) -> None:
        """Do nothing: CLM runs no timers and no processes."""

    def handle_call(self, call: Call) -> Optional[Answer]:
        if call.name in ("saClmInitialize", "saClmInitialize_4"):
            return self._initialize(call)
        state = call.session.data
        if not isinstance(state, _ClmSession) or call.args.get("handle") != state.handle:
            return Answer(Code.ERR_BAD_HANDLE)
        serve = _CALLS.get(call.name)
        return Answer(Code.ERR_NOT_SUPPORTED) if serve is None else serve(self, call, state)

    def _finalize(self, call: Call, _state: _ClmSession) -> Answer:
        call.session.finish()
        return OK

    def _selection_object(self, _call: Call, _state: _ClmSession) -> Answer:
        return OK

    def _dispatch(self, call: Call, _state: _ClmSession) -> Optional[Answer]:
        flags = call.args.get("flags")
        return call.session.dispatch(call, flags if isinstance(flags, int) else 0)

    def _track_stop(self, _call: Call, state: _ClmSession) -> Answer:
        if not state.tracking:
            return Answer(Code.ERR_NOT_EXIST)
        state.tracking = False
        return OK

    def _node_get(self, call: Call, _state: _ClmSession) -> Answer:
        return Answer(Code.OK, {"clusterNode": list(self._find(call.args.get("nodeId")))})

    def _node_get_async(self, call: Call, _state: _ClmSession) -> Answer:
        message: dict[str, Any] = {"invocation": call.args.get("invocation")}
        try:
            message["clusterNode"] = list(self._find(call.args.get("nodeId")))
            message["error"] = int(Code.OK)
        except AisError as error:
            message["error"] = int(error.code)
        call.session.push(("saClmClusterNodeGetCallback", message))
        return OK

    def _response(self, _call: Call, _state: _ClmSession) -> Answer:
        return Answer(Code.ERR_INVALID_PARAM)  # no callback of this service asks for a response

    def session_closed(self, session: Session) -> None:
        session.data = None

    def _initialize(self, call: Call) -> Answer:
        version = call.args.get("version")
        if not isinstance(version, list) or len(version) != 3:
            return Answer(Code.ERR_INVALID_PARAM)
        release, major, minor = version
        four = call.name.endswith("_4")
        supported = SUPPORTED if four else [ord("B"), 1, 1]
        if release != supported[0] or major > supported[1] or (four and major < supported[1]) or major < 1:
            return Answer(Code.ERR_VERSION, {"version": supported})
        if major == supported[1] and minor > supported[2]:
            return Answer(Code.ERR_VERSION, {"version": supported})
        self._last += 0x10001
        call.session.data = _ClmSession(self._last, version)
        return Answer(Code.OK, {"handle": self._last, "version": supported})

    def _find(self, node_id: object) -> Member:
        if node_id == LOCAL_NODE:
            return self._members[0]
        for member in self._members:
            if member.node_id == node_id:
                return member
        raise AisError(Code.ERR_NOT_EXIST if isinstance(node_id, int) else Code.ERR_INVALID_PARAM)

    def _track(self, call: Call, state: _ClmSession) -> Answer:
        flags = call.args.get("trackFlags")
        if not isinstance(flags, int) or not flags or flags & ~_KNOWN_FLAGS:
            return Answer(Code.ERR_BAD_FLAGS)
        if flags & CHANGES and flags & CHANGES_ONLY:
            return Answer(Code.ERR_BAD_FLAGS)
        items = [[*member, NO_CHANGE] for member in self._members]
        buffer = {"viewNumber": len(self._members), "notification": items}
        if flags & (CHANGES | CHANGES_ONLY):
            state.tracking = True
        if not flags & CURRENT:
            return OK
        room = call.args.get("numberOfItems")
        if room is None:
            message = {**buffer, "numberOfMembers": len(items), "step": COMPLETED, "error": int(Code.OK)}
            call.session.push(("saClmClusterTrackCallback", message))
            return OK
        if room and room < len(items):
            return Answer(Code.ERR_NO_SPACE, {"numberOfItems": len(items)})
        return Answer(Code.OK, buffer)

    # IMM hooks

    def admin_operation(self, operation: AdminOperation) -> None:
        """Refuse: the simulator cannot lock nodes of CLM."""
        operation.answer(Code.ERR_NOT_SUPPORTED)

    def ccb_changed(self, ccb_id: int, change: ObjectChange) -> None:
        """Accept every operation on a CLM object."""

    def ccb_completed(self, ccb_id: int, changes: Sequence[ObjectChange], view: View) -> None:
        """Accept every CCB."""

    def ccb_applied(self, ccb_id: int, changes: Sequence[ObjectChange]) -> None:
        """Do nothing: no setting of a CLM object has an effect here."""

    def ccb_aborted(self, ccb_id: int) -> None:
        """Do nothing: CLM keeps nothing of a CCB."""

    def read_pure(self, dn: str, names: Sequence[str]) -> Mapping[str, Values]:
        """Return nothing: CLM's classes have no pure attributes."""
        return {}


def _member(node: Node, booted: int, number: int) -> Member:
    return Member(node.node_id, f"safNode={node.name},{_CLUSTER}", f"127.0.0.{number}", booted, number)


_CALLS: Mapping[str, Callable[[ClmService, Call, _ClmSession], Optional[Answer]]] = {
    "saClmFinalize": ClmService._finalize,
    "saClmSelectionObjectGet": ClmService._selection_object,
    "saClmDispatch": ClmService._dispatch,
    "saClmClusterTrack": ClmService._track,
    "saClmClusterTrack_4": ClmService._track,
    "saClmClusterTrackStop": ClmService._track_stop,
    "saClmClusterNodeGet": ClmService._node_get,
    "saClmClusterNodeGet_4": ClmService._node_get,
    "saClmClusterNodeGetAsync": ClmService._node_get_async,
    "saClmResponse_4": ClmService._response,
}
