# SPDX-License-Identifier: Apache-2.0
"""The tables room: what is in a network namespace, as pure values that events and dumps keep up to date.

It is for whoever feeds it (`mirror.follower`, `mirror.recording`). It has no sockets, threads, files or
clocks, and it does not decide when something is read again: it only notes that it must be.

Reading order: `changes` (a change as a value, and what counts as one); `addresses`, `routes`, `rules`,
`neighbours` (one table each); `namespace` (links, and all tables together); `mirror` (what users see while
events are lost).
"""
