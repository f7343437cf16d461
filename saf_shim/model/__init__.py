# SPDX-License-Identifier: Apache-2.0
"""The information model that a node has from the start: OpenSAF's classes and the objects of a small cluster.

`amf_classes`, `clm_classes`, `imm_classes`, `smf_classes` are tables of class definitions; `standard` makes
the objects: `standard_model(nodes)` for the node names given.
"""
