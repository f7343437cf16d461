# SPDX-License-Identifier: Apache-2.0
"""What people ask for and what they are shown: JSON documents, and the checked wishes in them.

How a wish is carried out is not here. This room is pure. Reading order: `wishes` (the values), `texts` and
`options` (the
words for them), `reader` (from JSON to wishes), `review` (from pictures to a document and to lines), `dump`
(from one picture to a document). `document.schema.json` says the same as the reader, for other programs.
"""
