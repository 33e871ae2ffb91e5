"""A cookie that checks in is a presence; the school's equipment is what a person confirmed.

Random days of a room's tablets go through the agent's and the controller's cores and the school's
book, with words that are lost between them, and are held against a plain model of sets.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace as rewrite

from agent.equipment import memos
from agent.equipment.description import device_id_of
from agent.equipment.devices import DevicesStep, restore_devices
from agent.local.status import questions
from agent.room import Moment
from agent.tablets.cart import FORGOTTEN_LESSONS, MAX_SLOTS, key_of, token_of
from agent.tablets.checkins import GOOD, CheckInAttempt, CheckInOutcome
from agent.tablets.lesson import TabletLesson
from agent.tablets.service import TabletBackend, TabletService
from controller.database.store import Store
from controller.department.brief import is_told
from controller.fleet.fleet import Change, Fleet
from controller.fleet.records import DeviceRecord
from controller.fleet.tablets import TabletTellings
from controller.inventory.asset import Asset, AssetState, assets_of, news
from controller.reconcile.deciding import decision_on
from controller.reconcile.evidence import observations_of
from controller.reconcile.reconcile import Reconciled, reconcile
from controller.reconcile.store import named_in
from controller.register import store as register
from controller.register.book import Line
from controller.register.decisions import Decision, Deed, Rulings
from controller.register.merging import Kept
from hardware.readings import Sighting
from protocol.messages import (
    AnyEvent,
    Birth,
    OutboxReport,
    Presence,
    TabletsConfirmed,
    Up,
    down_from,
    to_bytes,
)
from protocol.model import Place, is_equipment
from tests.agent.classrooms import PLACE, classroom
from tests.agent.tablet_room import dice, lesson_of
from tests.controller.web_school import a_store
from tests.tiers import wide

SCHOOL = Place(PLACE.province, PLACE.school)
START_MS = 1_793_232_000_000
DAY_MS = 86_400_000


@dataclass
class School:
    """A room's agent, its school's controller and the department above, without cables."""

    store: Store
    now_ms: int = START_MS
    told: dict[str, Asset] = field(default_factory=dict)
    department: set[str] = field(default_factory=set)
    tombstones: set[str] = field(default_factory=set)
    lessons: int = 0
    seen: list[Sighting] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fleet, self.tellings = Fleet(SCHOOL, UTC), TabletTellings()
        self.memos: dict[str, bytes] = {}
        self.given: list[bytes] = []
        self.is_line_bad = False  # what the controller says is lost
        self.classroom = classroom()
        self.random = dice()
        self.service = self._service(())
        self.born, self.rev, self.seq = 0, 0, itertools.count(1)
        self._be_born()

    def _service(self, slots: tuple[object, ...]) -> TabletService:
        async def suggest(_student: str, _tablet: str, _flags: tuple[str, ...]) -> None:
            return None

        async def keep(keys: frozenset[str]) -> bool:
            self._step(self.classroom.devices.keep_presences(map(token_of, keys), self.now_ms))
            return True

        backend = TabletBackend(
            lesson=lambda: self.lesson,
            suggest=suggest,
            slots=slots,  # type: ignore[arg-type]
            is_confirmed=lambda key: self.classroom.devices.is_own([token_of(key)]),
            keep=keep,
        )
        service = TabletService(
            backend,
            now_s=lambda: self.now_ms / 1000,
            random=lambda length: next(self.random)[-length:],
        )
        service._report = self.seen.append  # type: ignore[assignment]
        self.lesson: TabletLesson | None = None
        return service

    def _step(self, step: DevicesStep) -> None:
        for name, memo in memos.changes(self.classroom.devices, step.devices).items():
            self.memos.pop(name, None)
            if memo is not None:
                self.memos[name] = memo
        self.classroom = replace(self.classroom, devices=step.devices)
        for message in step.messages:
            numbered = message
            if isinstance(message, AnyEvent):
                numbered = rewrite(message, seq=next(self.seq))
            else:
                self.rev += 1
                numbered = rewrite(message, rev=self.rev)
            self._hear(numbered)
        self._deliver()

    def _deliver(self) -> None:
        """The room takes what the controller told it."""
        while self.given:
            given = down_from(self.given.pop(0))
            assert isinstance(given, TabletsConfirmed)
            self._step(self.classroom.devices.confirm(given.devices, self.now_ms))

    def _hear(self, message: Up) -> None:
        self._follow(self.fleet.hear(PLACE.agent, message, self.now_ms))

    def _follow(self, changes: list[Change]) -> None:
        """The controller tells the room what it should hold; a bad line loses it."""
        self.tellings.see(changes)
        devices = self.fleet.devices.values()
        for _agent, ids in [*self.tellings.due(self.fleet.agents, devices)]:
            told = TabletsConfirmed(boot="c", at_ms=self.now_ms, devices=ids)
            if not self.is_line_bad:
                self.given.append(to_bytes(told))

    def _be_born(self) -> None:
        self.born += 1
        self.rev += 1
        boot = self.classroom.room.boot
        self._hear(Presence(boot=boot, at_ms=self.now_ms, session=self.born, online=True))
        moment = Moment(self.now_ms, self.now_ms / 1000, "2026-11-02")
        birth = self.classroom.birth(self.born, OutboxReport(), moment)
        assert isinstance(birth, Birth)
        self._hear(rewrite(birth, rev=self.rev))
        self._deliver()

    def restart(self) -> None:
        """The agent starts again with what is on its disk."""
        before = self.classroom.devices
        room = replace(self.classroom.room, boot=f"b{self.born + 1}")
        devices = restore_devices(
            room,
            [record.device for record in before.by_id.values()],
            before.traces,
            before.decisions,
            (before.ours, before.strangers),
        )
        devices = replace(devices, confirmed=memos.confirmed_in(self.memos))
        self.classroom = replace(self.classroom, room=room, devices=devices)
        self.seq, self.rev = itertools.count(1), 0
        self.service = self._service(self.service._cart.slots())
        self._be_born()

    def restart_controller(self) -> None:
        """The controller starts again with what it stored; the line begins anew with it."""
        devices = [*self.fleet.devices.values()]
        newest = max((one.change for one in devices), default=0)
        agents = [*self.fleet.agents.values()]
        self.fleet = Fleet(SCHOOL, UTC, agents=agents, devices=devices, newest_change=newest)
        self.tellings = TabletTellings()
        self.reconnect()

    def reconnect(self) -> None:
        """The line is cut and comes back: another session of the room."""
        self._be_born()
        self.look_at_book()

    def look_at_book(self) -> None:
        """The controller's poll: what the book names now is equipment."""
        self._follow(self.fleet.confirm(self.store.read(named_in, SCHOOL), self.now_ms))
        self._deliver()

    async def begin(self) -> None:
        """Another lesson begins; the room looks around."""
        self.lessons += 1
        self.now_ms += DAY_MS // 6
        self.lesson = lesson_of("10A1", code=f"l{self.lessons}")
        self.service.checkins()
        await self.look()

    async def look(self) -> None:
        """The agent takes in what it saw, looks who is asleep, and who lost a slot."""
        self._take_in()
        await self.service.look()
        self._take_in()

    def _take_in(self) -> None:
        self._step(self.classroom.devices.see(self.seen, self.now_ms))
        self.seen.clear()

    async def check_in(self, cookie: str, number: int) -> CheckInOutcome:
        """Whoever has this cookie types the board's code and touches a number."""
        self.now_ms += 1000
        code = self.service.checkins().code
        attempt = CheckInAttempt(
            tablet=key_of(cookie),
            address="192.168.1.7",
            number=(0, number),
            digits=code.digits(self.now_ms / 1000) if code else "",
        )
        return (await self.service.check_in(attempt)).outcome

    def say(self, cookie: str, *, ours: bool) -> None:
        """In the room a person says whose tablet it is."""
        devices = self.classroom.devices
        self._step(devices.claim(id_of(cookie), self.now_ms, ours=ours))

    def compare(self) -> Reconciled:
        """The book against what was seen."""
        return reconcile(
            self.store.read(register.lines_of, SCHOOL),
            observations_of(self.records()),
            self.now_ms + 1,
            rulings=self.rulings(),
        )

    def rulings(self) -> Rulings:
        """What people at the school decided."""
        return Rulings(self.store.read(register.decisions_of, SCHOOL))

    def records(self) -> list[DeviceRecord]:
        """What the controller knows, as it does after a restart."""
        return [one for one in self.fleet.devices.values() if one.removed_ms is None]

    def decide(self, cookie: str, deed: Deed, row: int | None = None) -> Decision:
        """At the school a person takes it into the book, or says which line it is."""
        lines = self.store.read(register.lines_of, SCHOOL)
        decision, line = decision_on(
            self.compare(), lines, f"device:{id_of(cookie)}", deed, row=row, now_ms=self.now_ms
        )
        stored = self.store.write(register.keep_decision, SCHOOL, decision, line)
        self.look_at_book()
        return stored

    def take_back(self, decision: Decision) -> None:
        """A person takes a decision back."""
        assert self.store.write(register.undo_decision, SCHOOL, decision.no, self.now_ms)
        self.look_at_book()

    def bring_in(self, lines: list[Line], *, whole: bool = False) -> None:
        """A sheet is brought into the book."""
        self.store.write(register.bring_in, SCHOOL, lines, whole=whole, now_ms=self.now_ms)
        self.look_at_book()

    def line_of(self, cookie: str) -> Kept:
        """The line that was made of it, and counts."""
        lines = self.store.read(register.lines_of, SCHOOL)
        lines = [line for line in lines if line.removed_ms is None]
        return next(line for line in lines if line.device == f"device:{id_of(cookie)}")

    def tell(self) -> None:
        """The school brings its records up, and the department takes what is new."""
        now = assets_of(self.compare(), self.records(), SCHOOL, rulings=self.rulings())
        newest = max((one.change for one in self.told.values()), default=0)
        relayed = max((one.relay_change for one in self.told.values()), default=0)
        for asset in news(self.told, now, newest, relayed, self.now_ms):
            self.told[asset.device_id] = asset
            if is_told(asset):
                self.department.add(asset.device_id)
            elif asset.device_id in self.department:
                self.department.remove(asset.device_id)
                self.tombstones.add(asset.device_id)

    def items(self) -> set[str]:
        """What whoever pulls the school's own feed holds."""
        return {name for name, asset in self.told.items() if asset.removed_ms is None}

    def equipment(self) -> set[str]:
        """What the school's screens count."""
        return {one.device_id for one in self.records() if is_equipment(one)}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The school's store, with an empty book."""
    with a_store(tmp_path) as opened:
        yield opened


