"""Lessons a week by room, against a plain count of made lessons."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from controller.fleet.records import LessonRecord
from controller.use.lessons import lessons_by_room, mondays_between
from protocol.messages import Ending
from tests.controller.web_school import NOW_MS, SCHOOL, a_store, agent, asked, event

FIRST = date(2026, 8, 24)  # a Monday
ROOMS = ["6A1", "P 101", "p101", "10A2"]


def a_lesson(number: int, room: str, day: str, **more: object) -> LessonRecord:
    """A lesson that was held."""
    fields = {"began_ms": NOW_MS, "confirmed": False, **more}
    place = SCHOOL.of_agent(f"may-{room.lower()}")
    return LessonRecord(place=place, lesson=f"t{number}", room=room, day=day, **fields)


@pytest.mark.parametrize("seed", range(8))
def test_each_lesson_counts_once_in_its_room_and_week(seed: int) -> None:
    """However the room is written; one that was undone or never began is none."""
    rng = Random(seed)
    made, counts = [], dict[tuple[str, int], int]()
    for number in range(rng.randrange(60)):
        day, room = rng.randrange(21), rng.choice(ROOMS)
        kind = rng.choice(["held", "running", "undone", "never"])
        how = {"held": Ending.TEACHER, "undone": Ending.UNDONE}.get(kind)
        began = None if kind == "never" else NOW_MS
        text = (FIRST + timedelta(days=day)).isoformat()
        made.append(a_lesson(number, room, text, how=how, began_ms=began))
        if kind in {"held", "running"}:
            key = room.replace(" ", "").upper(), day // 7
            counts[key] = counts.get(key, 0) + 1
    mondays = mondays_between("2026-08-24", "2026-09-07")
    assert mondays == ["2026-09-07", "2026-08-31", "2026-08-24"]
    found = {
        (one.room.replace(" ", "").upper(), 2 - at): one.by_week[monday]
        for one in lessons_by_room(made)
        for at, monday in enumerate(mondays)
        if monday in one.by_week
    }
    assert found == counts


def test_the_page_and_its_file_tell_the_same(tmp_path: Path) -> None:
    """And the page of boards leads there."""
    held = [
        event(f"e{n}", lesson=f"t{n}", day="2026-09-01", body=b'{"lesson":"t%d"}' % n)
        for n in range(3)
    ]
    with a_store(tmp_path, [agent("6A1"), *held]) as store:
        page = asked(store, "/use/lessons", headers={"cookie": "lang=en"}).text
        assert "3 lessons" in page
        table = asked(store, "/use/lessons?format=csv").text.splitlines()
        assert any(line.startswith("6A1,3,0,") and ",3" in line for line in table), table
        assert "/use/lessons?from=" in asked(store, "/use").text
        empty = asked(
            store, "/use/lessons?from=2026-01-05&to=2026-01-11", headers={"cookie": "lang=en"}
        )
        assert "No lesson was held in these weeks." in empty.text
        assert asked(store, "/use/lessons?sort=evil").status_code == 422
