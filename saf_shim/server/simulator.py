# SPDX-License-Identifier: Apache-2.0
"""The simulator as a whole: a server with its services, its model, and saf-shim's own commands on it."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import Any, Optional

from saf_shim.amf.service import AmfService
from saf_shim.clm.service import ClmService
from saf_shim.codes import Code
from saf_shim.contract import Arguments, Node
from saf_shim.imm.calls.service import ImmService
from saf_shim.imm.calls.wire import wire_attributes
from saf_shim.imm.content.store import Store
from saf_shim.imm.implementer.attached import HooksPort
from saf_shim.imm.manager.reading import take_values
from saf_shim.model.stand_ins import attach_stand_ins
from saf_shim.model.standard import load_standard_model
from saf_shim.server.call_log import CallRecord
from saf_shim.server.faults import Fault
from saf_shim.server.server import Server
from saf_shim.server.waiting import Hang


class Simulator:
    """One simulated cluster in one process."""

    def __init__(
        self, directory: str, nodes: Sequence[Node], files: Sequence[str] = (), keep_output: bool = True
    ) -> None:
        """Set everything up, but accept no client yet. `loading.LoadError` if a file cannot be loaded."""
        self.server = Server(directory, nodes, keep_output)
        self.store = Store()
        load_standard_model(self.store, nodes)
        if files:
            from saf_shim.server.loading import load_file  # noqa: PLC0415 - with the XML parser, and rarely wanted

            for path in files:
                load_file(self.store, self.server, path)
        attach_stand_ins(self.store)
        self.imm = ImmService(self.server, self.store)
        self.server.host("saImm", self.imm)
        self.server.host("saClm", ClmService(self.server, self.store))
        self.server.host("saAmf", AmfService(self.server, self.store))
        self.server.controls.update(
            {
                "calls": self._calls,
                "fault": self._fault,
                "imm": self._imm,
                "object": self._object,
                "objects": self._objects,
                "output": lambda args: self.server.outputs.since(int(args.get("since") or 0)),
                "status": self._status,
                "stop": lambda _args: self.server.stop(),
            }
        )

    def serve(self, ready: Optional[int] = None) -> None:
        """Serve until a command, SIGTERM or SIGINT stops it. A byte goes to `ready` when clients can
        connect."""
        server = self.server
        for number in (signal.SIGTERM, signal.SIGINT):
            # The handler runs between two functions of the loop, which the wake-up descriptor wakes.
            signal.signal(number, lambda _number, _frame: server.stop())
        server.listen()
        server.log(f"serving nodes {', '.join(node.name for node in server.nodes)}")
        if ready is not None:
            server.loop.start_timer(0, lambda: _tell(ready))
        server.run()

    # saf-shim's commands

    def _calls(self, args: Arguments) -> list[Any]:
        """Return the call log, oldest first. `prefix` selects by name; `clear` empties the log afterwards."""
        found = [_wire_call(call) for call in self.server.calls.read(str(args.get("prefix") or ""))]
        if args.get("clear"):
            self.server.calls.clear()
        return found

    def _fault(self, args: Arguments) -> Any:
        """Add a fault (`call`, `rc`: a number, or None to execute the call, `times`, `delay`, `lost`).

        With `clear`, remove all faults; with `list`, return them."""
        faults = self.server.faults
        if args.get("clear"):
            faults.clear()
            return None
        if args.get("list"):
            return faults.pending()
        delay, lost = float(args.get("delay") or 0), bool(args.get("lost"))
        faults.add(Fault(args["call"], args["rc"], args.get("times"), delay, lost))
        return None

    def _imm(self, args: Arguments) -> None:
        """Change the state of IMM: `absent`, `hang`, `back`, `restart`."""
        what = args.get("what")
        self.server.log(f"imm {what}")
        if what == "absent":
            self.server.absent["saImm"] = Code.ERR_TRY_AGAIN
        elif what == "hang":
            self.server.hanging.setdefault("saImm", Hang())
        elif what == "back":
            self.server.absent.pop("saImm", None)
            self._end_hang()
        elif what == "restart":
            self.imm.restart()
            self._end_hang()
        else:
            raise ValueError(f"IMM can be absent, hang, back or restart, not {what}")

    def _end_hang(self) -> None:
        hang = self.server.hanging.pop("saImm", None)
        if hang is not None:
            hang.end()

    def _imm_state(self) -> str:
        if "saImm" in self.server.hanging:
            return "hanging"
        return "absent" if "saImm" in self.server.absent else "present"

    def _object(self, args: Arguments) -> Any:
        """Return ``[name, type, values]`` of each attribute of an object, as a reader sees them. None if
        there is no such object."""
        found = self.store.visible(str(args.get("dn")))
        if found is None:
            return None
        port = found.implementer.port if found.implementer is not None else None
        if isinstance(port, HooksPort):  # AMF and CLM can be asked without a logged call
            port.read_pure(found.dn, sorted(found.cls.pure), lambda _rc: None)
        return wire_attributes(take_values(found, found.cls.read_order))

    def _objects(self, args: Arguments) -> list[str]:
        """Return the DNs of all objects. They may be limited to a class, and to the subtree of a root."""
        wanted, root = str(args.get("class") or ""), str(args.get("root") or "")
        return [
            found.dn
            for found in self.store.everything()
            if not found.creating
            and (not wanted or found.cls.name == wanted)
            and (not root or found.dn == root or found.dn.endswith(f",{root}"))
        ]

    def _status(self, _args: Arguments) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "directory": self.server.directory,
            "nodes": [[node.name, list(node.prefix)] for node in self.server.nodes],
            "sessions": [[session.pid, session.id] for session in self.server.sessions.values()],
            "classes": len(self.store.classes),
            "objects": len(self.store.objects),
            "calls": len(self.server.calls),
            "imm": self._imm_state(),
        }


def _wire_call(call: CallRecord) -> list[Any]:
    """Return one call of the log: number, ns since the epoch, pid, session, name, code, arguments without the
    handle."""
    args = {name: value for name, value in call.args.items() if name != "handle"}
    return [call.number, call.time, call.pid, call.session, call.name, call.rc, args]


def _tell(ready: int) -> None:
    try:
        os.write(ready, b"1")
    finally:
        os.close(ready)
