# SPDX-License-Identifier: Apache-2.0
# Every command sets up what it needs; `make help` lists them.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
COMMANDS    := $(VENV)/.commands
DEVELOPMENT := $(VENV)/.installed
TESTS  ?= tests
# On the second kernel a process costs ten times as much. The tests that start hundreds of them (commands, the
# component as a process, most of the transactions) take forty minutes there: KERNEL_TESTS=tests runs them all.
KERNEL_TESTS ?= tests/interfaces tests/netlink/codec tests/netlink/mirror $(sort $(wildcard tests/netlink/test_*.py)) \
  tests/netlink/network/test_kinds.py tests/netlink/network/test_dump_and_apply.py
VERSIONS ?= 3.9 3.10 3.11 3.12 3.13
DEBIAN_PACKAGES := build-essential debhelper dh-python gcc iproute2 kmod libc6-dev lintian man-db mmdebstrap procps rpm rpmlint strace user-mode-linux
SOURCES := amf_netwatch imm_model saf_shim tests bench samples

# An environment that was made elsewhere (the checkout was moved), or whose Python has gone, is made anew.
ifeq ($(shell cat $(VENV)/.place 2>/dev/null || echo '$(CURDIR)'; $(BIN)/python -c pass 2>/dev/null || echo gone),$(CURDIR))
ANEW :=
else
ANEW := anew
endif

.DEFAULT_GOAL := help
.PHONY: anew help run test test-all test-kernel check rooms fix bench venv deb rpm dist system-packages clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(COMMANDS)  ## the demo: AMF, IMM and the component on this machine, live
	@$(BIN)/amf-netwatch demo

test: $(DEVELOPMENT)  ## the whole suite (TESTS=path for a part)
	@.ci/test $(BIN)/python $(TESTS)

test-kernel: $(DEVELOPMENT)  ## the kernel tests on a second kernel, which has more kinds of links (KERNEL_TESTS=path)
	tests/kernels/uml $(BIN)/python -m pytest -q -p no:cacheprovider --timeout 600 \
	  -m 'kernel and not moments' $(KERNEL_TESTS)

check: $(DEVELOPMENT)  ## format, lint, types, architecture (repair: make fix)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/python tests/support/house.py
	$(BIN)/python -m pytest -q tests/test_architecture.py

rooms:  ## the rooms, their sizes and the arrows between them; fails on a broken wall
	@$(PYTHON) tests/support/house.py

fix: $(DEVELOPMENT)  ## repair format and lint, write what is generated
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/python packaging/generate.py

venv: $(DEVELOPMENT)  ## .venv with everything

test-all:  ## the suite on every Python from 3.9 to 3.13 that is installed (VERSIONS="3.9 3.13" for some)
	@set -e; for version in $(VERSIONS); do \
	  if python$$version -c pass 2>/dev/null; then \
	    echo "== Python $$version"; \
	    .venv-$$version/bin/python -m pip --version >/dev/null 2>&1 || python$$version -m venv --clear .venv-$$version; \
	    .venv-$$version/bin/python -m pip install --quiet --editable '.[dev]'; \
	    .ci/test .venv-$$version/bin/python $(TESTS); \
	  else echo "== Python $$version is not installed"; fi; done

bench: $(DEVELOPMENT)  ## what it costs, side by side with the rivals, as ratios
	@command -v ip >/dev/null || { echo "bench needs the command ip: make system-packages" >&2; exit 1; }
	$(BIN)/python -m bench

dist: $(DEVELOPMENT)  ## wheel and sdist, in dist/
	$(BIN)/python -m build --outdir dist .

deb:  ## Debian packages, in dist/
	packaging/deb/build

rpm:  ## RPM packages, in dist/
	packaging/rpm/build

system-packages:  ## Debian packages that tests and package building use (root; what CI installs)
	@missing=""; for package in $(DEBIAN_PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing; fi

$(COMMANDS): packaging/checkout.py $(ANEW)
	@$(PYTHON) packaging/checkout.py $(VENV)
	@touch $@

$(DEVELOPMENT): pyproject.toml | $(COMMANDS)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null 2>&1 || { \
	  echo "pip is missing: install it (Debian: apt install python3-venv), then say make again" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

clean:  ## remove what the other commands made
	rm -rf $(VENV) .venv-* build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
