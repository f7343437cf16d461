# SPDX-License-Identifier: Apache-2.0
# Every command sets up what it needs; `make help` lists them.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
TESTS  ?= tests
SOURCES := amf_netwatch imm_model saf_shim tests bench samples

.DEFAULT_GOAL := help
.PHONY: help run test test-all check fix bench venv deb rpm dist system-packages clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(STAMP)  ## the demo: AMF, IMM and the component on this machine, live
	@$(BIN)/amf-netwatch demo

test: $(STAMP)  ## the whole suite (TESTS=path for a part)
	$(BIN)/python -m pytest -n 4 --dist loadgroup $(TESTS)

check: $(STAMP)  ## format, lint, types, architecture (repair: make fix)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

fix: $(STAMP)  ## repair what check finds in format and lint
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

venv: $(STAMP)  ## .venv with everything

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

clean:  ## remove what the other commands made
	rm -rf $(VENV) .venv-* build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
