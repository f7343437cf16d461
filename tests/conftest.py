# SPDX-License-Identifier: Apache-2.0
"""What every test may use: the kernel's namespaces (`kernel_fixtures`)."""

from __future__ import annotations

import signal

import pytest
from kernel_fixtures import move_to_user_namespace, namespace, new_namespace

__all__ = ["namespace", "new_namespace"]


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """The kernel tests need to be root at least in a user namespace."""
    move_to_user_namespace(config)


def pytest_configure() -> None:
    """A shell that runs us in the background ignores SIGINT, and so would every program under test."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
