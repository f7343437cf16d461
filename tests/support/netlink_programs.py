# SPDX-License-Identifier: Apache-2.0
"""The commands as processes: started in the test's namespace, read line by line, with a patience."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from time import monotonic
from typing import Any

PATIENCE = 10.0  # seconds; only a failing test waits so long
MONITOR, WAIT, DUMP = "monitor", "wait", "dump"


def command(module: str, *arguments: str) -> list[str]:
    """The command line that runs the `main` of one of the command modules."""
    program = (
        f"import sys; from amf_netwatch.commands.network.{module} import main; sys.exit(main(sys.argv[1:]))"
    )
    return [sys.executable, "-c", program, *arguments]


class Program:
    """A running command whose output lines are read one by one."""

    def __init__(self, module: str, *arguments: str, **options: Any) -> None:
        self.process = subprocess.Popen(
            command(module, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
        )
        assert self.process.stdout is not None
        self._output = self.process.stdout.fileno()
        self._rest = b""

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def line(self, patience: float = PATIENCE) -> str | None:
        """The next line without its end; None when the output has ended; fails when nothing comes."""
        deadline = monotonic() + patience
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._output], [], [], max(0.0, deadline - monotonic()))
            assert ready, f"no line came; so far: {self._rest!r}"
            data = os.read(self._output, 1 << 16)
            if not data:
                assert not self._rest, "the last line has no end"
                return None
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("utf-8", "surrogateescape")

    def json_line(self, patience: float = PATIENCE) -> dict[str, Any]:
        """The next line, decoded."""
        line = self.line(patience)
        assert line is not None, self.finish()
        value = json.loads(line)
        assert isinstance(value, dict)
        return value

    def quiet(self, seconds: float) -> bool:
        """Tell whether no line comes for this long."""
        return not self._rest and not select.select([self._output], [], [], seconds)[0]

    def finish(self) -> tuple[int, str, str]:
        """Wait for the end: status, the rest of the output, what it complained about."""
        output, errors = self.process.communicate(timeout=PATIENCE)
        text = (self._rest + output).decode("utf-8", "surrogateescape")
        return self.process.returncode, text, errors.decode("utf-8", "surrogateescape")
