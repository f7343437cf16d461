# SPDX-License-Identifier: Apache-2.0
"""AMF inside the server: it takes calls and CCBs, and carries out effects on the server's world.

The effects are commands, callbacks, timers and updates of IMM. Nothing is decided here. Every process that a
command has started ends with the server."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Callable, Optional

from saf_shim.amf.cluster import director, inventory
from saf_shim.amf.cluster.administration import operations
from saf_shim.amf.cluster.attributes import pure_attributes
from saf_shim.amf.cluster.group_events import SUPPORTED
from saf_shim.amf.cluster.simulated import SimulatedCluster
from saf_shim.amf.cluster.validation import checks
from saf_shim.amf.effects import (
    Create,
    Delete,
    Effect,
    EndOperation,
    KillCommand,
    Log,
    RunCommand,
    SendCallback,
    StartTimer,
    StopTimer,
    UnwatchProcess,
    Update,
    WatchProcess,
)
from saf_shim.amf.library import FIRST_HANDLE, AmfHandle, Library, Reply
from saf_shim.amf.states import SECOND
from saf_shim.amf.timers import Timers
from saf_shim.codes import AisError, Code
from saf_shim.contract import Answer, Call, Command, CommandEnd, Session, Timer, Watch, World
from saf_shim.imm.content.port import AdminOperation
from saf_shim.imm.content.rules import Values
from saf_shim.imm.content.store import Store
from saf_shim.imm.implementer.attached import Attached
from saf_shim.imm.implementer.hooks import ObjectChange, View

IMPLEMENTER = "safAmfService"

_NODE_ENVIRONMENT = {
    "MDS_TIPC_MCAST_ENABLED": "1",
    "MDS_TRANSPORT": "TCP",
    "OPENSAF_GROUP": "opensaf",
    "OPENSAF_MANAGE_TIPC": "yes",
    "OPENSAF_USER": "opensaf",
}
"""What OpenSAF's start script puts into amfnd's environment. The server adds its own variables."""


class AmfService:
    """The service behind saAmf* calls, and AMF's implementer in IMM: a `saf_shim.contract.Service`."""

    finalizers: Mapping[str, Code] = {"saAmfFinalize": Code.ERR_BAD_HANDLE}
    local_calls: frozenset[str] = frozenset()

    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self._imm = Attached(store, IMPLEMENTER, self)
        self.cluster = SimulatedCluster(self._imm, [node.name for node in world.nodes])
        self.library = Library(self.cluster)
        self._nodes = {node.name: node for node in world.nodes}
        self._sessions: dict[int, Session] = {}
        self._timers = Timers(world, self._timer_fired)
        self._commands: dict[int, Command] = {}
        self._limits: dict[int, Timer] = {}  # the time-outs of commands, by ticket
        self._watches: dict[Hashable, Watch] = {}
        self._operations: dict[int, AdminOperation] = {}
        self._started = False

    # what the server calls

    def start(self) -> None:
        """Take over the model and start what is to run."""
        self._imm.bind_classes(inventory.CLASSES)
        director.start(self.cluster)
        self._started = True
        self._pump()

    def stop(self) -> None:
        """Stop timers and watches; the server ends the commands."""
        self._started = False
        self._timers.stop_all()
        for timer in self._limits.values():
            timer.cancel()
        for watch in self._watches.values():
            watch.cancel()

    def handle_call(self, call: Call) -> Optional[Answer]:
        """Serve one call of a client."""
        session = call.session
        if call.name in ("saAmfInitialize", "saAmfInitialize_4"):
            return self._initialize(call)
        handle = session.data
        if not isinstance(handle, AmfHandle) or call.args.get("handle") != handle.number:
            return Answer(Code.ERR_BAD_HANDLE)
        if call.name == "saAmfDispatch":
            return self._dispatch(call, handle)
        if call.name == "saAmfFinalize":
            reply = self.library.finalize(handle)
            session.finish()
            self._sessions.pop(handle.number, None)
            self._answer(call, reply)
            if self.library.is_down(session.pid):
                self._lost(session.pid)
            return None
        args = call.args
        if call.name.startswith("saAmfPmStart"):
            args = {**args, "alive": self._is_alive(args.get("processId"))}
        self._answer(call, self.library.call(call.name, handle, args))
        return None

    def _is_alive(self, pid: object) -> bool:
        if not isinstance(pid, int) or pid <= 0:
            return False
        watch = self._world.watch_process(pid, lambda: None)
        if watch is not None:
            watch.cancel()
        return watch is not None

    def session_closed(self, session: Session) -> None:
        """Treat a session that ends without finalize as the end of its process."""
        handle, session.data = session.data, None
        if isinstance(handle, AmfHandle):
            self._sessions.pop(handle.number, None)
            if not session.finalized:
                self._lost(session.pid)

    def _lost(self, pid: int) -> None:
        for number in self.library.lost(pid):
            other = self._sessions.pop(number, None)
            if other is not None:
                other.data = None
                other.lose()
        director.settle(self.cluster)
        self._pump()

    def _initialize(self, call: Call) -> Optional[Answer]:
        session = call.session
        if session.data is not None:
            return Answer(Code.ERR_LIBRARY)
        number = FIRST_HANDLE + session.id
        reply, handle = self.library.initialize(
            call.name, session.pid, session.environment, call.args, number
        )
        if handle is not None:
            session.data = handle
            self._sessions[number] = session
        self._answer(call, reply)
        if self.library.is_down(session.pid):
            self._lost(session.pid)
        return None

    def _dispatch(self, call: Call, handle: AmfHandle) -> Optional[Answer]:
        flags = call.args.get("flags")
        answer = call.session.dispatch(call, flags if isinstance(flags, int) else 0)
        if answer is None:
            handle.blocked = True
        elif answer.out is not None:
            for _number, name, arguments in answer.out["callbacks"]:
                handle.dispatched(name, arguments)
        return answer

    def _answer(self, call: Call, reply: Reply) -> None:
        """Send the answer before everything else that follows from the call."""
        call.reply(reply.code, reply.out)
        director.settle(self.cluster)
        self._pump()

    # IMM

    def admin_operation(self, operation: AdminOperation) -> None:
        """Begin an administrative operation of IMM."""
        self._timers.fire_what_is_over()
        ticket = self.cluster.outbox.ticket()
        self._operations[ticket] = operation
        class_name = self._imm.class_of(operation.dn) or ""
        try:
            operations.operate(self.cluster, class_name, operation.dn, operation.operation, ticket)
        except AisError as error:
            self._end_operation(EndOperation(ticket, error.code, error.text))
        director.settle(self.cluster)
        self._pump()

    def ccb_changed(self, ccb_id: int, change: ObjectChange) -> None:
        """Accept each single change; the checks come when the CCB is complete."""

    def ccb_completed(self, ccb_id: int, changes: Sequence[ObjectChange], view: View) -> None:
        """Check the model as it would be; AisError refuses the CCB."""
        try:
            checks.check(self.cluster, changes, view, SUPPORTED)
        except AisError as error:  # some commands do not show the reason, so the log has it as well
            reason = error.text or "no reason given"
            self._world.log(f"amfd refuses a CCB ({Code(error.code).name}): {reason}")
            raise

    def ccb_applied(self, ccb_id: int, changes: Sequence[ObjectChange]) -> None:
        """Take over what the CCB has changed."""
        if self._started:
            director.model_changed(self.cluster, changes)
            self._pump()

    def ccb_aborted(self, ccb_id: int) -> None:
        """Do nothing: nothing was taken over yet."""

    def read_pure(self, dn: str, names: Sequence[str]) -> Mapping[str, Values]:
        """Return values of runtime attributes that are not cached."""
        values = pure_attributes(self.cluster, dn)
        return {name: values.get(name, ()) for name in names}

    # effects

    def _pump(self) -> None:
        while self._started:
            effects = self.cluster.outbox.take_effects()
            if not effects:
                return
            for effect in effects:
                self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        _EFFECTS[type(effect)](self, effect)

    def _start_timer(self, effect: StartTimer) -> None:
        self._timers.start(effect)

    def _timer_fired(self, key: Hashable) -> None:
        director.timer_fired(self.cluster, key)
        self._pump()

    def _stop_timer(self, effect: StopTimer) -> None:
        self._timers.stop(effect.key)

    def _run_command(self, effect: RunCommand) -> None:
        ticket = effect.ticket

        def ended(end: CommandEnd) -> None:
            current = self._commands.pop(ticket, None)
            limit = self._limits.pop(ticket, None)
            if limit is not None:
                limit.cancel()
            self._world.log(f"amfnd[{effect.node}] {' '.join(effect.argv)}: {_describe(end)}")
            if current is not None:
                director.command_ended(self.cluster, ticket, end.status)
                self._pump()

        def time_is_over() -> None:
            """Kill the command. Its end counts from now on, because a component in the foreground ends with
            it."""
            command.kill()
            del self._commands[ticket], self._limits[ticket]
            director.command_ended(self.cluster, ticket, None)
            self._pump()

        if not effect.argv:
            self._commands[ticket] = _NoCommand()
            self._world.start_timer(0, lambda: ended(CommandEnd(None, None, "no command")))
            return
        node = self._nodes[effect.node]
        environment = {
            **self._world.base_environment(),
            **_NODE_ENVIRONMENT,
            "NCS_ENV_NODE_ID": str(node.node_id),
            **effect.environment,
        }
        command = self._world.run_command([*node.prefix, *effect.argv], environment, ended)
        self._commands[ticket] = command
        if effect.timeout > 0:
            self._limits[ticket] = self._world.start_timer(effect.timeout / SECOND, time_is_over)

    def _kill_command(self, effect: KillCommand) -> None:
        command = self._commands.get(effect.ticket)
        if command is not None:
            command.kill()

    def _send_callback(self, effect: SendCallback) -> None:
        session = self._sessions.get(effect.handle)
        if session is None or not isinstance(session.data, AmfHandle):
            return
        if session.data.blocked:
            session.data.blocked = False
            session.data.dispatched(effect.name, effect.arguments)
        session.push((effect.name, dict(effect.arguments)))

    def _watch_process(self, effect: WatchProcess) -> None:
        key = effect.key

        def ended() -> None:
            self._watches.pop(key, None)
            director.process_ended(self.cluster, key)
            self._pump()

        watch = self._world.watch_process(effect.pid, ended)
        if watch is not None:
            self._watches[key] = watch

    def _unwatch_process(self, effect: UnwatchProcess) -> None:
        watch = self._watches.pop(effect.key, None)
        if watch is not None:
            watch.cancel()

    def _end_operation(self, effect: EndOperation) -> None:
        operation = self._operations.pop(effect.ticket, None)
        if operation is not None:
            operation.answer(effect.code, effect.text)

    def _update(self, effect: Update) -> None:
        try:
            self._imm.update(effect.dn, effect.attributes)
        except AisError as error:
            self._world.log(f"amfd cannot update {effect.dn}: {error}")

    def _create(self, effect: Create) -> None:
        try:
            self._imm.create(effect.class_name, effect.parent, effect.attributes)
        except AisError as error:
            self._world.log(f"amfd cannot create a {effect.class_name} in {effect.parent}: {error}")

    def _delete(self, effect: Delete) -> None:
        try:
            self._imm.delete(effect.dn)
        except AisError as error:
            self._world.log(f"amfd cannot delete {effect.dn}: {error}")

    def _log(self, effect: Log) -> None:
        self._world.log(effect.text)


_EFFECTS: dict[type, Callable[[AmfService, Any], None]] = {
    RunCommand: AmfService._run_command,
    KillCommand: AmfService._kill_command,
    StartTimer: AmfService._start_timer,
    StopTimer: AmfService._stop_timer,
    SendCallback: AmfService._send_callback,
    WatchProcess: AmfService._watch_process,
    UnwatchProcess: AmfService._unwatch_process,
    EndOperation: AmfService._end_operation,
    Update: AmfService._update,
    Create: AmfService._create,
    Delete: AmfService._delete,
    Log: AmfService._log,
}


class _NoCommand:
    """Stands for a command that the model does not have."""

    pid = 0

    def kill(self) -> None:
        """Do nothing: there is no process."""


def _describe(end: CommandEnd) -> str:
    if end.status is not None:
        return f"exit {end.status}"
    return end.error or f"killed by signal {end.signal}"
