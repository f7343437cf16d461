# SPDX-License-Identifier: Apache-2.0
"""Modules with the names, signatures, ctypes types and return codes of OpenSAF's Python bindings.

Programs under test import this package as ``pyosaf``. Reading order: `saEnumConst`, `saAis`, `_native` (how a
Python function gets a C function's argument checks), `_handles`, then a module for each AIS service.
Everything that is decided is decided in the simulator; here are only types and conversions.
"""
