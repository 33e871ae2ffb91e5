"""A clock that is wrong erases nothing, names no copy the newest for ever, locks nobody out."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from controller.access.store import note_access
from controller.access.tables import accesses
from controller.access.tries import ALL_TRIES, TRIES, TRIES_S, Tries
from controller.attendance.store import marks_of
from controller.database.clock import (
    AHEAD_MS,
    BEHIND_MS,
    STEADY_S,
    GuardedClock,
    clock_in,
    keep_mark,
)
from controller.database.forgetting import SHARE, Term, next_step
from controller.database.scope import everywhere
from controller.database.store import Store
from controller.database.upkeep import LOOK_AGAIN_S, LOOK_EVERY_S, Held, Upkeep, copies_in
from controller.database.vouched import GAP_MS, horizon, since, with_moment
from controller.database.witnesses import AGREED_MS, DAY_MS
from controller.features import ages_of_pupils, keep_batch
from controller.fleet.records import AttendanceRecord, EventRecord
from protocol.model import FIRST_MS, AttendanceStatus, Method
from tests.controller.fresh import fresh_folder, fresh_store
from tests.controller.web_school import NOW_MS, SCHOOL

YEAR_MS = 365 * DAY_MS
KEEP_DAYS = 400
DOUBTED = {2 * YEAR_MS, 5 * YEAR_MS, -NOW_MS, -30 * DAY_MS}


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

    def clock_of(self, store: Store) -> GuardedClock:
        """The one that a start on this store has."""
        kept = store.read(clock_in, lambda: self.wall_ms)
        return replace_clock(kept, self)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.running_s += seconds
        self.wall_ms += int(seconds * 1000)


def replace_clock(kept: GuardedClock, machine: Machine) -> GuardedClock:
    """The same, by the machine's own running time and time service."""
    return replace(machine.clock(kept.mark_ms), spans=kept.spans)


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
            return  # it went on steadily for a week: what is shown goes by it from here on
        assert before_ms - BEHIND_MS <= now_ms <= most_ms
        before_ms = max(before_ms, now_ms)


@pytest.mark.parametrize("jump_ms", sorted(DOUBTED))
def test_a_jump_is_doubted_until_others_agree(jump_ms: int) -> None:
    """A single liar does not count; most agents do, the time service, the department."""
    for agree in ("agents", "service", "department", "week"):
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
        elif agree == "department":
            clock.hear("above", machine.wall_ms + 5000, is_trusted=True)
        else:
            machine.run(STEADY_S + 1)
        right = machine.wall_ms >= FIRST_MS
        assert (clock.look() == machine.wall_ms, clock.believed) == (right, right)
        assert (clock.vouch() is not None) == (right and agree != "week")


def test_most_agents_tell_the_time_where_the_clock_is_wrong() -> None:
    """In 1970, in last month or in years to come: today is what they say."""
    for wall_ms in (1000, NOW_MS - 30 * DAY_MS, NOW_MS + YEAR_MS):
        machine = Machine(wall_ms)
        clock = machine.clock(NOW_MS - 100 * DAY_MS)
        for name in ("a", "b", "c"):
            clock.hear(name, NOW_MS)
        assert (clock.look(), clock.believed, clock.vouch()) == (NOW_MS, False, None)
        machine.run(60)
        assert clock.look() == NOW_MS + 60_000


def test_agents_that_are_all_behind_move_no_clock_that_is_near() -> None:
    """A summer without power: they wake in May. Nobody vouches then."""
    machine = Machine(NOW_MS + 40 * DAY_MS)
    clock = machine.clock(NOW_MS)
    for name in ("a", "b", "c"):
        clock.hear(name, NOW_MS - 20 * DAY_MS)
    assert (clock.look(), clock.believed, clock.vouch()) == (machine.wall_ms, True, None)


def test_two_agents_against_the_time_service_are_a_doubt() -> None:
    """Nobody vouches then; what is shown goes on as before."""
    machine = Machine(vouched=True)
    clock = machine.clock(NOW_MS)
    assert clock.vouch() == NOW_MS
    clock.hear("a", NOW_MS + 2 * AGREED_MS)
    assert (clock.look(), clock.believed, clock.vouch()) == (NOW_MS, True, None)
    clock.hear("a", NOW_MS)
    assert clock.vouch() == NOW_MS


