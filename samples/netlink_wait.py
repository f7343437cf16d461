# SPDX-License-Identifier: Apache-2.0
"""Make a link and wait for it, without a race: listen first, then act, then wait.

    python samples/netlink_wait.py [NAME]        as root; or: unshare -rn python samples/netlink_wait.py

Whatever happens between the constructor of `LinkWaiter` and the wait counts, so nothing has to be polled
and nothing is missed.
"""

from __future__ import annotations

import subprocess
import sys

from amf_netwatch.netlink import LinkWaiter, WaitTimeoutError


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


def main(name: str) -> None:
    with LinkWaiter() as waiter:
        ip(f"link add {name} type veth peer name {name}-peer")
        link = waiter.attach(existing=[f"{name}-peer"], timeout=5)
        print("attached:", link.name.decode() if link.name else "?")
        ip(f"link set {name} up")
        print("up:", waiter.up(name, timeout=5).up)
        ip(f"link set {name}-peer up")  # now there is a carrier
        print("carrier:", waiter.reconnect(name, timeout=5).lower_up)
        try:
            waiter.down(name, timeout=0.1)
        except WaitTimeoutError as error:
            print("down:", error)
        ip(f"link del {name}")
        print("detached:", waiter.detach(name, timeout=5) is not None)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sample0")
