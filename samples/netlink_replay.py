# SPDX-License-Identifier: Apache-2.0
"""From a field problem to a regression test: feed a recording to the component's own listener.

    amf-netwatch monitor --record FILE           where the problem is, until it has happened
    python samples/netlink_replay.py FILE        anywhere: no network, no privileges

What the listener hears is exactly what the kernel said then, datagram by datagram.
"""

from __future__ import annotations

import select
import sys

from amf_netwatch.netlink import Change, Listener, Mirror, RecordedEvents, Recording, RecordingError, replay


def main(path: str) -> None:
    recording = Recording(path)

    seen: list[Change] = []
    replay(recording, Mirror(after=seen.append))  # what happened, as values
    print("changes:", len(seen), "damage:", recording.damage or "none")

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
    if len(sys.argv) != 2:
        sys.exit("usage: netlink_replay.py FILE")
    try:
        main(sys.argv[1])
    except (RecordingError, OSError) as problem:
        sys.exit(f"netlink_replay: {problem}")
