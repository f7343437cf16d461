# SPDX-License-Identifier: Apache-2.0
"""The subcommands of ``saf-shim``. Each module adds some that belong together to the command line.

They are thin: they read options, start a simulator or ask one, and print.

Reading order: `shared` (what all of them need), `simulators` (run, start, stop, exec, shell, status),
`looking` (calls, log), `spoiling` (fault, imm), `scaffold` (new: its templates are in `saf_shim/scaffold`).
"""
