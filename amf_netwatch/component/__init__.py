# SPDX-License-Identifier: Apache-2.0
"""The SA-aware component as a process: how AMF starts it, calls it and ends it.

This room ties the others together. It does not read the kernel (`interfaces`) and does not write to IMM
(`publication`).

Read in this order: `process` (how the parts are put together), `callbacks` (what the component does when AMF
calls), `loop` (what the main thread waits for); then how AMF starts and cleans up: `clc`, `run_directory`,
`privileges`.
"""
