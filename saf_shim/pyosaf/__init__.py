# SPDX-License-Identifier: Apache-2.0
"""Modules with the names, signatures, ctypes types and return codes of OpenSAF's Python bindings.

Programs under test import this package as ``pyosaf``; so inside it all imports are relative. The simulator
decides what a call answers. Here are only types (`_types`), what a C library does with arguments and handles
(`_library`), and one module of functions for each AIS service.

Reading order: `_types`, `_library`, then `saImmOm` as the largest and plainest service, `saImmOi`, `saAmf`,
`saClm`; `saLog` and `saNtf` refuse. `saAis`, `saEnumConst` and `saImm` hand on types.
"""
