# SPDX-License-Identifier: Apache-2.0
"""Modules with the names, signatures, ctypes types and return codes of OpenSAF's Python bindings.

Programs under test import this package as ``pyosaf``, so all imports inside it are relative. The simulator
decides what a call answers. This package has only types (`_types`), what a C library does with arguments and
handles (`_library`), and one module of functions for each AIS service.

Reading order: `_types`, `_library`, then `saImmOm` as the largest and simplest service, `saImmOi`, `saAmf`,
`saClm`. `saLog` and `saNtf` refuse. `saAis`, `saEnumConst` and `saImm` re-export types.
"""
