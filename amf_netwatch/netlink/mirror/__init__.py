# SPDX-License-Identifier: Apache-2.0
"""The mirror room: a view of a namespace's network that is kept up to date, and its uses.

It is for programs that look at the network, follow it, wait for it, or record it. It is not for asking single
questions (`netlink.conversation`), not for the component's flag (`netlink.listener`), and it changes nothing
in the kernel (`netlink.network`).

Reading order: the room `tables` (the view itself, pure values without IO); `follower` (the sockets);
`recording`. Then the users of these: `waiting` and `views` with `state` (a thread that keeps the view);
`lines` with `monitor` (changes as lines); `conditions` with `wait` (waiting for a link).

The public names are those that `amf_netwatch.netlink` lists.
"""
