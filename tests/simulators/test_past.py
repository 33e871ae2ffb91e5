"""What lies behind a played room: lessons of past weeks, told as its agent would have told them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.chain import ROOT
from protocol.messages import (
    AnyEvent,
    DeviceAppeared,
    DeviceVanished,
    LessonEnded,
    LessonStarted,
    RollConfirmed,
)
from protocol.model import DeviceKind, instant
from simulators.equipment import device_id_of, device_of, equipment_of
from simulators.past import ZONE, past_events
from simulators.room import PlayedRoom

NOW_MS = 1_793_232_000_000  # a Wednesday
WEEKS = 2


def told(room: str, seed: int, now_ms: int = NOW_MS) -> tuple[PlayedRoom, list[AnyEvent]]:
    """A room, and what it says of its past."""
    equipment = equipment_of(room, seed, 2)
    played = PlayedRoom(room, equipment, boot="b", beat_s=60, started_ms=now_ms)
    return played, past_events(played, equipment, seed, WEEKS, now_ms)


@given(
    st.sampled_from(("P101", "P102", "P203")), st.integers(1, 5), st.integers(0, 20 * 86_400_000)
)
def test_the_past_is_whole_lessons_on_days_that_are_over(room: str, seed: int, later: int) -> None:
    """In order; each lesson begun, confirmed with a roll and ended; none on a Sunday or today."""
    now_ms = NOW_MS + later
    _, events = told(room, seed, now_ms)
    assert all(before.at_ms <= after.at_ms for before, after in pairwise(events))
    today = instant(now_ms).astimezone(ZONE).date()
    monday = today - timedelta(days=today.weekday(), weeks=WEEKS)
    lessons = [
        one for one in events if isinstance(one, LessonStarted | RollConfirmed | LessonEnded)
    ]
    for start in range(0, len(lessons), 3):
        began, confirmed, ended = lessons[start : start + 3]
        assert isinstance(began, LessonStarted)
        assert isinstance(confirmed, RollConfirmed)
        assert isinstance(ended, LessonEnded)
        assert began.lesson == confirmed.lesson == ended.lesson
        assert ended.confirmed
        day = instant(began.at_ms).astimezone(ZONE).date()
        assert monday <= day < today
        assert day.weekday() < 6
    assert len({one.id for one in events}) == len(events)


def test_boards_are_on_in_lessons_and_here_at_the_end() -> None:
    """They come before a lesson and go after it; then the room stands as it did."""
    _, events = told("P101", 1)
    boards = {
        device_id_of(one)
        for one in equipment_of("P101", 1, 2)
        if device_of(one, 0).kind in {DeviceKind.BOARD, DeviceKind.PROJECTOR}
    }
    here = set(boards)
    for event in events:
        match event:
            case DeviceAppeared(device_id=device_id):
                here.add(device_id)
            case DeviceVanished(device_id=device_id):
                here.discard(device_id)
            case LessonStarted() | LessonEnded():
                assert here == boards
    assert here == boards


@pytest.mark.parametrize("seed", [1, 2])
def test_the_log_of_marks_goes_on_from_the_past(seed: int) -> None:
    """Each record names the one before."""
    _, events = told("P101", seed)
    records = [one for one in events if isinstance(one, RollConfirmed)]
    assert records
    assert all(after.before == before.hash for before, after in pairwise(records))
    assert records[0].before == ROOT
