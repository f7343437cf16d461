# SPDX-License-Identifier: Apache-2.0
"""rtnetlink's messages: bytes in, values out, and back.

There are no sockets, clocks or threads here: nothing does IO and nothing keeps state (except two objects:
`ParserRegistry` keeps what was registered, `LinkFactsDecoder` the layouts that it has met). Names of links
are not known here either: a message has only their index.

Reading order: `messages` (the frame: headers, attributes, tables of attributes), `constants` and
`route_constants` (the kernel's numbers), `requests` (fixed structures, and what one asks), `link`, `address`,
`route`, `rule`, `neighbour` (one type of message each, decoded and packed by the same table), `parsers` (who
decodes what), `edits` (whole requests that change something). For speed: `link_facts` (the
first facts of a link only) and `hints` (which link a message speaks of, no more). The room `kinds` below has
the options of each kind of link.
"""
