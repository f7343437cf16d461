# SPDX-License-Identifier: Apache-2.0
"""Packages and a minimal system are made once for all tests of this folder, which run in one worker."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # clean_root, package_tools: the tests' own modules

from clean_root import bootstrap  # noqa: E402
from package_tools import PACKAGING, need, need_root, run  # noqa: E402


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in Path(item.fspath).parents:
            item.add_marker(pytest.mark.xdist_group("packaging"))


@pytest.fixture(scope="session")
def debs(tmp_path_factory) -> Path:
    """A directory with the Debian packages, built as `make deb` does."""
    need("dpkg-buildpackage", "dh", "dh_python3")
    target = tmp_path_factory.mktemp("deb")
    run(PACKAGING / "deb" / "build", target)
    return target


@pytest.fixture(scope="session")
def rpms(tmp_path_factory) -> Path:
    """A directory with the RPM packages, built as `make rpm` does."""
    need("rpmbuild", "rpm")
    target = tmp_path_factory.mktemp("rpm")
    run(PACKAGING / "rpm" / "build", target)
    return target


@pytest.fixture(scope="session")
def minimal_system(tmp_path_factory) -> Path:
    """A minimal Debian in a directory; tests copy it."""
    need_root()
    need("mmdebstrap", "unshare", "nsenter", "ip")
    target = tmp_path_factory.mktemp("system") / "root"
    bootstrap(target)
    return target
