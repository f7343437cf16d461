# SPDX-License-Identifier: Apache-2.0
"""A kernel that answers by a script: for what a real one does not do on demand."""

from __future__ import annotations

import struct

from amf_netwatch.netlink import Conversation, DatagramQueue, MessageType

HEADER = struct.Struct("=IHHII")
PORT = 77
EBUSY, EPERM = 16, 1


def message(kind, sequence, payload=b"", *, flags=2, port=PORT):
    return HEADER.pack(16 + len(payload), kind, flags, sequence, port) + payload + bytes(-len(payload) & 3)


def done(sequence, **more):
    return message(MessageType.DONE, sequence, bytes(4), **more)


def refusal(sequence, errno, **more):
    return message(MessageType.ERROR, sequence, struct.pack("=i", -errno) + bytes(16), flags=0, **more)


def link(sequence, name, **more):
    payload = struct.pack("=BxHiII", 0, 1, 5, 0, 0) + struct.pack("=HH", 5 + len(name), 3) + name + b"\0"
    return message(MessageType.NEWLINK, sequence, payload + bytes(-len(payload) & 3), **more)


class ScriptedKernel(DatagramQueue):
    """A transport whose `answer(sequence, attempt)` says what the kernel sends for each request."""

    port = PORT

    def __init__(self, answer):
        super().__init__()
        self.answer = answer
        self.requests = []
        self.grown = 0
        self.discarded = 0

    def send(self, datagram):
        _, kind, flags, sequence, _ = HEADER.unpack_from(datagram)
        self.requests.append((kind, flags, sequence))
        for item in self.answer(sequence, len(self.requests)):
            self.put(item)

    def grow(self, datagram_size):
        self.grown = datagram_size

    def discard(self):
        self.discarded += 1
        super().discard()


def talk(answer, **options):
    kernel = ScriptedKernel(answer)
    return kernel, Conversation(kernel, **{"timeout": 5.0, **options})


def names(links):
    return [found.name for found in links]
