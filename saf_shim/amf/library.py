# SPDX-License-Identifier: Apache-2.0
"""What AMF's client library knows, and the calls that it refuses before a node director gets them.

`ClientProcess` is the library in one client process. A process loads the library once. The library counts
its initializations, successful or not. When the count falls to 0 while handles are open, the library shuts
down; a node director cannot tell this from the death of the process. `AmfHandle` is one handle: its callback
functions, and the callbacks that wait for a response. `CALLS` maps AIS names to their functions. The AIS
version belongs to the process: it is the version of the last initialization."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Optional

from saf_shim.amf.cluster.simulated import SimulatedCluster
from saf_shim.amf.entities import protection
from saf_shim.amf.node import healthcheck, monitoring, registration, supervision
from saf_shim.amf.node.local_node import LocalNode
from saf_shim.amf.node.records import Callback
from saf_shim.amf.states import Ha, Invocation, Recovery, Track
from saf_shim.codes import Code

RELEASE = ord("B")
OLD = (RELEASE, 1, 1)
NEW = (RELEASE, 4, 1)
NAME_VARIABLE = "SA_AMF_COMPONENT_NAME"
MAX_KEY = 32
MAX_NAME = 2048
FIRST_HANDLE = 0xFFB00000
MAX_HANDLE = 0xFFFFFFFF

_REGISTRATION = ("saAmfCSISetCallback", "saAmfCSIRemoveCallback", "saAmfComponentTerminateCallback")
_PROXY = ("saAmfProxiedComponentInstantiateCallback", "saAmfProxiedComponentCleanupCallback")
_PM_ZERO_EXIT, _PM_NON_ZERO_EXIT, _PM_ABNORMAL_END = 1, 2, 4
_PM_QUALIFIERS = (1, 2, 3)

Args = Mapping[str, Any]


class Reply(NamedTuple):
    """What a call returns."""

    code: Code
    out: Optional[Mapping[str, Any]] = None


class PendingCallback:
    """A dispatched callback that waits for its response."""

    __slots__ = ("done", "ha", "kind")

    def __init__(self, kind: str, ha: int) -> None:
        self.kind = kind
        self.ha = ha
        self.done = False  # it was answered inside its own callback, and is dropped when that returns


class ClientProcess:
    """The library in one client process."""

    __slots__ = ("handles", "name", "pid", "uses", "version")

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.uses = 0
        self.version = NEW
        self.name: Optional[str] = None  # the component's name in the environment when the library was loaded
        self.handles: dict[int, AmfHandle] = {}

    @property
    def is_new(self) -> bool:
        """Tell whether the version is B.04 and not B.01."""
        return self.version == NEW


class AmfHandle:
    """One AMF handle."""

    __slots__ = ("blocked", "callbacks", "number", "pending", "process")

    def __init__(self, number: int, process: ClientProcess, given: tuple[str, ...]) -> None:
        self.number = number
        self.process = process
        self.callbacks = frozenset(given)
        self.pending: dict[int, PendingCallback] = {}
        self.blocked = False  # a dispatch waits, so the next callback goes directly to the program

    def dispatched(self, name: str, arguments: Args) -> None:
        """Note that the program is about to get a callback."""
        if name in (Callback.HEALTHCHECK, Callback.TERMINATE, Callback.CSI_SET, Callback.CSI_REMOVE):
            self.pending[arguments["invocation"]] = PendingCallback(name, arguments.get("haState", 0))

    def find(self, invocation: int, running: Any) -> Optional[PendingCallback]:
        """Return the callback with this invocation. `running` are the invocations of callbacks that have not
        returned."""
        inside = running if isinstance(running, list) else ()
        for number in [n for n, pending in self.pending.items() if pending.done and n not in inside]:
            del self.pending[number]
        return self.pending.get(invocation)

    def answered(self, invocation: int, running: Any) -> None:
        if isinstance(running, list) and invocation in running:
            self.pending[invocation].done = True
        else:
            del self.pending[invocation]


class Library:
    """All client processes."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self.cluster = cluster
        self.processes: dict[int, ClientProcess] = {}

    # -- life of a process

    def initialize(
        self, name: str, pid: int, environment: Mapping[str, str], args: Args, number: int
    ) -> tuple[Reply, Optional[AmfHandle]]:
        """Serve saAmfInitialize and saAmfInitialize_4. A failing call lowers the library's count: see
        `is_down`."""
        process = self.processes.get(pid)
        if process is None:
            process = self.processes[pid] = ClientProcess(pid)
        new = name == "saAmfInitialize_4"
        version = args.get("version")
        if not isinstance(version, list) or len(version) != 3 or not args.get("hasHandle", True):
            if new:
                process.uses -= process.uses > 0
            return Reply(Code.ERR_INVALID_PARAM), None
        release, major, _minor = version
        supported = NEW if new else OLD
        if release != RELEASE or (major != NEW[1] if new else major > OLD[1]):
            process.uses -= process.uses > 0
            return Reply(Code.ERR_VERSION, {"version": list(supported)}), None
        process.uses += 1
        process.version = supported
        if process.name is None:
            process.name = environment.get(NAME_VARIABLE)
        given = args.get("callbacks")
        handle = AmfHandle(number, process, tuple(given) if isinstance(given, list) else ())
        process.handles[number] = handle
        return Reply(Code.OK, {"handle": number, "version": list(supported)}), handle

    def is_down(self, pid: int) -> bool:
        """Tell whether the process has handles although its library has shut down."""
        process = self.processes.get(pid)
        return process is not None and process.uses == 0 and bool(process.handles)

    def finalize(self, handle: AmfHandle) -> Reply:
        """Serve saAmfFinalize."""
        process = handle.process
        process.handles.pop(handle.number, None)
        process.uses -= process.uses > 0
        protection.forget(self.cluster, handle.number)
        node = self.node(process)
        if node is not None:
            monitoring.forget_handle(node, handle.number)
        if node is not None and process.name is not None:
            registration.finalized(node, process.name, handle.number)
        self._forget_if_idle(process)
        return Reply(Code.OK)

    def lost(self, pid: int) -> list[int]:
        """Forget a process that has ended or whose library has shut down. Return its open handles."""
        process = self.processes.pop(pid, None)
        if process is None:
            return []
        for number in process.handles:
            protection.forget(self.cluster, number)
        for node in self.cluster.local_nodes.values():
            for number in process.handles:
                monitoring.forget_handle(node, number)
            registration.died(node, pid)
        return list(process.handles)

    def _forget_if_idle(self, process: ClientProcess) -> None:
        if not process.handles and process.uses == 0:
            self.processes.pop(process.pid, None)

    # -- where the process is

    def node(self, process: ClientProcess, component: str = "") -> Optional[LocalNode]:
        """Return the node director's state for the process: the state of its component's node.

        A process that AMF did not start counts as a process on the node of the component that it asks about,
        or else on the first node."""
        for name in (process.name or "", component):
            found = self.cluster.local_node_of(name)
            if found is not None:
                return found
        return next(iter(self.cluster.local_nodes.values()), None)

    def call(self, name: str, handle: AmfHandle, args: Args) -> Reply:
        """Serve a call of an open handle. Initialize, finalize and dispatch have functions of their own."""
        function = CALLS.get(name)
        return function(self, handle, args) if function is not None else Reply(Code.ERR_NOT_SUPPORTED)