def test_the_first_start_of_a_computer_without_a_clock(tmp_path: Path) -> None:
    """It wakes in 1970, and knows no more than that LopHoc is there."""
    with Store(f"sqlite:///{tmp_path}/a.db") as store:
        clock = Machine(1000).clock_of(store)
    assert FIRST_MS <= clock.look() < FIRST_MS + DAY_MS
    assert not clock.believed
    machine = Machine(NOW_MS - BEHIND_MS)
    assert machine.clock(NOW_MS).believed


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
    """A wrong clock is doubted then, too; what lay there is as old as it says."""
    with Store(f"sqlite:///{tmp_path}/a.db") as store:
        event = EventRecord(
            place=SCHOOL.of_agent("p1"), event_id="e1", kind="health_changed", room="6A1",
            at_ms=NOW_MS, received_ms=NOW_MS, lesson=None, day=None, body=b"{}",
        )  # fmt: skip
        store.write(keep_batch, [event], NOW_MS)
        clock = Machine(NOW_MS + 2 * YEAR_MS).clock_of(store)
    assert clock.look() < NOW_MS + DAY_MS
    assert not clock.believed
    assert clock.horizon(NOW_MS + YEAR_MS, 400) == pytest.approx(
        NOW_MS - 35 * DAY_MS, abs=2 * GAP_MS
    )


moments = st.lists(st.integers(0, 60 * 24), max_size=40)


@given(moments, st.integers(0, 60 * 24))
def test_spans_tell_the_newest_vouched_moment(hours: list[int], due: int) -> None:
    """The model: the list of all vouched moments, of which a later time set back takes some."""
    hour, spans, listed = 3_600_000, (), list[int]()
    for each in hours:
        spans = with_moment(spans, each * hour)
        listed = [moment for moment in listed if moment <= each * hour] + [each * hour]
    newest = max((moment for moment in listed if moment <= due * hour), default=0)
    found = horizon(spans, due * hour)
    assert newest - GAP_MS <= found <= newest
    if listed and due * hour >= max(listed):
        assert found == newest
    assert horizon(since(spans, due * hour), due * hour) == found


liar_names = st.sampled_from(["l1", "l2", "above"])
KEEP = Term("looks", (accesses.c.at_ms,), 30)


