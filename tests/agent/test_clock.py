"""The room's clock is set in the middle of a lesson, stands in 1970, or is years ahead."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import clock as clocks
from agent.clock import RoomClock, live_in
from agent.equipment.devices import ASLEEP_MS
from agent.lessons import memos
from agent.lessons.lesson import MAX_LESSON_MIN
from agent.resetting import SET_MS, by_clock
from agent.room import Moment
from protocol.messages import RollConfirmed
from protocol.model import END_MS, FIRST_MS, AttendanceStatus, Method, Status, instant
from protocol.outbox import Outbox
from protocol.plan import Bell, ClassList, Plan, Pupil
from tests.agent.classrooms import PLACE, classroom, room

NOW_MS = 1_788_567_000_000  # 2026-09-05 00:10 UTC, a Saturday
DAY_MS = 86_400_000
HERE = AttendanceStatus.PRESENT


@dataclass
class Computer:
    """A room's computer whose clock can be set; its time zone is UTC."""

    wall_ms: int = NOW_MS
    steady_s: float = 100.0

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.steady_s += seconds
        self.wall_ms += int(seconds * 1000)

    def moment(self) -> Moment:
        """As a clock tells it that believes whatever it is set to."""
        at = instant(self.wall_ms)
        minute = at.hour * 60 + at.minute + at.second / 60
        return Moment(self.wall_ms, self.steady_s, at.date().isoformat(), minute)

    def clock(self, folder: Path, live_in: Callable[[str], None] = lambda _zone: None) -> RoomClock:
        """The room's clock, begun now."""
        return RoomClock(folder / "clock", lambda: self.wall_ms, lambda: self.steady_s, live_in)


def test_a_computer_that_wakes_in_1970_goes_on_from_where_it_was(tmp_path: Path) -> None:
    """Until somebody sets its clock; that is believed, also when it is set back."""
    computer = Computer()
    clock = computer.clock(tmp_path)
    assert clock.now().at_ms == NOW_MS
    computer.run(600)
    clock.now()
    clock.keep()
    computer = Computer(wall_ms=1000, steady_s=3.0)
    clock = computer.clock(tmp_path)
    assert clock.now().at_ms == NOW_MS + 600_000
    computer.run(60)
    assert clock.now().at_ms == NOW_MS + 660_000
    clock.keep()
    for set_ms in (NOW_MS + DAY_MS, NOW_MS - DAY_MS, FIRST_MS):
        computer.wall_ms = set_ms
        assert clock.now().at_ms == set_ms
    computer.wall_ms = 5000
    computer.run(1)
    assert clock.now().at_ms == FIRST_MS + 1000


def test_a_computer_that_never_knew_the_time_says_what_its_clock_says(tmp_path: Path) -> None:
    """The school dates it by its arrival."""
    computer = Computer(wall_ms=1000)
    clock = computer.clock(tmp_path)
    assert (clock.now().at_ms, clock.now().day[:4]) == (1000, "1970")
    clock.keep()
    computer.run(10)
    assert computer.clock(tmp_path).now().at_ms == 11_000


PLAN = Plan(
    lists=(ClassList(code="6A", pupils=(Pupil(student="hs-1", number=1),)),),
    bells=(Bell(period=1, begins="00:00", ends="00:45"),),
)

steps = st.lists(
    st.tuples(st.integers(0, 900), st.integers(-60 * 365, 60 * 365)), min_size=1, max_size=6
)


