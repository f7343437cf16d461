# SPDX-License-Identifier: Apache-2.0
"""The pure IMM: classes, objects, owners, CCBs, searches, implementers; no sockets, no clocks.

Reading order: `internal` (the port for implementers inside the server), `store`, `rules`, `classes`,
`runtime`, `owners`, `ccb`, `implementers`, `search`, `adminop`, `service` (the calls and handles of clients).
"""
