# SPDX-License-Identifier: Apache-2.0
"""What every test may use: the kernel's namespaces (`kernel_fixtures`). It also prints the end of a run.

An ordinary user's run has two parts, each a pytest: the kernel tests in a user namespace, then all others.
"""

from __future__ import annotations

import signal
from collections import Counter
from typing import Any, Optional

import pytest
from kernel_fixtures import (
    in_user_namespace,
    namespace,
    needs_namespace,
    new_namespace,
    quiet,
    run_in_user_namespace,
)

__all__ = ["namespace", "new_namespace", "quiet"]

_STATUS = pytest.StashKey[int]()  # of the kernel tests' own pytest, when there was one
_OK = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Optional[int]:
    """Run the kernel tests where they can run; go on with the others unless the user wants to stop."""
    asked = (
        "help",
        "version",
        "markers",
        "collectonly",
        "showfixtures",
        "show_fixtures_per_test",
        "cacheshow",
    )
    if hasattr(config, "workerinput") or any(getattr(config.option, name, None) for name in asked):
        return None
    status = run_in_user_namespace(config)
    if status is None:
        return None
    if status == pytest.ExitCode.INTERRUPTED or (status not in _OK and config.option.maxfail):
        return status
    config.stash[_STATUS] = status
    return None


def pytest_configure() -> None:
    """A shell that runs us in the background ignores SIGINT, and so would every program under test."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist which part of the run this is."""
    node.workerinput["kernel_tests_ran"] = _STATUS in node.config.stash


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of this part of the run."""
    worker = getattr(config, "workerinput", None)
    ran = worker["kernel_tests_ran"] if worker is not None else _STATUS in config.stash
    if not ran and not in_user_namespace():
        return
    kept = [item for item in items if needs_namespace(item) == in_user_namespace()]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """The status of the whole run is that of its worse part."""
    status = session.config.stash.get(_STATUS, None)
    if status is None:
        return
    if status not in _OK and session.exitstatus in _OK:
        session.exitstatus = status
    elif status == pytest.ExitCode.OK and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """One line for each reason to skip, and a reminder when the kernel tests have failed before."""
    reasons = Counter(
        report.longrepr[2].partition("Skipped: ")[2] or report.longrepr[2]
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    for reason, number in sorted(reasons.items()):
        terminalreporter.write_line(f"skipped: {number} tests: {reason}")
    status = config.stash.get(_STATUS, None)
    if status is not None and status not in _OK:
        terminalreporter.write_line("FAILED: the kernel tests, in a user namespace (above)")
