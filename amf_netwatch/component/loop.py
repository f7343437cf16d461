# SPDX-License-Identifier: Apache-2.0
"""The loop of the main thread: it waits for AMF and for signals, until the component ends.

It decides nothing: what a callback does is in `callbacks`.
"""

from __future__ import annotations

import os
import select
import signal
from typing import TYPE_CHECKING

from amf_netwatch.errors import ERR_TRY_AGAIN, AisError
from amf_netwatch.log import Log

if TYPE_CHECKING:
    from amf_netwatch.ais import Amf
    from amf_netwatch.component.callbacks import Component

EXIT_OK, EXIT_CANNOT_START, EXIT_USAGE, EXIT_AMF_LOST = 0, 1, 2, 3
_PAUSE_MS = 100


def serve(component: Component, amf: Amf, log: Log) -> int:
    """Wait for AMF and signals until the component ends. Return the exit status. AisError at the start."""
    woken, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: asked.append(received))
    amf_descriptor = amf.selection_object()
    poll = select.poll()
    poll.register(woken, select.POLLIN)
    poll.register(amf_descriptor, select.POLLIN)
    while not component.ending:
        ready = {descriptor for descriptor, _ in poll.poll()}
        if asked:
            component.end(signal.Signals(asked[0]).name)
            break
        if amf_descriptor in ready:
            try:
                amf.dispatch()
            except AisError as error:
                if error.code == ERR_TRY_AGAIN:
                    select.poll().poll(_PAUSE_MS)  # because the descriptor stays readable
                    continue
                log.event("amf-lost", call=error.call, code=error.name)
                component.end("AMF is lost")
                return EXIT_AMF_LOST
    return EXIT_OK
