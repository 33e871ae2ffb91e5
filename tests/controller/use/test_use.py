"""How long boards were on and used: no idle hour counts, and what nobody saw is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.database.forgetting import forget_before
from controller.database.store import Store
from controller.features import ages, keep_batch
from controller.fleet.fleet import Change, Fleet
from controller.fleet.records import LessonRecord
from controller.fleet.store import load_fleet
from controller.roster.plan import Schedule, SchoolPlan
from controller.roster.store import keep_schedule
from controller.sheets.names import room_key
from controller.use.hours import (
    GONE,
    HERE,
    WEEK_MIN,
    Board,
    BoardWeek,
    Evidence,
    Sign,
    Watch,
    monday_of,
    summed,
    use_in,
    week_span,
)
from controller.use.planned import lesson_spans, planned_min
from controller.use.report import UseVerdict, boards_in, schools_in
from controller.use.signs import signs_of, watches_of
from controller.use.spans import Span, merged, overlap, total
from controller.use.store import bring_up_use, keep_use, use_of
from protocol.messages import (
    Birth,
    DeviceAppeared,
    DeviceState,
    DeviceVanished,
    Ending,
    Health,
    LessonEnded,
    LessonStarted,
    Presence,
    Up,
)
from protocol.model import Device, DeviceKind, DeviceMeasures, Place, Reason, Status, millis
from protocol.plan import Bell, Booking, Holiday, Term
from tests.databases import Database

SINCE = datetime(2026, 9, 1, tzinfo=UTC)
SCHOOL = Place("79", "00123")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY = date(2026, 11, 2)
MINUTE, HOUR = 60_000, 3_600_000
WEEK = week_span(MONDAY, ZONE)
BOARD = Board("usb-1", "board", "P203", 0)
BELLS = (Bell(period=1, begins="07:00", ends="07:45"), Bell(period=2, begins="07:50", ends="08:35"))


def at(clock: str, day: int = 2) -> int:
    """A moment of the week, by the clock on the wall."""
    return millis(datetime.fromisoformat(f"2026-11-{day:02}T{clock}").replace(tzinfo=ZONE))


def sign(clock: str, state: str = HERE, sense: str = "presence", boot: str = "b1") -> Sign:
    return Sign("usb-1", "may-1", boot, "P203", at(clock), sense, state)


def watch(began: str, until: str, boot: str = "b1") -> Watch:
    return Watch("may-1", boot, "P203", at(began), at(until))


def lines_of(seen: Evidence, week: Span = WEEK) -> list[BoardWeek]:
    """The week, out of the evidence."""
    return use_in(week, summed(seen), {})


def a_line(
    signs: Sequence[Sign],
    watches: Sequence[Watch],
    lessons: Sequence[tuple[str, str]] = (),
) -> BoardWeek:
    """The board's week."""
    held = {"p203": [(at(began), at(until)) for began, until in lessons]}
    (line,) = lines_of(Evidence([BOARD], signs, watches, held))
    return line


def minutes(line: BoardWeek) -> tuple[int, int, int]:
    return line.on_min, line.used_min, line.known_min


def test_on_but_idle_is_not_use() -> None:
    """On from 7 to 11, a lesson from 7:30 to 8:15: four hours on, 45 minutes used."""
    told = a_line(
        [sign("07:00"), sign("11:00", GONE)],
        [watch("06:50", "12:00")],
        [("07:30", "08:15"), ("11:10", "11:55")],
    )
    assert minutes(told) == (240, 45, 310)


def test_an_agent_without_a_last_word_leaves_the_board_unknown() -> None:
    """The board is on until the agent's last sign, and the new run begins without it."""
    signs = [sign("07:00"), sign("10:00", boot="b2"), sign("10:30", GONE, boot="b2")]
    told = a_line(signs, [watch("07:00", "08:00"), watch("09:30", "11:00", "b2")])
    assert minutes(told) == (60 + 30, 0, 60 + 90)


def test_a_short_silence_of_one_run_is_bridged_and_a_long_one_is_not() -> None:
    """50 minutes of a controller's restart count; a night's sleep of the laptop does not."""
    short = a_line([sign("07:00")], [watch("07:00", "08:00"), watch("08:50", "10:00")])
    long = a_line([sign("07:00")], [watch("07:00", "08:00"), watch("14:00", "15:00")])
    assert (minutes(short), minutes(long)) == ((180, 0, 180), (120, 0, 120))


