# SPDX-License-Identifier: Apache-2.0
"""The generated files agree with the code. `packaging/generate.py` repairs them."""

from __future__ import annotations

import importlib.util

from package_tools import PACKAGING

from imm_model.xml import parse_imm_xml


def load_generator():
    spec = importlib.util.spec_from_file_location("generate", PACKAGING / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_nothing_would_be_generated_anew():
    for path, text in load_generator().generated().items():
        assert path.read_text(encoding="utf-8") == text, "run: .venv/bin/python packaging/generate.py"


def test_the_imm_files_can_be_read():
    classes = parse_imm_xml((PACKAGING / "imm" / "netwatch_classes.xml").read_bytes(), "classes")
    assert [each.name for each in classes.classes] == ["NetWatchNode", "NetWatchInterface"]
    model = parse_imm_xml((PACKAGING / "amf" / "netwatch_model_3nodes.xml").read_bytes(), "model")
    assert "safSu=PL-3,safSg=NetWatch,safApp=NetWatch" in {each.dn for each in model.objects}
