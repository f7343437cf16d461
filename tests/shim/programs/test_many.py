# SPDX-License-Identifier: Apache-2.0
"""Many programs, many threads and many handles at the same time."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from imm_client import Oi, Om, make_runtime_class, values

from saf_shim.pyosaf import saImmOi
from saf_shim.pytest_plugin import SafShim

SUPPORT = Path(__file__).resolve().parents[2] / "support"

WORKER = """
import sys; sys.path.insert(0, sys.argv[1])
from imm_client import Oi, Om, values
number = sys.argv[2]
om, oi = Om(), Oi("Worker" + number)
print("ready", flush=True)
sys.stdin.readline()
for turn in range(10):
    assert oi.create("TestRt", None, values(number)) == "OK"
    assert oi.update("rt=" + number, [("number", "UINT32", [turn])]) == "OK"
    assert om.get("rt=" + number, "number") == ("OK", {"number": [turn]})
    if turn < 9:
        assert oi.delete("rt=" + number) == "OK"
print("done")
"""


def test_fifty_programs_at_once(saf_shim: SafShim) -> None:
    make_runtime_class(Om())
    workers = [
        saf_shim.start_program(
            *(sys.executable, "-S", "-c", WORKER, str(SUPPORT), str(number)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(50)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    assert [worker.communicate(timeout=60)[0] for worker in workers] == ["done\n"] * 50
    assert saf_shim.objects("TestRt") == sorted(f"rt={number}" for number in range(50))
    assert {saf_shim.values(dn, "number")[0] for dn in saf_shim.objects("TestRt")} == {9}
    saf_shim.wait_for(lambda: len(saf_shim.status()["sessions"]) == 1)  # ours; theirs went with them


def test_each_thread_with_a_handle_of_its_own(saf_shim: SafShim) -> None:
    make_runtime_class(Om())
    failed: list[str] = []

    def work(name: str) -> None:
        oi, om = Oi(name), Om()
        for turn in range(20):
            codes = [
                oi.create("TestRt", None, values(name)),
                oi.update(f"rt={name}", [("number", "UINT32", [turn])]),
                om.get(f"rt={name}", "number")[0],
                oi.delete(f"rt={name}"),
            ]
            failed.extend(code for code in codes if code != "OK")
        failed.extend(code for code in (oi.finalize(), om.finalize()) if code != "OK")

    threads = [threading.Thread(target=work, args=(f"Thread{number}",)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_hundred_handles_in_one_program(saf_shim: SafShim) -> None:
    before = len(saf_shim.status()["sessions"])
    handles = [Oi(f"Handle{number}") for number in range(100)]
    assert {oi.rc for oi in handles} == {"OK"}
    assert len({oi.handle.value for oi in handles}) == 100
    assert len({oi.selection_object() for oi in handles}) == 100
    assert {oi.finalize() for oi in handles} == {"OK"}
    saf_shim.wait_for(lambda: len(saf_shim.status()["sessions"]) == before)


def serve(answer: Callable[[int, object, object], int]) -> Oi:
    """An implementer of the object ``rt=a`` that has `answer` for its pure attribute."""
    callbacks = saImmOi.SaImmOiCallbacksT_2()
    callbacks.saImmOiRtAttrUpdateCallback = saImmOi.SaImmOiRtAttrUpdateCallbackT(answer)
    oi = Oi("Server", callbacks)
    assert oi.create("TestRt", None, values("a")) == "OK"
    return oi


def reader_of(dn: str, got: list[tuple[str, dict[str, list[int]]]]) -> threading.Thread:
    """A thread that reads the pure attribute of `dn`, which asks the implementer."""
    thread = threading.Thread(target=lambda: got.append(Om().get(dn, "pure")))
    thread.start()
    return thread


def test_dispatching_from_asyncio(saf_shim: SafShim) -> None:
    make_runtime_class(Om())

    def answer(_handle: int, _name: object, _names: object) -> int:
        return 1 if oi.update("rt=a", [("pure", "UINT32", [7])]) == "OK" else 21

    oi = serve(answer)
    got: list[tuple[str, dict[str, list[int]]]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        read = loop.create_future()
        loop.add_reader(oi.selection_object(), oi.dispatch)
        thread = threading.Thread(
            target=lambda: (
                got.append(Om().get("rt=a", "pure")),
                loop.call_soon_threadsafe(read.set_result, None),
            )
        )
        thread.start()
        await asyncio.wait_for(read, 10)
        thread.join()
        loop.remove_reader(oi.selection_object())

    asyncio.run(main())
    assert got == [("OK", {"pure": [7]})]


def test_several_threads_dispatch_one_handle(saf_shim: SafShim) -> None:
    make_runtime_class(Om())
    meeting = threading.Barrier(2, timeout=5)  # both callbacks must be running at the same time

    def answer(_handle: int, _name: object, _names: object) -> int:
        meeting.wait()
        return 1

    oi = serve(answer)
    got: list[tuple[str, dict[str, list[int]]]] = []
    dispatchers = [threading.Thread(target=oi.dispatch, args=(3,)) for _ in range(2)]
    for thread in dispatchers:
        thread.start()
    readers = [reader_of("rt=a", got), reader_of("rt=a", got)]
    for thread in readers:
        thread.join(10)
    assert [code for code, _ in got] == ["OK", "OK"]
    assert oi.finalize() == "OK"
    for thread in dispatchers:
        thread.join(10)
    assert not any(thread.is_alive() for thread in dispatchers)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_clients_that_come_and_go_disturb_nobody(saf_shim: SafShim) -> None:
    """Threads open and close handles, with a dispatcher each, while children are born and die."""
    make_runtime_class(Om())
    failed: list[object] = []

    def live(name: str) -> None:
        for _ in range(60):
            oi = Oi(name)
            dispatcher = threading.Thread(target=oi.dispatch, args=(3,))
            dispatcher.start()
            codes = [oi.rc, oi.create("TestRt", None, values(name)), oi.delete(f"rt={name}"), oi.finalize()]
            dispatcher.join(10)
            failed.extend(code for code in (*codes, dispatcher.is_alive()) if code not in ("OK", False))

    threads = [threading.Thread(target=live, args=(f"Thread{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        pid = os.fork()
        if not pid:
            os._exit(0 if Om().get("safApp=safImmService", "safApp")[0] == "OK" else 1)
        failed.extend(status for status in [os.waitpid(pid, 0)[1]] if status)
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.parametrize(("size", "code"), [(4_000_000, "OK"), (9_000_000, "ERR_NO_RESOURCES")])
def test_a_value_of_megabytes_does_not_cost_the_handle(saf_shim: SafShim, size: int, code: str) -> None:
    om, oi = Om(), Oi("Big")
    make_runtime_class(om)
    assert oi.create("TestRt", None, values("a")) == "OK"
    assert oi.update("rt=a", [("text", "STRING", ["x" * size])]) == code
    assert len(om.get("rt=a", "text")[1]["text"][0]) == (size if code == "OK" else len("text"))
    assert oi.update("rt=a", [("text", "STRING", ["small"])]) == "OK"
