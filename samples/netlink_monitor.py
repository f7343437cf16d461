# SPDX-License-Identifier: Apache-2.0
"""Watch links come, change and go, in your own program and without a thread.

    python samples/netlink_monitor.py [SECONDS]

First what is there, then each change: nothing is missed in between. A `Follower` has a descriptor, so it fits
into any event loop.
"""

from __future__ import annotations

import os
import select
import sys
from time import monotonic

from amf_netwatch.netlink import Action, Change, Follower, NetlinkError, Object, format_address


def show(change: Change) -> None:
    """Called for every change, in order."""
    if change.action is Action.LOST:
        print("the kernel was faster than we are; everything again:")
    elif change.object is Object.LINK and not change.resync:
        link = change.value
        words = [os.fsdecode(link.name), format_address(link.address), *change.changed]
        print(change.action, *words, flush=True)


def main(seconds: float) -> None:
    with Follower([Object.LINK], after=show) as follower:
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            poll = select.poll()
            poll.register(follower.fileno(), select.POLLIN)
            if follower.behind or poll.poll(left * 1000):
                follower.read()


if __name__ == "__main__":
    try:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
    except ValueError:
        sys.exit("usage: netlink_monitor.py [SECONDS]")
    except NetlinkError as problem:
        sys.exit(f"netlink_monitor: {problem}")
    except KeyboardInterrupt:
        pass
