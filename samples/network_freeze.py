# SPDX-License-Identifier: Apache-2.0
"""Freeze a link: what anybody else changes on it is put back, until it is closed.

python samples/network_freeze.py v0
"""

import subprocess
import sys
import threading

from amf_netwatch.netlink import Network

name = sys.argv[1]
put_back = threading.Event()


def report(line: str) -> None:
    print(line, flush=True)
    put_back.set()


with Network() as network, network.freeze(name, report=report):
    subprocess.run(["ip", "addr", "add", "10.9.9.9/24", "dev", name], check=True)
    print("it was put back:", put_back.wait(10))
