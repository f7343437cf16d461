# SPDX-License-Identifier: Apache-2.0
"""The information model that a node has from the start: OpenSAF's classes and the objects of a small cluster.

Reading order: `amf_classes` and `service_classes` (tables of facts), `tables` (definitions out of them),
`standard` (the objects, and loading all of it into a store).
"""
