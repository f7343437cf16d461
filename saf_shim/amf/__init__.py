# SPDX-License-Identifier: Apache-2.0
"""The simulated AMF: a pure director of cluster and nodes, and the service that lends it processes and time.

`director` is amfd, `node` an amfnd, `library` what AMF's client library answers by itself; all three are
pure. `service` is the only module here that acts on the world. The behaviour is in tables:
`presence.TRANSITIONS`, `units.TRANSITIONS`, `no_redundancy.TABLE`, `two_n.TABLE`, `escalation.LADDER`,
`administration.OPERATIONS`; docs/shim-amf.md shows them."""
