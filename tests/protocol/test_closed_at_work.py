"""What threads share is closed in mid-work: no process dies of it, and what was kept is there."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent.database.documents import Documents, SavedState
from agent.database.generations import GenerationStorage
from protocol.handle import Handle

ROOT = Path(__file__).parents[2]
OUTBOX = """
import sys, threading
from pathlib import Path
from protocol.messages import Ack, HealthChanged
from protocol.model import Place, Status
from protocol.outbox import Outbox, OutboxError

def work(outbox, number):
    try:
        for turn in range(10_000):
            outbox.put(HealthChanged(boot="", at_ms=1, id=f"{number}-{turn}", room="1",
                                     status=Status.OK))
            outbox.settle(Ack(boot="c", at_ms=1, of="b", seqs=((1, turn),)))
            outbox.waiting_events(0, 50)
            outbox.report()
    except OutboxError as error:
        assert error.code == "outbox_closed", error

for turn in range(TURNS):
    with Outbox(Path(sys.argv[1]) / f"{turn}.db", Place("1", "2", "3"), "b") as outbox:
        threads = [threading.Thread(target=work, args=(outbox, n)) for n in range(3)]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    with Outbox(Path(sys.argv[1]) / f"{turn}.db", Place("1", "2", "3"), "b2") as outbox:
        outbox.report()
"""
STORE = """
import sys, threading
from pathlib import Path
from sqlalchemy import text
from controller.database.facts import fact_of, set_fact
from controller.database.store import Store, StoreError

def work(store, number):
    try:
        for turn in range(10_000):
            store.write(set_fact, f"f{number}", str(turn))
            store.read(fact_of, f"f{number}")
    except StoreError as error:
        assert error.code == "store_closed", error

for turn in range(TURNS):
    with Store(f"sqlite:///{sys.argv[1]}/a.db") as store:
        threads = [threading.Thread(target=work, args=(store, n)) for n in range(3)]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
"""
DOCUMENTS = """
import sys, threading
from pathlib import Path
from agent.database.documents import Documents, SavedState
from agent.database.generations import DocumentError

path = Path(sys.argv[1]) / "documents.json"
def work(documents, number):
    try:
        for turn in range(10_000):
            documents.save(SavedState(agent_id=f"{number}-{turn}"))
    except DocumentError as error:
        assert error.code == "documents_closed", error

for turn in range(TURNS):
    documents = Documents(path)
    documents.load()
    threads = [threading.Thread(target=work, args=(documents, n)) for n in range(3)]
    for thread in threads:
        thread.start()
    documents.close()
    for thread in threads:
        thread.join()
    Documents(path).load()
"""
CAMERA = """
import asyncio, os, sys
from hardware.camera.process import words_of
from hardware.camera.shutter import FILE_VIEW

async def look(seen):
    async for pid in words_of("tests.protocol.endless_child", b"", int, FILE_VIEW):
        seen.append(pid)

async def play():
    for turn in range(TURNS):
        seen = [], [], []
        looks = [asyncio.create_task(look(pids)) for pids in seen]
        while not all(seen):
            await asyncio.sleep(0.01)
        while not all(task.done() for task in looks):
            for task in looks:
                task.cancel()
            await asyncio.sleep(0)
        for pids in seen:
            try:
                os.kill(pids[0], 0)
            except ProcessLookupError:
                continue
            raise AssertionError("a child outlived its look")

asyncio.run(play())
"""
SCRIPTS = {"outbox": OUTBOX, "store": STORE, "documents": DOCUMENTS, "camera": CAMERA}


@pytest.mark.parametrize("name", SCRIPTS)
def test_closing_waits_for_whoever_is_at_work(tmp_path: Path, name: str) -> None:
    """In a process of its own, for a wrong close ends it without a word."""
    assert ended_by(SCRIPTS[name], 2 if name == "camera" else 5, tmp_path) == (0, "")


def ended_by(script: str, turns: int, folder: Path) -> tuple[int, str]:
    """The process's end, and what it said of it."""
    run = [sys.executable, "-X", "faulthandler", "-c", script.replace("TURNS", str(turns))]
    ended = subprocess.run(
        [*run, str(folder)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    return ended.returncode, ended.stderr


class Worn:
    """A resource that knows how many work with it; `meet` waits for a second one."""

    def __init__(self) -> None:
        self.at_work = 0
        self.most = 0
        self.is_closed = False
        self.second = threading.Event()

    def work(self) -> None:
        """Work until another comes in, or long enough to believe that none does."""
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        if self.at_work > 1:
            self.second.set()
        self.second.wait(0.2)
        assert not self.is_closed
        self.at_work -= 1

    def close(self) -> None:
        """Nobody may be at work now."""
        self.second.set()
        self.is_closed = True
        assert not self.at_work


def test_one_at_a_time_works_with_a_handle_and_closing_waits() -> None:
    """Who comes later is told; the second closing does nothing."""
    worn, handle = Worn(), Handle[Worn](Worn.close, lambda: LookupError("closed"))
    failures: list[BaseException] = []
    handle.open(worn)

    def work() -> None:
        try:
            with handle.use() as resource:
                resource.work()
        except LookupError:
            pass
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    handle.close()
    handle.close()
    for thread in threads:
        thread.join()
    assert (failures, worn.most <= 1, worn.is_closed) == ([], True, True)
    with pytest.raises(LookupError, match="closed"), handle.use():
        pass


def test_two_savings_of_the_documents_never_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables are emptied and filled anew: beside each other they would mix two rooms."""
    worn, saving = Worn(), GenerationStorage.save

    def save(storage: GenerationStorage) -> None:
        worn.work()
        saving(storage)

    monkeypatch.setattr(GenerationStorage, "save", save)
    documents = Documents(tmp_path / "documents.json")
    documents.load()
    states = [SavedState(agent_id=f"a{number}") for number in range(3)]
    threads = [threading.Thread(target=documents.save, args=(state,)) for state in states]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worn.most == 1
