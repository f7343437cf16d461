# SPDX-License-Identifier: Apache-2.0
"""The owner of IMM: the one thread that makes every call of IMM.

An IMM call may block for a long time: with a node director that hangs, 21 s for initialize and 11 s for
finalize were measured, and no setting of the library shortens them. So the thread that answers AMF never
calls IMM. It hands over what has changed, and the owner writes it::

    main thread                                   owner
    publish(difference, budget) ───► one round of the publisher, at most `budget` seconds
    withdraw(patience)          ───► attempts until it is done or the patience is over
         waits for it, at most `patience` seconds
    settled                     ◄─── nothing is left to do

Orders that come while the owner is busy are combined: the differences become one, and the last order decides
whether to publish or to withdraw. The owner blocks in poll, without a time-out, on IMM's descriptor and on
the pipe by which orders wake it. When IMM has an event, the owner notes that it must compare, and the next
healthcheck orders a round: nothing is written between healthchecks.
"""

from __future__ import annotations

import os
import select
import threading
from time import monotonic
from typing import Callable, NamedTuple, Optional

from amf_netwatch.interfaces.inventory import Difference
from amf_netwatch.publication.publisher import Publisher

_PAUSE_MS = 100  # between two attempts to withdraw, because IMM has no event that says when to try again
_STOP_PATIENCE = 0.5  # seconds; a thread that hangs in a call of IMM is left behind


class _Publish(NamedTuple):
    """An order to publish: one round."""

    budget: float


class _Withdraw(NamedTuple):
    """An order to withdraw. Attempts are made until this time."""

    deadline: float
    done: threading.Event


class Owner:
    """The thread and its orders. One other thread calls all methods, except for those of the owner's own
    thread.

    `awake`: called in the owner's thread when work is left for which there is no order. `failed`: called
    in the owner's thread when it met a defect of ours.
    """

    def __init__(
        self,
        publisher: Publisher,
        *,
        awake: Callable[[], None],
        failed: Callable[[str, BaseException], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.settled = True  # True if nothing is left to do for the last order
        self._publisher = publisher
        self._awake = awake
        self._failed = failed
        self._clock = clock
        self._lock = threading.Lock()  # guards `settled` and everything below
        self._difference: Optional[Difference] = None
        self._order: Optional[_Publish | _Withdraw] = None
        self._busy = False
        self._withdrawn = True  # True if the orders so far leave nothing of ours in IMM
        self._stopping = False
        self._woken, self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name="imm-owner", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. If a call of IMM hangs, the thread is left behind, because the process is
        ending."""
        with self._lock:
            self._stopping = True
            self._rouse()
        self._thread.join(_STOP_PATIENCE)

    def publish(self, difference: Difference, budget: float) -> None:
        """Hand over what has changed, and order a round of at most `budget` seconds. This returns at once."""
        with self._lock:
            self._difference = _merge(self._difference, difference)
            self.settled = self._withdrawn = False
            self._order = _Publish(budget)
            self._rouse()

    def withdraw(self, patience: float) -> bool:
        """Withdraw everything from IMM, and wait at most `patience` seconds. Return whether it is done.

        With a patience of 0, this only makes sure that an attempt is ordered. Attempts end with the patience.
        """
        done = threading.Event()
        with self._lock:
            self.settled = self._withdrawn = False
            self._order = _Withdraw(self._clock() + patience, done)
            self._rouse()
        return done.wait(patience) if patience else False

    @property
    def busy(self) -> bool:
        """Tell whether an order is waiting or being carried out."""
        with self._lock:
            return self._busy or self._order is not None

    @property
    def withdrawn(self) -> bool:
        """Tell whether the last order left nothing of ours in IMM."""
        with self._lock:
            return self._withdrawn

    # ----------------------------------------------------------------------------------------- the thread

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._stopping:
                    return
                self._sleep_no_more()
                order, self._order = self._order, None
                difference, self._difference = self._difference, None
                self._busy = order is not None
            try:
                if difference is not None:
                    self._publisher.note(difference)
                if order is None:
                    self._wait()
                elif isinstance(order, _Publish):
                    done = self._publisher.publish(order.budget, self._is_withdrawal_ordered)
                    self._conclude(settled=done, withdrawn=False)
                else:
                    self._withdraw(order)
            except Exception as error:
                self._failed("the owner of IMM", error)

    def _wait(self) -> None:
        """Wait for an order, or for an event of IMM."""
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        descriptor = self._publisher.descriptor
        if descriptor is not None:
            poll.register(descriptor, select.POLLIN)
        if descriptor in {number for number, _ in poll.poll()}:
            with self._lock:
                self.settled = False
            self._awake()
            self._publisher.dispatch()

    def _withdraw(self, order: _Withdraw) -> None:
        while not self._publisher.withdraw():
            with self._lock:
                if self._order is not None or self._stopping:
                    return  # the newer order counts
            if self._clock() >= order.deadline:
                self._conclude(settled=False, withdrawn=False)
                return
            poll = select.poll()
            poll.register(self._woken, select.POLLIN)
            poll.poll(_PAUSE_MS)
        self._conclude(settled=True, withdrawn=True)
        order.done.set()  # the caller need not wait until the handle is given back
        self._publisher.release()

    def _is_withdrawal_ordered(self) -> bool:
        """Tell whether AMF waits for a withdrawal. In that case a round ends early, even if it may take a
        minute."""
        return isinstance(self._order, _Withdraw)

    def _conclude(self, *, settled: bool, withdrawn: bool) -> None:
        """Note the result of an order. If a newer order has come, the result of that one counts instead."""
        with self._lock:
            self._busy = False
            if self._order is None:
                self.settled, self._withdrawn = settled, withdrawn

    def _rouse(self) -> None:
        try:
            os.write(self._wake, b"x")
        except BlockingIOError:
            return  # the pipe is full, so the thread will wake up anyway

    def _sleep_no_more(self) -> None:
        try:
            os.read(self._woken, 4096)
        except BlockingIOError:
            return


def _merge(older: Optional[Difference], newer: Difference) -> Difference:
    """Return two differences, of which the second came later, as one."""
    if older is None:
        return newer
    return Difference({**older.interfaces, **newer.interfaces}, newer.node)
