"""A clock that is wrong erases nothing, names no copy the newest for ever, locks nobody out."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from controller.access.password import ALL_TRIES, TRIES, TRIES_S, Office
from controller.attendance.store import marks_of
from controller.database.clock import (
    AHEAD_MS,
    BEHIND_MS,
    DAY_MS,
    FIRST_MS,
    STEADY_S,
    GuardedClock,
    clock_in,
    keep_mark,
)
from controller.database.store import Store
from controller.database.upkeep import Term, copies_in, forget_some, keep_up
from controller.features import forget, forget_pupils, keep_batch
from controller.fleet.records import AttendanceRecord, EventRecord
from protocol.model import AttendanceStatus, Method
from tests.controller.fresh import fresh_store
from tests.controller.web_school import NOW_MS, SCHOOL
from tests.waiting import eventually

YEAR_MS = 365 * DAY_MS


@dataclass
class Machine:
    """A computer whose clock can be set."""

    wall_ms: int = NOW_MS
    running_s: float = 0.0
    vouched: bool = False

    def clock(self, mark_ms: int) -> GuardedClock:
        """The guarded clock on it."""
        return GuardedClock(
            mark_ms, lambda: self.wall_ms, lambda: self.running_s, lambda: self.vouched
        )

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.running_s += seconds
        self.wall_ms += int(seconds * 1000)


moves = st.one_of(
    st.tuples(st.just("run"), st.integers(0, 40 * 86_400)),
    st.tuples(st.just("set"), st.integers(-60 * 365, 60 * 365)),
    st.tuples(st.just("off"), st.integers(0, 44)),
)


@given(st.lists(moves, max_size=25))
def test_the_believed_time_never_runs_ahead_of_running_and_being_off(
    steps: list[tuple[str, int]],
) -> None:
    """The model: what truly passed, and a holiday's worth for each time it was off or steady."""
    machine, most_ms = Machine(), NOW_MS
    clock = machine.clock(NOW_MS)
    before_ms = clock.look()
    for what, amount in steps:
        if what == "run":
            machine.run(amount)
            most_ms += amount * 1000
        elif what == "set":
            machine.wall_ms = max(0, machine.wall_ms + amount * DAY_MS)
        else:
            machine.wall_ms += amount * DAY_MS
            machine.running_s = 0.0
            clock = machine.clock(before_ms)
        most_ms += AHEAD_MS
        now_ms = clock.look()
        if clock._doubted_s > STEADY_S:
            return  # it went on steadily for a week: from here on it is believed
        assert before_ms <= now_ms <= most_ms
        before_ms = now_ms


@pytest.mark.parametrize("jump_ms", [2 * YEAR_MS, 5 * YEAR_MS, -NOW_MS, -30 * DAY_MS])
def test_a_jump_is_doubted_until_others_agree(jump_ms: int) -> None:
    """A single liar does not count; most agents do, the time service does, a steady week does."""
    for agree in ("agents", "service", "week"):
        machine = Machine(NOW_MS + jump_ms)
        clock = machine.clock(NOW_MS)
        assert (clock.believed, clock.look()) == (False, NOW_MS)
        clock.hear("liar", machine.wall_ms)
        machine.run(3600)
        assert (clock.look(), clock.believed) == (NOW_MS + 3_600_000, False)
        if agree == "agents":
            for name in ("a", "b", "c"):
                clock.hear(name, machine.wall_ms + 5000)
        elif agree == "service":
            machine.vouched = True
        else:
            machine.run(STEADY_S + 1)
        right = machine.wall_ms >= FIRST_MS
        assert (clock.look() == machine.wall_ms, clock.believed) == (right, right)


def test_agents_that_know_better_outvote_the_time_service() -> None:
    """Where it stands still in the past, say."""
    machine = Machine(NOW_MS + YEAR_MS, vouched=True)
    clock = machine.clock(NOW_MS)
    machine.vouched, machine.wall_ms = False, NOW_MS + 2 * YEAR_MS
    for name in ("a", "b", "c"):
        clock.hear(name, NOW_MS)
    machine.vouched = True
    assert clock.look() < NOW_MS + YEAR_MS + AHEAD_MS
    assert not clock.believed


def test_the_first_start_of_a_computer_without_a_clock(tmp_path: Path) -> None:
    """It wakes in 1970, and knows no more than that LopHoc is there."""
    with Store(f"sqlite:///{tmp_path}/a.db") as store:
        clock = replace_witness(store.read(clock_in, lambda: 1000))
    assert FIRST_MS <= clock.look() < FIRST_MS + DAY_MS
    assert not clock.believed
    machine = Machine(NOW_MS - BEHIND_MS)
    assert machine.clock(NOW_MS).believed


def a_year_of_marks(store: Store) -> None:
    """A mark a week."""
    store.write(
        keep_batch,
        [
            AttendanceRecord(
                place=SCHOOL.of_agent("p1"),
                event_id=f"e{week}",
                student=f"hs-{week}",
                status=AttendanceStatus.PRESENT,
                method=Method.MANUAL,
                room="6A1",
                day="2026-09-05",
                lesson=None,
                at_ms=NOW_MS - week * 7 * DAY_MS,
                received_ms=NOW_MS - week * 7 * DAY_MS,
            )
            for week in range(52)
        ],
        NOW_MS,
    )


