"""A past day goes by what the school planned then, held against days that are lived through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.attendance.missed import missed_on
from controller.attendance.morning import early_lessons
from controller.attendance.sheet import NOT_TAKEN, attendance_of
from controller.database.store import Store
from controller.roster.calendar import bookings_on, is_school_day, rings_of
from controller.roster.plan import Lists, Schedule, SchoolClass, SchoolPlan
from controller.roster.store import keep_lists, keep_schedule, plan_of
from controller.use.planned import planned_min
from protocol.model import Place
from protocol.plan import Bell, Booking, Holiday, Pupil, Term
from tests.controller.web_school import a_store

SCHOOL = Place("14", "00140708")
MONDAY = date(2026, 9, 7)
WEEK = (1, 2, 3, 4, 5, 6, 7)
CLOCKS = ("07:00", "07:15", "08:00", "09:50", "13:00")


def bell(period: int, begins: str) -> Bell:
    """A period of three quarters of an hour."""
    ends = datetime.strptime(begins, "%H:%M").replace(tzinfo=UTC) + timedelta(minutes=45)
    return Bell(period=period, begins=begins, ends=f"{ends:%H:%M}", weekdays=WEEK)


def booking(weekday: int, period: int, class_code: str, weeks: str = "every") -> Booking:
    """A lesson in a room of its own name."""
    return Booking(
        weekday=weekday, period=period, room=class_code, classes=(class_code,), weeks=weeks
    )


class Change(NamedTuple):
    """What the office brings in, and when."""

    at: datetime
    schedule: Schedule


def _bells() -> st.SearchStrategy[tuple[Bell, ...]]:
    clocks = st.lists(st.sampled_from(CLOCKS), unique=True, min_size=1, max_size=4)
    return clocks.map(lambda some: tuple(bell(n, begins) for n, begins in enumerate(some, 1)))


def _timetable() -> st.SearchStrategy[tuple[Booking, ...]]:
    lines = st.builds(
        booking,
        st.integers(1, 3),
        st.integers(1, 4),
        st.sampled_from(["6A1", "6A2"]),
        st.sampled_from(["every", "every", "odd", "even"]),
    )
    return st.lists(
        lines, max_size=8, unique_by=lambda one: (one.weekday, one.period, one.room, one.weeks)
    ).map(tuple)


def _days(kind: type[Term | Holiday]) -> st.SearchStrategy[tuple[Term | Holiday, ...]]:
    begins = st.sampled_from([date(2026, 9, 5), MONDAY, MONDAY + timedelta(days=1)])
    one = begins.flatmap(
        lambda first: st.sampled_from([0, 1, 60]).map(
            lambda count: kind(name="", begins=f"{first}", ends=f"{first + timedelta(days=count)}")
        )
    )
    return st.lists(one, max_size=1).map(tuple)


SCHEDULES = st.builds(
    Schedule,
    bells=st.none() | _bells(),
    terms=st.none() | _days(Term),
    holidays=st.none() | st.just(()) | _days(Holiday),
    timetable=st.none() | _timetable(),
)
MOMENTS = st.builds(
    lambda day, hour, minute: datetime(2026, 9, 7 + day, hour, minute, tzinfo=UTC),
    st.integers(0, 3),
    st.sampled_from([6, 7, 8, 9, 13]),
    st.sampled_from([0, 10, 15, 50]),
)
HISTORIES = st.lists(
    st.builds(Change, MOMENTS, SCHEDULES), max_size=4, unique_by=lambda change: change.at
).map(lambda changes: sorted(changes, key=lambda change: change.at))


class Held(NamedTuple):
    """What the office's screens showed at a minute; None: nobody had brought it in yet."""

    bells: tuple[Bell, ...] | None = None
    terms: tuple[Term, ...] | None = None
    holidays: tuple[Holiday, ...] | None = None
    timetable: tuple[Booking, ...] | None = None

    def after(self, schedule: Schedule) -> Held:
        """What was brought in takes the place; an empty part counts once there was a full one."""
        values = {}
        for name in self._fields:
            given, before = getattr(schedule, name), getattr(self, name)
            known = given is not None and (len(given) > 0 or before is not None)
            values[name] = given if known else before
        return Held(**values)


