"""A school that begins anew says nothing of what it does not know; the department keeps it.

The school and the department are the real classes. The model is what a person would write down:
what the last school that knew its list had, what was seen since, and whether it is known again.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from controller.department.brief import figures_of
from controller.department.speakers import ALIVE_MS
from controller.department.store import schools_of
from controller.department.whole_list import is_known, say_whole
from controller.feature import Program
from controller.features import note_start
from controller.inventory import store as assets
from controller.inventory.chosen import Chosen
from controller.live.live import LiveView
from controller.reconcile.store import figures_since
from controller.register import store as register
from controller.use.hours import BoardWeek
from controller.use.store import keep_use, use_of
from protocol.link import Arrival
from protocol.model import Place, instant
from protocol.upward import SchoolFigures
from tests.controller.book_school import line
from tests.controller.department.test_forks import ABOVE, NOW_MS, SCHOOL, Clock, Server, opened
from tests.controller.ears import Ears
from tests.controller.web_school import a_full_room, a_program, a_store

WEEK = "2026-10-26"  # in which all of it happens


class AnewServer(Server):
    """A school's server whose starts are noted as the program notes them."""

    def note_start(self, program: Program) -> None:
        """Remember it with all that features remember of a start."""
        self.store.write(note_start, program)

    def bring_in(self, row: int) -> None:
        """A line of the book is there."""
        with self.store.locked(SCHOOL) as db:
            register.bring_in(db, SCHOOL, [line(row)], whole=False, now_ms=NOW_MS)

    @property
    def known(self) -> bool:
        """Whether it knows its list."""
        return self.store.read(is_known, self.upward._program)


class BegunAnew(RuleBasedStateMachine):
    """One school whose database is lost again and again, and its department."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock, self.boots = Clock(), 0
        self.above = opened(self.folder / "above")
        program = a_program(self.above, scope=ABOVE, upstream="", now_ms=lambda: self.clock.now_ms)
        self.ears = Ears(program)
        self.server = AnewServer(self.folder / "s", self.boot(), self.clock, {})
        # What a person would write down. The school's own: lines, what is seen, if it said "all".
        self.lines: set[int] = set()
        self.seen: dict[int, str] = {}
        self.said = False
        self.above_has: dict[str, str] = {}  # kept from before, by id; the room it was in
        self.told = 0

    def boot(self) -> str:
        """A name that no start had before."""
        self.boots += 1
        return f"{self.boots:012}start"

    def listed(self) -> dict[str, str]:
        """The school's list as it is now."""
        books = {f"line:{number}": "6A1" for number in self.lines}
        return books | {f"usb-{number}": room for number, room in self.seen.items()}

    def expected(self) -> dict[str, str]:
        """What the department has to show once the line was up."""
        return self.listed() if self.lines or self.said else self.listed() | self.above_has

    @initialize(is_lost=st.booleans())
    def begin(self, *, is_lost: bool) -> None:
        """There was a book, and a thing was seen; mostly all of it is lost."""
        self.bring_in()
        self.see(1)
        if is_lost:
            self.lose(is_outbox_lost=True)

    @rule(number=st.integers(1, 2))
    def see(self, number: int) -> None:
        """A room's agent sees a thing, perhaps in another room."""
        self.told += 1
        self.server.write(f"item/{number}", self.told)
        self.seen[number] = f"P{self.told}"

    @rule()
    def bring_in(self) -> None:
        """A line of the book comes in."""
        number = len(self.lines) + 1
        self.server.bring_in(number)
        self.lines.add(number)

    @rule()
    def say_whole(self) -> None:
        """A person says that what is here is all."""
        self.server.store.write(say_whole, self.server.upward._program)
        self.said = True

    @rule()
    def session(self) -> None:
        """The line is up, long enough that any doubt is over."""
        for _ in range(4):
            self.clock.now_ms += ALIVE_MS // 2
            self.talk()
        assert self.server.known is bool(self.lines or self.said)
        with self.above.view() as db:
            found = assets.changes(db, SCHOOL, since=0, limit=99, chosen=Chosen(), now_ms=0)
        here = {each.device_id: each.room for each in found if each.removed_ms is None}
        assert here == self.expected()
        if self.lines or self.said:
            self.above_has = self.listed()

    @rule()
    def restart(self) -> None:
        """A kill; the folder stays."""
        self.server.kill()
        self.server.start(self.boot())

    @rule(is_outbox_lost=st.booleans())
    def lose(self, *, is_outbox_lost: bool) -> None:
        """The database is lost after a session, perhaps the whole folder."""
        self.session()
        self.above_has = self.expected()
        self.server.kill()
        for path in self.server.folder.iterdir():
            if is_outbox_lost or path.name.startswith("a.db"):
                path.unlink()
        self.lines, self.seen, self.said = set(), {}, False
        self.server.start(self.boot())

    def talk(self) -> None:
        """All that waits is said and answered."""
        letters = self.server.letters()
        while letters:
            before = len(self.ears.link.letters)
            self.ears.take(*(Arrival(one.topic, one.payload, 1, 1, 1) for one in letters))
            letters = self.server.hear(self.ears.link.letters[before:])

    def teardown(self) -> None:
        """In the end it holds, too."""
        try:
            self.session()
        finally:
            self.server.kill()
            self.above.__exit__()
            shutil.rmtree(self.folder)