async def a_start(store: Store, folder: Path, wall_ms: int) -> GuardedClock:
    """Start the upkeep with this clock, and let it do its first round."""
    clock = replace_witness(store.read(clock_in, lambda: wall_ms))
    before = len(copies_in(folder))
    running = asyncio.create_task(
        keep_up(
            store,
            folder,
            forget=forget,
            forget_pupils=forget_pupils,
            keep_days=400,
            attendance_keep_days=400,
            keep_backups=30,
            clock=clock,
        )
    )
    await eventually(lambda: len(copies_in(folder)) > before or not clock.believed)
    await asyncio.sleep(0.2)  # whatever it would erase, it erases now
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return clock


def replace_witness(clock: GuardedClock) -> GuardedClock:
    """No time service vouches for it."""
    return GuardedClock(clock.mark_ms, clock.wall_ms, is_synchronized=lambda: False)


def test_no_start_with_a_wrong_clock_erases_anything(tmp_path: Path) -> None:
    """Two and five years ahead, in 1970, and right again; the newest copy is the newest."""
    with Store(f"sqlite:///{tmp_path}/a.db") as store:
        a_year_of_marks(store)
        store.write(keep_mark, GuardedClock(NOW_MS, lambda: NOW_MS))
        folder = tmp_path / "backups"
        for wall_ms in (NOW_MS, NOW_MS + 2 * YEAR_MS, NOW_MS + 5 * YEAR_MS, 0, NOW_MS + DAY_MS):
            clock = asyncio.run(a_start(store, folder, wall_ms))
            assert clock.believed == (abs(wall_ms - NOW_MS) <= DAY_MS)
            assert len(store.read(marks_of, SCHOOL)) == 52
        assert "2026" in copies_in(folder)[-1].name
        holiday_ms = NOW_MS + 45 * DAY_MS
        asyncio.run(a_start(store, folder, holiday_ms))
        assert len(store.read(marks_of, SCHOOL)) == 52  # what is due goes by and by
        for _ in range(45):
            store.write(forget_some, Term("pupils", forget_pupils, 400), holiday_ms)
        due = [week for week in range(52) if week * 7 + 45 > 400]
        assert due
        assert len(store.read(marks_of, SCHOOL)) == 52 - len(due)


@given(st.lists(st.integers(-40, 400), max_size=12), st.integers(0, 100))
def test_a_day_at_the_most_is_forgotten_at_once(now_days: list[int], spread_days: int) -> None:
    """Whatever is due; nothing twice, nothing that is not due, and in the end all that is."""
    with tempfile.TemporaryDirectory() as folder, fresh_store(folder) as store:
        horizons: list[int] = []

        def note(_: Connection, before_ms: int) -> int:
            horizons.append(before_ms)
            return 0

        term = Term("some", note, 100)
        store.write(forget_some, term, NOW_MS)
        for days in now_days:
            store.write(forget_some, term, NOW_MS + days * DAY_MS)
        first = NOW_MS - 100 * DAY_MS
        assert horizons[0] == first
        for earlier, later in pairwise(horizons):
            assert earlier < later <= earlier + DAY_MS
        assert max(horizons) <= first + max([0, *now_days]) * DAY_MS
        for _ in range(spread_days + 1):
            store.write(forget_some, term, NOW_MS + spread_days * DAY_MS)
        assert max(horizons) >= first + spread_days * DAY_MS


def test_copies_are_ordered_by_their_number(tmp_path: Path) -> None:
    """Those of before, named by their day alone, are older than every numbered one."""
    names = ["lophoc-2031-01-01.db", "lophoc-000001-2026-09-05.db", "lophoc-000002-2025-01-01.db"]
    for name in (*names, "lophoc-2026-01-01.db"):
        (tmp_path / name).touch()
    assert [path.name for path in copies_in(tmp_path)] == ["lophoc-2026-01-01.db", *names]


def test_no_clock_locks_the_office_out(tmp_path: Path) -> None:
    """Tries are forgotten as time runs, whatever the clock is set to."""
    wall, running = [NOW_MS / 1000 + 5 * 365 * 86_400], [0.0]
    office = Office(tmp_path / "office.json", lambda: wall[0], lambda: running[0])
    for _ in range(TRIES):
        assert office.may_try("1")
    assert not office.may_try("1")
    wall[0] = NOW_MS / 1000
    assert not office.may_try("1")
    running[0] += TRIES_S + 1
    assert office.may_try("1")
    assert TRIES < ALL_TRIES


def test_the_words_of_agents_that_are_silent_now_vouch_for_no_jump() -> None:
    """At night the clock jumps: what they said by day goes on with running time."""
    machine = Machine()
    clock = machine.clock(NOW_MS)
    for name in ("a", "b", "c"):
        clock.hear(name, NOW_MS)
    machine.run(3600)
    assert clock.look() == machine.wall_ms
    machine.wall_ms += 2 * YEAR_MS
    assert clock.look() < NOW_MS + DAY_MS
    assert not clock.believed


def test_the_first_start_after_an_upgrade_knows_the_time_by_what_arrived(tmp_path: Path) -> None:
    """A wrong clock is doubted then, too."""
    with Store(f"sqlite:///{tmp_path}/a.db") as store:
        event = EventRecord(
            place=SCHOOL.of_agent("p1"), event_id="e1", kind="health_changed", room="6A1",
            at_ms=NOW_MS, received_ms=NOW_MS, lesson=None, day=None, body=b"{}",
        )  # fmt: skip
        store.write(keep_batch, [event], NOW_MS)
        wrong = NOW_MS + 2 * YEAR_MS
        clock = replace_witness(store.read(clock_in, lambda: wrong))
    assert clock.look() < NOW_MS + DAY_MS
    assert not clock.believed
