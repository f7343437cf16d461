# SPDX-License-Identifier: Apache-2.0
"""From the present network to the wanted one: the goal, the steps, their order, and the consequences.

Nothing is sent here, and the room is pure. Reading order: `goals` with `route_goals` and `rule_goals` (wishes
and a picture make another picture), `steps` (one request each), `order` (which steps, and when),
`consequences` (what the kernel removes by itself, and how it is restored).
"""
