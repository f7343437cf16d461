# SPDX-License-Identifier: Apache-2.0
"""The tools of AMF, amf-adm and amf-state. In OpenSAF they are shell scripts around IMM's tools.

They know AMF's classes, operations and names of states, but nothing of the simulated AMF. Reading order:
`amf_adm`, `amf_state`.
"""