def id_of(cookie: str) -> str:
    """The device that a cookie would be."""
    return device_id_of(token_of(key_of(cookie)))


def cookies(label: str, count: int) -> list[str]:
    """So many cookies, each its own."""
    return [f"{number:08x}".ljust(24, label) + f"{number:08x}" for number in range(count)]


def test_one_phone_with_forty_private_windows_is_no_equipment(store: Store) -> None:
    """Whatever it does, no list grows; one that a person confirms is the only tablet."""

    async def play() -> None:
        school = School(store)
        phone = cookies("a", 188)
        for start in range(0, 188, 40):
            await school.begin()
            for number, cookie in enumerate(phone[start : start + 40], start=1):
                assert await school.check_in(cookie, number) in GOOD
            await school.look()
        school.tell()
        assert school.equipment() == school.department == school.items() == set()
        assert len(school.service._cart.slots()) == MAX_SLOTS
        school.say(phone[-1], ours=True)
        school.tell()
        assert school.equipment() == school.department == {id_of(phone[-1])}

    asyncio.run(play())


def test_phantoms_that_were_told_leave_by_a_tombstone(store: Store) -> None:
    """A feed of before told of each cookie; what the book names stays."""

    async def play() -> None:
        school = School(store)
        await school.begin()
        phone = cookies("b", 5)
        for number, cookie in enumerate(phone, start=1):
            await school.check_in(cookie, number)
        await school.look()
        for record in school.records():
            asset = Asset(
                place=record.place,
                device_id=record.device_id,
                state=AssetState.UNREGISTERED,
                change=1,
                relay_change=1,
            )
            school.told[asset.device_id] = asset
            school.department.add(asset.device_id)
        school.decide(phone[0], Deed.ACCEPT)
        school.tell()
        assert school.department == {id_of(phone[0])}
        assert school.tombstones == set(map(id_of, phone[1:]))

    asyncio.run(play())


