# SPDX-License-Identifier: Apache-2.0
"""The C types, structures and numbers of the AIS headers, as ctypes. The public modules re-export them.

Nothing here calls anything. Reading order: `enumerations`, `ais` (what all services share),
`ntf_references` (how others refer to notifications), `imm`, `amf`, `clm`, `log`, `ntf_numbers`, `ntf`.
"""
