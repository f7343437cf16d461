# SPDX-License-Identifier: Apache-2.0
"""The subcommands of ``saf-shim``. Each module adds a few related subcommands to the command line.

They are thin: they read options, start a simulator or send it a request, and print.

Reading order: `shared` (what all of them need), `simulators` (run, start, stop, exec, shell, status),
`looking` (calls, log), `spoiling` (fault, imm), `scaffold` (new: its templates are in `saf_shim/scaffold`).
"""
