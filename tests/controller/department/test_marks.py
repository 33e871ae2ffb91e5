"""One mark alive in two schools is two pieces everywhere; what is carried stays one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.department.exceptions import Oddity, count_of, odd_items
from controller.department.listener import MARKS_EVERY_MS
from controller.department.marks import (
    ANSWER_MS,
    ASK_EVERY_MS,
    PROOF_MS,
    MarkHolder,
    MarkWatch,
)
from controller.department.marks_store import found_holders
from controller.department.overview import department_of
from controller.department.telling import upward_outbox
from controller.department.upward import Upward
from controller.fleet.store import all_devices
from controller.inventory.store import begin_start
from protocol.link import Arrival, Broker, Letter
from protocol.messages import Birth, MarksAsked, down_from
from protocol.model import Device, DeviceKind, Identity, Place, Status
from protocol.topics import commands_to
from protocol.upward import MarkSeen, MarksSeen, SchoolFigures
from tests.controller.department.test_forks import ABOVE, NOW_MS, Clock, opened
from tests.controller.ears import Ears, SilentLink, arrival
from tests.controller.web_school import a_program

MINUTE_MS = 60_000
STEP = 5  # minutes
MARK, OTHER = "usb-0123456789ab", "usb-ba9876543210"
A, B = "00140708", "00140709"
SCHOOLS = (A, B, "00140710")

Stay = tuple[int, int, int]  # a piece is in a school (its index) from one minute to another


def _truth(pieces: Sequence[Sequence[Stay]]) -> tuple[set[str], set[str]]:
    """Schools that surely, and that possibly, have a piece beside another school's piece."""
    sure, possible = set[str](), set[str]()
    stays = [(piece, *stay) for piece, all_of_it in enumerate(pieces) for stay in all_of_it]
    for one, school, begin, end in stays:
        for another, there, other_begin, other_end in stays:
            if one == another or school == there:
                continue
            shared = min(end, other_end) - max(begin, other_begin)
            possible |= {SCHOOLS[school]} if shared > 0 else set()
            sure |= {SCHOOLS[school]} if shared > 40 else set()
    return sure, possible


@st.composite
def _piece(draw: st.DrawFn) -> list[Stay]:
    """Where one piece is, one school after another; between two it is on its way."""
    stays: list[Stay] = []
    at = draw(st.integers(0, 60))
    for _ in range(draw(st.integers(1, 6))):
        end = at + draw(st.sampled_from([5, 10, 30, 90]))
        stays.append((draw(st.integers(0, 2)), at, end))
        at = end + draw(st.sampled_from([4, 15, 60]))
    return stays


@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(_piece(), min_size=1, max_size=3), late=st.integers(0, 12))
def test_pieces_that_are_in_two_schools_at_once_and_no_others(
    pieces: list[list[Stay]], late: int
) -> None:
    """Against pieces that are carried and stay; what left is seen for `late` minutes more."""
    watch, found = MarkWatch("14", new_name=iter(map(str, range(10**6))).__next__), set[str]()
    watch.take([MarkHolder(school, MARK, MARK) for school in SCHOOLS], 0)
    for minute in range(0, 700, 5):
        now_ms = minute * MINUTE_MS
        if not minute % 20:
            watch.take([MarkHolder(school, MARK, MARK) for school in SCHOOLS], now_ms)
        for ask in watch.ask(SCHOOLS, now_ms):
            at = [
                stay
                for piece in pieces
                for stay in piece
                if SCHOOLS[stay[0]] == ask.school and stay[1] <= minute < stay[2] + late
            ]
            seen = (MarkSeen(mark=MARK, item=MARK),) if at else ()
            told = MarksSeen(boot="b", at_ms=0, asked=ask.question, seen=seen)
            found |= {one.place.school for one in watch.hear(ask.school, told, now_ms)}
    sure, possible = _truth(pieces)
    assert sure <= found <= possible


def test_an_answer_to_no_question_proves_nothing() -> None:
    """Said again, or for another mark than was asked."""
    watch = MarkWatch("14", new_name=iter(map(str, range(99))).__next__)
    holders = [MarkHolder(A, MARK, MARK), MarkHolder(B, MARK, MARK)]
    for now_ms in range(0, 3 * PROOF_MS, ASK_EVERY_MS):
        watch.take(holders, now_ms)
        for school in (A, B):
            (ask,) = watch.ask([school], now_ms)
            assert watch.ask([school], now_ms + ANSWER_MS - 1) == []
            of_another = (MarkSeen(mark=OTHER, item=OTHER),)
            assert watch.hear(school, _answer("no", MARK), now_ms) == []
            other = MarksSeen(boot="b", at_ms=0, asked=ask.question, seen=of_another)
            assert watch.hear(school, other, now_ms) == []
            assert watch.hear(school, _answer(ask.question, MARK), now_ms) == []