def test_the_room_asks_no_more_about_what_the_school_confirmed(store: Store) -> None:
    """What is taken back is asked about again; a restart in between forgets neither."""

    async def play() -> None:
        school, (cookie,) = School(store), cookies("e", 1)
        for _week in range(2):
            await school.begin()
            assert await school.check_in(cookie, 1) in GOOD
            await school.look()
            school.now_ms += 8 * DAY_MS

        def asked() -> list[str]:
            return [one["device_id"] for one in questions(school.classroom, str)]

        assert asked() == [id_of(cookie)]
        decision = school.decide(cookie, Deed.ACCEPT)
        assert asked() == []
        school.is_line_bad = True
        school.restart()
        await school.begin()
        assert await school.check_in(cookie, 1) in GOOD
        await school.look()
        assert asked() == []
        school.is_line_bad = False
        school.take_back(decision)
        assert asked() == [id_of(cookie)]

    asyncio.run(play())


@dataclass
class Model:
    """What should be so: the lesson in which each cookie was last here, and what was confirmed.

    ours: by the room. accepted, matched, imported: by the school, and not taken back. said: what
    the school said last in this session; held: what the room has heard of that.
    """

    last: dict[str, tuple[int, int]] = field(default_factory=dict)  # lesson, use
    ours: set[str] = field(default_factory=set)
    accepted: dict[str, Decision] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    matched: dict[str, tuple[Decision, str]] = field(default_factory=dict)  # the tag of its line
    said: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    lesson: int = 0
    uses: int = 0
    here: set[str] = field(default_factory=set)
    fresh: bool = True

    @property
    def named(self) -> set[str]:
        """What the school's book names."""
        return {*self.accepted, *self.imported, *self.matched}

    def hear(self, *, is_lost: bool = False, is_anew: bool = False) -> None:
        """The school says what its book names, where that is new or the session is."""
        if is_anew or self.said != self.named:
            self.said = self.named
            self.held = self.held if is_lost else self.named

    @property
    def confirmed(self) -> set[str]:
        """Whose numbers the room may not give away, as far as it has heard."""
        return self.ours | self.held

    def begin(self) -> None:
        """Another lesson: who was not here for long is forgotten."""
        self.here, self.fresh = set(), True
        self.last = {
            cookie: at
            for cookie, at in self.last.items()
            if cookie in self.confirmed or self.lesson - at[0] < FORGOTTEN_LESSONS
        }

    def check_in(self, cookie: str) -> bool:
        """Whether there is a place for it."""
        if cookie not in self.last and len(self.last) >= MAX_SLOTS:
            idle = [one for one in self.last if one not in self.confirmed | self.here]
            if not idle:
                return False
            del self.last[min(idle, key=lambda one: self.last[one][1])]
        self.lesson += self.fresh
        self.fresh = False
        self.uses += 1
        self.last[cookie] = (self.lesson, self.uses)
        self.here.add(cookie)
        return True


