# SPDX-License-Identifier: Apache-2.0
"""An AMF and an IMM in one small process, behind the modules and tools that OpenSAF programs use.

It is for tests and for trying things out, not for production: nothing here is replicated or kept on disk. It
shares only the language of IMM (`imm_model`) with amf_netwatch.

Reading order: `codes` and `contract` (what server and services agree on), `compact_json` and `protocol` (what
goes over the socket), `patience` and `lateness` (how long a call may take, and how late the machine is),
`server` (the process), `client` (the other end of the socket); `imm`, `amf` and `clm` (the services), `model`
(what IMM holds from the start); `pyosaf` (the modules that programs import), `tools` (OpenSAF's commands),
`api` (the names of all functions) and `coverage` (a table of them); `commands` and `cli` (saf-shim),
`pytest_plugin`. Users begin with docs/shim.md.
"""

__version__ = "0.1.0"
