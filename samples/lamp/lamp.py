#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole component in one file: a lamp that AMF keeps alight.

When AMF assigns it ACTIVE, it lights: the runtime object ``lamp=<name>`` appears in IMM, with the colour
that the CSI attribute ``colour`` says. At every healthcheck it counts. An administrator can blink it
(``immadm -o 1 lamp=<name>``). When the assignment goes, the object goes. It needs OpenSAF's pyosaf, or the
simulator's:

    saf-shim run -- sh lamp.sh

    lamp.py run          what AMF starts, in the end
    lamp.py instantiate  the CLC-CLI command: start ``run`` in the background
    lamp.py cleanup      the CLC-CLI command: kill what is left of it
    lamp.py model        print classes and AMF model for ``immcfg -f``
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
from ctypes import POINTER, cast, pointer
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
PID_FILE = os.path.join(os.environ.get("LAMP_DIR", "/tmp"), f"lamp-{os.getuid()}.pid")
VERSION = "safVersion=1"


def instantiate() -> int:
    """Start the component in a session of its own; AMF waits until it has registered."""
    process = subprocess.Popen(
        [sys.executable, os.path.abspath(__file__), "run"], start_new_session=True, close_fds=True
    )
    with open(PID_FILE, "w", encoding="ascii") as handle:
        handle.write(str(process.pid))
    return 0


def cleanup() -> int:
    """Leave nothing of the component. It is fine if nothing is there."""
    try:
        with open(PID_FILE, encoding="ascii") as handle:
            os.kill(int(handle.read()), signal.SIGKILL)
        os.unlink(PID_FILE)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        pass
    return 0


