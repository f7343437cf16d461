# SPDX-License-Identifier: Apache-2.0
"""IMM, the information model of the cluster, without sockets, clocks and processes.

It is not the language of IMM, which is `imm_model`, and it does not know who its clients are. Reading order,
each room using only the ones before it: `content` (what IMM holds, and its rules), `implementer` (what
implementers do), `manager` (what administrators and readers do), `calls` (the handles and calls of clients).
"""
