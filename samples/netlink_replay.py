# SPDX-License-Identifier: Apache-2.0
"""From a field problem to a regression test: feed a recording to the component's own listener.

    amf-netwatch monitor --record FILE           where the problem is, until it has happened
    python samples/netlink_replay.py FILE        anywhere: no network, no privileges

What the listener hears is exactly what the kernel told then, datagram by datagram.
"""

from __future__ import annotations

import select
import sys

from amf_netwatch.netlink import Change, Listener, Mirror, RecordedEvents, Recording, replay


def main(path: str) -> None:
    recording = Recording(path)

    # What happened: the same changes that the monitor showed.
    changes: list[Change] = []
    replay(recording, Mirror(after=changes.append))
    print("changes:", len(changes), "damage:", recording.damage)

    # What the component would have made of it.
    events = RecordedEvents(recording)
    with Listener(open_transport=lambda: events) as listener:
        print("start:", listener.take().cause.value)
        events.deliver()  # all at once; or so many at a time as you like
        clock = select.poll()
        for _ in range(1000):
            if listener.network_changed:
                break
            clock.poll(1)  # a millisecond for the listener's thread
        found = listener.take()
        what = f"everything ({found.cause.value})" if found.everything else sorted(found.ifindexes)
        print("read again:", what)


if __name__ == "__main__":
    main(sys.argv[1])
