"""Kills, copies put back on either side, two servers of one school: in the end both tell the same.

Words are lost, come late, twice and in any order. The school and the department are the real
classes; the model is what a person would write down: each server's book, and how many there are.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from msgspec.structs import replace

from controller.database.store import Store
from controller.department.listener import SchoolsListener
from controller.department.school_record import SchoolRecord
from controller.department.speakers import ALIVE_MS
from controller.department.store import schools_of
from controller.department.telling import upward_outbox
from controller.department.upward import Upward
from controller.feature import Program
from controller.features import keep_batch
from controller.fleet.records import DeviceRecord
from controller.inventory import store as assets
from controller.inventory.chosen import Chosen
from controller.inventory.store import begin_start
from controller.reconcile.kpi import figure_of
from controller.reconcile.store import figures_since, note_figure
from controller.use.hours import BoardWeek
from controller.use.store import keep_use, use_of
from protocol.link import Arrival, Broker, Letter
from protocol.messages import Ack, down_from, to_bytes
from protocol.model import DeviceKind, Identity, Place, Status
from protocol.topics import Address, Channel, commands_to, topic_of
from protocol.upward import SchoolChain, SchoolFigures, SchoolTold
from tests.controller.ears import Ears, SilentLink
from tests.controller.fresh import fresh_store
from tests.controller.web_school import FOLDERS, a_program

SCHOOL, ABOVE = Place("14", "00140708"), Place("14", "so-14")
NOW_MS = 1_793_232_000_000
DAYS = ("2026-10-02", "2026-10-05", "2026-10-06")
WEEKS = ("2026-10-05", "2026-10-12", "2026-10-19")

Book = dict[str, int]  # what a person would write down: of each item, day and week its newest value


class Clock:
    """The time, which all share."""

    now_ms = NOW_MS


def opened(folder: Path) -> Store:
    """The store of a folder; a new folder gets a new database."""
    folder.mkdir(exist_ok=True)
    path = folder / "a.db"
    store = Store(f"sqlite:///{path}") if path.exists() else fresh_store(folder)
    FOLDERS[store] = folder
    return store.__enter__()


class Server:
    """A school's server: its folder, and what it was told to hold."""

    figures = SchoolFigures()

    def __init__(self, folder: Path, boot: str, clock: Clock, book: Book) -> None:
        self.folder, self.book, self.clock = folder, dict(book), clock
        self.start(boot)

    def start(self, boot: str) -> None:
        """Begin to serve the folder."""
        self.store = opened(self.folder)
        program = a_program(self.store, scope=SCHOOL, now_ms=lambda: self.clock.now_ms)
        program.boot = boot
        program.config = replace(program.config, upstream_department=ABOVE.school)
        self.note_start(program)
        self.outbox = upward_outbox(self.folder / "upward.db", SCHOOL, ABOVE.school, boot)
        self.outbox.__enter__()
        self.upward = Upward(program, self.outbox, Broker("nowhere", 1), boot)
        self.link = self.upward.link = SilentLink()  # type: ignore[assignment]  # no broker

    def note_start(self, program: Program) -> None:
        """Remember the start; of whose list there is no doubt."""
        self.store.write(begin_start, program.boot, SCHOOL)

    def kill(self) -> None:
        """End; nothing is said."""
        self.outbox.__exit__()
        self.store.__exit__()

    def write(self, name: str, value: int) -> None:
        """An item, a day or a week becomes another."""
        kind, _, key = name.partition("/")
        self.book[name] = value
        with self.store.transaction() as db:
            match kind:
                case "item":
                    newest = assets.relay_newest(db, SCHOOL)
                    keep_batch(db, [board(key, value, newest + value)], NOW_MS)
                case "day":
                    counts = {"complete": 0, "verified": 0, "managed": 0}
                    note_figure(db, SCHOOL, key, figure_of(declared=value, **counts))
                case "week":
                    line = BoardWeek(device_id="usb-1", kind="board", room="P1", used_min=value)
                    keep_use(db, SCHOOL, key, [line])

    def letters(self) -> list[Letter]:
        """What it says of itself in a session: what it goes on from, then what waits."""
        while self.upward.teller.next_page():
            pass
        self.upward.teller.put_records()
        self.upward.teller.put_figures(self.figures)
        waiting = [*self.outbox.waiting_states(), *self.outbox.waiting_events(0, 1000)]
        parcels = [Letter(parcel.topic, parcel.payload) for parcel in waiting]
        return [*self.upward.greet(1), *parcels, self.upward.seals()]

    def hear(self, letters: Iterable[Letter]) -> list[Letter]:
        """Hear the department; returns what is answered at once."""

        async def play() -> None:
            for letter in letters:
                if letter.topic.startswith(commands_to(ABOVE.of_agent(SCHOOL.school))[:-1]):
                    arrival = Arrival(letter.topic, letter.payload, 1, 1, 1)
                    assert down_from(arrival.payload)
                    await self.upward.hear(arrival)
            await self.upward.begin_anew_if_asked()

        asyncio.run(play())
        answers, self.link.letters = self.link.letters, []
        return answers