def test_a_school_may_have_several_pieces_of_one_mark() -> None:
    """As where two merged into one server: each of its pieces is found, not the last one told."""
    watch = MarkWatch("14", new_name=iter(map(str, range(99))).__next__)
    holders = [MarkHolder(A, MARK, MARK), MarkHolder(B, MARK, MARK)]
    found = set[tuple[str, str]]()
    for now_ms in range(0, 3 * PROOF_MS, ASK_EVERY_MS):
        watch.take(holders, now_ms)
        for school, items in ((A, ("usb-1", "usb-2")), (B, ("usb-3",))):
            for ask in watch.ask([school], now_ms):
                seen = tuple(MarkSeen(mark=MARK, item=item) for item in items)
                told = MarksSeen(boot="b", at_ms=0, asked=ask.question, seen=seen)
                found |= {(one.place.school, one.item) for one in watch.hear(school, told, now_ms)}
    assert found == {(A, "usb-1"), (A, "usb-2"), (B, "usb-3")}


def _answer(question: str, mark: str) -> MarksSeen:
    return MarksSeen(boot="b", at_ms=0, asked=question, seen=(MarkSeen(mark=mark, item=mark),))


class LivingSchool:
    """A school's controller: its agent, its ingest, its talk with the department."""

    def __init__(self, folder: Path, code: str, clock: Clock, stack: ExitStack) -> None:
        self.place, self.clock, self.rev = Place("14", code), clock, 0
        self.store = opened(folder / code)
        stack.callback(self.store.__exit__)
        self.store.write(begin_start, f"boot{code}", self.place)
        program = a_program(self.store, scope=self.place, now_ms=lambda: clock.now_ms)
        program.boot = f"boot{code}"
        program.config = replace(program.config, upstream_department=ABOVE.school)
        self.ears = Ears(program)
        program.writer = self.ears.ingest
        path = folder / f"{code}-up.db"
        outbox = upward_outbox(path, self.place, ABOVE.school, program.boot)
        self.outbox = stack.enter_context(outbox)
        self.upward = Upward(program, self.outbox, Broker("nowhere", 1), program.boot)
        self.link = self.upward.link = SilentLink()  # type: ignore[assignment]  # no broker

    def beat(self, *devices: Device) -> None:
        """The room's computer says what it has."""
        self.rev += 1
        birth = Birth(
            boot="a1",
            at_ms=self.clock.now_ms,
            rev=self.rev,
            session=1,
            room="P203",
            beat_s=60.0,
            status=Status.OK,
            devices=devices,
        )
        self.ears.take(arrival(self.place.of_agent("p203"), birth))

    def items(self) -> dict[str, tuple[Identity | None, tuple[str, ...]]]:
        """Its devices: what each is known by, and as what it was known."""
        devices = self.store.read(all_devices, self.place)
        return {device.device_id: (device.identity, device.aliases) for device in devices}

    def talk(self, above: Ears) -> None:
        """All that waits is said; the department's words come back."""
        while self.upward.teller.next_page():
            pass
        self.upward.teller.put_figures(SchoolFigures())
        waiting = [*self.outbox.waiting_states(), *self.outbox.waiting_events(0, 1000)]
        parcels = [Letter(parcel.topic, parcel.payload) for parcel in waiting]
        letters = [*self.upward.greet(1), *parcels]
        above.take(*(Arrival(one.topic, one.payload, 1, 1, 1) for one in letters))

    def hear(self, above: Ears, said: int) -> None:
        """Hear what the department has said since, and answer."""
        root = commands_to(ABOVE.of_agent(self.place.school))[:-1]

        async def play() -> None:
            for letter in above.link.letters[said:]:
                if letter.topic.startswith(root):
                    await self.upward.hear(Arrival(letter.topic, letter.payload, 1, 1, 1))

        asyncio.run(play())
        answers, self.link.letters = self.link.letters, []
        if answers:
            above.take(*(Arrival(one.topic, one.payload, 1, 1, 1) for one in answers))


def _device(device_id: str = MARK, identity: Identity = Identity.USB) -> Device:
    return Device(
        device_id=device_id,
        kind=DeviceKind.BOARD,
        vendor="Hite",
        model="Board",
        serial="HB75A0017734",
        status=Status.OK,
        sources=("usb",),
        identity=identity,
        first_seen_ms=NOW_MS,
        last_seen_ms=NOW_MS,
    )