# -- arguments


def _name(args: Args, key: str) -> Optional[str]:
    value = args.get(key)
    return value if isinstance(value, str) and len(value) <= MAX_NAME else None


def _number(args: Args, key: str) -> int:
    value = args.get(key)
    return value if isinstance(value, int) else 0


def _is_answer(code: int) -> bool:
    return code in (Code.OK, Code.ERR_FAILED_OPERATION)


def _is_unused(correlation: Any) -> bool:
    """Tell whether root and parent of SaNtfCorrelationIdsT are SA_NTF_IDENTIFIER_UNUSED."""
    return isinstance(correlation, list) and correlation[:2] == [0, 0]


# -- components


def _own_name(process: ClientProcess, name: str) -> Code:
    """Check that `name` is the process's component."""
    own = (process.name or "").encode("utf-8", "surrogateescape")
    given = name.encode("utf-8", "surrogateescape")
    if len(own) != len(given):
        return Code.ERR_INVALID_PARAM
    return Code.OK if own == given else Code.ERR_BAD_OPERATION


def _component_register(library: Library, handle: AmfHandle, args: Args) -> Reply:
    name, proxy = _name(args, "compName"), _name(args, "proxyCompName")
    process = handle.process
    if name is None:
        return Reply(Code.ERR_INVALID_PARAM)
    if process.name is None:
        return Reply(Code.ERR_LIBRARY)
    code = _own_name(process, name if proxy is None else proxy)
    if code != Code.OK:
        return Reply(code)
    needed = _REGISTRATION if proxy is None else _REGISTRATION + _PROXY
    if not handle.callbacks.issuperset(needed):
        return Reply(Code.ERR_INIT)
    node = library.node(process, name)
    if node is None:
        return Reply(Code.ERR_INVALID_PARAM)
    return Reply(registration.register(node, name, proxy or "", handle.number, process.pid))


