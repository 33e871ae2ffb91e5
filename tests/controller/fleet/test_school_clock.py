"""The school's clock: told in each session while it is sure; rooms days off are dated by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from controller.attendance.store import lessons_of
from controller.fleet.dating import MAX_STARTS, local_day
from controller.fleet.records import AgentRecord
from controller.fleet.sessions import ROUND_S, ClockRounds
from protocol.messages import LessonStarted, Presence, RollConfirmed, SchoolClock, down_from
from protocol.model import Place
from tests.controller.ears import Ears, arrival
from tests.controller.test_ingest import SCHOOL, birth
from tests.controller.web_school import a_program, a_store

DAY_MS = 86_400_000
ROOM = SCHOOL.of_agent("p203")


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    """An ingest without a broker."""
    with a_store(tmp_path) as store:
        yield Ears(a_program(store, scope=SCHOOL))


def clocks(ears: Ears) -> list[SchoolClock]:
    words = (down_from(letter.payload) for letter in ears.link.letters)
    return [word for word in words if isinstance(word, SchoolClock)]


def test_an_agent_is_told_the_time_once_in_each_session(ears: Ears) -> None:
    """With the school's zone; a repeat of what it said tells it nothing anew."""
    ears.take(arrival(ROOM, replace(birth(), boot="b", session=1, rev=1)))
    ears.take(arrival(ROOM, replace(birth(), boot="b", session=1, rev=2)))
    (told,) = clocks(ears)
    assert (told.zone, told.boot) == (ears.program.zone.key, ears.program.boot)
    assert abs(told.at_ms - ears.program.now_ms()) < DAY_MS
    ears.take(arrival(ROOM, replace(birth(), boot="later", session=2, rev=1)))
    assert len(clocks(ears)) == 2


def test_a_school_that_is_not_sure_of_the_time_tells_none(
    ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rooms would bear witness to what they were told."""
    clock = ears.program.clock
    years_ahead_ms = clock.look() + 800 * DAY_MS
    monkeypatch.setattr(clock, "wall_ms", lambda: years_ahead_ms)
    ears.take(arrival(ROOM, replace(birth(), boot="b", session=1, rev=1)))
    assert clocks(ears) == []


def test_everybody_is_told_again_at_times() -> None:
    """A clock may have been set meanwhile; whoever is away hears it in the next session."""
    rounds = ClockRounds()
    near, away = (
        AgentRecord(place=Place("14", "s", name), boot="b", session=1, online=name == "near")
        for name in ("near", "away")
    )
    rounds.see([near, away])
    assert rounds.due([near, away], 0.0) == [near]
    assert rounds.due([near, away], ROUND_S - 1) == []
    assert rounds.due([near, away], ROUND_S) == [near]


@pytest.mark.parametrize("later", [0, 1, MAX_STARTS - 1])
def test_a_lesson_held_three_days_behind_stands_at_the_day_on_which_it_was(
    ears: Ears, later: int
) -> None:
    """Its computer never heard of the school before the lesson's end; nothing is there twice.

    Later starts, whose clock is right, may have spoken before it is told.
    """
    now_ms = ears.program.now_ms()
    behind_ms = now_ms - 3 * DAY_MS
    wrong_day = day_at(ears, behind_ms)
    said = {"boot": "b", "room": "P203", "lesson": "l1", "classes": ("6A1",)}
    messages = [
        LessonStarted(**said, id="e1", seq=1, at_ms=behind_ms - 2_400_000, age_s=2400),
        RollConfirmed(**said, id="e2", seq=2, at_ms=behind_ms - 60_000, age_s=60, day=wrong_day),
    ]
    starts = [("b", behind_ms), *((f"later {number}", now_ms) for number in range(later))]
    ears.take(
        *(
            arrival(ROOM, Presence(boot=boot, at_ms=at_ms, session=1, online=True))
            for boot, at_ms in starts
        ),
        *(arrival(ROOM, message) for message in messages),
        *(arrival(ROOM, message) for message in messages),
    )
    held = ears.program.store.read(lessons_of, SCHOOL, "2000-01-01", "2999-01-01")
    assert [(one.lesson, one.day) for one in held] == [("l1", day_at(ears, now_ms - 2_400_000))]


def day_at(ears: Ears, at_ms: int) -> str:
    return local_day(at_ms, ears.program.zone)
