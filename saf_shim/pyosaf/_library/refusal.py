# SPDX-License-Identifier: Apache-2.0
"""Functions of AIS services that the simulator does not have. They exist, and refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from saf_shim.codes import Code

from . import handles


def refuse_initialize(name: str) -> Callable[[Any, Any, Any], int]:
    """Make an initializing function. The simulator answers it with ERR_NOT_SUPPORTED.

    The call appears in the call log, and `saf-shim fault` can change its answer."""

    def initialize(handle: Any, callbacks: Any, version: Any) -> int:
        del handle, callbacks
        args: handles.Out = {
            "version": [ord(version.releaseCode), version.majorVersion, version.minorVersion]
        }
        rc, _, opened = handles.initialize(name, args, exclusive=False)
        if opened is not None:
            handles.forget(opened.number)
        return rc

    initialize.__name__ = name
    return initialize


def miss_symbol(name: str) -> Callable[..., int]:
    """Make a function that the real bindings have but OpenSAF's library does not. It raises
    AttributeError."""

    def call(*arguments: Any, **named: Any) -> int:
        del arguments, named
        raise AttributeError(f"undefined symbol: {name}")

    call.__name__ = name
    return call


def refuse_handle(name: str) -> Callable[..., int]:
    """Make any other function. It answers ERR_BAD_HANDLE, because no program has a handle for it."""

    def call(*arguments: Any, **named: Any) -> int:
        del arguments, named
        return Code.ERR_BAD_HANDLE

    call.__name__ = name
    return call
