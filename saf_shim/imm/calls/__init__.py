# SPDX-License-Identifier: Apache-2.0
"""The calls and handles of IMM's clients, as the server hands them over.

What a call does is decided in the rooms below; this room turns arguments into values, finds the handle, and
answers. Reading order: `wire`, `client_port`, `handles`, `om`, `ccb`, `oi`, `service` (the plug of the
server).
"""
