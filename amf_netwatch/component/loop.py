# SPDX-License-Identifier: Apache-2.0
"""The loop of the main thread: it waits for AMF, for IMM and for signals, until the component ends.

It is not the place for decisions: what a callback does is in `callbacks`.
"""

from __future__ import annotations

import os
import select
import signal
from typing import Optional, Protocol

from amf_netwatch.component.callbacks import Component
from amf_netwatch.errors import ERR_TRY_AGAIN, AisError
from amf_netwatch.log import Log
from amf_netwatch.publication.publisher import Publisher

EXIT_OK, EXIT_CANNOT_START, EXIT_USAGE, EXIT_AMF_LOST = 0, 1, 2, 3
_PAUSE_MS = 100


class Dispatcher(Protocol):
    """What the loop needs of `ais.Amf`."""

    def selection_object(self) -> int:
        """The descriptor to poll."""

    def dispatch(self) -> None:
        """Run the callbacks that wait."""


def serve(component: Component, publisher: Publisher, amf: Dispatcher, log: Log) -> int:
    """Wait for AMF, IMM and signals until the component ends; the exit status."""
    woken, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: asked.append(received))
    amf_descriptor = amf.selection_object()
    imm_descriptor: Optional[int] = None
    poll = select.poll()
    poll.register(woken, select.POLLIN)
    poll.register(amf_descriptor, select.POLLIN)
    while not component.ending:
        if publisher.descriptor != imm_descriptor:
            if imm_descriptor is not None:
                poll.unregister(imm_descriptor)
            imm_descriptor = publisher.descriptor
            if imm_descriptor is not None:
                poll.register(imm_descriptor, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll()}
        if asked:
            component.end(signal.Signals(asked[0]).name)
            break
        if imm_descriptor in ready:
            component.imm_speaks()
        if amf_descriptor in ready:
            try:
                amf.dispatch()
            except AisError as error:
                if error.code == ERR_TRY_AGAIN:
                    select.poll().poll(_PAUSE_MS)  # it stays readable
                    continue
                log.event("amf-lost", call=error.call, code=error.name)
                component.end("AMF is lost")
                return EXIT_AMF_LOST
    return EXIT_OK
