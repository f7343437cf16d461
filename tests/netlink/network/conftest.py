# SPDX-License-Identifier: Apache-2.0
"""A namespace in which nothing happens by itself, so that dumps can be compared."""

from __future__ import annotations

import pytest
from kernel_fixtures import Namespace


@pytest.fixture
def quiet(namespace: Namespace) -> Namespace:
    """The namespace of the test; the kernel makes no link-local addresses in it."""
    namespace.run("sysctl", "-qw", "net.ipv6.conf.default.addr_gen_mode=1")
    return namespace
