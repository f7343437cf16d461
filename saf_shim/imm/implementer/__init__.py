# SPDX-License-Identifier: Apache-2.0
"""The implementers' side of IMM: the names they hold, their runtime objects, and implementers inside the
server.

Sending a client's callback is not done here but in `calls.client_port`. Reading order: `bindings`,
`runtime_objects`, `hooks` (what an implementer inside the server and IMM promise each other), `attached`
(the code that keeps these promises).
"""
