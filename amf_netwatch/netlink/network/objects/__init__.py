# SPDX-License-Identifier: Apache-2.0
"""What is in a namespace, kept so exactly that it can be made again.

Not here: wishes and documents, and any decision.  Reading order: `records` (addresses, routes, rules,
neighbours), `picture` (links, and all of it together).
"""
