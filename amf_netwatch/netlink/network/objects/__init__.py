# SPDX-License-Identifier: Apache-2.0
"""What is in a namespace, recorded so exactly that it can be made again.

Wishes, documents and decisions are not here. Reading order: `records` (addresses, routes, rules, neighbours),
`picture` (links, and all of it together).
"""