def _component_unregister(library: Library, handle: AmfHandle, args: Args) -> Reply:
    name, proxy = _name(args, "compName"), _name(args, "proxyCompName")
    process = handle.process
    if name is None:
        return Reply(Code.ERR_INVALID_PARAM)
    if process.name is None:
        return Reply(Code.ERR_LIBRARY)
    if process.is_new:
        return Reply(Code.ERR_VERSION)
    code = _own_name(process, name if proxy is None else proxy)
    node = library.node(process, name)
    if code != Code.OK or node is None:
        return Reply(code)
    return Reply(registration.unregister(node, name, proxy or "", handle.number))


def _component_name_get(library: Library, handle: AmfHandle, args: Args) -> Reply:
    if handle.process.name is None:
        return Reply(Code.ERR_NOT_EXIST)
    return Reply(Code.OK, {"compName": handle.process.name})


def _ha_state_get(library: Library, handle: AmfHandle, args: Args) -> Reply:
    name, csi = _name(args, "compName"), _name(args, "csiName")
    if name is None or csi is None:
        return Reply(Code.ERR_INVALID_PARAM)
    node = library.node(handle.process, name)
    if node is None:
        return Reply(Code.ERR_NOT_EXIST)
    code, ha = registration.ha_state(node, name, csi)
    return Reply(code, {"haState": int(ha)} if ha is not None else None)


# -- healthchecks


def _key(args: Args) -> Optional[str]:
    key = args.get("healthcheckKey")
    if not isinstance(key, str) or not 0 < len(key.encode("utf-8", "surrogateescape")) <= MAX_KEY:
        return None
    return key


def _healthcheck_start(library: Library, handle: AmfHandle, args: Args) -> Reply:
    invocation, recovery = _number(args, "invocationType"), _number(args, "recommendedRecovery")
    name, key = _name(args, "compName"), _key(args)
    process = handle.process
    if (
        invocation not in (Invocation.AMF_INVOKED, Invocation.COMPONENT_INVOKED)
        or name is None
        or key is None
    ):
        return Reply(Code.ERR_INVALID_PARAM)
    highest = Recovery.CONTAINER_RESTART if process.is_new else Recovery.CLUSTER_RESET
    if not Recovery.NO_RECOMMENDATION <= recovery <= highest:
        return Reply(Code.ERR_ACCESS if process.is_new else Code.ERR_INVALID_PARAM)
    if invocation == Invocation.AMF_INVOKED and Callback.HEALTHCHECK not in handle.callbacks:
        return Reply(Code.ERR_INIT)
    node = library.node(process, name)
    if node is None:
        return Reply(Code.ERR_NOT_EXIST)
    asker = process.name or ""
    kind = Invocation(invocation)
    return Reply(healthcheck.start(node, name, asker, key, handle.number, kind, recovery))


