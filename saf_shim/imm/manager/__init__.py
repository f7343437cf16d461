# SPDX-License-Identifier: Apache-2.0
"""The managers' side of IMM: administrative owners, reading, searching, CCBs and administrative operations.

This room does not know the handles of clients: a caller that waits for an answer passes a function. Reading
order:
`owners`, `reading`, `search`, `mutation`, `references`, `ccb` (the state of a CCB), `own_objects` (what IMM
allows for its own two objects), `ccb_changes` (what one change may do), `augmentation`, `ccb_handle`,
`admin_operations`.
"""
