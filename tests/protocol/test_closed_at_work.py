"""What threads share is closed in mid-work: no process dies of it, and what was kept is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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

path = Path(sys.argv[1]) / "documents.json"
def work(documents, number):
    for turn in range(20):
        documents.save(SavedState(agent_id=f"{number}-{turn}"))

for turn in range(TURNS):
    documents = Documents(path)
    documents.load()
    threads = [threading.Thread(target=work, args=(documents, n)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Documents(path).load().agent_id.endswith("-19")
"""


@pytest.mark.parametrize("turns", [5])
@pytest.mark.parametrize("script", [OUTBOX, STORE, DOCUMENTS], ids=["outbox", "store", "documents"])
def test_closing_waits_for_whoever_is_at_work(tmp_path: Path, script: str, turns: int) -> None:
    """In a process of its own, for a wrong close ends it without a word."""
    run = [sys.executable, "-X", "faulthandler", "-c", script.replace("TURNS", str(turns))]
    ended = subprocess.run(
        [*run, str(tmp_path)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (ended.returncode, ended.stderr) == (0, "")
