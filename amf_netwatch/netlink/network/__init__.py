# SPDX-License-Identifier: Apache-2.0
"""Network transactions: links, addresses, routes, rules and neighbours changed together, or not at all.

It does not know what the bytes mean (`netlink.codec`), what is shown live (`netlink.mirror`), or the
commands.

Reading order: the room `objects` (what is in a namespace, exactly as the kernel tells it), `documents` (what
people ask for, and how it is shown to them), `planning` (from one to the other: goals, steps and their order,
consequences). These three are pure. Then `exchange` (requests and answers), `transaction` (all or nothing),
`change` (wishes in memory), `committer` (commits and undoes them), `network` (the door: a state that can
change what it shows). Beside it are `reachability` (whether an address answers), `guardian` (a process that
survives), `trial` (confirmed commits) and `freeze`.
"""
