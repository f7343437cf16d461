# SPDX-License-Identifier: Apache-2.0
"""Make a link and wait for it, without a race: listen first, then act, then wait.

    unshare -rn python samples/netlink_wait.py [NAME]        in a network of its own; or as root, in this one

Whatever happens between the constructor of `LinkWaiter` and the wait counts, so nothing has to be polled and
nothing is missed.
"""

from __future__ import annotations

import os
import subprocess
import sys

from amf_netwatch.netlink import LinkWaiter, NetlinkError, WaitTimeoutError


def ip(command: str) -> None:
    """Run `ip`, which says itself what it does not like."""
    subprocess.run(["ip", *command.split()], check=True)


def main(name: str) -> None:
    with LinkWaiter() as waiter:
        ip(f"link add {name} type veth peer name {name}-peer")
        link = waiter.attach(existing=[f"{name}-peer"], timeout=5)
        print("attached:", os.fsdecode(link.name or b"?"))
        ip(f"link set {name} up")
        print("up:", waiter.up(name, timeout=5).up)
        ip(f"link set {name}-peer up")  # now there is a carrier
        print("carrier:", waiter.reconnect(name, timeout=5).lower_up)
        try:
            waiter.down(name, timeout=0.1)
        except WaitTimeoutError as error:
            print("down:", error)
        ip(f"link del {name}")
        gone = waiter.detach(timeout=5)  # whichever goes first
        print("detached:", os.fsdecode(gone.name or b"?") if gone else "nothing")


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "sample0")
    except FileNotFoundError:
        sys.exit("netlink_wait: the command `ip` (iproute2) is missing")
    except subprocess.CalledProcessError:
        sys.exit("netlink_wait: `ip` refused; without root, try: unshare -rn python samples/netlink_wait.py")
    except NetlinkError as problem:
        sys.exit(f"netlink_wait: {problem}")
