# SPDX-License-Identifier: Apache-2.0
"""What IMM holds: classes, objects and implementer names, and the rules that hold for all of them.

This room does not decide who may change an object, and it calls nobody: that is for the rooms `implementer`
and `manager`. Reading order: `rules` (names, values, lists of values), `port` (how an implementer is
reached), `store` (the content itself), `given` (checks of what clients give), `schema` and `classes` (making
and changing classes).
"""