class TimeAndRows(RuleBasedStateMachine):
    """A server with any clock, started again at any time, among witnesses that lie or are silent.

    The model: true time, which the server never sees. Of the witnesses that spoke since the start
    those that lie are fewer than those that do not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = fresh_store(self.folder.name).__enter__()
        self.true_ms = NOW_MS
        self.machine = Machine()
        self.rows: dict[str, int] = {}
        self.newest_stamp = 0
        self.locked_s: float | None = None
        self.start(0)

    def start(self, off_hours: int) -> None:
        """Start, after it was off for so long."""
        self.true_ms += off_hours * 3_600_000
        self.machine.wall_ms += off_hours * 3_600_000
        self.machine.running_s, self.machine.vouched = 0.0, False
        self.honest, self.liars = set[str](), set[str]()
        self.clock = self.machine.clock_of(self.store)
        self.upkeep = Upkeep(self.store, Path(self.folder.name), [KEEP], self.clock, keep_backups=0)
        self.tries = Tries(lambda: self.machine.running_s)

    def teardown(self) -> None:
        """In the end, with a right clock and others who say so, what is old goes."""
        self.set_clock(0)
        for name in ("h1", "h2", "h3", "h4", "h5"):
            self.hear_truth(name)
        for liar in self.liars:
            self.clock.hear(liar, self.true_ms)
        stamps_were_right = self.clock.look() >= self.newest_stamp
        for _ in range(3):
            self.run(24 * (KEEP.keep_days // 2 + 2))
            self.look_after()
        for _ in range(len(self.rows) if stamps_were_right else 0):
            self.run(25)
            self.look_after()
        assert not (stamps_were_right and self.rows)
        self.store.__exit__()
        self.folder.cleanup()

    def age(self, at_ms: int) -> int:
        """How old what came in then truly is."""
        return self.true_ms - at_ms

    @rule(hours=st.integers(1, 24 * 20))
    def run(self, hours: int) -> None:
        """Time passes, and the server runs."""
        self.true_ms += hours * 3_600_000
        self.machine.run(hours * 3600)

    @rule(off_hours=st.integers(0, 24 * 60))
    def start_again(self, off_hours: int) -> None:
        """It was off."""
        self.start(off_hours)

    @rule(days=st.integers(-60 * 365, 60 * 365))
    def jump(self, days: int) -> None:
        """Its clock is set to something far off."""
        self.machine.wall_ms = max(0, self.true_ms + days * DAY_MS)

    @rule(minutes=st.integers(-3 * 24 * 60, 50 * 24 * 60))
    def nudge(self, minutes: int) -> None:
        """Its clock is set to something near."""
        self.machine.wall_ms = max(0, self.machine.wall_ms + minutes * 60_000)

    @rule(minutes=st.just(0))
    def set_clock(self, minutes: int) -> None:
        """Its clock is set right."""
        self.machine.wall_ms = self.true_ms + minutes

    @rule(name=st.sampled_from(["h1", "h2", "h3", "h4", "h5", "above"]))
    def hear_truth(self, name: str) -> None:
        """Somebody says what time it is."""
        if name not in self.liars:
            self.honest.add(name)
            self.clock.hear(name, self.true_ms, is_trusted=name == "above")

    @precondition(lambda self: len(self.liars) + 1 < len(self.honest))
    @rule(
        name=st.sampled_from(["l1", "l2", "above"]),
        days=st.integers(-400, 4000),
        same=st.booleans(),
    )
    def hear_lie(self, name: str, days: int, *, same: bool) -> None:
        """Somebody says something else, perhaps the very thing that the clock shows."""
        if name not in self.honest:
            self.liars.add(name)
            lie_ms = self.machine.wall_ms if same else self.true_ms + days * DAY_MS
            self.clock.hear(name, lie_ms, is_trusted=name == "above")

    @rule(off_days=st.integers(0, 60), hours=st.integers(1, 72), days=st.integers(0, 40))
    def wake_in_1970(self, off_days: int, hours: int, days: int) -> None:
        """It was off, has no battery, and hears the truth after a while."""
        self.start(off_days * 24)
        self.machine.wall_ms = 0
        self.run(hours)
        self.look_at_pupils(1)
        self.look_after()
        self.set_clock(0)
        for name in ("h1", "h2", "h3"):
            self.hear_truth(name)
        self.look_after()
        self.run(days * 24)
        self.look_after()

    @rule(days=st.integers(31, 800), first=st.booleans())
    def trust_a_liar(self, days: int, *, first: bool) -> None:
        """Its clock jumps, one says so too, and two do not."""
        self.start(0)
        self.look_at_pupils(1)
        for name in ("h1", "h2"):
            self.hear_truth(name)
        if first:
            self.jump(days)
        self.hear_lie("l1", days, same=first)
        self.jump(days)
        self.look_after()
        self.run(1)
        self.look_after()

    @rule(vouched=st.booleans())
    def turn_service(self, *, vouched: bool) -> None:
        """The time service comes and goes; it may be wrong where somebody else is there."""
        right = abs(self.machine.wall_ms - self.true_ms) < AGREED_MS
        self.machine.vouched = vouched and (right or bool(self.honest - self.liars))

    @rule(count=st.integers(1, 3))
    def look_at_pupils(self, count: int) -> None:
        """Something is stored."""
        for _ in range(count):
            name = f"s{len(self.rows)}-{self.true_ms}"
            self.rows[name] = self.true_ms
            stamp = self.clock.look()
            self.newest_stamp = max(stamp, self.newest_stamp)
            self.store.write(note_access, SCHOOL, (name, 0), "", "", now_ms=stamp)

    @rule()
    def look_after(self) -> None:
        """The hour's upkeep."""
        if self.machine.vouched and not self.honest:
            self.machine.vouched = abs(self.machine.wall_ms - self.true_ms) < AGREED_MS
        self.upkeep.look_after()
        left = set(
            self.store.read(
                lambda db: db.scalars(select(accesses.c.account).where(everywhere(accesses))).all()
            )
        )
        for name in set(self.rows) - left:
            assert self.age(self.rows.pop(name)) >= KEEP.keep_days * DAY_MS

    @rule()
    def try_passwords(self) -> None:
        """Somebody guesses until no more is allowed."""
        while self.tries.is_allowed("van-phong", "192.0.2.7"):
            pass
        self.locked_s = self.machine.running_s

    @invariant()
    def nobody_is_locked_out_for_long(self) -> None:
        """After the term in running time the office may try again, whatever the clock did."""
        if self.locked_s is not None and self.machine.running_s > self.locked_s + TRIES_S:
            assert self.tries.is_allowed("van-phong", "192.0.2.7")
            self.locked_s = None