class Model:
    """Plain sense: a day is lived through bell by bell, with what hung on the wall then."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = changes
        held, self.history = Held(), list[tuple[datetime, Held]]()
        for change in changes:
            held = held.after(change.schedule)
            self.history.append((change.at, held))

    def at(self, moment: datetime) -> Held:
        """What hung on the wall; of a part that nobody had brought in yet, the first one."""
        past = [held for at, held in self.history if at <= moment]
        now = past[-1] if past else Held()
        first = {
            name: next(
                (one for _, held in self.history if (one := getattr(held, name)) is not None), ()
            )
            for name in Held._fields
        }
        return Held(
            **{
                name: first[name] if getattr(now, name) is None else getattr(now, name)
                for name in Held._fields
            }
        )

    def is_free(self, held: Held, day: date) -> bool:
        """Whether nobody learns that day."""
        text = day.isoformat()
        return any(one.begins <= text <= one.ends for one in held.holidays or ()) or bool(
            held.terms and not any(one.begins <= text <= one.ends for one in held.terms)
        )

    def lived(self, day: date) -> tuple[dict[int, str], set[tuple[int, str]]]:
        """When each period of the day begins, and who learns in which."""
        rings, lines = dict[int, str](), set[tuple[int, str]]()
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for minute in sorted({60 * int(one[:2]) + int(one[3:]) for one in CLOCKS}):
            now = midnight + timedelta(minutes=minute)
            held = self.at(now)
            for one in held.bells or ():
                if one.period not in rings and one.begins == f"{now:%H:%M}":
                    rings[one.period] = one.begins
                    lines |= self.learning(held, day, one.period)
        last = self.at(midnight + timedelta(days=1) - timedelta(minutes=1))
        never = {one.period: one.begins for one in last.bells or () if one.period not in rings}
        for period in range(1, 9):
            if period not in rings:
                lines |= self.learning(last, day, period)
        rings |= never
        now_held = self.at(datetime(2027, 1, 1, tzinfo=UTC))
        is_holiday = any(
            one.begins <= day.isoformat() <= one.ends for one in now_held.holidays or ()
        )
        return rings, set() if is_holiday or self.is_free(last, day) else lines

    def learning(self, held: Held, day: date, period: int) -> set[tuple[int, str]]:
        """Who learns in a period by what hangs there."""
        if self.is_free(held, day):
            return set()
        first = min((one.begins for one in held.terms or ()), default="")
        week = None
        if first and first <= day.isoformat():
            start = date.fromisoformat(first)
            monday, own = (one - timedelta(days=one.weekday()) for one in (start, day))
            week = "odd" if (own - monday).days // 7 % 2 == 0 else "even"
        return {
            (period, one.classes[0])
            for one in held.timetable or ()
            if (one.weekday, one.period) == (day.isoweekday(), period)
            and (one.weeks == "every" or week in {None, one.weeks})
        }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A database for every history: each has a school of its own."""
    with a_store(tmp_path_factory.mktemp("past")) as opened:
        yield opened


_SCHOOLS = iter(range(1, 1 << 30))


def planned(store: Store, changes: Sequence[Change]) -> SchoolPlan:
    """What a school's database tells after all that its office brought in."""
    place = Place("14", f"{next(_SCHOOLS):08}")
    for change in changes:
        store.write(keep_schedule, place, change.schedule, change.at)
    return store.read(plan_of, place)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(HISTORIES)
def test_each_period_goes_by_what_was_planned_as_it_began(
    store: Store, changes: list[Change]
) -> None:
    """Whatever was brought in since; on days before anything was, by the first that was."""
    plan, model = planned(store, changes), Model(changes)
    for number in range(-1, 5):
        day = MONDAY + timedelta(days=number)
        rings, lines = model.lived(day)
        begins = {period: begin for period, (begin, _) in rings_of(plan, day).items()}
        assert {period: f"{at // 60:02}:{at % 60:02}" for period, at in begins.items()} == rings
        assert {(one.period, one.classes[0]) for one in bookings_on(plan, day)} == lines
        assert is_school_day(plan, day) or not lines


