# SPDX-License-Identifier: Apache-2.0
# Every command sets up what it needs; `make help` lists them.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
TESTS  ?= tests
DEBIAN_PACKAGES := iproute2 gcc libc6-dev debhelper dh-python lintian rpm man-db mmdebstrap rpmlint
SOURCES := amf_netwatch imm_model saf_shim tests bench samples

.DEFAULT_GOAL := help
.PHONY: help run test test-all check fix bench venv deb rpm dist system-packages clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(STAMP)  ## the demo: AMF, IMM and the component on this machine, live
	@$(BIN)/amf-netwatch demo

test: $(STAMP)  ## the whole suite (TESTS=path for a part)
	$(BIN)/python -m pytest -n 4 --dist worksteal -m 'not moments' $(TESTS)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m moments $(TESTS) || test $$? -eq 5  # 5: none of them

check: $(STAMP)  ## format, lint, types, architecture (repair: make fix)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

fix: $(STAMP)  ## repair what check finds in format and lint
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

venv: $(STAMP)  ## .venv with everything

test-all:  ## the suite on every Python from 3.9 to 3.13 that is installed
	@set -e; for version in 3.9 3.10 3.11 3.12 3.13; do \
	  if python$$version -c pass 2>/dev/null; then \
	    echo "== Python $$version"; \
	    test -x .venv-$$version/bin/python || python$$version -m venv .venv-$$version; \
	    .venv-$$version/bin/python -m pip install --quiet --editable '.[test]'; \
	    .venv-$$version/bin/python -m pytest -q -n 4 $(TESTS); \
	  else echo "== Python $$version is not installed"; fi; done

bench: $(STAMP)  ## what it costs, side by side with the rivals, as ratios
	$(BIN)/python -m bench

dist: $(STAMP)  ## wheel and sdist, in dist/
	$(BIN)/python -m build --outdir dist .

deb: $(STAMP)  ## Debian packages, in dist/
	packaging/deb/build

rpm: $(STAMP)  ## RPM packages, in dist/
	packaging/rpm/build

system-packages:  ## Debian packages that tests and package building use (root; what CI installs)
	@missing=""; for package in $(DEBIAN_PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing; fi

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

clean:  ## remove what the other commands made
	rm -rf $(VENV) .venv-* build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
