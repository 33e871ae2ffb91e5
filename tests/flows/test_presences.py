"""A cookie that checks in is a presence; the school's equipment is what a person confirmed.

Random days of a room's tablets go through the agent's and the controller's cores, and are held
against a plain model of sets.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC
from random import Random

import pytest
from msgspec.structs import replace as rewrite

from agent.equipment.description import device_id_of
from agent.equipment.devices import DevicesStep, restore_devices
from agent.tablets.cart import FORGOTTEN_LESSONS, MAX_SLOTS, key_of, token_of
from agent.tablets.checkins import GOOD, CheckInAttempt, CheckInOutcome
from agent.tablets.lesson import TabletLesson
from agent.tablets.service import TabletBackend, TabletService
from controller.department.brief import is_told
from controller.fleet.fleet import Fleet
from controller.fleet.records import DeviceRecord
from controller.inventory.asset import Asset, AssetState, assets_of, news
from controller.reconcile.deciding import decision_on
from controller.reconcile.evidence import observations_of
from controller.reconcile.reconcile import Reconciled, reconcile
from controller.register.decisions import Decision, Deed, Rulings
from controller.register.merging import Kept
from hardware.readings import Sighting
from protocol.messages import AnyEvent, Birth, OutboxReport
from protocol.model import Place, is_equipment
from tests.agent.classrooms import PLACE, classroom
from tests.agent.tablet_room import dice, lesson_of

SCHOOL = Place(PLACE.province, PLACE.school)
START_MS = 1_793_232_000_000
DAY_MS = 86_400_000


@dataclass
class School:
    """A room's agent, its school's controller and the department above, without lines or disks."""

    now_ms: int = START_MS
    book: list[Kept] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    told: dict[str, Asset] = field(default_factory=dict)
    department: set[str] = field(default_factory=set)
    tombstones: set[str] = field(default_factory=set)
    lessons: int = 0
    seen: list[Sighting] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fleet = Fleet(SCHOOL, UTC)
        self.classroom = classroom()
        self.random = dice()
        self.service = self._service(())
        self.born, self.seq = 0, itertools.count(1)
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
            is_confirmed=lambda key: self.classroom.devices.owns([token_of(key)]),
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
        self.classroom = replace(self.classroom, devices=step.devices)
        for message in step.messages:
            numbered = message
            if isinstance(message, AnyEvent):
                numbered = rewrite(message, seq=next(self.seq))
            else:
                self.rev += 1
                numbered = rewrite(message, rev=self.rev)
            self.fleet.hear(PLACE.agent, numbered, self.now_ms)

    def _be_born(self) -> None:
        self.born += 1
        self.rev = 1
        birth = self.classroom.birth(self.born, OutboxReport(), self.now_ms)
        assert isinstance(birth, Birth)
        self.fleet.hear(PLACE.agent, rewrite(birth, rev=1), self.now_ms)

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
        self.classroom = replace(self.classroom, room=room, devices=devices)
        self.seq = itertools.count(1)
        self.service = self._service(self.service._cart.slots())
        self._be_born()

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
        if self.seen:
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
            self.book,
            observations_of(self.records()),
            self.now_ms + 1,
            rulings=Rulings(self.decisions),
        )

    def records(self) -> list[DeviceRecord]:
        """What the controller knows, as it does after a restart."""
        return [one for one in self.fleet.devices.values() if one.removed_ms is None]

    def accept(self, cookie: str) -> None:
        """At the school a person takes it into the book."""
        decision, line = decision_on(
            self.compare(), self.book, f"device:{id_of(cookie)}", Deed.ACCEPT, now_ms=self.now_ms
        )
        assert line is not None
        self.book.append(line)
        self.decisions.append(rewrite(decision, no=len(self.decisions) + 1))

    def tell(self) -> None:
        """The school brings its records up, and the department takes what is new."""
        rulings = Rulings(self.decisions)
        now = assets_of(self.compare(), self.records(), SCHOOL, rulings=rulings)
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


def id_of(cookie: str) -> str:
    """The device that a cookie would be."""
    return device_id_of(token_of(key_of(cookie)))


def cookies(label: str, count: int) -> list[str]:
    """So many cookies, each its own."""
    return [f"{number:08x}".ljust(24, label) + f"{number:08x}" for number in range(count)]


def test_one_phone_with_forty_private_windows_is_no_equipment() -> None:
    """Whatever it does, no list grows; one that a person confirms is the only tablet."""

    async def play() -> None:
        school = School()
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


def test_phantoms_that_were_told_leave_by_a_tombstone() -> None:
    """A feed of before told of each cookie; what the book names stays."""

    async def play() -> None:
        school = School()
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
        school.accept(phone[0])
        school.tell()
        assert school.department == {id_of(phone[0])}
        assert school.tombstones == set(map(id_of, phone[1:]))

    asyncio.run(play())


@dataclass
class Model:
    """What should be so: the lesson in which each cookie was last here, and what was confirmed."""

    last: dict[str, tuple[int, int]] = field(default_factory=dict)  # lesson, use
    ours: set[str] = field(default_factory=set)
    lesson: int = 0
    uses: int = 0
    here: set[str] = field(default_factory=set)
    fresh: bool = True

    def begin(self) -> None:
        """Another lesson: who was not here for long is forgotten."""
        self.here, self.fresh = set(), True
        self.last = {
            cookie: at
            for cookie, at in self.last.items()
            if cookie in self.ours or self.lesson - at[0] < FORGOTTEN_LESSONS
        }

    def check_in(self, cookie: str) -> bool:
        """Whether there is a place for it."""
        if cookie not in self.last and len(self.last) >= MAX_SLOTS:
            idle = [one for one in self.last if one not in self.ours | self.here]
            if not idle:
                return False
            del self.last[min(idle, key=lambda one: self.last[one][1])]
        self.lesson += self.fresh
        self.fresh = False
        self.uses += 1
        self.last[cookie] = (self.lesson, self.uses)
        self.here.add(cookie)
        return True


@pytest.mark.parametrize("seed", range(4))
def test_random_weeks_are_as_the_model_says(seed: int) -> None:
    """Private windows, regulars, confirmations, restarts, quiet weeks: equal after each lesson."""
    rng = Random(seed)

    async def play() -> None:
        school, model = School(), Model()
        windows = iter(cookies("c", 2000))
        regulars = cookies("d", 30)
        for _lesson in range(40):
            if rng.random() < 0.15:
                school.restart()
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
            school.tell()
            slots = {slot.key for slot in school.service._cart.slots()}
            assert slots == set(map(key_of, model.last))
            ours = set(map(id_of, model.ours))
            assert school.equipment() == school.department == school.items() == ours

    asyncio.run(play())