def test_a_projectors_own_word_is_better_than_its_presence() -> None:
    """It answers all day; its lamp burns an hour and a half, then it cools."""
    signs = [
        sign("06:00"),
        sign("06:00", "off", "power"),
        sign("07:00", "warming", "power"),
        sign("07:01", "on", "power"),
        sign("08:30", "cooling", "power"),
        sign("08:32", "off", "power"),
    ]
    assert minutes(a_line(signs, [watch("06:00", "18:00")]))[0] == 90


def test_a_dead_agents_week_is_not_known() -> None:
    """No sign at all: 0 minutes known, which is not 0 minutes used."""
    told = a_line([], [])
    (board,) = boards_in([(SCHOOL, "2026-11-02", told)])
    assert (minutes(told), told.is_known, board.verdict) == ((0, 0, 0), False, UseVerdict.UNKNOWN)


def test_a_board_that_is_moved_has_a_line_in_each_room() -> None:
    """From P203 to P204, whose agent sees it next."""
    moved = Sign("usb-1", "may-2", "b9", "P204", at("09:00"), "presence", HERE)
    watches = [watch("07:00", "10:00"), Watch("may-2", "b9", "P204", at("07:00"), at("10:00"))]
    seen = Evidence(
        [BOARD._replace(room="P204")],
        [sign("07:00"), sign("08:00", GONE), moved],
        watches,
        {},
    )
    told = [(each.room, each.on_min, each.known_min) for each in lines_of(seen)]
    assert told == [("P203", 60, 180), ("P204", 60, 180)]
    later = seen._replace(signs=[*seen.signs, moved._replace(room="P205", at_ms=WEEK[1] + HOUR)])
    assert [each.room for each in lines_of(later)] == ["P203", "P204"]


def test_a_room_has_one_line_however_it_is_written() -> None:
    """203, Phòng 203 and P203 are one room, over the week and over the weeks."""
    watches = [watch("07:00", "08:00"), Watch("may-2", "b9", "Phòng 203", at("08:00"), at("10:00"))]
    signs = [
        sign("07:00")._replace(room="203"),
        sign("08:00", GONE)._replace(room="203"),
        Sign("usb-1", "may-2", "b9", "Phòng 203", at("08:00"), "presence", HERE),
    ]
    held = {"p203": [(at("07:30"), at("09:00"))]}
    (line,) = lines_of(Evidence([BOARD], signs, watches, held))
    assert (line.room, minutes(line)) == ("P203", (180, 90, 180))
    weeks = [(SCHOOL, room, replace(line, room=room)) for room in ("203", "P203")]
    (board,) = boards_in(weeks)
    assert (board.room, board.used_min) == ("P203", 180)


def test_a_room_without_an_agent_is_known_by_whoever_tells_of_its_board() -> None:
    """A projector of P300, asked over the network from P203."""
    remote = sign("08:00")._replace(room="P300")
    seen = Evidence([BOARD._replace(room="P300")], [remote], [watch("07:00", "10:00")], {})
    assert [minutes(each) for each in lines_of(seen)] == [(120, 0, 180)]


def test_weeks_are_the_schools_own_also_over_new_year_and_a_change_of_clocks() -> None:
    """ISO weeks by the wall's clock; a zone with summer time is taken as well."""
    eve = millis(datetime(2026, 12, 31, 23, tzinfo=ZONE))
    assert monday_of(eve, ZONE) == monday_of(eve + 3 * 24 * HOUR, ZONE) == date(2026, 12, 28)
    assert monday_of(at("00:00"), ZONE) == MONDAY
    assert monday_of(at("00:00") - 1, ZONE) == date(2026, 10, 26)
    autumn = week_span(date(2026, 10, 19), ZoneInfo("Europe/Berlin"))
    assert total([autumn]) == (7 * 24 + 1) * HOUR
    always = Watch("may-1", "b1", "P203", 0, 1 << 52)
    here = sign("07:00")._replace(at_ms=1)
    (line,) = lines_of(Evidence([BOARD], [here], [always], {"p203": [autumn]}), autumn)
    assert minutes(line) == (WEEK_MIN, WEEK_MIN, WEEK_MIN)


