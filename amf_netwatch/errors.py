# SPDX-License-Identifier: Apache-2.0
"""What can go wrong in the component and its commands, and who must repair it.

::

    NetwatchError
    ├── SettingsError        the administrator's setting: unknown name, bad value
    ├── SurroundingsError    around us: not started by AMF, no pyosaf, no such user, no run directory
    │   ├── SysfsError           a file of sysfs that is there cannot be read
    │   └── NoAisError           OpenSAF's Python modules or libraries cannot be loaded
    └── AisError             AIS's answer: a call and its code
"""

from __future__ import annotations

import os

OK = 1
# The SaAisErrorT codes on which the component's behaviour depends; `ais` knows the names of all codes.
ERR_LIBRARY = 2
ERR_TIMEOUT = 5
ERR_TRY_AGAIN = 6
ERR_INVALID_PARAM = 7
ERR_NO_MEMORY = 8
ERR_BAD_HANDLE = 9
ERR_NOT_EXIST = 12
ERR_EXIST = 14
ERR_NO_RESOURCES = 18
ERR_BAD_OPERATION = 20
ERR_FAILED_OPERATION = 21


class NetwatchError(Exception):
    """The root of the errors that a command reports in one line."""


class SettingsError(NetwatchError):
    """A setting is unknown or has a bad value. The text says which setting and why."""


class SurroundingsError(NetwatchError):
    """Something that the component needs is missing or unusable. The text says what it is."""


class SysfsError(SurroundingsError):
    """A file of sysfs exists but cannot be read. The text says which file and why."""


class NoAisError(SurroundingsError):
    """The pyosaf modules, or the OpenSAF libraries below them, cannot be loaded."""


class AisError(NetwatchError):
    """An AIS call was answered with something other than SA_AIS_OK.

    `call` is AIS's name of the function, `code` the SaAisErrorT, `name` its name.
    """

    def __init__(self, call: str, code: int, name: str) -> None:
        super().__init__(call, code, name)
        self.call = call
        self.code = code
        self.name = name

    def __str__(self) -> str:
        return f"{self.call}: {self.name} ({self.code})"


def place_of(error: BaseException) -> str:
    """Return the place where an exception was raised: ``file.py:line``."""
    trace = error.__traceback__
    if trace is None:
        return "?"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
