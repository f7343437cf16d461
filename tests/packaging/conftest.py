# SPDX-License-Identifier: Apache-2.0
"""Packages and a minimal system are made once for the whole run, by whichever worker needs them first."""

from __future__ import annotations

from pathlib import Path

import pytest
from clean_root import bootstrap
from package_tools import PACKAGING, made_once, need, need_root, run


@pytest.fixture(scope="session")
def debs(tmp_path_factory) -> Path:
    """A directory with the Debian packages, built as `make deb` does."""
    need("dpkg-buildpackage", "dh", "dh_python3")
    return made_once(tmp_path_factory, "deb", lambda target: run(PACKAGING / "deb" / "build", target))


@pytest.fixture(scope="session")
def rpms(tmp_path_factory) -> Path:
    """A directory with the RPM packages, built as `make rpm` does."""
    need("rpmbuild", "rpm")
    return made_once(tmp_path_factory, "rpm", lambda target: run(PACKAGING / "rpm" / "build", target))


@pytest.fixture(scope="session")
def minimal_system(tmp_path_factory) -> Path:
    """A minimal Debian in a directory; tests copy it."""
    need_root()
    need("mmdebstrap", "unshare", "nsenter", "ip")
    return made_once(tmp_path_factory, "system", lambda target: bootstrap(target / "root")) / "root"
