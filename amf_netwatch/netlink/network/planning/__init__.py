# SPDX-License-Identifier: Apache-2.0
"""From what is there to what shall be there: the goal, the steps, their order, and the consequences.

Not here: sending anything. Pure. Reading order: `goals` with `route_goals` and `rule_goals` (wishes and a
picture make another picture), `steps` (one request each), `order` (which steps, and when), `consequences`
(what the kernel takes by itself, and how it comes back).
"""