@dataclass
class Office:
    """What people at the school do with the book, at random, on both sides alike."""

    school: School
    model: Model
    rng: Random
    tags: Iterator[str] = field(default_factory=lambda: (f"TB-{no}" for no in itertools.count(1)))

    def work(self) -> None:
        """One thing or another; the room hears of it unless the line is bad."""
        self.school.is_line_bad = self.rng.random() < 0.3
        free = sorted(self.model.here - self.model.named)
        deeds = [self.accept, self.match] if free else []
        for deed in self.rng.sample([*deeds, self.take_back, self.import_accepted, self.lose], 2):
            deed(free)
            self.model.hear(is_lost=self.school.is_line_bad)
            free = sorted(self.model.here - self.model.named)
            if not free:
                break

    def accept(self, free: list[str]) -> None:
        """A tablet that is here becomes a line of its own."""
        cookie = self.rng.choice(free)
        self.model.accepted[cookie] = self.school.decide(cookie, Deed.ACCEPT)

    def match(self, free: list[str]) -> None:
        """A line of the school's sheet is a tablet that is here."""
        cookie, tag = self.rng.choice(free), next(self.tags)
        self.school.bring_in([Line(row=0, asset_tag=tag, type="laptop", name=tag)])
        lines = self.school.store.read(register.lines_of, SCHOOL)
        row = next(line.data.row for line in lines if line.data.asset_tag == tag)
        self.model.matched[cookie] = self.school.decide(cookie, Deed.MATCH, row), tag

    def take_back(self, _free: list[str]) -> None:
        """One decision is taken back; a line that a sheet has named meanwhile stays."""
        decisions = self.model.accepted | {
            cookie: decision for cookie, (decision, _) in self.model.matched.items()
        }
        if decisions:
            cookie = self.rng.choice(sorted(decisions))
            self.school.take_back(decisions[cookie])
            self.model.accepted.pop(cookie, None)
            self.model.matched.pop(cookie, None)

    def import_accepted(self, _free: list[str]) -> None:
        """A sheet names the line that was made of a tablet: it is the book's from then on.

        Of two such lines without a tag nobody knows which one it names.
        """
        lone = sorted(self.model.accepted.keys() - self.model.imported)
        if len(lone) == 1:
            line = self.school.line_of(lone[0]).data
            self.school.bring_in([rewrite(line, asset_tag=next(self.tags))])
            self.model.imported.add(lone[0])

    def lose(self, _free: list[str]) -> None:
        """A whole sheet lacks what was matched, and what sheets had named: those lines leave."""
        if self.rng.random() < 0.3:
            self.school.bring_in([Line(row=0, asset_tag=next(self.tags), type="table")], whole=True)
            gone = self.model.imported | self.model.matched.keys()
            self.model.imported, self.model.matched = set(), {}
            self.model.accepted = {
                cookie: one for cookie, one in self.model.accepted.items() if cookie not in gone
            }


