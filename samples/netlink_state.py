# SPDX-License-Identifier: Apache-2.0
"""Have the network's state at hand: look, wait for anything, follow.

    unshare -rn python samples/netlink_state.py [NAME]       in a network of its own; or as root, in this one

The state's thread keeps it true; every method may be called in any thread.
"""

from __future__ import annotations

import os
import subprocess
import sys

from amf_netwatch.netlink import Action, Change, NetlinkError, Object, State


def ip(command: str) -> None:
    """Run `ip`, which says itself what it does not like."""
    subprocess.run(["ip", *command.split()], check=True)


def main(name: str) -> None:
    with State() as state:
        print("links now:", *(os.fsdecode(link.name or b"?") for link in state.links))
        print("tables with routes:", *state.routes.tables)

        def before(change: Change) -> None:
            if change.action is Action.REMOVED and change.object is Object.LINK:
                # The state still shows what was.
                link = state.links[change.ifindex or 0]
                print("going:", os.fsdecode(link.name or b"?"), "mtu", link.mtu)

        state.observe(before=before)
        with state.events() as events:
            with state.watch("address", address="192.0.2.1/24", link=name) as watch:  # armed before we act
                ip(f"link add {name} type bridge")
                ip(f"link set {name} up mtu 1400")
                ip(f"addr add 192.0.2.1/24 dev {name}")
                print("has its address:", watch.wait(timeout=5).text)
            link = state.wait_for(lambda state: state.links.find(name=name, state="up"), timeout=5)
            print("is up:", os.fsdecode(link.name), *(one.text for one in state.addresses.of(name).ipv4))
            ip(f"link del {name}")
            while True:  # first what there was, then everything that has happened since
                change = events.get(timeout=5)
                if change.object is Object.LINK and change.name == os.fsencode(name):
                    print("event:", change.action, *change.changed)
                    if change.action is Action.REMOVED:
                        return


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "sample0")
    except FileNotFoundError:
        sys.exit("netlink_state: the command `ip` (iproute2) is missing")
    except subprocess.CalledProcessError:
        sys.exit(
            "netlink_state: `ip` refused; without root, try: unshare -rn python samples/netlink_state.py"
        )
    except NetlinkError as problem:
        sys.exit(f"netlink_state: {problem}")