@given(steps)
def test_whatever_the_clock_is_set_to_the_lesson_goes_by_the_time_that_ran(
    steps: list[tuple[int, int]],
) -> None:
    """The model: seconds that ran since it began; it ends by the bell and the grace after it."""
    computer = Computer()
    current = by_clock(classroom(), computer.moment())
    at = computer.moment()
    teaching = current.teaching.take(PLAN, "d").teaching.start("l1", at).teaching
    current = current.teach(lambda _: teaching.tap("hs-1", HERE, at)).classroom
    ran_s, ended_s = 0, (45 - 10 + PLAN.grace_min) * 60
    for seconds, days in steps:
        computer.run(seconds)
        ran_s += seconds
        computer.wall_ms = max(DAY_MS, min(NOW_MS + days * DAY_MS, 4 * NOW_MS // 3))
        at = computer.moment()
        current = by_clock(current, at)
        present = current.lesson.present
        assert present
        assert abs(at.at_ms - present.since_ms - ran_s * 1000) < SET_MS
        assert present.day == at.day_of(present.since_ms)
        beaten = current.teach(lambda teaching, at=at: teaching.beat(at))
        current = beaten.classroom
        assert (current.lesson.running is None) == (ran_s >= ended_s)
        if present.day == at.day:
            assert current.lesson.present  # its roll can still be confirmed
        else:
            return


def test_a_roll_is_confirmed_on_the_day_that_it_is_now(tmp_path: Path) -> None:
    """It began in 1970; the memos of a restart right after know it, too."""
    computer = Computer(wall_ms=86_400_000 // 2)
    with Outbox(tmp_path / "outbox.sqlite", PLACE, "b1") as outbox:
        before = by_clock(classroom(), computer.moment())
        at = computer.moment()
        begun = before.teach(
            lambda teaching: teaching.take(PLAN, "d").teaching.start("l1", at, ("6A",))
        )
        outbox.put(memos=memos.changes(before.teaching, begun.classroom.teaching))
        computer.run(300)
        computer.wall_ms = NOW_MS
        at = computer.moment()
        step = by_clock(begun.classroom, at).teach(lambda teaching: teaching.confirm(at))
        (roll,) = step.messages
        assert isinstance(roll, RollConfirmed)
        assert (roll.day, roll.at_ms) == ("2026-09-05", NOW_MS)
        outbox.put(
            *step.messages, memos=memos.changes(begun.classroom.teaching, step.classroom.teaching)
        )
        again = memos.restore_teaching(room(), outbox.memos(), PLAN, at)
    assert again.lesson.running
    assert again.lesson.running.since_ms == NOW_MS - 300_000
    left_s = (again.lesson.ends_s or 0) - at.steady_s
    assert left_s == MAX_LESSON_MIN * 60 - 300


def test_marks_without_a_lesson_follow_the_day() -> None:
    """They are of today, also where today was 1970 a minute ago; none is let go by the beat."""
    computer = Computer(wall_ms=86_400_000 // 2)
    at = computer.moment()
    current = by_clock(classroom(), at)
    current = current.mark("hs-1", HERE, Method.MANUAL, at)[0].classroom
    computer.wall_ms = NOW_MS
    computer.run(30)
    at = computer.moment()
    moved = by_clock(current, at)
    current = moved.teach(lambda teaching: teaching.beat(at)).classroom
    (mark,) = current.teaching.roll.marks.values()
    assert (mark.at_ms, mark.day) == (NOW_MS, "2026-09-05")
    assert not current.mark("hs-1", HERE, Method.MANUAL, at)[1].new
    assert memos.changes(moved.teaching, current.teaching) == {}


def test_a_clock_that_is_kept_right_moves_nothing() -> None:
    """A time service pulls it by less than a minute."""
    computer = Computer()
    before = by_clock(classroom(), computer.moment())
    computer.wall_ms += SET_MS - 1
    assert by_clock(before, computer.moment()) is before
    assert ASLEEP_MS > SET_MS


SCHOOL_ZONE = "Asia/Ho_Chi_Minh"


@pytest.fixture
def in_utc() -> Iterator[None]:
    """This process lives in UTC, and again in its own zone afterwards."""
    before = os.environ.get("TZ")
    live_in("UTC")
    yield
    if before is None:
        del os.environ["TZ"]
        time.tzset()
    else:
        live_in(before)


@pytest.mark.usefixtures("in_utc")
def test_a_pi_in_utc_has_the_schools_day_and_keeps_it_over_a_restart(tmp_path: Path) -> None:
    """At 23:30 UTC it is half past six of the next morning there."""
    computer = Computer(wall_ms=1_788_564_600_000)  # 2026-09-04 23:30 UTC
    clock = computer.clock(tmp_path, live_in=live_in)
    assert clock.now().day == "2026-09-04"
    clock.hear_school(computer.wall_ms, SCHOOL_ZONE)
    assert (clock.now().day, clock.now().minute) == ("2026-09-05", 390.0)
    live_in("UTC")
    assert computer.clock(tmp_path, live_in=live_in).now().day == "2026-09-05"


def test_a_computer_days_behind_goes_by_the_schools_time(tmp_path: Path) -> None:
    """Its own clock is what it bears witness to; who sets it right is believed at once."""
    computer = Computer(wall_ms=NOW_MS - 3 * DAY_MS)
    clock = computer.clock(tmp_path)
    clock.hear_school(NOW_MS, SCHOOL_ZONE)
    computer.run(600)
    moment = clock.now()
    assert (moment.at_ms, moment.witnessed_ms) == (NOW_MS + 600_000, computer.wall_ms)
    ((status, reason),) = clock.findings()
    assert (status, reason.code, reason.value) == (Status.WARNING, "clock_off", 3 * 24 * 60)
    computer.wall_ms += 3 * DAY_MS
    moment = clock.now()
    assert moment.at_ms == moment.witnessed_ms == computer.wall_ms == NOW_MS + 600_000
    assert clock.findings() == ()


def test_a_computer_that_starts_before_what_the_school_said_last_goes_on_from_there(
    tmp_path: Path,
) -> None:
    """Its battery is empty; one whose clock nobody ever compared is believed as it stands."""
    for hears, expected in ((True, NOW_MS + 60_000), (False, NOW_MS - 3 * DAY_MS + 60_000)):
        folder = tmp_path / str(hears)
        folder.mkdir()
        computer = Computer()
        clock = computer.clock(folder)
        if hears:
            clock.hear_school(NOW_MS, SCHOOL_ZONE)
        clock.now()
        clock.keep()
        computer = Computer(wall_ms=NOW_MS - 3 * DAY_MS, steady_s=0.0)
        clock = computer.clock(folder)
        computer.run(60)
        assert clock.now().at_ms == expected


@pytest.mark.parametrize("at_ms", [1, END_MS])
def test_a_time_that_cannot_be_is_let_go(tmp_path: Path, at_ms: int) -> None:
    """Nothing is kept of it."""
    computer = Computer(wall_ms=NOW_MS - DAY_MS)
    clock = computer.clock(tmp_path)
    clock.hear_school(at_ms, SCHOOL_ZONE)
    assert clock.now().at_ms == computer.wall_ms
    assert not (tmp_path / "clock").exists()


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", ""])
def test_a_zone_that_this_computer_does_not_know_takes_no_time_away(
    tmp_path: Path, zone: str
) -> None:
    """As on a small Pi without any zones: the time is the school's all the same."""
    computer = Computer(wall_ms=NOW_MS - DAY_MS)
    clock = computer.clock(tmp_path)
    clock.hear_school(NOW_MS, zone)
    assert clock.now().at_ms == NOW_MS
    assert clock.zone == ""
    assert not (tmp_path / "clock").exists()


def test_a_zone_is_known_by_its_later_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems leave the names out that IANA gave up; the school's server may have one."""
    monkeypatch.setattr(clocks, "is_zone", lambda name: name == "Asia/Ho_Chi_Minh")
    lived: list[str] = []
    clock = Computer().clock(tmp_path, live_in=lived.append)
    clock.hear_school(NOW_MS, "Asia/Saigon")
    clock.hear_school(NOW_MS, "Asia/Saigon")
    assert (clock.zone, lived) == ("Asia/Ho_Chi_Minh", ["Asia/Ho_Chi_Minh"])


@pytest.mark.usefixtures("in_utc")
@pytest.mark.parametrize(
    "own", ["America/Los_Angeles", "America/St_Johns", "Europe/Berlin", "Pacific/Kiritimati", "UTC"]
)
@pytest.mark.parametrize("at_ms", [1_793_503_800_000, 1_774_746_000_000, NOW_MS])
def test_the_day_is_the_schools_whatever_zone_the_computer_was_sold_in(
    tmp_path: Path, own: str, at_ms: int
) -> None:
    """West of Greenwich, half an hour off, on the nights when summer time begins and ends."""
    live_in(own)
    clock = Computer(wall_ms=at_ms).clock(tmp_path, live_in=live_in)
    clock.hear_school(at_ms, SCHOOL_ZONE)
    there = instant(at_ms).astimezone(ZoneInfo(SCHOOL_ZONE))
    assert (clock.now().day, int(clock.now().minute)) == (
        there.date().isoformat(),
        there.hour * 60 + there.minute,
    )


def test_a_clock_that_somebody_set_wrong_is_not_gone_on_from(tmp_path: Path) -> None:
    """To 2031, without a line to the school; the next start finds it right, and is right."""
    computer = Computer()
    clock = computer.clock(tmp_path)
    clock.hear_school(NOW_MS, SCHOOL_ZONE)
    clock.keep()
    computer.wall_ms += 1_800 * DAY_MS
    assert clock.now().at_ms == computer.wall_ms
    clock.keep()
    computer = Computer(wall_ms=NOW_MS + 3_600_000, steady_s=0.0)
    clock = computer.clock(tmp_path)
    assert clock.now().at_ms == NOW_MS + 3_600_000
    # What the school said last still holds for one that starts before it.
    computer = Computer(wall_ms=NOW_MS - 900 * DAY_MS, steady_s=0.0)
    clock = computer.clock(tmp_path)
    computer.run(600)
    assert clock.now().at_ms == NOW_MS + 600_000
    clock.keep()
    computer = Computer(wall_ms=NOW_MS - 900 * DAY_MS, steady_s=0.0)
    assert computer.clock(tmp_path).now().at_ms == NOW_MS + 600_000


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.integers(1, 100_000)),
        st.tuples(st.just("set"), st.integers(-400, 400)),
        st.tuples(st.just("hear"), st.integers(-2000, 2000)),
        st.tuples(st.just("restart"), st.integers(0, 100_000)),
    ),
    max_size=25,
)


@given(STEPS)
def test_the_time_is_the_schools_wherever_the_clock_stands(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """Runs, settings, the school's word (with a line's delay) and restarts, against what is so.

    Between two settings the school's word holds; after one the clock is believed until it speaks.
    """
    folder = tmp_path_factory.mktemp("room")
    computer, true_ms = Computer(), NOW_MS
    clock = computer.clock(folder)
    knows = False
    for step, size in steps:
        match step:
            case "run" | "restart":
                if step == "restart":
                    clock.keep()
                    computer.steady_s = 0.0
                computer.run(size)
                true_ms += size * 1000
                if step == "restart":
                    knows = False
                    clock = computer.clock(folder)
            case "set":
                computer.wall_ms += size * 3_600_000
                knows = knows and not size
            case "hear":
                clock.hear_school(true_ms - abs(size), SCHOOL_ZONE)
                knows = True
        moment = clock.now()
        assert moment.witnessed_ms == computer.wall_ms or not knows
        if knows:
            assert abs(moment.at_ms - true_ms) <= 60_000
        assert moment.at_ms - moment.witnessed_ms == 0 or step != "set" or not size
