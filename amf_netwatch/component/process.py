# SPDX-License-Identifier: Apache-2.0
"""``amf-netwatch run``: puts the component together and runs it.

Whatever can fail does so here, before the component registers with AMF. The reason is one line: on standard
error, in the log, and to `instantiate` if that waits. Only modules that the component needs are imported,
because its start time and its memory matter.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Optional

from amf_netwatch import __version__
from amf_netwatch.component.callbacks import Component
from amf_netwatch.component.clc import report_ready
from amf_netwatch.component.loop import EXIT_CANNOT_START, EXIT_USAGE, serve
from amf_netwatch.component.privileges import become, find_account
from amf_netwatch.environment import COMPONENT_VARIABLE
from amf_netwatch.errors import NetwatchError, SettingsError, SurroundingsError, place_of
from amf_netwatch.interfaces.inventory import Inventory
from amf_netwatch.interfaces.reader import Reader
from amf_netwatch.interfaces.refresh import Refresh
from amf_netwatch.interfaces.sysfs import CLASS_NET, Sysfs
from amf_netwatch.log import Log, open_log
from amf_netwatch.netlink.errors import NetlinkError
from amf_netwatch.netlink.listener import Listener
from amf_netwatch.publication.classes import CLASSES
from amf_netwatch.publication.owner import Owner
from amf_netwatch.publication.publisher import Publisher
from amf_netwatch.settings import ProcessSettings, Settings, Sources

if TYPE_CHECKING:
    from amf_netwatch.ais import Amf

NOT_UNDER_AMF = (
    f"not started by AMF ({COMPONENT_VARIABLE} is not set): load the model (`amf-netwatch model`) and "
    "unlock the SU, or try `amf-netwatch demo`"
)


def run(sources: Sources, environment: Mapping[str, str]) -> int:
    """Run the component until AMF ends it. Return the exit status."""
    process = sources.process_settings()
    log = open_log(process.log_level)
    try:
        if not environment.get(COMPONENT_VARIABLE):
            raise SurroundingsError(NOT_UNDER_AMF)
        return _run(sources, process, environment, log)
    except (NetwatchError, NetlinkError) as error:
        reason = str(error)
        if environment.get(COMPONENT_VARIABLE):
            log.event("start-failed", reason=reason)
        print(f"amf-netwatch: {reason}", file=sys.stderr)
        report_ready(environment, reason)
        return EXIT_USAGE if isinstance(error, SettingsError) else EXIT_CANNOT_START
    except Exception as error:
        reason = f"{type(error).__name__}: {error} at {place_of(error)}"
        log.event("crashed", reason=reason)
        report_ready(environment, reason)
        raise


def _run(sources: Sources, process: ProcessSettings, environment: Mapping[str, str], log: Log) -> int:
    sources.settings(())  # a wrong option or variable would be wrong in every assignment
    account = find_account(process.user, environment)
    sysfs: Optional[Sysfs] = None

    def connect() -> Amf:
        # The listener already has its socket, because root may have a receive buffer above the system's
        # limit.
        from amf_netwatch import ais  # noqa: PLC0415 - needs pyosaf, which may be missing

        nonlocal sysfs
        _name_process()  # this must come first, because it may be forbidden without root
        if account is not None:
            become(account)
        amf = ais.Amf()
        sysfs = open_sysfs(log)
        return amf

    def make_owner(name: str, component: Component) -> Owner:
        from amf_netwatch.ais import ImmService  # noqa: PLC0415

        publisher = Publisher(ImmService(CLASSES), name, log)
        return Owner(publisher, awake=component.awake, failed=component.failed)

    def give_sysfs_up() -> None:
        nonlocal sysfs
        if sysfs is not None:
            sysfs.close()
            sysfs = None
            log.event("sysfs-foreign", path=CLASS_NET)

    def make_refresh(settings: Settings, inventory: Inventory) -> Refresh:
        return Refresh(Reader(settings, sysfs, give_sysfs_up), inventory)

    component = Component(
        listener=Listener(log=lambda line: log.event("listener", note=line)),
        connect=connect,
        make_owner=make_owner,
        make_refresh=make_refresh,
        sources=sources,
        log=log,
    )
    try:
        name = component.initialize()
        log.event("started", component=name, user=_user(), version=__version__)
        report_ready(environment)
        return serve(component, component.amf, log)
    finally:
        component.finalize()


def _user() -> str:
    import pwd  # noqa: PLC0415

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _name_process() -> None:
    """Set the process's name to ``amf-netwatch``, for tools that show the name without arguments."""
    try:
        with open("/proc/self/comm", "w", encoding="ascii") as file:
            file.write("amf-netwatch")
    except OSError:
        return


def open_sysfs(log: Log) -> Sysfs | None:
    """Return the mounted sysfs if it shows our namespace. Otherwise log one warning and return None."""
    try:
        sysfs = Sysfs()
        if sysfs.shows_our_namespace():
            return sysfs
        sysfs.close()
    except OSError:
        pass
    log.event("sysfs-foreign", path=CLASS_NET)
    return None