class Lamp:
    """The component: its AMF handle, its IMM handle, and what it shows."""

    def __init__(self) -> None:
        # Only `run` needs the bindings, so that `model` works anywhere.
        from pyosaf import saAis, saAmf, saImm, saImmOi  # noqa: PLC0415

        self.ais, self.amf, self.imm, self.oi = saAis, saAmf, saImm, saImmOi
        self.ok = saAis.eSaAisErrorT.SA_AIS_OK
        self.handle = saAmf.SaAmfHandleT()
        self.oi_handle = saImmOi.SaImmOiHandleT()
        self.ticks = 0
        self.name = ""
        self.ended = False
        self.lit = False
        # AMF and IMM keep pointers to these: they must live as long as the handles.
        self.callbacks = saAmf.SaAmfCallbacksT_4()
        self.callbacks.saAmfHealthcheckCallback = saAmf.SaAmfHealthcheckCallbackT(self.healthcheck)
        self.callbacks.saAmfCSISetCallback = saAmf.SaAmfCSISetCallbackT(self.csi_set)
        self.callbacks.saAmfCSIRemoveCallback = saAmf.SaAmfCSIRemoveCallbackT(self.csi_remove)
        self.callbacks.saAmfComponentTerminateCallback = saAmf.SaAmfComponentTerminateCallbackT(
            self.terminate
        )
        self.oi_callbacks = saImmOi.SaImmOiCallbacksT_2()
        self.oi_callbacks.saImmOiAdminOperationCallback = saImmOi.SaImmOiAdminOperationCallbackT_2(self.blink)

    def must(self, rc: int, what: str) -> None:
        """End with the reason when a call fails that cannot be done without."""
        if rc != self.ok:
            sys.exit(f"lamp: {what}: {self.ais.eSaAisErrorT.whatis(rc)}")

    def run(self) -> int:
        """Register with AMF and serve callbacks until it terminates us."""
        version = self.ais.SaVersionT("B", 4, 1)
        self.must(self.amf.saAmfInitialize_4(self.handle, self.callbacks, version), "saAmfInitialize_4")
        component = self.ais.SaNameT()
        self.must(self.amf.saAmfComponentNameGet(self.handle, component), "saAmfComponentNameGet")
        self.name = str(component).split(",")[1].partition("=")[2]  # the SU's: safComp=Lamp,safSu=<this>,...
        version = self.ais.SaVersionT("A", 2, 17)
        self.must(
            self.oi.saImmOiInitialize_2(self.oi_handle, self.oi_callbacks, version), "saImmOiInitialize_2"
        )
        self.must(self.amf.saAmfComponentRegister(self.handle, component, None), "saAmfComponentRegister")
        key = self.amf.SaAmfHealthcheckKeyT("Lamp")
        started = self.amf.saAmfHealthcheckStart(self.handle, component, key, 1, 2)  # AMF invoked, restart us
        self.must(started, "saAmfHealthcheckStart")
        amf_fd, oi_fd = self.ais.SaSelectionObjectT(), self.ais.SaSelectionObjectT()
        self.must(self.amf.saAmfSelectionObjectGet(self.handle, amf_fd), "saAmfSelectionObjectGet")
        self.must(self.oi.saImmOiSelectionObjectGet(self.oi_handle, oi_fd), "saImmOiSelectionObjectGet")
        while not self.ended:
            ready = select.select([amf_fd.value, oi_fd.value], [], [])[0]
            if oi_fd.value in ready:
                self.oi.saImmOiDispatch(self.oi_handle, self.ais.eSaDispatchFlagsT.SA_DISPATCH_ALL)
            if amf_fd.value in ready:
                self.amf.saAmfDispatch(self.handle, self.ais.eSaDispatchFlagsT.SA_DISPATCH_ALL)
        return 0

    # AMF's callbacks. Each answers once, whatever happens: an exception would vanish, and the answer too.

    def healthcheck(self, invocation: int, _name: Any, _key: Any) -> None:
        """Answer first, then count."""
        self.amf.saAmfResponse_4(self.handle, invocation, None, self.ok)
        self.ticks += 1
        if self.lit:
            self.update("ticks", 2, self.ticks)

    def csi_set(self, invocation: int, _name: Any, ha_state: int, descriptor: Any) -> None:
        """Light up when the state is ACTIVE, and go out in any other state."""
        if ha_state == self.amf.eSaAmfHAStateT.SA_AMF_HA_ACTIVE:
            self.light(self.colour(descriptor))
        else:
            self.put_out()
        self.amf.saAmfResponse_4(self.handle, invocation, None, self.ok)

    def csi_remove(self, invocation: int, _name: Any, _csi: Any, _flags: int) -> None:
        """Go out: the assignment has gone."""
        self.put_out()
        self.amf.saAmfResponse_4(self.handle, invocation, None, self.ok)

    def terminate(self, invocation: int, _name: Any) -> None:
        """Go out and end, as AMF wants."""
        self.put_out()
        self.amf.saAmfResponse_4(self.handle, invocation, None, self.ok)
        self.ended = True

    def colour(self, descriptor: Any) -> str:
        """Return the CSI attribute ``colour``, or white."""
        attributes = descriptor.csiAttr
        for index in range(attributes.number):
            entry = attributes.attr[index]
            if cast(entry.attrName, ctypes.c_char_p).value == b"colour" and entry.attrValue:
                return (cast(entry.attrValue, ctypes.c_char_p).value or b"").decode()
        return "white"

    # IMM

    def light(self, colour: str) -> None:
        """Show our object, instead of one that a predecessor that died may have left."""
        if not self.lit:
            name = self.ais.SaStringT(f"Lamp_{self.name}")
            self.must(self.oi.saImmOiImplementerSet(self.oi_handle, name), "saImmOiImplementerSet")
            self.lit = True
        self.oi.saImmOiRtObjectDelete(self.oi_handle, self.ais.SaNameT(f"lamp={self.name}"))
        kept: list[Any] = []
        given = [
            ("lamp", 9, f"lamp={self.name}"),
            ("colour", 9, colour),
            ("ticks", 2, self.ticks),
            ("blinks", 2, 0),
        ]
        attributes = []
        for attribute, kind, value in given:
            item = self.imm.SaImmAttrValuesT_2()
            self.fill(item, attribute, kind, value, kept)
            attributes.append(item)
        created = self.oi.saImmOiRtObjectCreate_2(
            self.oi_handle, self.ais.SaStringT("Lamp"), None, attributes
        )
        self.must(created, "saImmOiRtObjectCreate_2")

    def put_out(self) -> None:
        """Take our object away."""
        if self.lit:
            self.oi.saImmOiRtObjectDelete(self.oi_handle, self.ais.SaNameT(f"lamp={self.name}"))
            self.oi.saImmOiImplementerClear(self.oi_handle)
            self.lit = False

    def update(self, attribute: str, kind: int, value: Any) -> None:
        """Set an attribute of our object. If IMM is away, the next healthcheck does it."""
        kept: list[Any] = []
        change = self.imm.SaImmAttrModificationT_2()
        change.modType = self.imm.eSaImmAttrModificationTypeT.SA_IMM_ATTR_VALUES_REPLACE
        self.fill(change.modAttr, attribute, kind, value, kept)
        self.oi.saImmOiRtObjectUpdate_2(self.oi_handle, self.ais.SaNameT(f"lamp={self.name}"), [change])

    def fill(self, target: Any, attribute: str, kind: int, value: Any, kept: list[Any]) -> None:
        """Put one value into a structure; `kept` keeps what the structure points to until the call
        returns."""
        cell = self.imm.SaImmValueTypeMap[kind](value)
        array = (self.imm.SaImmAttrValueT * 1)(cast(pointer(cell), self.ais.SaVoidPtr))
        kept += [cell, array]
        target.attrName = self.ais.SaStringT(attribute)
        target.attrValueType = kind
        target.attrValuesNumber = 1
        target.attrValues = cast(array, POINTER(self.imm.SaImmAttrValueT))

    def blink(self, _handle: int, invocation: int, _name: Any, operation: int, _params: Any) -> None:
        """Blink at operation 1. There is no other."""
        code = self.ok if operation == 1 else self.ais.eSaAisErrorT.SA_AIS_ERR_NOT_SUPPORTED
        if code == self.ok:
            self.update("blinks", 2, 1)
        self.oi.saImmOiAdminOperationResult(self.oi_handle, invocation, code)