TestBegunAnew = BegunAnew.TestCase
TestBegunAnew.settings = settings(max_examples=8, stateful_step_count=8, deadline=None)


def test_days_and_weeks_of_before_stay(tmp_path: Path) -> None:
    """A day without a book is no day of nothing; of a week, what is known of each board stays."""
    clock = Clock()
    above = opened(tmp_path / "above")
    ears = Ears(a_program(above, scope=ABOVE, upstream="", now_ms=lambda: clock.now_ms))
    day = instant(NOW_MS).date().isoformat()

    def talk(server: Server, figures: SchoolFigures) -> None:
        server.figures = figures
        for _ in range(6):
            clock.now_ms += ALIVE_MS // 2
            letters = server.letters()
            while letters:
                before = len(ears.link.letters)
                ears.take(*(Arrival(one.topic, one.payload, 1, 1, 1) for one in letters))
                letters = server.hear(ears.link.letters[before:])

    def week(board: str, known_min: int) -> BoardWeek:
        return BoardWeek(device_id=board, kind="board", room="P1", known_min=known_min)

    def use(server: Server, *lines: BoardWeek) -> None:
        with server.store.transaction() as db:
            keep_use(db, SCHOOL, WEEK, lines)

    server = AnewServer(tmp_path / "s", "1start", clock, {})
    server.bring_in(1)
    use(server, week("usb-1", 900), week("usb-2", 900))
    talk(server, SchoolFigures(rooms=3, declared=1, managed=1))
    server.kill()
    shutil.rmtree(server.folder)
    server = AnewServer(tmp_path / "s", "2start", clock, {})
    use(server, week("usb-1", 100), week("usb-3", 100))
    talk(server, SchoolFigures(rooms=1))
    use(server, week("usb-1", 1000), week("usb-3", 200))
    talk(server, SchoolFigures(rooms=1))
    with above.view() as db:
        assert figures_since(db, SCHOOL, "")[day].declared == 1
        known = {one.line.device_id: one.line.known_min for one in use_of(db, SCHOOL, WEEK, WEEK)}
        (record,) = schools_of(db, Place(ABOVE.province))
    assert known == {"usb-1": 1000, "usb-2": 900, "usb-3": 200}
    assert record.keeps_older
    assert record.live.rooms == 1
    server.kill()
    above.__exit__()


def test_rooms_that_were_not_read_yet_are_no_figure(tmp_path: Path) -> None:
    """A school that starts tells its rooms as the database has them, before any page was asked."""
    with a_store(tmp_path, a_full_room()) as store:
        program = a_program(store)
        assert not program.service(LiveView).rooms()
        assert asyncio.run(figures_of(program)).rooms == 1