TestTimeAndRows = TimeAndRows.TestCase
TestTimeAndRows.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


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


class School:
    """A store in a folder, looked after by starts with any clock."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.store = folder / "backups", store

    def looked_after(self, machine: Machine, rounds: int = 1, keep_backups: int = 30) -> Held:
        """A start, and so many rounds of upkeep, each a day later."""
        clock = machine.clock_of(self.store)
        terms = [Term("pupils", ages_of_pupils(), KEEP_DAYS)]
        upkeep = Upkeep(self.store, self.folder, terms, clock, keep_backups=keep_backups)
        held = upkeep.look_after()
        for _ in range(rounds - 1):
            machine.run(86_400)
            held = upkeep.look_after()
        return held

    @property
    def marks(self) -> int:
        """How many are stored."""
        return len(self.store.read(marks_of, SCHOOL))


@pytest.fixture
def school(tmp_path: Path) -> School:
    """One with a year of marks that came in before this version."""
    store = Store(f"sqlite:///{tmp_path}/a.db").__enter__()
    a_year_of_marks(store)
    store.write(keep_mark, GuardedClock(NOW_MS, lambda: NOW_MS, spans=((0, NOW_MS),)))
    return School(tmp_path, store)


def test_no_start_with_a_wrong_clock_erases_anything(school: School) -> None:
    """Two and five years ahead, in 1970, and right again; the newest copy is the newest."""
    for wall_ms in (NOW_MS, NOW_MS + 2 * YEAR_MS, NOW_MS + 5 * YEAR_MS, 0, NOW_MS + DAY_MS):
        school.looked_after(Machine(wall_ms))
        assert school.marks == 52
    assert "2026" in copies_in(school.folder)[-1].name


def test_a_wrong_clock_that_runs_steadily_erases_nothing(school: School) -> None:
    """However long: what is shown goes by it after a week, what is let go does not."""
    assert school.looked_after(Machine(NOW_MS + 2 * YEAR_MS), rounds=60) is Held.UNVOUCHED
    assert school.marks == 52


def test_what_is_due_goes_when_somebody_vouches_for_the_time(school: School) -> None:
    """A little each day."""
    machine = Machine(NOW_MS + 44 * DAY_MS)
    assert school.looked_after(machine, rounds=4) is Held.NOTHING  # not worth a word yet
    assert school.looked_after(machine, rounds=8) is Held.UNVOUCHED
    machine.vouched = True
    assert school.looked_after(machine) is Held.NOTHING
    assert school.marks == 51
    school.looked_after(machine, rounds=8)
    assert school.marks == 49  # of 49 weeks and more, by then 61 days later


def test_only_what_a_sound_copy_holds_is_let_go(school: School) -> None:
    """A copy that lacks it, or is damaged, is made anew."""
    machine = Machine(NOW_MS + 44 * DAY_MS)
    for spoil in (lacking_marks, overwritten):
        before = school.marks
        machine.vouched = False
        school.looked_after(machine, rounds=8)
        spoilt = copies_in(school.folder)[-1]
        spoil(spoilt)
        machine.vouched = True
        assert school.looked_after(machine) is Held.NOTHING
        assert school.marks == before - 1
        assert copies_in(school.folder)[-1] != spoilt


def lacking_marks(copy: Path) -> None:
    """A sound file, of another time."""
    with sqlite3.connect(copy) as db:
        db.execute("DELETE FROM marks")


def overwritten(copy: Path) -> None:
    """The disk fails."""
    copy.write_bytes(b"\0" * 4096)


def test_what_no_copy_holds_stays(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk takes a copy and gives something else back."""
    monkeypatch.setattr(Store, "back_up", lambda _store, target: overwritten(target))
    machine = Machine(NOW_MS + 44 * DAY_MS, vouched=True)
    assert school.looked_after(machine, rounds=4) is Held.UNCOPIED
    assert school.marks == 52


