# SPDX-License-Identifier: Apache-2.0
"""The information model that a node has from the start: OpenSAF's classes and the objects of a small cluster.

Reading order: `tables` (the form of the class tables), `amf_classes`, `amf_types`, `smf_classes`,
`service_classes` (the tables: facts of OpenSAF 5.21.03), `standard` (the objects, and loading all of it into
a store).
"""