MOMENTS = st.integers(WEEK[0] - 2 * 24 * HOUR, WEEK[1] + 24 * HOUR)
SPANS = st.tuples(MOMENTS, st.integers(0, 20 * HOUR)).map(lambda each: (each[0], sum(each)))
SIGNS = st.lists(
    st.builds(
        Sign,
        st.sampled_from(["usb-1", "usb-2"]),
        st.sampled_from(["may-1", "may-2"]),
        st.sampled_from(["b1", "b2"]),
        st.sampled_from(["P203", "P204"]),
        MOMENTS,
        st.just("presence"),
        st.sampled_from([HERE, GONE]),
    )
    | st.builds(
        Sign,
        st.just("usb-1"),
        st.just("may-1"),
        st.just("b1"),
        st.just("P203"),
        MOMENTS,
        st.just("power"),
        st.sampled_from(["on", "off", "cooling", "unknown"]),
    ),
    max_size=12,
)
WATCHES = st.lists(
    st.builds(
        lambda agent, boot, room, span: Watch(agent, boot, room, *span),
        st.sampled_from(["may-1", "may-2"]),
        st.sampled_from(["b1", "b2"]),
        st.sampled_from(["P203", "P204", "?"]),
        SPANS,
    ),
    max_size=8,
)
BOARDS = [BOARD, Board("usb-2", "projector", "P204", 0)]


@given(SIGNS, WATCHES, st.lists(SPANS, max_size=6))
def test_used_is_never_more_than_on_nor_on_than_known(
    signs: list[Sign], watches: list[Watch], lessons: list[Span]
) -> None:
    """Whatever is told, in any order and twice: 0 <= used <= on <= known <= a week."""
    held = {"p203": merged(lessons), "p204": merged(lessons[:2])}
    told = lines_of(Evidence(BOARDS, signs, watches, held))
    for each in told:
        assert 0 <= each.used_min <= each.on_min <= each.known_min <= WEEK_MIN
    again = Evidence(BOARDS, [*reversed(signs), *signs], [*watches[::-1], *watches], held)
    assert lines_of(again) == told


@given(SIGNS, WATCHES, st.lists(SPANS, max_size=6))
def test_a_lesson_adds_no_use_to_a_board_that_is_off(
    signs: list[Sign], watches: list[Watch], lessons: list[Span]
) -> None:
    """Only lessons while it is on count: those outside change nothing."""
    on = summed(Evidence(BOARDS, signs, watches, {})).on
    for device_id, room in on:
        off = [lesson for lesson in merged(lessons) if not overlap([lesson], on[device_id, room])]
        held = {"p203": off, "p204": off}
        told = lines_of(Evidence(BOARDS, signs, watches, held))
        used = [e.used_min for e in told if (e.device_id, room_key(e.room)) == (device_id, room)]
        assert sum(used) == 0