def _healthcheck_stop(library: Library, handle: AmfHandle, args: Args) -> Reply:
    name, key = _name(args, "compName"), _key(args)
    if name is None or key is None:
        return Reply(Code.ERR_INVALID_PARAM)
    node = library.node(handle.process, name)
    if node is None:
        return Reply(Code.ERR_NOT_EXIST)
    return Reply(healthcheck.stop(node, name, handle.process.name or "", key, handle.number))


def _healthcheck_confirm(library: Library, handle: AmfHandle, args: Args) -> Reply:
    name, key, result = _name(args, "compName"), _key(args), _number(args, "healthcheckResult")
    if name is None or key is None or not _is_answer(result):
        return Reply(Code.ERR_INVALID_PARAM)
    node = library.node(handle.process, name)
    if node is None:
        return Reply(Code.ERR_NOT_EXIST)
    asker = handle.process.name or ""
    return Reply(supervision.confirm_healthcheck(node, name, asker, key, handle.number, result == Code.OK))


# -- answers to callbacks


def _response(library: Library, handle: AmfHandle, args: Args) -> Reply:
    invocation, error, running = _number(args, "invocation"), _number(args, "error"), args.get("running")
    if not invocation:
        return Reply(Code.ERR_INVALID_PARAM)
    process = handle.process
    pending = handle.find(invocation, running)
    if pending is None:
        return Reply(Code.ERR_NOT_EXIST if process.is_new else Code.ERR_INVALID_PARAM)
    if not _is_answer(error):
        if not process.is_new:
            return Reply(Code.ERR_INVALID_PARAM)
        error = Code.ERR_FAILED_OPERATION
    if not (pending.kind == Callback.CSI_SET and pending.ha == Ha.QUIESCING):
        handle.answered(invocation, running)
    node = library.node(process)
    if node is not None:
        supervision.answered(node, invocation, error)
    return Reply(Code.OK)


def _response_4(library: Library, handle: AmfHandle, args: Args) -> Reply:
    correlation, error = args.get("correlationIds"), _number(args, "error")
    if not handle.process.is_new:
        return Reply(Code.ERR_VERSION)
    if correlation is not None:
        if error == Code.OK:
            return Reply(Code.ERR_INVALID_PARAM)
        if not _is_unused(correlation) or error == Code.ERR_NOT_READY:
            return Reply(Code.ERR_NOT_SUPPORTED)
    return _response(library, handle, args)


def _quiescing_complete(library: Library, handle: AmfHandle, args: Args) -> Reply:
    invocation, error, running = _number(args, "invocation"), _number(args, "error"), args.get("running")
    process = handle.process
    if not _is_answer(error) or not invocation:
        return Reply(Code.ERR_INVALID_PARAM)
    if process.name is None:
        return Reply(Code.ERR_LIBRARY)
    pending = handle.find(invocation, running)
    if pending is None:
        return Reply(Code.ERR_NOT_EXIST if process.is_new else Code.ERR_INVALID_PARAM)
    if pending.kind != Callback.CSI_SET or pending.ha != Ha.QUIESCING:
        return Reply(Code.ERR_INVALID_PARAM)
    handle.answered(invocation, running)
    node = library.node(process)
    if node is not None:
        supervision.quiescing_complete(node, invocation, error)
    return Reply(Code.OK)


# -- errors


