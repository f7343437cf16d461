# SPDX-License-Identifier: Apache-2.0
"""What the C libraries of OpenSAF do behind the functions of the bindings. Nothing is decided here.

It checks arguments as a C prototype does, keeps handles and the memory that must live as long as they do, and
turns C structures into the simulator's JSON forms and back. It defines no AIS function: those are in the
public modules. Reading order: `native`, `handles`, `imm_values`, `amf_callbacks`, `refusal`.
"""
