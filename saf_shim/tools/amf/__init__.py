# SPDX-License-Identifier: Apache-2.0
"""The tools of AMF: amf-adm and amf-state, which are shell scripts around IMM's tools in OpenSAF.

They know AMF's classes, operations and words for states, and nothing of the simulated AMF. Reading order:
`amf_adm`, `amf_state`.
"""