def test_the_department_and_its_schools_bear_witness_to_the_time(tmp_path: Path) -> None:
    """An ack vouches for a school's clock; what three schools say vouches for the department's."""
    clock = Clock()
    server = Server(tmp_path / "school", "b1", clock, {})
    program = server.upward._program
    program.clock.is_synchronized = lambda: False
    assert program.clock.vouch() is None
    ack = Ack(boot="above", at_ms=clock.now_ms, of="b1")
    topic = topic_of(Address(ABOVE.of_agent(SCHOOL.school), Channel.COMMAND, "ack"))
    asyncio.run(server.upward.hear(Arrival(topic, to_bytes(ack), 1, 1, 1)))
    assert program.clock.vouch() == clock.now_ms
    store = opened(tmp_path / "above")
    above = a_program(store, scope=ABOVE, upstream="", now_ms=lambda: clock.now_ms)
    above.clock.is_synchronized = lambda: False
    listener = SchoolsListener(above)
    chain = SchoolChain(boot="b", at_ms=clock.now_ms, feed="f")
    old = SchoolTold(boot="b", at_ms=clock.now_ms, day="2026-09-05", feed="f")
    for code in ("1", "2", "3"):
        assert above.clock.vouch() is None
        listener.hear(code, old, clock.now_ms)
        assert above.clock.vouch() is None
        listener.hear(code, chain, clock.now_ms)
    assert above.clock.vouch() == clock.now_ms
    store.__exit__()
    server.kill()


def board(number: str, value: int, change: int) -> DeviceRecord:
    """A board whose room says how often it was changed."""
    return DeviceRecord(
        place=SCHOOL.of_agent("p203"),
        device_id=f"usb-{number}",
        kind=DeviceKind.BOARD,
        serial=f"sn-{number}",
        room=f"P{value}",
        status=Status.OK,
        identity=Identity.USB,
        first_seen_ms=NOW_MS,
        last_seen_ms=NOW_MS,
        change=change,
    )


