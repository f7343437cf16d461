# SPDX-License-Identifier: Apache-2.0
"""The language of IMM, the information model of the SA Forum's AIS, as plain Python values.

It is neither an IMM nor a client of one: nothing here holds objects or calls AIS, and the only IO is reading
a file. It imports only the standard library. Reading order: `types` (the ten value types), `names` (DN and
RDN), `classes` (definitions and their rules), `objects`, `xml` (the files that ``immcfg -f`` loads), `diff`
(what to write so that an object gets other values). `named_tuple` makes programs that use it start faster.
"""
