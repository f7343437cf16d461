# SPDX-License-Identifier: Apache-2.0
"""The document of the simulated AMF shows the tables that it works by, as they are."""

from __future__ import annotations

from pathlib import Path

from saf_shim.amf import diagrams

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "shim-amf.md"


def test_the_document_is_current() -> None:
    assert DOCUMENT.read_text("utf-8") == diagrams.document(), (
        "run python -m saf_shim.amf.diagrams > docs/shim-amf.md"
    )
