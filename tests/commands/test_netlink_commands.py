# SPDX-License-Identifier: Apache-2.0
"""`monitor` and `wait` as processes: options, statuses, output, how they end."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kernel_fixtures import Namespace
from netlink_programs import DUMP, MONITOR, PATIENCE, WAIT, Program, command

from amf_netwatch.commands.network.dump import main as dump_main
from amf_netwatch.commands.network.monitor import main as monitor_main
from amf_netwatch.commands.network.wait import main as wait_main


def run(module: str, *arguments: str) -> tuple[int, str, str]:
    with Program(module, *arguments) as program:
        return program.finish()


# -- wrong use ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "'frobnicate' is none of link, address, route"),
        (["--count", "-1"], "'-1' is no number of changes"),
        (["--count", "x"], "'x' is no number of changes"),
        (["--timeout", "nan"], "'nan' is no number of seconds"),
        (["--timeout", "-1"], "'-1' is no number of seconds"),
        (["--js"], "unrecognized arguments: --js"),
        (["--replay", "/x", "--record", "/y"], "does not go with --record"),
        (["--replay", "/no/such/file"], "/no/such/file: No such file or directory"),
        (["--replay", __file__], "is no recording"),
        (["--record", "/no/such/directory/file"], "No such file or directory"),
        (["--netns", "no-such-namespace"], "cannot enter the network namespace no-such-namespace"),
    ],
)
def test_monitor_refuses_wrong_use_with_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert monitor_main(arguments) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert said in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required"),
        (["frobnicate"], "invalid choice"),
        (["up"], "NAME"),
        (["up", "v0", "v1"], "unrecognized arguments: v1"),
        (["up", "a/b"], "cannot be the name of a link"),
        (["up", "x" * 16], "cannot be the name of a link"),
        (["up", ""], "cannot be the name of a link"),
        (["attach", "--existing", "a b"], "cannot be the name of a link"),
        (["attach", "--state", "upwards"], "invalid choice: 'upwards'"),
        (["detach", "v0", "v1"], "unrecognized arguments: v1"),
        (["down", "v0", "--strict"], "unrecognized arguments: --strict"),
        (["detach", "v0", "--timeout", "soon"], "'soon' is no number of seconds"),
        (["down", "v0", "--netns", "no-such-namespace"], "cannot enter the network namespace"),
    ],
)
def test_wait_refuses_wrong_use_with_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wait_main(arguments) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert said in errors


MONITOR_OPTIONS = ["--json", "--dev", "--count", "--timeout", "--netns", "--record", "--replay"]
WAITS = ["attach", "detach", "up", "down", "reconnect"]


@pytest.mark.parametrize(("main", "options"), [(monitor_main, MONITOR_OPTIONS), (wait_main, WAITS)])
def test_help_names_every_option(
    main: Callable[[list[str]], int], options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(option in text for option in options)


# -- monitor -----------------------------------------------------------------------------------------------


@pytest.mark.kernel
def test_monitor_selects_and_counts(namespace: Namespace) -> None:
    namespace.add_link("v0", "veth", "peer", "name", "v1")
    with Program(MONITOR, "link", "--dev", "v*", "--json", "address", "--count", "2") as monitor:
        assert {monitor.json_line()["ifname"] for _ in range(2)} == {"v0", "v1"}
        namespace.ip("link set lo mtu 1500")
        namespace.ip("addr add 192.0.2.1/24 dev lo")
        namespace.ip("link set v0 mtu 1400")
        assert monitor.json_line()["changed"] == ["mtu"]
        namespace.ip("addr add 192.0.2.1/24 dev v0")
        assert monitor.json_line()["address"] == "192.0.2.1/24"
        assert monitor.finish() == (0, "", "")


@pytest.mark.kernel
def test_monitor_ends_in_time(namespace: Namespace) -> None:
    status, output, errors = run(MONITOR, "link", "--timeout", "0.2")
    assert (status, errors) == (0, "")
    assert output.endswith(
        "current link      lo: UP, RUNNING, mtu 65536, mac 00:00:00:00:00:00, state unknown\n"
    )
    assert output.count("\n") == 1
    assert run(MONITOR, "link", "--timeout", "0")[1].count("current") == 1
    assert run(MONITOR, "link", "--count", "0")[1].count("current") == 1


@pytest.mark.kernel
def test_monitor_looks_into_another_namespace(
    namespace: Namespace, new_namespace: Callable[[], Namespace]
) -> None:
    there = new_namespace()
    there.add_link("if0", "ifb")
    status, output, _ = run(MONITOR, "link", "--json", "--netns", there.name, "--count", "0")
    assert status == 0
    assert [json.loads(line)["ifname"] for line in output.splitlines()] == ["lo", "if0"]


@pytest.mark.kernel
def test_monitor_ends_when_its_reader_has_gone_also_when_nothing_happens(namespace: Namespace) -> None:
    with Program(MONITOR, "link") as monitor:
        monitor.line()
        assert monitor.process.stdout is not None
        assert monitor.process.stderr is not None
        monitor.process.stdout.close()
        assert monitor.process.wait(PATIENCE) == 0
        assert monitor.process.stderr.read() == b""
        monitor.process.stdout = open(os.devnull, "rb")  # noqa: SIM115 - for communicate()


@pytest.mark.kernel
def test_a_monitor_into_a_closed_pipe_says_nothing(namespace: Namespace) -> None:
    namespace.batch([f"link add if{n} type ifb" for n in range(300)])
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command(MONITOR, "link"), stdout=writer, stderr=subprocess.PIPE, check=False, timeout=PATIENCE
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_are_for_terminals(namespace: Namespace, environment: dict[str, str], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    variables = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        command(MONITOR, "link", "--count", "0"),
        stdout=theirs,
        env={**variables, "TERM": "xterm", **environment},
    ) as process:
        process.wait(PATIENCE)
    os.close(theirs)
    shown = os.read(ours, 4096)
    os.close(ours)
    assert b"lo: UP" in shown
    assert (b"\x1b[" in shown) is coloured


@pytest.mark.kernel
def test_a_name_harms_no_terminal_and_no_decoder(namespace: Namespace) -> None:
    name = b'\x1b[31m\xc3\xa9\xff"\\'
    subprocess.run([b"ip", b"link", b"add", name, b"type", b"ifb"], check=True)
    status, text, _ = run(MONITOR, "link", "--count", "0")
    assert status == 0
    assert "\x1b" not in text
    assert '\\x1b[31mé\\xff"\\\\: DOWN' in text
    _, text, _ = run(MONITOR, "link", "--count", "0", "--json", "--dev", "*31m*")
    assert os.fsencode(json.loads(text)["ifname"]) == name
    with Program(MONITOR, "link", "--count", "0", env={**os.environ, "PYTHONIOENCODING": "ascii"}) as monitor:
        assert "\\xe9" in monitor.finish()[1]


@pytest.mark.kernel
def test_monitor_imports_only_what_it_needs(namespace: Namespace) -> None:
    """Its start costs little more than Python's own."""
    unwanted = ["dataclasses", "inspect", "logging", "socket", "subprocess", "asyncio", "pyosaf"]
    program = (
        "import sys; from amf_netwatch.commands.network.monitor import main; main(['--count', '0']);"
        f"print(sorted(set(sys.modules) & set({unwanted})))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


# -- wait --------------------------------------------------------------------------------------------------


@pytest.mark.kernel
def test_wait_prints_the_link_and_ends_with_0(namespace: Namespace) -> None:
    with Program(WAIT, "attach", "--existing", "lo", "--json") as wait, Program(WAIT, "up", "if0") as up:
        namespace.add_link("if0", "ifb")
        line = wait.json_line()
        assert (line["object"], line["action"], line["ifname"], line["kind"]) == ("link", "new", "if0", "ifb")
        assert wait.finish() == (0, "", "")
        namespace.ip("link set if0 up")
        text = up.line()
        assert text is not None
        assert text.startswith("if0: UP, ")
        assert up.finish() == (0, "", "")
    assert run(WAIT, "detach", "if9", "--json")[0] == 0
    status, text, _ = run(WAIT, "detach", "if9")
    assert (status, text) == (0, "if9: not there\n")


def wait_for_sockets(program: Program) -> None:
    """Until the process has opened its two netlink sockets: by /proc, not by time alone."""
    for _ in range(1000):
        links = []
        for path in Path(f"/proc/{program.process.pid}/fd").iterdir():
            try:
                links.append(os.readlink(path))
            except FileNotFoundError:
                pass
        if sum(link.startswith("socket:") for link in links) >= 2:
            return
        program.quiet(0.01)
    raise AssertionError("no sockets")


@pytest.mark.kernel
def test_wait_ends_with_1_when_it_has_not_happened_in_time(namespace: Namespace) -> None:
    status, output, errors = run(WAIT, "up", "if0", "--timeout", "0.1")
    assert (status, output) == (1, "")
    assert errors == ("amf-netwatch wait: up if0: it has not happened within 0.1 s; there is no link if0\n")
    status, output, errors = run(WAIT, "down", "lo", "--timeout", "0")
    assert (status, output) == (1, "")
    assert errors.startswith(
        "amf-netwatch wait: down lo: it has not happened within 0 s; lo: UP, RUNNING, mtu 65536, "
    )
    assert run(WAIT, "detach", "--timeout", "0")[2].endswith("detach: it has not happened within 0 s\n")


@pytest.mark.kernel
def test_wait_detach_without_a_name_prints_which_link_went(namespace: Namespace) -> None:
    namespace.add_link("if0", "ifb")
    with Program(WAIT, "detach", "--json") as wait:
        wait_for_sockets(wait)
        while wait.quiet(0.05):  # it has read the links as soon as it waits; the second `del` fails
            namespace.run("ip", "link", "del", "if0", check=False)
            namespace.run("ip", "link", "add", "if0", "type", "ifb", check=False)
        line = wait.json_line()
        assert (line["action"], line["ifname"], line["kind"]) == ("removed", "if0", "ifb")
        assert wait.finish() == (0, "", "")


@pytest.mark.kernel
def test_wait_attach_with_a_state(namespace: Namespace) -> None:
    with Program(WAIT, "attach", "--existing", "lo", "--state", "up") as wait:
        namespace.batch(["link add v0 type veth peer name v1", "link set v0 up"])
        assert wait.quiet(0.3)
        namespace.ip("link set v1 up")
        text = wait.line()
        assert text is not None
        assert ", state up" in text
        assert wait.finish() == (0, "", "")


@pytest.mark.kernel
def test_a_strict_reconnect_by_the_command(namespace: Namespace) -> None:
    namespace.batch(["link add v0 type veth peer name v1", "link set v1 up"])
    with Program(WAIT, "reconnect", "v0", "--strict") as wait:
        while wait.quiet(0.1):  # nobody tells when the process has begun to wait
            namespace.batch(["link set v0 down", "link set v0 up"])
        text = wait.line()
        assert text is not None
        assert text.startswith("v0: UP, RUNNING")
        assert wait.finish() == (0, "", "")


@pytest.mark.kernel
def test_ctrl_c_ends_both_without_a_traceback(namespace: Namespace) -> None:
    with Program(WAIT, "attach") as wait, Program(MONITOR, "link") as monitor:
        monitor.line()
        monitor.process.send_signal(signal.SIGINT)
        assert monitor.finish() == (0, "", "")
        wait_for_sockets(wait)
        wait.process.send_signal(signal.SIGINT)
        assert wait.finish() == (130, "", "")


@pytest.mark.kernel
@pytest.mark.parametrize("arguments", [[MONITOR, "link", "--count", "0"], [WAIT, "up", "lo"]])
@pytest.mark.parametrize(
    ("redirection", "said"), [(">/dev/full", "No space left on device"), (">&-", "standard output is closed")]
)
def test_an_output_that_cannot_be_written_is_told_with_status_1(
    namespace: Namespace, arguments: list[str], redirection: str, said: str
) -> None:
    words = command(*arguments)
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *words], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.endswith(f"{said}\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.kernel
def test_record_overwrites_recordings_only(namespace: Namespace, tmp_path: Path) -> None:
    note, recording = tmp_path / "note.txt", tmp_path / "recording"
    note.write_text("precious\n", encoding="ascii")
    status, output, errors = run(MONITOR, "link", "--count", "0", "--record", str(note))
    assert (status, output) == (2, "")
    assert errors == f"amf-netwatch monitor: {note} is no recording: it is not overwritten\n"
    assert note.read_text(encoding="ascii") == "precious\n"
    recording.touch()
    for _ in range(2):  # an empty file, then a recording
        assert run(MONITOR, "link", "--count", "0", "--record", str(recording))[0] == 0
        assert run(MONITOR, "link", "--replay", str(recording))[1].count("\n") == 1


@pytest.mark.kernel
def test_monitor_shows_what_was_and_what_is(namespace: Namespace) -> None:
    namespace.batch(["link add br0 type bridge", "link add v0 type veth peer name v1"])
    with Program(MONITOR, "link", "--dev", "v0") as monitor:
        monitor.line()
        namespace.ip("link set v0 mtu 1400")
        line = monitor.line()
        assert line is not None
        assert line.endswith("(mtu 1500 -> 1400)")
        namespace.ip("link set v0 master br0")
        line = monitor.line()
        assert line is not None
        assert line.endswith("(master none -> br0)")


@pytest.mark.kernel
def test_a_recording_that_cannot_be_written_is_told(namespace: Namespace) -> None:
    status, _, errors = run(MONITOR, "link", "--record", "/dev/full")
    assert (status, errors) == (1, "amf-netwatch monitor: No space left on device\n")


@pytest.mark.kernel
def test_without_standard_error_nothing_goes_elsewhere(namespace: Namespace) -> None:
    words = command(WAIT, "up", "if9", "--timeout", "0")
    done = subprocess.run(["sh", "-c", '"$@" 2>&-', "sh", *words], check=False, capture_output=True)
    assert (done.returncode, done.stdout) == (1, b"")


# -- dump --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "'frobnicate' is none of link, address, route, rule, neighbour"),
        (["--json"], "unrecognized arguments: --json"),
        (["--netns", "no-such-namespace"], "cannot enter the network namespace no-such-namespace"),
    ],
)
def test_dump_refuses_wrong_use_with_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dump_main(arguments) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert said in errors


