# SPDX-License-Identifier: Apache-2.0
"""The language of IMM, the information model of the SA Forum's AIS, as plain Python values.

Read in this order: `types` (the ten value types), `names` (DN and RDN), `classes` (definitions and
their rules), `objects`, `xml` (the files that ``immcfg -f`` loads), `diff` (what to write so that one
set of objects becomes another). Standard library only; nothing here does IO beyond reading a file.
"""
