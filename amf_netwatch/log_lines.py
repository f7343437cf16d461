# SPDX-License-Identifier: Apache-2.0
"""Every line the component may log: name, level, fields, meaning, what to do. Data, no code.

The operations manual shows this table, and a test compares the two. `log` refuses a line that is not in the
table. A name keeps its meaning after it was released.
"""

from __future__ import annotations

from typing import NamedTuple

ERROR, WARNING, NOTICE, INFO, DEBUG = 3, 4, 5, 6, 7  # severities of syslog(3)
LEVEL_NAMES = {ERROR: "error", WARNING: "warning", NOTICE: "notice", INFO: "info", DEBUG: "debug"}


class LogLine(NamedTuple):
    """A kind of log line."""

    name: str
    level: int
    fields: tuple[str, ...]
    meaning: str
    action: str  # what an operator should do; "none" if nothing


LOG_LINES = (
    LogLine(
        "started",
        NOTICE,
        ("component", "user", "version"),
        "the component has registered with AMF",
        "none",
    ),
    LogLine(
        "stopped",
        NOTICE,
        ("reason",),
        "the component ends in an orderly way: AMF asked for it, or SIGTERM came",
        "none; after SIGTERM AMF treats it as a failure and starts it again: use amf-adm to stop it",
    ),
    LogLine(
        "start-failed",
        ERROR,
        ("reason",),
        "the component cannot run here; instantiate ends with status 1",
        "repair what the reason names, then `amf-adm repaired` the SU",
    ),
    LogLine(
        "assigned",
        NOTICE,
        ("ha", "csi", "settings"),
        "AMF set an HA state; settings are those in force",
        "none",
    ),
    LogLine(
        "assignment-refused",
        ERROR,
        ("reason",),
        "a CSI attribute is unknown or has a bad value; AMF gets FAILED_OPERATION and restarts us",
        "correct the SaAmfCSIAttribute object that the reason names, wait until AMF gives up or lock the SU, "
        "then `amf-adm repaired`, unlock: AMF hands new values over with a new assignment only",
    ),
    LogLine("removed", NOTICE, ("csi",), "AMF took the CSI away", "none"),
    LogLine(
        "attached",
        NOTICE,
        ("implementer", "adopted"),
        "the implementer name is ours; `adopted` objects of a former incarnation were found",
        "none",
    ),
    LogLine("withdrawn", NOTICE, ("dn",), "our objects were deleted from IMM", "none"),
    LogLine(
        "published",
        DEBUG,
        ("created", "updated", "deleted"),
        "a refresh wrote to IMM",
        "none",
    ),
    LogLine(
        "imm-away",
        WARNING,
        ("call", "code", "outages"),
        "IMM does not answer; tried again in every healthcheck. At most one line a minute: `outages` counts "
        "how often it went away since the last one",
        "none if IMM is being restarted; otherwise look after IMM",
    ),
    LogLine("imm-back", NOTICE, (), "IMM answers again; what changed meanwhile is written", "none"),
    LogLine(
        "imm-refused",
        WARNING,
        ("call", "code", "dn", "objects"),
        "IMM refused to write so many `objects`, of which `dn` is one; tried in every healthcheck, logged "
        "again when a minute passed without it",
        "NOT_EXIST: load the classes (`amf-netwatch classes`); BAD_OPERATION: somebody else made the "
        "object; NO_RESOURCES: look after IMM",
    ),
    LogLine(
        "name-taken",
        WARNING,
        ("implementer",),
        "another process holds our implementer name; tried again in every healthcheck, logged when it begins",
        "none for a moment after a restart; if it stays, end the process that holds it",
    ),
    LogLine(
        "node-unknown",
        WARNING,
        ("reason",),
        "the AMF node of our SU cannot be read from IMM yet; nothing is published until it can",
        "look after IMM; see saAmfSUHostedByNode of the SU",
    ),
    LogLine(
        "budget-spent",
        INFO,
        ("left",),
        "the refresh used its time in IMM up; `left` objects wait for the next healthcheck",
        "none; raise the setting budget if it comes often",
    ),
    LogLine(
        "events-lost",
        INFO,
        ("total",),
        "the kernel dropped events since the last refresh; everything is read again",
        "none; it happens when many interfaces change at once",
    ),
    LogLine(
        "listener",
        INFO,
        ("note",),
        "the listener's netlink socket broke, was replaced, or was given up",
        "none for one; report it if it comes often",
    ),
    LogLine(
        "listener-restarted",
        WARNING,
        ("reason",),
        "the listener thread ended and a new one was started; everything is read again",
        "none for one; report it if it comes again",
    ),
    LogLine(
        "listener-failed",
        ERROR,
        ("reason",),
        "the listener thread ended twice; AMF is told FAILED_OPERATION and restarts the component",
        "report it with the reason",
    ),
    LogLine(
        "read-failed",
        WARNING,
        ("reason",),
        "the kernel's answer was not usable; the interfaces concerned are read again next time",
        "none for one; report it if it stays",
    ),
    LogLine(
        "read-interrupted",
        INFO,
        ("reason",),
        "interfaces come and go faster than the kernel can list them; everything is read again in the next "
        "healthcheck. Logged once, until a reading succeeds",
        "none; it happens when thousands of interfaces are made at once",
    ),
    LogLine(
        "sources-disagree",
        WARNING,
        ("ifindexes",),
        "three rounds in a row netlink and sysfs told different MACs of these interfaces; their objects stay "
        "as they were, and they are read again in every healthcheck",
        "none for one; if it stays, compare `ip link` with /sys/class/net/NAME/address and report it",
    ),
    LogLine(
        "sysfs-foreign",
        WARNING,
        ("path",),
        "this sysfs shows another network namespace: MACs are taken from netlink, and `physical` from the "
        "kind of link",
        "mount a sysfs of this namespace, or ignore it",
    ),
    LogLine(
        "callback-failed",
        ERROR,
        ("callback", "reason"),
        "a defect: a callback, or the thread that writes to IMM, raised; AMF is told FAILED_OPERATION now or "
        "at the next healthcheck",
        "report it with the reason",
    ),
    LogLine(
        "answer-lost",
        WARNING,
        ("call", "code"),
        "AMF did not take an answer for two seconds; it waits until its own time is over",
        "none for one; if it comes often, look after AMF",
    ),
    LogLine(
        "crashed",
        ERROR,
        ("reason",),
        "a defect: the component ends with status 1 and AMF starts it again",
        "report it with the reason",
    ),
    LogLine(
        "amf-lost",
        ERROR,
        ("call", "code"),
        "AMF's library does not work any more; the component ends with status 3",
        "none if the node is going down; otherwise look after AMF",
    ),
    LogLine(
        "backing-off",
        WARNING,
        ("seconds", "failures"),
        "instantiate waits, because the component reported its own failure several times in a row",
        "see the lines before: assignment-refused, listener-failed, callback-failed",
    ),
    LogLine(
        "cleanup-failed",
        ERROR,
        ("reason",),
        "cleanup could not see to it that nothing is left; AMF gives the SU up",
        "end the process that the reason names, then `amf-adm repaired` the SU",
    ),
    LogLine(
        "run-directory",
        WARNING,
        ("reason",),
        "cleanup could not write to the run directory; no process is left all the same",
        "make room there, or make it writable: the next instantiate needs it",
    ),
    LogLine("cleaned-up", INFO, ("pid", "error_source"), "cleanup killed the component's process", "none"),
)
BY_NAME = {line.name: line for line in LOG_LINES}