@pytest.mark.parametrize("seed", [0, *wide(1, 2)])
def test_random_weeks_are_as_the_model_says(store: Store, seed: int) -> None:
    """Private windows, both sides' words, restarts, lost words: equal after each lesson."""
    rng = Random(seed)

    async def play() -> None:
        school, model = School(store), Model()
        office = Office(school, model, rng)
        windows = iter(cookies("c", 2000))
        regulars = cookies("d", 30)
        for _lesson in range(30):
            if rng.random() < 0.3:
                school.is_line_bad = False
                rng.choice((school.restart, school.restart_controller, school.reconnect))()
                model.hear(is_anew=True)
            for _quiet in range(FORGOTTEN_LESSONS if rng.random() < 0.08 else 1):
                await school.begin()
                model.begin()
                assert await school.check_in(regulars[0], 41) in GOOD
                assert model.check_in(regulars[0])
            for number in range(1, rng.choice((1, 10, 40)) + 1):
                cookie = rng.choice(regulars) if rng.random() < 0.6 else next(windows)
                if cookie in model.here:
                    continue
                outcome = await school.check_in(cookie, number)
                assert (outcome in GOOD) is model.check_in(cookie), outcome
            await school.look()
            if rng.random() < 0.3 and model.here:
                cookie = rng.choice(sorted(model.here))
                is_ours = rng.random() < 0.8
                school.say(cookie, ours=is_ours)
                (model.ours.add if is_ours else model.ours.discard)(cookie)
            if rng.random() < 0.5:
                office.work()
            school.tell()
            slots = {slot.key for slot in school.service._cart.slots()}
            assert slots == set(map(key_of, model.last))
            here = set(map(id_of, model.last))
            assert school.equipment() == here & set(map(id_of, model.ours | model.named))
            assert school.classroom.devices.confirmed == set(map(id_of, model.held))
            lines = {name for name in school.items() if name.startswith("line:")}
            assert school.items() - lines == school.equipment() == school.department - lines

    asyncio.run(play())