class Forks(RuleBasedStateMachine):
    """One school code, one or two servers, one department."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock, self.boots, self.values = Clock(), 0, 0
        self.servers = [Server(self.folder / "s0", self.boot(), self.clock, {})]
        self.copies: dict[str, Book] = {}
        self.air: list[Letter] = []  # every word that was ever said
        self.is_forked = False
        self.begin_department()

    def boot(self) -> str:
        """A name that no start had before."""
        self.boots += 1
        return f"{self.boots:012}start"

    def begin_department(self) -> None:
        """The department's controller starts."""
        self.above = opened(self.folder / "above")
        program = a_program(self.above, scope=ABOVE, upstream="", now_ms=lambda: self.clock.now_ms)
        self.ears = Ears(program)

    def talk(self, server: Server, *, answered: bool = True, order: Random | None = None) -> None:
        """A session: all that waits is said; the answers come back, or are lost.

        order: in which the words arrive, some of them never.
        """
        said = server.letters()
        self.air += said
        if order:
            said = order.sample(said, order.randint(0, len(said)))
        self.arrive(said, answered=answered)

    def arrive(self, letters: list[Letter], *, answered: bool = True) -> None:
        """Words arrive above; what is answered, every server with that code hears."""
        while letters:
            before = len(self.ears.link.letters)
            self.ears.take(*(Arrival(one.topic, one.payload, 1, 1, 1) for one in letters))
            if not answered:
                return
            commands = self.ears.link.letters[before:]
            letters = [answer for each in self.servers for answer in each.hear(commands)]
            self.air += letters

    def record(self) -> SchoolRecord | None:
        """What the department knows of the school."""
        return next(iter(self.above.read(schools_of, Place("14"))), None)

    def copy(self, name: str) -> None:
        """Copy a folder that nobody has open."""
        shutil.rmtree(self.folder / f"{name}-copy", ignore_errors=True)
        shutil.copytree(self.folder / name, self.folder / f"{name}-copy")

    def put_back(self, name: str) -> None:
        """The copy takes the folder's place."""
        shutil.rmtree(self.folder / name)
        shutil.copytree(self.folder / f"{name}-copy", self.folder / name)

    names = st.sampled_from(
        [
            *(f"item/{number}" for number in range(3)),
            *(f"day/{day}" for day in DAYS),
            *(f"week/{week}" for week in WEEKS),
        ]
    )

    @rule(name=names, last=st.booleans())
    def write(self, *, name: str, last: bool) -> None:
        """Something becomes what it never was."""
        self.values += 1
        self.servers[-1 if last else 0].write(name, self.values)

    @rule(answered=st.booleans(), last=st.booleans())
    def session(self, *, answered: bool, last: bool) -> None:
        """The line is up for a while."""
        self.talk(self.servers[-1 if last else 0], answered=answered)

    @rule(answered=st.booleans(), order=st.randoms(use_true_random=False))
    def bad_session(self, *, answered: bool, order: Random) -> None:
        """The line loses words, and brings the others in another order."""
        self.talk(self.servers[0], answered=answered, order=order)

    @precondition(lambda self: self.air)
    @rule(order=st.randoms(use_true_random=False))
    def late_words(self, order: Random) -> None:
        """Words come again, or for the first time, long after they were said."""
        self.arrive(order.choices(self.air, k=4))

    @rule(minutes=st.sampled_from([1, 5, 30]))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.clock.now_ms += minutes * 60_000

    @rule(is_copied=st.booleans())
    def restart_school(self, *, is_copied: bool) -> None:
        """A kill; perhaps the folder is copied while nothing runs."""
        server = self.servers[0]
        server.kill()
        if is_copied:
            self.copy("s0")
            self.copies["s0"] = dict(server.book)
        server.start(self.boot())

    @precondition(lambda self: "s0" in self.copies)
    @rule()
    def put_school_back(self) -> None:
        """Yesterday's folder, under today's department."""
        server = self.servers[0]
        server.kill()
        self.put_back("s0")
        server.book = dict(self.copies["s0"])
        server.start(self.boot())

    @rule(is_copied=st.booleans())
    def restart_department(self, *, is_copied: bool) -> None:
        """The same above."""
        self.above.__exit__()
        if is_copied:
            self.copy("above")
            self.copies["above"] = {}
        self.begin_department()

    @precondition(lambda self: "above" in self.copies)
    @rule()
    def put_department_back(self) -> None:
        """Yesterday's department, over today's school."""
        self.above.__exit__()
        self.put_back("above")
        self.begin_department()

    @rule()
    def replace_department(self) -> None:
        """An empty database above."""
        self.above.__exit__()
        shutil.rmtree(self.folder / "above")
        self.begin_department()

    @precondition(lambda self: len(self.servers) == 1)
    @rule()
    def clone(self) -> None:
        """The folder serves on two machines."""
        first = self.servers[0]
        first.kill()
        shutil.copytree(self.folder / "s0", self.folder / "s1")
        first.start(self.boot())
        second = Server(self.folder / "s1", self.boot(), self.clock, first.book)
        self.servers.append(second)
        self.is_forked = True

    def teardown(self) -> None:
        """Two that speak in turn are shown; of the one that stays, the department has all."""
        try:
            self.clock.now_ms += 60_000
            for server in self.servers * 2:
                self.talk(server)
            record = self.record()
            assert record
            assert bool(record.rival_ms) == self.is_forked
            self.arrive(self.air[-200:])
            for server in self.servers[:-1]:
                server.kill()
            del self.servers[:-1]
            for _ in range(8):
                self.clock.now_ms += ALIVE_MS // 2
                self.talk(self.servers[0])
            assert self.told() == self.servers[0].book
            assert not self.servers[0].outbox.report().pending
        finally:
            for server in self.servers:
                server.kill()
            self.above.__exit__()
            shutil.rmtree(self.folder)

    def told(self) -> Book:
        """What stands at the department, of what the school has."""
        with self.above.view() as db:
            found = assets.changes(db, SCHOOL, since=0, limit=99, chosen=Chosen(), now_ms=0)
            days = figures_since(db, SCHOOL, "")
            weeks = use_of(db, SCHOOL, "", "9")
        here = {
            f"item/{each.device_id.removeprefix('usb-')}": int(each.room[1:])
            for each in found
            if each.removed_ms is None
        }
        book = self.servers[0].book
        records = {f"day/{day}": kpi.declared for day, kpi in days.items()}
        records |= {f"week/{each.week}": each.line.used_min for each in weeks}
        return here | {name: value for name, value in records.items() if name in book}


TestForks = Forks.TestCase
TestForks.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
