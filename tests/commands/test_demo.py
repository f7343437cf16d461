# SPDX-License-Identifier: Apache-2.0
"""`amf-netwatch demo`: its rows and screens as values, and the whole of it on a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from amf_netwatch.demo.marks import MarkedRow, Marks
from amf_netwatch.demo.screen import COLOURS, Style, compose
from amf_netwatch.publication.view import rows_of, width
from imm_model.objects import ImmObject

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
CONTROL = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


def interface(name, index=2, **changes):
    attributes = {
        "macAddress": ("02:00:00:00:00:01",),
        "ifIndex": (index,),
        "mtu": (1500,),
        "adminState": ("up",),
        "operState": ("up",),
        "master": ("",),
        "physical": (1,),
        "ipv4Addresses": ("192.0.2.1/24",),
        "ipv6Addresses": ("fe80::1/64", "2001:db8::1/64"),
        "lastChange": (5,),
        **changes,
    }
    obj = ImmObject(f"netIf={name},netWatchNode=SC-1", "NetWatchInterface", attributes)
    return SimpleNamespace(object=obj, implementer="NetWatch_SC-1")


def marked(count, *changed):
    rows = rows_of([interface(f"eth{number}", number) for number in range(count)])
    return [MarkedRow("~" if number in changed else " ", row) for number, row in enumerate(rows)]


# ----------------------------------------------------------------------------------------------- marks


def test_changes_are_marked_for_a_while():
    marks = Marks()
    before = rows_of([interface("a"), interface("b")])
    assert [each.mark for each in marks.mark(before, 0.0)] == [" ", " "]
    after = rows_of([interface("a", mtu=(9000,)), interface("c")])
    assert [(each.mark, each.row.name) for each in marks.mark(after, 1.0)] == [
        ("~", "a"),
        ("-", "b"),
        ("+", "c"),
    ]
    assert [(each.mark, each.row.name) for each in marks.mark(after, 100.0)] == [(" ", "a"), (" ", "c")]


# ---------------------------------------------------------------------------------------------- screen


@pytest.mark.parametrize("count", [0, 1, 5, 83])
@pytest.mark.parametrize("lines", [3, 8, 12, 18, 30, 200])
@pytest.mark.parametrize("columns", [20, 80])
def test_a_screen_fits_the_terminal(count, lines, columns):
    for style in (Style(), COLOURS):
        made = compose([], marked(count), ["event=published"] * 4, (columns, lines), style)
        assert len(made) <= lines
        assert all(width(CONTROL.sub("", line)) <= columns for line in made)


def test_rows_that_do_not_fit_are_counted_and_those_that_changed_are_there():
    made = "\n".join(compose([], marked(83, 79), ["event=published"] * 4, (120, 30), Style()))
    assert "~ SC-1  eth79" in made
    shown = len(re.findall(r"SC-1  eth", made))
    assert f"... and {83 - shown} more" in made
    assert "ip link add demo0" in made
    assert made.endswith("q or Ctrl-C ends.")


def test_the_hints_go_before_the_rows():
    made = "\n".join(compose([], marked(6), ["event=published"], (120, 14), Style()))
    assert "ip link add" not in made
    assert len(re.findall(r"SC-1  eth", made)) == 6
    assert "event=published" in made


def test_a_cut_is_visible():
    (row,) = [line for line in compose([], marked(1), [], (60, 30), Style()) if "eth0" in line]
    assert row.endswith(">")
    assert len(row) == 60


def test_a_row_that_changed_is_coloured_to_its_end():
    (row,) = [line for line in compose([], marked(1, 0), [], (200, 30), COLOURS) if "eth0" in line]
    assert row.startswith(COLOURS.yellow + "~ ")
    assert row.endswith(COLOURS.plain)


def test_the_hints_bring_the_link_up():
    made = "\n".join(compose([], [], [], (120, 30), Style(), root=False))
    assert "sudo ip link set demo1 up" in made  # without it the other end stays lowerlayerdown


# -------------------------------------------------------------------------------------------- live


class Screen:
    """A demonstration on a pseudo-terminal of its own."""

    def __init__(self, *words, size=(120, 40), command=None, **environment):
        ours = ("AMF_NETWATCH", "SA_AMF", "SAF_SHIM", "NO_COLOR")
        clean = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        demo = [sys.executable, "-m", "amf_netwatch", "demo", *words]
        self.process, self.master = pty.fork()
        if self.process == 0:
            try:
                os.chdir(ROOT)
                resize(0, size)
                words = command(demo) if command else demo
                os.execvpe(words[0], words, {**clean, "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment})
            finally:
                os._exit(127)
        self.text = ""
        self.status = None

    def wait_for(self, text):
        """Read until the text has come since the last call; returns what has come."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.text:
            assert time.monotonic() < deadline, f"{text!r} does not come: {self.text!r}"
            if not self._read(deadline):
                break
        assert text in self.text, self.text
        before, _, self.text = self.text.partition(text)
        return before + text

    def press(self, keys):
        os.write(self.master, keys)

    def resize(self, size):
        resize(self.master, size)

    def end(self):
        """Read to the end; returns the exit status, negative for a signal."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline):
            assert time.monotonic() < deadline, self.text
        _, status = os.waitpid(self.process, 0)
        self.process = 0
        return os.waitstatus_to_exitcode(status)

    def _read(self, deadline):
        select.select([self.master], [], [], max(0.0, deadline - time.monotonic()))
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.text += data.decode()
        return bool(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.master)  # closes the terminal, so that every remaining process ends
        if self.process:
            os.waitpid(self.process, 0)


def resize(descriptor, size):
    columns, lines = size
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def test_q_ends_it_and_is_not_echoed():
    with Screen() as screen:
        drawn = screen.wait_for("q or Ctrl-C ends.")
        assert "\x1b[1m" in drawn
        assert "\x1b[?1049h" in drawn
        screen.press(b"q")
        assert screen.end() == 0
        assert "q" not in CONTROL.sub("", screen.text)
        assert "\x1b[?1049l" in screen.text


def test_ctrl_c_ends_it():
    with Screen() as screen:
        screen.wait_for("q or Ctrl-C ends.")
        screen.press(b"\x03")
        assert screen.end() == 0
        assert "Traceback" not in screen.text


def test_a_terminal_that_goes_leaves_nothing_behind(tmp_path):
    with Screen(TMPDIR=str(tmp_path)) as screen:
        screen.wait_for("q or Ctrl-C ends.")
        assert list(tmp_path.iterdir())
        os.close(screen.master)
        screen.master = os.open(os.devnull, os.O_RDONLY)  # for the end of the block
        _, status = os.waitpid(screen.process, 0)
        screen.process = 0
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGHUP
    assert not list(tmp_path.iterdir())


def test_no_color_is_obeyed_and_a_new_size_is_drawn():
    with Screen(NO_COLOR="1") as screen:
        drawn = screen.wait_for("q or Ctrl-C ends.")
        assert not re.findall(r"\x1b\[[0-9;]*m", drawn)
        assert "ip link delete demo0" in drawn
        screen.resize((50, 9))
        assert "ip link delete" not in screen.wait_for("q or Ctrl-C ends.")
        screen.press(b"q")
        assert screen.end() == 0


def test_a_dumb_terminal_gets_the_table_once():
    with Screen(TERM="dumb") as screen:
        assert screen.end() == 0
        assert "\x1b" not in screen.text
        assert "netWatchNode=SC-1 in IMM" in screen.text


def test_ctrl_z_and_fg():
    def in_a_shell(demo):
        return ["bash", "--norc", "-mc", '"$@"; echo "stopped: $?"; fg', "bash", *demo]

    with Screen(command=in_a_shell) as screen:
        screen.wait_for("q or Ctrl-C ends.")
        screen.press(b"\x1a")
        left = screen.wait_for("stopped: 148")
        assert "\x1b[?1049l" in left
        again = screen.wait_for("q or Ctrl-C ends.")
        assert "\x1b[?1049h" in again
        screen.press(b"q")
        assert screen.end() == 0
        assert "is gone" not in screen.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_table_is_no_success(number):
    process = subprocess.Popen(
        [sys.executable, "-c", WHEN_STARTED, str(int(number))],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (128 + number, "")
    assert errors == f"amf-netwatch demo: ended by {number.name}\n"


# The signal comes when the simulator has started, and before anything is published.
WHEN_STARTED = """
import os, sys
from amf_netwatch.cli import main
from amf_netwatch.demo.simulation import Simulation
Simulation.await_publication = lambda self: os.kill(os.getpid(), int(sys.argv[1]))
sys.exit(main(["demo", "--once"]))
"""


def test_a_command_in_a_path_with_a_blank(tmp_path):
    """AMF splits commands at blanks, but the demonstration starts the component even then."""
    place = tmp_path / "with a blank"
    place.mkdir()
    for package in ("amf_netwatch", "imm_model", "saf_shim"):
        (place / package).symlink_to(ROOT / package)
    script = place / "amf-netwatch"
    script.write_text("import sys\nfrom amf_netwatch.cli import main\nsys.exit(main())\n", encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SAF_SHIM")}
    done = subprocess.run(
        [sys.executable, script, "demo", "--once"],
        capture_output=True,
        text=True,
        check=False,
        env={**environment, "PYTHONPATH": str(place)},
    )
    assert done.returncode == 0, done.stderr
    assert "netWatchNode=SC-1 in IMM" in done.stdout
