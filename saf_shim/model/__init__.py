# SPDX-License-Identifier: Apache-2.0
"""The information model that a node has from the start: OpenSAF's classes and the objects of a small cluster.

It holds facts of OpenSAF 5.21.03. It has no behaviour, except for the implementers of services that the
simulator does not have. Reading order: `tables` (the form of the class tables), `amf_classes`, `amf_types`,
`smf_classes`, `service_classes`, `other_classes` (the tables), `standard` (the objects, and loading all of
it into a store), `stand_ins` (the implementers).
"""