FIRST = Schedule(
    bells=(bell(1, "07:00"), bell(2, "13:00")),
    timetable=tuple(booking(day, 1, "6A1") for day in WEEK),
)
SECOND = Schedule(
    bells=(bell(1, "07:30"), bell(2, "13:30")),
    timetable=tuple(booking(day, 2, "6A2") for day in WEEK),
)


@pytest.fixture
def changed(tmp_path: Path) -> Iterator[Store]:
    """6A1 learned in the morning until Wednesday noon, 6A2 learns in the afternoon since."""
    with a_store(tmp_path) as opened:
        pupil = Pupil(number=1, student="s1", name="Bùi Thị Kín")
        classes = tuple(SchoolClass(code=code, pupils=(pupil,)) for code in ("6A1", "6A2"))
        opened.write(keep_lists, SCHOOL, Lists(classes=classes), day="2026-09-01")
        opened.write(keep_schedule, SCHOOL, FIRST, datetime(2026, 9, 1, tzinfo=UTC))
        opened.write(keep_schedule, SCHOOL, SECOND, datetime(2026, 9, 9, 12, 0, tzinfo=UTC))
        yield opened


def test_every_reader_judges_a_past_day_by_what_held_then(changed: Store) -> None:
    """Lessons nobody told of, who is asked for by eight, the week's sheet, and a room's use."""
    plan, now = changed.read(plan_of, SCHOOL), datetime(2026, 9, 11, 18, 0, tzinfo=UTC)
    missed = {
        day: [one.classes[0] for one in missed_on(plan, (), SCHOOL, f"2026-09-{day}", now)]
        for day in ("07", "08", "09", "10", "11")
    }
    assert missed == {
        "07": ["6A1"],
        "08": ["6A1"],
        "09": ["6A1", "6A2"],
        "10": ["6A2"],
        "11": ["6A2"],
    }
    assert [*early_lessons(plan, (), "2026-09-08", now)] == ["6A1"]
    assert [*early_lessons(plan, (), "2026-09-10", now)] == []
    sheet = attendance_of(changed, SCHOOL, "6A1", "2026-09-07", "2026-09-11", now=now).sheet
    [line] = sheet.lines
    assert [sheet.sign(cells) for cells in line.halves] == [NOT_TAKEN] * 3 + ["", ""]
    assert planned_min(plan, MONDAY) == {"p6a1": 3 * 45, "p6a2": 5 * 45}


def test_a_holiday_that_is_given_afterwards_counts_and_an_old_one_stays(changed: Store) -> None:
    """A storm closes the school before anybody can enter it; the next year's list forgets it."""
    store, at = changed, datetime(2026, 9, 2, 8, 0, tzinfo=UTC)
    feast = Holiday(name="Quốc khánh", begins="2026-09-02", ends="2026-09-02")
    storm = Holiday(name="Bão", begins="2026-09-08", ends="2026-09-08")
    flood = Holiday(name="Lũ", begins="2026-09-14", ends="2026-09-14")

    def learns(day: int) -> bool:
        return bool([*bookings_on(store.read(plan_of, SCHOOL), date(2026, 9, day))])

    store.write(keep_schedule, SCHOOL, Schedule(holidays=(feast,)), at)
    assert [learns(day) for day in (2, 8, 14)] == [False, True, True]
    store.write(keep_schedule, SCHOOL, Schedule(holidays=(feast, storm)), at + timedelta(days=8))
    assert [learns(day) for day in (2, 8, 14)] == [False, False, True]
    store.write(keep_schedule, SCHOOL, Schedule(holidays=(flood,)), at + timedelta(days=9))
    assert [learns(day) for day in (2, 8, 14)] == [False, True, False]
    store.write(keep_schedule, SCHOOL, Schedule(holidays=()), at + timedelta(days=13))
    assert [learns(day) for day in (2, 8, 14)] == [False, True, False]
