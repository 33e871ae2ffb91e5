"""A pupil who was erased stands in no file of the school any more: not here, not in a room."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from controller.database.store import Store
from tests.files import files_below
from tests.flows.programs import School
from tests.flows.test_three_clicks import command, planned, press, view
from tests.waiting import until

PUPIL, NAME = "1400000001", "Lò Thị Ánh"
OTHER = "1400000003"


def naming(folder: Path, *words: str) -> list[str]:
    """The files below the folder in which one of the words stands."""
    texts = [word.encode() for word in words] + [json.dumps(word)[1:-1].encode() for word in words]
    held = files_below(folder)
    return [str(path) for path, text in held if any(word in text for word in texts)]


@pytest.fixture
def school(tmp_path: Path) -> Any:
    with School(tmp_path / "school") as school:
        school.ready()
        yield school


def _teach(school: School) -> None:
    """The class list reaches the room; a roll is confirmed, and the pupil corrected."""
    planned(school)
    for name in ("lop.csv", "tkb.csv"):
        (school.folder / name).unlink()
    until(lambda: (now := view(school)) and now["proposal"]["classes"], "the plan is here")
    press(school, "lesson/start")
    press(school, "roll/confirm")
    press(school, "roll/mark", {"student": PUPIL, "status": "late"})
    until(lambda: school.marks() and school.waiting() == 0, "all is with the school")


def _quarantine(school: School) -> None:
    """A message that nobody understands lies in quarantine, and names the pupil."""
    database = school.folder / "controller" / "lophoc.db"
    with closing(sqlite3.connect(database)) as db, db:
        db.execute(
            "INSERT INTO quarantine (topic, sender, flaw, detail, size, raw, received_ms)"
            " VALUES ('t', 'p203', 'malformed', '', 20, ?, 1)",
            (json.dumps({"student": PUPIL, "name": NAME}).encode(),),
        )


@pytest.mark.wide("tests/flows/test_retell.py::test_an_erased_pupil_is_not_told_again")
def test_nothing_names_an_erased_pupil(school: School) -> None:
    """While one room is away, and still after it came back; each computer has proved it."""
    _teach(school)
    _quarantine(school)
    agent, data = school.folder / "agent", school.folder / "controller"
    (agent / "outbox.sqlite.damaged-1").write_text(f'{{"student":"{PUPIL}"}}')
    with Store(f"sqlite:///{data / 'lophoc.db'}") as store:
        store.back_up(data / "backups" / "lophoc-000001-2026-11-01.db")
    assert naming(agent, PUPIL, NAME)
    assert len(naming(data, PUPIL, NAME)) > 1, "the database and its copy"
    school.agent.stop()
    erased = command(school, "students", "erase", PUPIL, "--yes", "--json")
    assert erased["records"] >= 1
    assert erased["left"] == []

    def broker_emptied() -> bool:
        (one,) = command(school, "students", "proofs", "--json")["erasures"]
        return one["broker_ms"] is not None and one["proofs"][0]["proved_ms"] is None

    until(broker_emptied, "the broker's store is emptied, and the room is waited for")
    assert naming(data, PUPIL, NAME) == []
    school.agent.start()

    def proved() -> Any:
        (one,) = command(school, "students", "proofs", "--json")["erasures"]
        return one if one["done_ms"] else None

    (proof,) = until(proved, "the room has proved it")["proofs"]
    assert proof["left"] == 0
    assert naming(school.folder, PUPIL, NAME) == []
    assert naming(agent, OTHER), "the others stay"
    verified = command(school, "attendance", "verify", "--json")
    assert verified["holds"], verified