def model() -> int:
    """Print the class and the AMF model: one node, no redundancy, locked for instantiation."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `lamp.py model | head` ends without a traceback
    second = 10**9
    types: list[tuple[str, str, dict[str, Any]]] = [
        ("SaAmfAppBaseType", "safAppType=Lamp", {}),
        ("SaAmfSGBaseType", "safSgType=Lamp", {}),
        ("SaAmfSUBaseType", "safSuType=Lamp", {}),
        ("SaAmfCompBaseType", "safCompType=Lamp", {}),
        ("SaAmfSvcBaseType", "safSvcType=Lamp", {}),
        ("SaAmfCSBaseType", "safCSType=Lamp", {}),
        ("SaAmfAppType", f"{VERSION},safAppType=Lamp", {"saAmfApptSGTypes": f"{VERSION},safSgType=Lamp"}),
        (
            "SaAmfSGType",
            f"{VERSION},safSgType=Lamp",
            {
                "saAmfSgtRedundancyModel": 5,  # no redundancy
                "saAmfSgtValidSuTypes": f"{VERSION},safSuType=Lamp",
                "saAmfSgtDefAutoAdjustProb": 10 * second,
                "saAmfSgtDefCompRestartProb": 60 * second,
                "saAmfSgtDefCompRestartMax": 3,
                "saAmfSgtDefSuRestartProb": 60 * second,
                "saAmfSgtDefSuRestartMax": 3,
            },
        ),
        (
            "SaAmfSUType",
            f"{VERSION},safSuType=Lamp",
            {
                "saAmfSutIsExternal": 0,
                "saAmfSutDefSUFailover": 1,
                "saAmfSutProvidesSvcTypes": f"{VERSION},safSvcType=Lamp",
            },
        ),
        (
            "SaAmfCompType",
            f"{VERSION},safCompType=Lamp",
            {
                "saAmfCtCompCategory": 1,  # SA-aware
                "saAmfCtSwBundle": "safSmfBundle=Lamp",
                "saAmfCtDefClcCliTimeout": 10 * second,
                "saAmfCtDefCallbackTimeout": 10 * second,
                "saAmfCtRelPathInstantiateCmd": "lamp.py",
                "saAmfCtDefInstantiateCmdArgv": "instantiate",
                "saAmfCtRelPathCleanupCmd": "lamp.py",
                "saAmfCtDefCleanupCmdArgv": "cleanup",
                "saAmfCtDefCmdEnv": f"LAMP_DIR={os.environ.get('LAMP_DIR', '/tmp')}",
                "saAmfCtDefQuiescingCompleteTimeout": 10 * second,
                "saAmfCtDefRecoveryOnError": 2,  # restart the component
                "saAmfCtDefDisableRestart": 0,
            },
        ),
        ("SaAmfSvcType", f"{VERSION},safSvcType=Lamp", {}),
        ("SaAmfCSType", f"{VERSION},safCSType=Lamp", {"saAmfCSAttrName": "colour"}),
        ("SaAmfSutCompType", rf"safMemberCompType={VERSION}\,safCompType=Lamp,{VERSION},safSuType=Lamp", {}),
        ("SaAmfSvcTypeCSTypes", rf"safMemberCSType={VERSION}\,safCSType=Lamp,{VERSION},safSvcType=Lamp", {}),
        (
            "SaAmfCtCsType",
            rf"safSupportedCsType={VERSION}\,safCSType=Lamp,{VERSION},safCompType=Lamp",
            {"saAmfCtCompCapability": 6},  # one active assignment
        ),
        (
            "SaAmfHealthcheckType",
            f"safHealthcheckKey=Lamp,{VERSION},safCompType=Lamp",
            {"saAmfHctDefPeriod": second // 5, "saAmfHctDefMaxDuration": 5 * second},
        ),
        ("SaSmfSwBundle", "safSmfBundle=Lamp", {}),
        (
            "SaAmfNodeSwBundle",
            "safInstalledSwBundle=safSmfBundle=Lamp,safAmfNode=SC-1,safAmfCluster=myAmfCluster",
            {"saAmfNodeSwBundlePathPrefix": HERE},
        ),
    ]
    unit = "safSu=SC-1,safSg=Lamp,safApp=Lamp"
    entities: list[tuple[str, str, dict[str, Any]]] = [
        ("SaAmfApplication", "safApp=Lamp", {"saAmfAppType": f"{VERSION},safAppType=Lamp"}),
        (
            "SaAmfSG",
            "safSg=Lamp,safApp=Lamp",
            {
                "saAmfSGType": f"{VERSION},safSgType=Lamp",
                "saAmfSGSuHostNodeGroup": "safAmfNodeGroup=AllNodes,safAmfCluster=myAmfCluster",
            },
        ),
        (
            "SaAmfSI",
            "safSi=Lamp,safApp=Lamp",
            {"saAmfSvcType": f"{VERSION},safSvcType=Lamp", "saAmfSIProtectedbySG": "safSg=Lamp,safApp=Lamp"},
        ),
        ("SaAmfCSI", "safCsi=Lamp,safSi=Lamp,safApp=Lamp", {"saAmfCSType": f"{VERSION},safCSType=Lamp"}),
        (
            "SaAmfCSIAttribute",
            "safCsiAttr=colour,safCsi=Lamp,safSi=Lamp,safApp=Lamp",
            {"saAmfCSIAttriValue": "red"},
        ),
        (
            "SaAmfSU",
            unit,
            {
                "saAmfSUType": f"{VERSION},safSuType=Lamp",
                "saAmfSUHostNodeOrNodeGroup": "safAmfNode=SC-1,safAmfCluster=myAmfCluster",
                "saAmfSUAdminState": 3,  # locked for instantiation: loading it starts nothing
            },
        ),
        ("SaAmfComp", f"safComp=Lamp,{unit}", {"saAmfCompType": f"{VERSION},safCompType=Lamp"}),
        ("SaAmfCompCsType", rf"safSupportedCsType={VERSION}\,safCSType=Lamp,safComp=Lamp,{unit}", {}),
    ]
    attributes = [("colour", "STRING"), ("ticks", "UINT32"), ("blinks", "UINT32")]
    definitions = "".join(
        f"<attr><name>{name}</name><type>SA_{kind}_T</type><category>SA_RUNTIME</category><flag>SA_CACHED</flag></attr>"
        for name, kind in attributes
    )
    print('<?xml version="1.0" encoding="utf-8"?>')
    print('<imm:IMM-contents xmlns:imm="http://www.saforum.org/IMMSchema">')
    print('<class name="Lamp"><category>SA_RUNTIME</category><rdn><name>lamp</name><type>SA_STRING_T</type>')
    print(f"<category>SA_RUNTIME</category><flag>SA_CACHED</flag></rdn>{definitions}</class>")
    for cls, name, values in [*types, *entities]:
        inner = "".join(f"<attr><name>{n}</name><value>{v}</value></attr>" for n, v in values.items())
        print(f'<object class="{cls}"><dn>{name}</dn>{inner}</object>')
    print("</imm:IMM-contents>")
    return 0


def main() -> int:
    """Do what the one argument says."""
    commands = {"instantiate": instantiate, "cleanup": cleanup, "model": model, "run": lambda: Lamp().run()}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print(f"usage: lamp.py {'|'.join(commands)}", file=sys.stderr)
        return 2
    return commands[sys.argv[1]]()


if __name__ == "__main__":
    sys.exit(main())