@pytest.mark.kernel
def test_dump_prints_what_apply_has_nothing_to_do_with(namespace: Namespace, tmp_path: Path) -> None:
    namespace.batch(["link add br0 type bridge", "link set br0 up", "addr add 192.0.2.1/24 dev br0"])
    status, output, errors = run(DUMP)
    assert (status, errors) == (0, "")
    path = tmp_path / "network.json"
    path.write_text(output, encoding="ascii")
    assert run("apply", "--check", str(path)) == (0, "nothing to do\n", "")
    status, output, _ = run(DUMP, "address", "route")
    assert [list(entry) for entry in json.loads(output)["links"]] == [["name", "addresses"]] * 2


@pytest.mark.kernel
def test_dump_looks_into_another_namespace(
    namespace: Namespace, new_namespace: Callable[[], Namespace]
) -> None:
    there = new_namespace()
    there.add_link("if0", "ifb")
    _, output, _ = run(DUMP, "link", "--netns", there.name)
    assert [entry["name"] for entry in json.loads(output)["links"]] == ["if0", "lo"]


@pytest.mark.kernel
def test_a_dump_that_cannot_be_written_is_told(namespace: Namespace) -> None:
    words = command(DUMP)
    done = subprocess.run(
        ["sh", "-c", '"$@" >/dev/full', "sh", *words], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (1, "amf-netwatch dump: No space left on device\n")
