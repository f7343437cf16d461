# SPDX-License-Identifier: Apache-2.0
"""The calls and handles of IMM's clients, as the server hands them over.

The rooms below decide what a call does; this room turns arguments into values, finds the handle, and
answers. Reading order: `wire`, `client_port`, `handles`, `om`, `ccb`, `oi`, `service` (what the server
calls).
"""
