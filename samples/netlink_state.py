# SPDX-License-Identifier: Apache-2.0
"""Have the network's state at hand: look, wait for anything, follow.

    python samples/netlink_state.py [NAME]       as root; or: unshare -rn python samples/netlink_state.py

The state's thread keeps it true; every method may be called in any thread.
"""

from __future__ import annotations

import subprocess
import sys

from amf_netwatch.netlink import Action, Change, Object, State


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


def main(name: str) -> None:
    with State() as state:
        print("links now:", [link.name for link in state.links])

        def before(change: Change) -> None:
            if change.action is Action.REMOVED and change.object is Object.LINK:
                # The state still shows what was: who had which addresses?
                print("going:", change.name, [one.text for one in state.addresses.of(change.ifindex)])

        state.observe(before=before)
        with state.events() as events:
            ip(f"link add {name} type bridge")
            ip(f"link set {name} up")
            ip(f"addr add 192.0.2.1/24 dev {name}")

            def has_address(state: State) -> bool:
                return "192.0.2.1/24" in state.addresses.of(name)

            print("has its address:", state.wait_for(has_address, timeout=5))
            ip(f"link del {name}")
            while True:  # first what there was, then everything that has happened since
                change = events.get(timeout=5)
                if change.object is Object.LINK and change.name == name.encode():
                    print("event:", change.action, *change.changed)
                    if change.action is Action.REMOVED:
                        return


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sample0")