def _error_report(library: Library, handle: AmfHandle, args: Args) -> Reply:
    name, recovery = _name(args, "erroneousComponent"), _number(args, "recommendedRecovery")
    if name is None:
        return Reply(Code.ERR_INVALID_PARAM)
    highest = Recovery.CONTAINER_RESTART if handle.process.is_new else Recovery.CLUSTER_RESET
    if not Recovery.NO_RECOMMENDATION <= recovery <= highest:
        # OpenSAF 5.21 does not check this for B.04: its amfnd aborts, and the node goes down.
        return Reply(Code.ERR_INVALID_PARAM)
    node = library.node(handle.process, name)
    if node is None:
        return Reply(Code.ERR_NOT_EXIST)
    return Reply(registration.report_error(node, name, recovery))


def _error_report_4(library: Library, handle: AmfHandle, args: Args) -> Reply:
    if not handle.process.is_new:
        return Reply(Code.ERR_VERSION)
    recovery = _number(args, "recommendedRecovery")
    if not Recovery.NO_RECOMMENDATION <= recovery <= Recovery.CONTAINER_RESTART:
        return Reply(Code.ERR_ACCESS)
    correlation = args.get("correlationIds")
    if correlation is None:
        return Reply(Code.ERR_INVALID_PARAM)
    if not _is_unused(correlation):
        return Reply(Code.ERR_NOT_SUPPORTED)
    return _error_report(library, handle, args)


def _error_clear(library: Library, handle: AmfHandle, args: Args) -> Reply:
    name = _name(args, "compName")
    if name is None:
        return Reply(Code.ERR_INVALID_PARAM)
    node = library.node(handle.process, name)
    return Reply(registration.clear_error(node, name) if node is not None else Code.ERR_NOT_EXIST)


# -- protection groups


def _track(library: Library, handle: AmfHandle, args: Args) -> Reply:  # noqa: PLR0911
    csi, flags = _name(args, "csiName"), _number(args, "trackFlags")
    new = args.get("new")
    if new and not handle.process.is_new:
        return Reply(Code.ERR_VERSION)
    if csi is None:
        return Reply(Code.ERR_INVALID_PARAM)
    changes = flags & (Track.CHANGES | Track.CHANGES_ONLY)
    if not flags & (Track.CURRENT | changes) or changes == Track.CHANGES | Track.CHANGES_ONLY:
        return Reply(Code.ERR_BAD_FLAGS)
    # `buffer`: None means no buffer, -1 asks to allocate one, any other number is the size in items.
    buffer = args.get("buffer")
    wants_callback = bool(changes) or buffer is None
    if wants_callback and "saAmfProtectionGroupTrackCallback" not in handle.callbacks:
        return Reply(Code.ERR_INIT)
    current = bool(flags & Track.CURRENT)
    if current and buffer == 0:
        return Reply(Code.ERR_INVALID_PARAM)
    cluster = library.cluster
    if not protection.track(cluster, handle.number, csi, flags, by_callback=current and buffer is None):
        return Reply(Code.ERR_NOT_EXIST)
    if not current or buffer is None:
        return Reply(Code.OK)
    members = [member.to_wire() for member in protection.members(cluster, csi) or ()]
    room = len(members) if buffer == -1 else buffer
    code = Code.OK if len(members) <= room else Code.ERR_NO_SPACE
    return Reply(code, {"members": members[:room], "numberOfItems": len(members)})


def _track_stop(library: Library, handle: AmfHandle, args: Args) -> Reply:
    csi = _name(args, "csiName")
    if csi is None:
        return Reply(Code.ERR_INVALID_PARAM)
    known = protection.stop(library.cluster, handle.number, csi)
    return Reply(Code.OK if known else Code.ERR_NOT_EXIST)


def _notification_free(library: Library, handle: AmfHandle, args: Args) -> Reply:
    if not handle.process.is_new:
        return Reply(Code.ERR_VERSION)
    return Reply(Code.OK if args.get("hasNotification") else Code.ERR_INVALID_PARAM)


# -- passive monitoring


def _check_errors(errors: int) -> Code:
    """Check the kinds of errors. Only exits of processes can be monitored."""
    known = _PM_ZERO_EXIT | _PM_NON_ZERO_EXIT | _PM_ABNORMAL_END
    if not 0 < errors <= known:
        return Code.ERR_INVALID_PARAM
    return Code.ERR_NOT_SUPPORTED if errors & _PM_ABNORMAL_END else Code.OK