@given(
    st.lists(st.integers(0, 200), min_size=1, max_size=60),
    st.integers(0, 200),
)
def test_a_small_share_goes_at_once(days: list[int], horizon_day: int) -> None:
    """A day's worth, or within a day as much as the share; in the end all before the horizon."""
    with tempfile.TemporaryDirectory() as folder, fresh_store(folder) as store:
        for day in days:
            store.write(note_access, SCHOOL, ("s", 0), "", "", now_ms=FIRST_MS + day * DAY_MS)
        upkeep = Upkeep(
            store, Path(folder), [], GuardedClock(NOW_MS, lambda: NOW_MS), keep_backups=0
        )
        left, horizon_ms, now_ms = sorted(days), FIRST_MS + horizon_day * DAY_MS, NOW_MS
        while True:
            step = store.read(next_step, KEEP, horizon_ms, now_ms)
            if step is None:
                break
            taken = 0
            while step:
                gone = [day for day in left if FIRST_MS + day * DAY_MS < step.before_ms]
                assert gone
                assert max(gone) == min(gone) < horizon_day
                assert taken == 0 or taken + len(gone) <= SHARE * len(left)
                taken += step.rows
                left = left[len(gone) :]
                assert upkeep._take(step, now_ms)
                step = store.read(next_step, KEEP, horizon_ms, now_ms)
            now_ms += DAY_MS
        assert all(day >= horizon_day for day in left)


def test_it_is_looked_again_soon_while_nobody_vouches(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that was begun in the morning knows a little later what rooms say."""
    machine = Machine()
    clock = machine.clock_of(school.store)
    upkeep = Upkeep(school.store, school.folder, [KEEP], clock, keep_backups=0)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        machine.vouched = True
        if len(pauses) == 2:
            raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "sleep", pause)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(upkeep.run())
    assert pauses == [LOOK_AGAIN_S, LOOK_EVERY_S]


def test_copies_are_ordered_by_their_number(tmp_path: Path) -> None:
    """Those of before, named by their day alone, are older than every numbered one."""
    names = ["lophoc-2031-01-01.db", "lophoc-000001-2026-09-05.db", "lophoc-000002-2025-01-01.db"]
    for name in (*names, "lophoc-2026-01-01.db"):
        (tmp_path / name).touch()
    assert [path.name for path in copies_in(tmp_path)] == ["lophoc-2026-01-01.db", *names]


def test_no_clock_locks_the_office_out() -> None:
    """Tries are forgotten as time runs, whatever the clock is set to."""
    running = [0.0]
    tries = Tries(lambda: running[0])
    for _ in range(TRIES):
        assert tries.is_allowed("1", "1")
    assert not tries.is_allowed("1", "1")
    running[0] += TRIES_S + 1
    assert tries.is_allowed("1", "1")
    assert TRIES < ALL_TRIES


def test_a_command_reads_the_time_of_a_database_that_has_no_mark(tmp_path: Path) -> None:
    """In a process of its own, which loads no feature: a copy of such a database ended so."""
    script = (
        "import sys; from controller.database.store import Store\n"
        "from controller.database.clock import now_in\n"
        "with Store(f'sqlite:///{sys.argv[1]}/lophoc.db') as store: print(store.read(now_in))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, fresh_folder(tmp_path)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (0, "")
    assert int(told.stdout) > FIRST_MS