class Above:
    """A department's controller, and the schools below it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.clock = Clock()
        self.schools = [LivingSchool(folder, code, self.clock, stack) for code in (A, B)]
        self.store = opened(folder / "above")
        stack.callback(self.store.__exit__)
        self.program = a_program(
            self.store, scope=ABOVE, upstream="", now_ms=lambda: self.clock.now_ms
        )
        self.ears = Ears(self.program)

    def pass_time(self, minutes: int, *there: tuple[Device, ...]) -> None:
        """Let time pass while the schools' rooms have these devices."""
        for _ in range(0, minutes, STEP):
            self.clock.now_ms += STEP * MINUTE_MS
            for school, devices in zip(self.schools, there, strict=True):
                school.beat(*devices)
                school.talk(self.ears)
            said = len(self.ears.link.letters)
            asyncio.run(self.ears.ingest._expire_now())
            for school in self.schools:
                school.hear(self.ears, said)

    def living(self) -> set[tuple[str, str]]:
        """What officers are told lives in two schools at once."""
        department = department_of(self.program)
        overview = department.overview()
        odds, behind = odd_items(department, overview, Oddity.LIVE_IN_TWO, limit=50)
        assert behind is None
        assert count_of(overview, Oddity.LIVE_IN_TWO) == bool(odds)
        assert all(odd.schools == (A, B) for odd in odds)
        return {(odd.asset.place.school, odd.asset.device_id) for odd in odds}

    def twins(self) -> int:
        """How many serials officers are told of as moved, or as in two books."""
        return len(department_of(self.program).overview().twins)


@pytest.fixture
def above(tmp_path: Path) -> Iterator[Above]:
    """Two schools under one department."""
    with ExitStack() as stack:
        yield Above(tmp_path, stack)


ROUNDS = 2 * (MARKS_EVERY_MS + PROOF_MS) // MINUTE_MS


@pytest.mark.parametrize(
    ("device", "known_by"),
    [
        (_device(), Identity.PORT),
        (_device("net-0123456789ab", Identity.MAC), Identity.HOST),
    ],
    ids=["serial", "mac"],
)
def test_one_serial_in_two_schools_is_two_pieces_at_both_and_above(
    above: Above, device: Device, known_by: Identity
) -> None:
    """Demoted in both, the old id as an alias; officers are told; it holds over restarts."""
    above.pass_time(ROUNDS, (device,), (device,))
    items = [school.items() for school in above.schools]
    ids = [next(iter(each)) for each in items]
    assert len({*ids, device.device_id}) == 3
    assert items == [{own: (known_by, (device.device_id,))} for own in ids]
    above.pass_time(2 * STEP, (device,), (device,))
    assert above.living() >= {(A, ids[0]), (B, ids[1])}
    above.pass_time(ROUNDS, (device,), (device,))
    assert above.living() == {(A, ids[0]), (B, ids[1])}
    assert [school.items() for school in above.schools] == items

    for school in above.schools:
        school.ears = Ears(school.upward._program)
        school.upward._program.writer = school.ears.ingest
        school.beat(device)
    assert [school.items() for school in above.schools] == items
    above.ears = Ears(above.program)
    above.pass_time(2 * STEP, (device,), ())
    above.pass_time(2 * STEP, (device,), (device,))
    assert [school.items() for school in above.schools] == items
    marks = {holder.mark for holder in above.store.read(found_holders, "14")}
    assert marks == {device.device_id}
    assert above.twins() == 0


def test_what_is_carried_or_known_by_its_socket_stays_as_it_is(above: Above) -> None:
    """A piece is in one school after the other; a room of one name has a port of one name."""
    board = _device()
    port = _device("usb-aaaaaaaaaaaa", Identity.PORT)
    above.pass_time(ROUNDS // 2, (board, port), (port,))
    above.pass_time(ROUNDS // 2, (port,), (board, port))
    above.pass_time(ROUNDS // 2, (board, port), (port,))
    assert all(school.items().keys() <= {MARK, port.device_id} for school in above.schools)
    assert not above.living()
    assert not above.store.read(found_holders, "14")


def test_a_question_is_of_ids_alone(above: Above) -> None:
    """What goes down names devices by their ids, and nothing else."""
    above.pass_time(ROUNDS, (_device(),), (_device(),))
    words = [down_from(letter.payload) for letter in above.ears.link.letters]
    asked = [word for word in words if isinstance(word, MarksAsked)]
    assert asked
    assert all(word.devices == (MARK,) for word in asked)