def _pm_start(library: Library, handle: AmfHandle, args: Args) -> Reply:
    name, pid, recovery = (
        _name(args, "compName"),
        _number(args, "processId"),
        _number(args, "recommendedRecovery"),
    )
    if name is None or _number(args, "descendentsTreeDepth") < -1:
        return Reply(Code.ERR_INVALID_PARAM)
    code = _check_errors(_number(args, "pmErrors"))
    if code != Code.OK:
        return Reply(code)
    if not Recovery.NO_RECOMMENDATION <= recovery <= Recovery.CONTAINER_RESTART or pid == 0:
        return Reply(Code.ERR_INVALID_PARAM)
    node = library.node(handle.process, name)
    if node is None:
        return Reply(Code.ERR_NOT_EXIST)
    return Reply(monitoring.start(node, name, pid, handle.number, recovery, bool(args.get("alive"))))


def _pm_start_3(library: Library, handle: AmfHandle, args: Args) -> Reply:
    recovery = _number(args, "recommendedRecovery")
    if not handle.process.is_new:
        return Reply(Code.ERR_VERSION)
    if not Recovery.NO_RECOMMENDATION <= recovery <= Recovery.CONTAINER_RESTART:
        return Reply(Code.ERR_ACCESS)
    if _number(args, "processId") <= 0:
        return Reply(Code.ERR_INVALID_PARAM)
    return _pm_start(library, handle, args)


def _pm_stop(library: Library, handle: AmfHandle, args: Args) -> Reply:
    name, pid = _name(args, "compName"), _number(args, "processId")
    if name is None or _number(args, "stopQualifier") not in _PM_QUALIFIERS:
        return Reply(Code.ERR_INVALID_PARAM)
    code = _check_errors(_number(args, "pmErrors"))
    if code != Code.OK:
        return Reply(code)
    if pid == 0:
        return Reply(Code.ERR_INVALID_PARAM)
    node = library.node(handle.process, name)
    if node is None:
        return Reply(Code.ERR_NOT_EXIST)
    return Reply(monitoring.stop(node, name, pid, handle.number))


def _not_supported(library: Library, handle: AmfHandle, args: Args) -> Reply:
    return Reply(Code.ERR_NOT_SUPPORTED)


def _nothing(library: Library, handle: AmfHandle, args: Args) -> Reply:
    return Reply(Code.OK)


CALLS: Mapping[str, Callable[[Library, AmfHandle, Args], Reply]] = {
    "saAmfSelectionObjectGet": _nothing,
    "saAmfComponentRegister": _component_register,
    "saAmfComponentUnregister": _component_unregister,
    "saAmfComponentNameGet": _component_name_get,
    "saAmfHAStateGet": _ha_state_get,
    "saAmfHealthcheckStart": _healthcheck_start,
    "saAmfHealthcheckStop": _healthcheck_stop,
    "saAmfHealthcheckConfirm": _healthcheck_confirm,
    "saAmfResponse": _response,
    "saAmfResponse_4": _response_4,
    "saAmfCSIQuiescingComplete": _quiescing_complete,
    "saAmfComponentErrorReport": _error_report,
    "saAmfComponentErrorReport_4": _error_report_4,
    "saAmfComponentErrorClear": _error_clear,
    "saAmfProtectionGroupTrack": _track,
    "saAmfProtectionGroupTrack_4": _track,
    "saAmfProtectionGroupTrackStop": _track_stop,
    "saAmfProtectionGroupNotificationFree_4": _notification_free,
    "saAmfPmStart": _pm_start,
    "saAmfPmStart_3": _pm_start_3,
    "saAmfPmStop": _pm_stop,
    "saAmfHAReadinessStateSet": _not_supported,
    "saAmfCorrelationIdsGet": _not_supported,
}
