"""What a room tells with a wrong clock is kept where it belongs, and shown as an estimate."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from controller.attendance.store import lessons_of, rolls_of
from controller.attendance.words import lesson_words
from controller.evidence.chains import chain_findings
from controller.evidence.store import evidence_of
from controller.features import keep_batch
from controller.fleet.dating import DAY_MS, OLDEST_MS, dated
from controller.fleet.fleet import Change, Fleet
from controller.fleet.records import RollRecord
from controller.fleet.store import load_fleet
from protocol.chain import ROOT, link_record
from protocol.messages import (
    AnyEvent,
    LessonEnded,
    LessonStarted,
    RollConfirmed,
    up_from,
)
from protocol.model import END_MS, FIRST_MS, Place, instant
from protocol.outbox import Outbox
from protocol.parcel import TOLD_AGE_S
from protocol.words import translator
from tests.controller.fresh import fresh_store

SCHOOL = Place("14", "00140708")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW_MS = 1_793_750_400_000  # 2026-11-04 in Vietnam
TODAY = "2026-11-04"
YEAR_2031_MS = NOW_MS + 1650 * DAY_MS


def started(at_ms: int, age_s: int | UnsetType = UNSET) -> LessonStarted:
    """A lesson began."""
    return LessonStarted(boot="b", at_ms=at_ms, id="s", room="P1", lesson="l", age_s=age_s)


def confirmed(at_ms: int, day: str, age_s: int = 0) -> RollConfirmed:
    """A roll was confirmed, as the end of a chain."""
    roll = RollConfirmed(boot="b", at_ms=at_ms, id="r", room="P1", lesson="l", day=day, seq=2)
    return link_record(RollConfirmed(**{**fields(roll), "age_s": age_s}), ROOT)


def fields(event: AnyEvent) -> dict[str, object]:
    """By name."""
    return {name: getattr(event, name) for name in event.__struct_fields__}


@given(
    told_ms=st.integers(0, END_MS - 1),
    now_ms=st.integers(FIRST_MS, END_MS - 2 * DAY_MS),
    age_s=st.integers(0, 40 * 86_400),
)
def test_no_time_is_placed_after_it_arrived_or_before_there_was_any(
    told_ms: int, now_ms: int, age_s: int
) -> None:
    """What can be is believed as it was told; all else lies where its age puts it."""
    dating = dated(started(told_ms, age_s), now_ms, ZONE)
    assert FIRST_MS <= dating.at_ms <= now_ms + DAY_MS
    assert dating.day == instant(dating.at_ms).astimezone(ZONE).date().isoformat()
    if dating.told_ms is None:
        assert dating.at_ms == told_ms >= now_ms - OLDEST_MS
    else:
        assert dating.told_ms == told_ms
        assert dating.at_ms == max(FIRST_MS, now_ms - age_s * 1000)
    if max(FIRST_MS, now_ms - OLDEST_MS) <= told_ms <= now_ms - age_s * 1000:
        assert dating.told_ms is None


@given(days=st.integers(-400, 4000), told_ms=st.sampled_from([NOW_MS, 0, YEAR_2031_MS]))
def test_a_roll_of_an_impossible_day_is_of_the_day_of_its_confirmation(
    days: int, told_ms: int
) -> None:
    """It began in 1970, and was confirmed when the clock was right."""
    day = (instant(NOW_MS).astimezone(ZONE).date() + timedelta(days=days)).isoformat()
    dating = dated(confirmed(told_ms, day), NOW_MS, ZONE)
    right = told_ms == NOW_MS and -200 <= days <= 1
    assert (dating.day, dating.told_day) == ((day, None) if right else (TODAY, day))


def test_a_lesson_of_a_wrong_clock_is_in_the_lists_of_the_day(tmp_path: Path) -> None:
    """Of 1970 or 2031, half an hour ago: kept whole, its chain sound, and said to be estimated."""
    for wrong_ms, wrong_day in ((3_600_000, "1970-01-01"), (YEAR_2031_MS, "2031-05-12")):
        with fresh_store(tmp_path) as store:
            fleet = Fleet(SCHOOL, ZONE)
            told = [
                started(wrong_ms, 1800),
                confirmed(wrong_ms + 600_000, wrong_day, 1200),
                LessonEnded(
                    boot="b", at_ms=wrong_ms + 900_000, id="e", room="P1", lesson="l", seq=3
                ),
            ]
            changes = [
                change
                for number, event in enumerate(told, 1)
                for change in fleet.hear(
                    "p1", type(event)(**{**fields(event), "seq": number}), NOW_MS
                )
            ]
            store.write(keep_batch, changes, NOW_MS)
            (lesson,) = store.read(lessons_of, SCHOOL, "1900-01-01", "2999-12-31")
            assert (lesson.day, lesson.estimated, lesson.confirmed) == (TODAY, True, True)
            assert (lesson.began_ms, lesson.ended_ms) == (NOW_MS - 1_800_000, NOW_MS)
            assert "đồng hồ máy ở phòng sai" in lesson_words(lesson, "", say_vietnamese)
            (roll,) = store.read(rolls_of, SCHOOL, day=TODAY)
            assert (roll.told_ms, roll.told_day) == (wrong_ms + 600_000, wrong_day)
            assert chain_findings(store.read(evidence_of, SCHOOL).log) == []


def say_vietnamese(text: str, **values: object) -> str:
    """In Vietnamese."""
    return translator("vi")(text).format(**values)


def test_an_event_says_how_long_it_waited(tmp_path: Path) -> None:
    """In running time, across a restart; a fresh one says nothing, so that nothing is new in it."""
    path, place = tmp_path / "outbox.db", SCHOOL.of_agent("p1")
    with Outbox(path, place, "b1", tells_age=True) as outbox:
        outbox.put(started(0))
        outbox.tick(TOLD_AGE_S - 1)
        assert b"age_s" not in outbox.waiting_events(0, 1)[0].payload
        outbox.tick(3600)
    for tells_age, age_s in ((True, TOLD_AGE_S - 1 + 3600 + 60), (False, None)):
        with Outbox(path, place, "b2", tells_age=tells_age) as outbox:
            outbox.tick(60 if tells_age else 0)
            payload = outbox.waiting_events(0, 1)[0].payload
            event = up_from(payload)
            assert isinstance(event, LessonStarted)
            assert (event.age_s or None) == age_s


@given(
    zone=st.sampled_from(
        ["UTC", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", str(ZONE)]
    ),
    began_ms=st.integers(NOW_MS - 20 * DAY_MS, NOW_MS),
    late_ms=st.integers(0, 7 * DAY_MS),
)
def test_a_roll_is_of_the_day_on_which_its_lesson_began_at_the_school(
    zone: str, began_ms: int, late_ms: int
) -> None:
    """A room that never met its school goes by another zone, and confirms up to a week late."""
    fleet = Fleet(SCHOOL, ZONE)
    told_day = instant(began_ms).astimezone(ZoneInfo(zone)).date().isoformat()
    right_day = instant(began_ms).astimezone(ZONE).date().isoformat()
    now_ms = began_ms + late_ms
    told = [started(began_ms, late_ms // 1000), confirmed(now_ms, told_day)]
    roll = roll_of(fleet, told, now_ms)
    assert (roll.day, roll.told_day) == (right_day, None if told_day == right_day else told_day)


def test_a_start_is_known_after_the_controller_started_anew(tmp_path: Path) -> None:
    """And one that a false clock told says nothing of the day."""
    utc_day = "2026-11-03"
    began_ms = NOW_MS - 60_000  # 00:39 in Vietnam, 17:39 of the day before in UTC
    for at_ms, day in ((began_ms, TODAY), (YEAR_2031_MS, utc_day)):
        with fresh_store(tmp_path) as store:
            fleet = Fleet(SCHOOL, ZONE)
            store.write(keep_batch, hear(fleet, started(at_ms), 1), NOW_MS)
            again = store.read(load_fleet, SCHOOL, ZONE, device_silent_s=900, awake_since_ms=NOW_MS)
            (roll,) = [
                one
                for one in hear(again, confirmed(NOW_MS, utc_day), 2)
                if isinstance(one, RollRecord)
            ]
            assert (roll.day, roll.told_day) == (day, utc_day if day == TODAY else None)


def hear(fleet: Fleet, event: AnyEvent, number: int, now_ms: int = NOW_MS) -> list[Change]:
    """One event of a room."""
    return fleet.hear("p1", type(event)(**{**fields(event), "seq": number}), now_ms)


def roll_of(fleet: Fleet, events: list[AnyEvent], now_ms: int) -> RollRecord:
    """The roll that comes of these."""
    changes = [one for at, event in enumerate(events, 1) for one in hear(fleet, event, at, now_ms)]
    (roll,) = [one for one in changes if isinstance(one, RollRecord)]
    return roll
