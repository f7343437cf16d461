# SPDX-License-Identifier: Apache-2.0
"""An AMF and an IMM in one small process, behind the modules and tools that OpenSAF programs use.

Reading order: `service` (the plug), `protocol`, `server`, `connection`, `client`; `imm` (the pure IMM),
`amf` (the pure AMF), `model` (what is there from the start); `pyosaf` (the API look-alike), `tools` (the
commands' look-alikes); `cli` (saf-shim), `pytest_plugin`. Users begin with docs/shim.md.
"""