@given(st.lists(SPANS, max_size=8), st.lists(SPANS, max_size=8))
def test_sums_of_spans_agree_with_minutes_counted_one_by_one(
    one: list[Span], other: list[Span]
) -> None:
    """Against sets of whole minutes."""

    def counted(spans: list[Span]) -> set[int]:
        return {each for began, until in spans for each in range(began // HOUR, until // HOUR)}

    whole = [[(a // HOUR * HOUR, b // HOUR * HOUR) for a, b in spans] for spans in (one, other)]
    ours, theirs = merged(whole[0]), merged(whole[1])
    assert total(ours) == len(counted(whole[0])) * HOUR
    assert total(overlap(ours, theirs)) == len(counted(whole[0]) & counted(whole[1])) * HOUR


def a_plan(**parts: object) -> SchoolPlan:
    """Two periods; P203 is booked in both on Mondays, in odd weeks once more on Tuesday."""
    told = SchoolPlan(
        bells=BELLS,
        timetable=(
            Booking(weekday=1, period=1, room="P203", classes=("6A1",)),
            Booking(weekday=1, period=2, room="Phòng 203", classes=("6A1",)),
            Booking(weekday=2, period=1, room="P203", classes=("6A2",), weeks="odd"),
            Booking(weekday=2, period=9, room="P203", classes=("6A2",)),
        ),
    )
    return replace(told, **parts)


@pytest.mark.parametrize(
    ("parts", "planned"),
    [
        ({}, {"p203": 135}),
        ({"terms": (Term(name="1", begins="2026-10-28", ends="2026-12-31"),)}, {"p203": 90}),
        ({"terms": (Term(name="1", begins="2026-11-03", ends="2026-12-31"),)}, {"p203": 45}),
        ({"holidays": (Holiday(name="Lễ", begins="2026-11-02", ends="2026-11-02"),)}, {"p203": 45}),
        ({"holidays": (Holiday(name="Tết", begins="2026-11-01", ends="2026-11-09"),)}, {}),
        ({"bells": ()}, {}),
    ],
)
def test_planned_hours_are_bookings_by_bells_without_holidays(
    parts: dict[str, object], planned: dict[str, int]
) -> None:
    """Odd weeks are counted from the first term's Monday; a period without a bell has no length."""
    assert planned_min(a_plan(**parts), MONDAY) == planned


def a_lesson(**told: object) -> LessonRecord:
    taught = LessonRecord(
        place=SCHOOL.of_agent("may-1"),
        lesson="l1",
        room="P203",
        period=1,
        day="2026-11-02",
        began_ms=at("07:02"),
        ended_ms=at("07:40"),
        how=Ending.TEACHER,
    )
    return replace(taught, **told)


UNTOLD = {"ended_ms": None, "how": None}


@pytest.mark.parametrize(
    ("lessons", "span"),
    [
        ([a_lesson()], ("07:02", "07:40")),
        ([a_lesson(**UNTOLD)], ("07:02", "07:55")),
        ([a_lesson(**UNTOLD, period=None)], ("07:02", "10:02")),
        ([a_lesson(**UNTOLD, period=None), a_lesson(began_ms=at("07:50"))], ("07:02", "07:50")),
        ([a_lesson(ended_ms=at("23:00"))], ("07:02", "10:02")),
        ([a_lesson(how=Ending.UNDONE)], None),
        ([a_lesson(began_ms=None)], None),
    ],
)
def test_a_lesson_without_an_end_ends_at_the_bell_and_its_grace(
    lessons: list[LessonRecord], span: tuple[str, str] | None
) -> None:
    """Else where the next begins, else after three hours; one whose start was undone is none."""
    told = lesson_spans(lessons, a_plan(), ZONE, at("12:00", 3))
    assert told.get("p203", []) == ([(at(span[0]), at(span[1]))] if span else [])


def test_a_lesson_that_runs_has_lasted_until_now() -> None:
    """No minute that has not come yet is use."""
    told = lesson_spans([a_lesson(**UNTOLD)], a_plan(), ZONE, at("07:20"))
    assert told == {"p203": [(at("07:02"), at("07:20"))]}


def test_a_board_is_hardly_used_below_an_hour_a_week_and_a_holiday_does_not_count() -> None:
    """Four weeks: used 90, used 20, a holiday, one that nobody saw."""
    taught = BoardWeek(device_id="d", room="P203", kind="board", planned_min=900)
    weeks = [
        replace(taught, on_min=200, used_min=90, known_min=2000),
        replace(taught, on_min=20, used_min=20, known_min=2000),
        replace(taught, planned_min=0, known_min=10_000),
        replace(taught, known_min=30),
    ]
    (told,) = boards_in((SCHOOL, str(number), each) for number, each in enumerate(weeks))
    assert (told.weeks, told.weeks_unknown, told.used_week_min) == (2, 1, 55.0)
    assert told.verdict is UseVerdict.LOW
    (school,) = schools_in([told])
    assert (school.boards, school.low, school.unknown, school.used_min) == (1, 1, 0, 110)


class Classroom:
    """An agent's words to a real fleet and a real store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.fleet = Fleet(SCHOOL, ZONE)
        self.numbers = count(1)

    def hear(self, *messages: Up, now_ms: int) -> None:
        """The controller takes the messages at once."""
        changes: list[Change] = []
        for each in messages:
            changes += self.fleet.hear("may-1", each, now_ms)
        self.store.write(keep_batch, changes, now_ms)

    def birth(self, now_ms: int, *devices: Device, boot: str = "b1", session: int = 1) -> Birth:
        """All that the agent knows."""
        self.hear(Presence(boot=boot, at_ms=now_ms, session=session, online=True), now_ms=now_ms)
        return Birth(
            boot=boot,
            at_ms=now_ms,
            rev=next(self.numbers),
            session=session,
            room="P203",
            beat_s=60,
            status=Status.OK,
            devices=devices,
        )

    def beat(self, began_ms: int, until_ms: int, boot: str = "b1") -> None:
        """A healthy beat each ten minutes."""
        for now_ms in range(began_ms, until_ms + 1, 10 * MINUTE):
            told = Health(
                boot=boot,
                at_ms=now_ms,
                rev=next(self.numbers),
                status=Status.OK,
                seen=("usb-1",),
            )
            self.hear(told, now_ms=now_ms)

    def event(self, kind: Any, at_ms: int, boot: str = "b1", **told: object) -> Any:
        """Something that happened."""
        number = next(self.numbers)
        return kind(boot=boot, at_ms=at_ms, id=f"e{number}", seq=number, room="P203", **told)


def a_board(kind: DeviceKind = DeviceKind.BOARD, **told: object) -> Device:
    known = Device(device_id="usb-1", kind=kind, status=Status.OK, first_seen_ms=1, last_seen_ms=1)
    return replace(known, **told)


@pytest.fixture
def classroom(database: Database) -> Iterator[Classroom]:
    """A room of a school that has bells and one booking."""
    with Store(database.url) as store:
        with store.locked(SCHOOL) as db:
            booked = (Booking(weekday=1, period=1, room="P 203", classes=("6A1",)),)
            keep_schedule(db, SCHOOL, Schedule(bells=BELLS, timetable=booked), SINCE)
        yield Classroom(store)


def a_morning(room: Classroom) -> None:
    """On from 7:00 to 9:00, a lesson from 7:05 to 7:45; the agent beats until 10:00."""
    board = a_board()
    room.hear(room.birth(at("06:30")), now_ms=at("06:30"))
    room.beat(at("06:40"), at("07:00"))
    seen = DeviceState(boot="b1", at_ms=at("07:00"), rev=next(room.numbers), device=board)
    came = room.event(DeviceAppeared, at("07:00"), device_id="usb-1")
    room.hear(seen, came, now_ms=at("07:00"))
    room.hear(room.event(LessonStarted, at("07:05"), lesson="l1", period=1), now_ms=at("07:05"))
    room.beat(at("07:10"), at("07:40"))
    room.hear(room.event(LessonEnded, at("07:45"), lesson="l1"), now_ms=at("07:45"))
    room.beat(at("07:50"), at("08:50"))
    gone = replace(board, status=Status.UNKNOWN, reasons=(Reason("unplugged"),))
    left = DeviceState(boot="b1", at_ms=at("09:00"), rev=next(room.numbers), device=gone)
    went = room.event(DeviceVanished, at("09:00"), device_id="usb-1", reason="unplugged")
    room.hear(left, went, now_ms=at("09:00"))
    room.beat(at("09:10"), at("10:00"))


def kept(room: Classroom, week: str = "2026-11-02") -> list[tuple[int, int, int, int]]:
    with room.store.view() as db:
        lines = [each.line for each in use_of(db, SCHOOL, week, week)]
    return [(e.on_min, e.used_min, e.planned_min, e.known_min) for e in lines]


def test_what_an_agent_tells_becomes_a_week_of_use(classroom: Classroom) -> None:
    """Through the real fleet and store: 120 minutes on, 40 used, 45 planned, 210 known."""
    a_morning(classroom)
    changed = bring_up_use(classroom.store, SCHOOL, ZONE, at("12:00"))
    assert list(changed) == ["2026-11-02"]
    assert kept(classroom) == [(120, 40, 45, 210)]
    assert bring_up_use(classroom.store, SCHOOL, ZONE, at("13:00")) == {}


def test_a_board_of_a_new_id_keeps_its_hours(classroom: Classroom) -> None:
    """It is told under another id from 8:00 on; that week, and one long over, are one line each."""
    room, long_ago = classroom, "2026-08-31"
    with room.store.locked(SCHOOL) as db:
        week = BoardWeek(device_id="usb-1", room="P203", kind="board", on_min=9, known_min=60)
        other = replace(week, device_id="usb-2", on_min=1)
        keep_use(db, SCHOOL, long_ago, [week, other])
    room.hear(room.birth(at("07:00"), a_board()), now_ms=at("07:00"))
    room.beat(at("07:10"), at("08:00"))
    board = a_board(device_id="usb-2", aliases=("usb-1",))
    seen = DeviceState(boot="b1", at_ms=at("08:00"), rev=next(room.numbers), device=board)
    room.hear(seen, now_ms=at("08:00"))
    room.beat(at("08:10"), at("09:00"))
    changed = bring_up_use(room.store, SCHOOL, ZONE, at("12:00"))
    assert sorted(changed) == [long_ago, "2026-11-02"]
    assert kept(room) == [(120, 0, 45, 120)]
    assert kept(room, long_ago) == [(10, 0, 0, 60)]
    assert bring_up_use(room.store, SCHOOL, ZONE, at("13:00")) == {}


def test_no_teacher_class_subject_or_pupil_is_in_a_week(classroom: Classroom) -> None:
    """A line is of boards and minutes alone."""
    assert set(BoardWeek.__struct_fields__) == {
        "device_id", "room", "kind", "on_min", "used_min", "planned_min", "known_min", "asset_tag"
    }  # fmt: skip


def test_a_restarted_controller_goes_on_with_what_it_knew(classroom: Classroom) -> None:
    """It is away from 7:20 to 8:00: the board, whose run goes on, is on all the while."""
    room = classroom
    room.hear(room.birth(at("07:00"), a_board()), now_ms=at("07:00"))
    room.beat(at("07:00"), at("07:20"))
    room.fleet = room.store.read(
        load_fleet, SCHOOL, ZONE, device_silent_s=900, awake_since_ms=at("08:00")
    )
    room.beat(at("08:00"), at("09:00"))
    bring_up_use(room.store, SCHOOL, ZONE, at("12:00"))
    assert kept(room) == [(120, 0, 45, 120)]


def test_an_agent_out_of_reach_for_a_while_does_not_switch_its_board_off(
    classroom: Classroom,
) -> None:
    """It is lost from 7:20 on and heard again at 8:00, in the same run."""
    room = classroom
    room.hear(room.birth(at("07:00"), a_board()), now_ms=at("07:00"))
    room.beat(at("07:10"), at("07:20"))
    room.store.write(keep_batch, room.fleet.expire(at("07:40")), at("07:40"))
    again = room.birth(at("08:00"), a_board(), session=2)
    room.hear(again, now_ms=at("08:00"))
    room.beat(at("08:10"), at("09:00"))
    bring_up_use(room.store, SCHOOL, ZONE, at("12:00"))
    assert kept(room) == [(120, 0, 45, 120)]


def test_an_agent_that_is_killed_takes_its_board_with_it(classroom: Classroom) -> None:
    """Its last sign was at 8:00; the next run finds no board, and nobody told of its going."""
    room = classroom
    room.hear(room.birth(at("07:00"), a_board()), now_ms=at("07:00"))
    room.beat(at("07:00"), at("08:00"))
    room.hear(room.birth(at("08:30"), boot="b2"), now_ms=at("08:30"))
    room.beat(at("08:30"), at("10:00"), "b2")
    bring_up_use(room.store, SCHOOL, ZONE, at("12:00"))
    assert kept(room) == [(60, 0, 45, 150)]


def test_a_mornings_events_that_come_in_the_evening_count(classroom: Classroom) -> None:
    """The line was cut from 7:00 to 17:00; what the agent kept tells when the board was on."""
    room = classroom
    board = a_board(status=Status.UNKNOWN, reasons=(Reason("unplugged"),))
    room.hear(room.birth(at("06:30"), board), now_ms=at("06:30"))
    late = [
        room.event(DeviceAppeared, at("07:00"), device_id="usb-1"),
        room.event(LessonStarted, at("07:10"), lesson="l1", period=1),
        room.event(LessonEnded, at("07:50"), lesson="l1"),
        room.event(LessonStarted, at("08:00"), lesson="l2", period=2),
        room.event(LessonEnded, at("08:30"), lesson="l2"),
        room.event(DeviceVanished, at("09:00"), device_id="usb-1", reason="unplugged"),
    ]
    room.hear(*reversed(late), now_ms=at("17:00"))
    room.hear(*late, now_ms=at("17:01"))
    bring_up_use(room.store, SCHOOL, ZONE, at("18:00"))
    on, used, _, known = kept(room)[0]
    assert (on, used) == (120, 70)
    assert 150 <= known < 200


def test_an_agents_wrong_clock_claims_no_hours(classroom: Classroom) -> None:
    """A Pi that thinks it is 1970, and one that is an hour ahead."""
    room = classroom
    room.hear(room.birth(at("07:00")), now_ms=at("07:00"))
    state = DeviceState(boot="b1", at_ms=1, rev=next(room.numbers), device=a_board())
    room.hear(state, room.event(DeviceAppeared, 1, device_id="usb-1"), now_ms=at("07:30"))
    room.beat(at("07:40"), at("08:00"))
    went = room.event(DeviceVanished, at("09:00"), device_id="usb-1", reason="unplugged")
    room.hear(went, now_ms=at("08:00"))
    room.beat(at("08:10"), at("08:30"))
    bring_up_use(room.store, SCHOOL, ZONE, at("12:00"))
    assert [each[0] for each in kept(room)] == [30]
    with room.store.view() as db:
        assert min(each.at_ms for each in signs_of(db, SCHOOL, 0)) == at("07:30")
        assert min(each.began_ms for each in watches_of(db, SCHOOL, 0)) == at("07:00")


def test_a_projectors_power_is_kept_as_history(classroom: Classroom) -> None:
    """Off, on at 7:30, off at 8:15."""
    room = classroom
    told = {"07:00": "off", "07:30": "on", "08:15": "off"}
    room.hear(room.birth(at("06:50")), now_ms=at("06:50"))
    for clock, power in told.items():
        projector = a_board(DeviceKind.PROJECTOR, measures=DeviceMeasures(power=power))
        state = DeviceState(boot="b1", at_ms=1, rev=next(room.numbers), device=projector)
        room.hear(state, now_ms=at(clock))
    room.beat(at("08:20"), at("09:00"))
    bring_up_use(room.store, SCHOOL, ZONE, at("12:00"))
    assert [each[0] for each in kept(room)] == [45]


def test_a_tablet_is_no_board(classroom: Classroom) -> None:
    """Nothing of it is kept beside its events."""
    room = classroom
    tablet = a_board(DeviceKind.TABLET)
    came = room.event(DeviceAppeared, at("07:00"), device_id="usb-1")
    room.hear(room.birth(at("07:00"), tablet), came, now_ms=at("07:00"))
    with room.store.view() as db:
        assert signs_of(db, SCHOOL, 0) == []
    assert bring_up_use(room.store, SCHOOL, ZONE, at("12:00")) == {}


def test_a_week_of_which_less_is_known_than_before_stays(classroom: Classroom) -> None:
    """Signs are forgotten; what they summed up to is not."""
    a_morning(classroom)
    bring_up_use(classroom.store, SCHOOL, ZONE, at("12:00"))
    classroom.store.write(forget_before, ages(), at("12:00"))
    with classroom.store.view() as db:
        assert (signs_of(db, SCHOOL, 0), watches_of(db, SCHOOL, 0)) == ([], [])
    assert bring_up_use(classroom.store, SCHOOL, ZONE, at("12:00", 3)) == {}
    assert kept(classroom) == [(120, 40, 45, 210)]


def test_the_last_sign_before_a_time_stands_at_its_beginning(classroom: Classroom) -> None:
    """A board that is never switched off has one sign, weeks ago."""
    a_morning(classroom)
    with classroom.store.view() as db:
        told = signs_of(db, SCHOOL, at("08:00"))
    assert [(each.at_ms, each.state) for each in told] == [(at("07:00"), HERE), (at("09:00"), GONE)]


def test_a_schools_week_is_replaced_whole_at_the_department(classroom: Classroom) -> None:
    """The same table holds many schools; the same lines again change nothing."""
    here, there = Place("79", "00001"), Place("79", "00002")
    lines = [BoardWeek(device_id="b", room="P1", kind="board", on_min=9, known_min=90)]
    with classroom.store.locked(here) as db:
        assert keep_use(db, here, "2026-11-02", [*lines, replace(lines[0], device_id="a")])
        assert keep_use(db, there, "2026-11-02", lines)
        assert not keep_use(db, there, "2026-11-02", lines)
        assert keep_use(db, here, "2026-11-02", lines)
        province = use_of(db, Place("79"), "2026-11-02", "2026-11-08")
        assert [(each.place.school, each.line) for each in province] == [
            ("00001", lines[0]),
            ("00002", lines[0]),
        ]
        assert use_of(db, here, "2026-11-09", "2026-11-30") == []
