"""A room gets the lists of its own classes; what it asks for beyond them is bounded and noted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.access.store import access_log
from controller.attendance.openings import (
    MAX_REFUSALS,
    OTHER_CLASSES,
    OTHER_ROOMS,
    UNPLANNED_CLASSES,
    Openings,
)
from controller.database.store import Store
from controller.live.live import LiveView
from controller.roster.plan import Lists, Schedule, SchoolClass
from controller.roster.store import keep_lists, keep_schedule
from controller.web.site import create_web
from protocol.messages import Birth, LessonStarted, ListsRefused, PlanGiven, down_from
from protocol.model import Status
from protocol.plan import Booking, Pupil
from tests.controller.ears import Ears, arrival
from tests.controller.people import HERE, READER, with_office
from tests.controller.web_school import NOW_MS, SCHOOL, a_program, a_store

SINCE = datetime(2026, 9, 1, tzinfo=UTC)
DAY_MS = 86_400_000
ROOMS = [f"P{number}" for number in range(201, 213)]
CODES = [f"7A{number}" for number in range(1, 15)]
PLACE = SCHOOL.of_agent("p203")


def opened(openings: Openings, agent: str, room: str, *classes: str) -> list[tuple[str, bool]]:
    """What is decided of what a computer asks for."""
    claims = openings.judge(SCHOOL.of_agent(agent), room, classes, OTHER_CLASSES)
    return [(claim.class_code or claim.room, claim.allowed) for claim in claims]


@pytest.mark.parametrize(
    ("asked", "decided"),
    [
        ([("a", "P203", "7A1")], [("7A1", True)]),
        ([("a", "P203", "7A1"), ("a", "P203", "Lớp 7 a1")], [("7A1", True)]),
        (
            [("a", "P203", code) for code in ("7A1", "7A2", "7A3", "7A3", "7A1")],
            [("7A1", True), ("7A2", True), ("7A3", False)],
        ),
        (
            [("a", "P203", "7A1"), ("b", "Phòng 203", "7A2"), ("b", "P203", "7A3")],
            [("7A1", True), ("7A2", True), ("7A3", False)],
        ),
        (
            [("a", "P203", "7A1"), ("a", "P204", "7A2"), ("a", "P204", "7A3")],
            [("7A1", True), ("P204", True), ("7A2", True), ("7A3", False)],
        ),
        ([("a", "P203"), ("a", "phòng 203"), ("a", "P203")], []),
        ([("a", ""), ("a", "P203")], []),
        (
            [("a", "", code) for code in ("7A1", "7A2", "7A3")],
            [("7A1", True), ("7A2", True), ("7A3", False)],
        ),
    ],
)
def test_what_is_opened(
    asked: Sequence[tuple[str, ...]], decided: Sequence[tuple[str, bool]]
) -> None:
    """Of one computer and of one room alike; however it is written, and once."""
    openings = Openings()
    assert [line for each in asked for line in opened(openings, *each)] == decided


def test_a_computer_that_walks_through_the_school_gets_no_room_beyond_the_bound() -> None:
    """Nor a class there."""
    openings = Openings()
    lines = [line for room in ROOMS for line in opened(openings, "a", room)]
    assert [room for room, allowed in lines if allowed] == ROOMS[1 : 1 + OTHER_ROOMS]
    beyond = ROOMS[1 + OTHER_ROOMS]
    assert opened(openings, "a", beyond, "7A1") == []
    assert not openings.has_room(SCHOOL.of_agent("a"), beyond)
    assert openings.has_room(SCHOOL.of_agent("a"), ROOMS[0])


def test_refusals_are_noted_so_often_and_no_more() -> None:
    """A computer that asks for every class does not fill the log."""
    openings = Openings()
    codes = [f"{number}A" for number in range(100)]
    decided = opened(openings, "a", "P203", *codes)
    assert [allowed for _, allowed in decided] == [True] * OTHER_CLASSES + [False] * MAX_REFUSALS
    assert not openings.has_opened(SCHOOL.of_agent("a"), "P203", codes[-1])


claims = st.tuples(
    st.sampled_from("ab"), st.sampled_from(ROOMS), st.lists(st.sampled_from(CODES), max_size=3)
)


@given(st.lists(st.one_of(st.none(), claims), max_size=60), st.integers(1, 4))
def test_no_order_of_claims_and_restarts_gives_more(
    steps: Sequence[tuple[str, str, list[str]] | None], limit: int
) -> None:
    """None: the controller starts anew. The model counts sets of names, by computer and room."""
    openings = Openings(day="2026-09-05")
    now_in: dict[str, str] = {}
    home: dict[str, str] = {}
    rooms: dict[str, set[str]] = {"a": set(), "b": set()}
    pairs: set[tuple[str, str, str]] = set()
    for step in steps:
        if step is None:
            stored = [msgspec.structs.replace(line) for line in openings.lines]
            places = {SCHOOL.of_agent(agent): room for agent, room in now_in.items()}
            openings = Openings()
            openings.begin("2026-09-05", stored, places)
            continue
        agent, room, classes = step
        now_in[agent] = room
        list(openings.judge(SCHOOL.of_agent(agent), room, classes, limit))
        home.setdefault(agent, room)
        place = SCHOOL.of_agent(agent)
        if openings.has_room(place, room) and room != home[agent]:
            rooms[agent].add(room)
        pairs |= {(agent, room, code) for code in classes if openings.has_opened(place, room, code)}
        assert all(len(each) <= OTHER_ROOMS for each in rooms.values())
        for one in "ab":
            assert len({code for who, _, code in pairs if who == one}) <= limit
        for one in ROOMS:
            assert len({code for _, where, code in pairs if where == one}) <= limit


class Room:
    """A room's computer, and the controller that hears it; its clock is moved by hand."""

    def __init__(self, store: Store) -> None:
        self.store, self.now_ms, self.seq, self.session = store, NOW_MS, 0, 0
        self.refusals: list[ListsRefused] = []
        self.restart()

    def restart(self) -> None:
        """The controller starts anew, over the same store."""
        self.program = a_program(self.store, upstream="", now_ms=lambda: self.now_ms)
        self.ears = Ears(self.program)

    def says(self, room: str, lesson: str = "", classes: tuple[str, ...] = ()) -> set[str]:
        """It is in a room, and has a lesson there; the lists that it is given, some time later."""
        self.session += 1
        self.now_ms += 60_000
        birth = Birth(
            boot="b1", rev=self.session, at_ms=self.now_ms, session=self.session, room=room,
            beat_s=60, status=Status.OK, lesson=lesson or None,
        )  # fmt: skip
        if lesson:
            self.seq += 1
            started = LessonStarted(
                boot="b1", seq=self.seq, id=f"e{self.seq}", at_ms=self.now_ms, room=room,
                lesson=lesson, classes=classes, substitute=True,
            )  # fmt: skip
            self.ears.take(arrival(PLACE, started))
        self.ears.take(arrival(PLACE, birth))
        for _ in range(2):
            self.now_ms += 20_000
            asyncio.run(self.ears.ingest._expire_now())
        letters, self.ears.link.letters = self.ears.link.letters, []
        words = [down_from(letter.payload) for letter in letters]
        self.refusals = [word for word in words if isinstance(word, ListsRefused)]
        plans = [word.plan for word in words if isinstance(word, PlanGiven)]
        return {each.code for plan in plans for each in plan.lists}

    def page(self, room: str, host: str = HERE) -> str:
        """The room's page."""

        async def shown() -> str:
            await self.program.service(LiveView).load()
            web = with_office(create_web(self.program, ["testserver"]), self.program)
            way = httpx.ASGITransport(web, client=(host, 5))
            async with httpx.AsyncClient(transport=way, base_url="http://testserver") as client:
                return (await client.get(f"/rooms/{room}")).text

        return asyncio.run(shown())


def plan_school(store: Store, *timetable: Booking) -> None:
    """Fourteen classes, each with one pupil."""
    classes = tuple(
        SchoolClass(code=code, pupils=(Pupil(number=1, student=f"s-{code}", name="Bùi Thị Kín"),))
        for code in CODES
    )
    with store.locked(SCHOOL) as db:
        keep_lists(db, SCHOOL, Lists(classes=classes), day="2026-09-05")
        keep_schedule(db, SCHOOL, Schedule(timetable=timetable), SINCE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school in which 7A1 and 7A2 learn together in P203, and 7A3 in P204."""
    with a_store(tmp_path) as opened_store:
        plan_school(
            opened_store,
            Booking(weekday=1, period=1, room="P203", classes=("7A1", "7A2")),
            Booking(weekday=1, period=1, room="P204", classes=("7A3",)),
        )
        yield opened_store


def deeds(store: Store) -> list[tuple[str, str, str]]:
    """Who was given what, as the log of deeds holds it, in its order."""
    lines = reversed(store.read(access_log, SCHOOL))
    return [
        (line["account"], line["what"], msgspec.json.decode(line["subject"])["class"])
        for line in lines
    ]


def test_a_room_gets_its_own_lists_and_two_more_and_a_restart_changes_nothing(store: Store) -> None:
    """The day after, it may ask again."""
    room, own = Room(store), {"7A1", "7A2"}
    assert room.says("P203") == own
    assert room.says("P203", "l1", ("7A1",)) <= own
    assert deeds(store) == []
    assert room.says("P203", "l2", ("7a5",)) == own | {"7A5"}
    assert room.says("P203", "l3", ("7A6",)) == own | {"7A6"}
    room.restart()
    assert "7A7" not in room.says("P203", "l4", ("7A7",))
    assert deeds(store) == [
        ("phòng P203", "lists opened", "7A5"),
        ("phòng P203", "lists opened", "7A6"),
        ("phòng P203", "lists refused", "7A7"),
    ]
    page = room.page("P203")
    assert "Hôm nay phòng này mở thêm lớp 7A5." in page
    assert "Hôm nay phòng này còn hỏi danh sách lớp 7A7 nhưng không được đưa" in page
    assert 'id="openings"' in page
    assert 'id="openings"' not in room.page("P203", READER)
    room.now_ms += DAY_MS
    assert room.says("P203", "l5", ("7A7",)) == own | {"7A7"}


def test_a_controller_that_starts_hands_out_what_it_has_read(store: Store) -> None:
    """Its first word to a room is the room's plan: an empty one would take the lists away."""
    room = Room(store)
    room.says("P203")
    room.restart()
    birth = Birth(
        boot="b1", rev=9, at_ms=room.now_ms, session=9, room="P203", beat_s=60, status=Status.OK,
        plan="00",
    )  # fmt: skip
    room.ears.take(arrival(PLACE, birth))
    words = [down_from(letter.payload) for letter in room.ears.link.letters]
    plans = [word.plan for word in words if isinstance(word, PlanGiven)]
    assert [[each.code for each in plan.lists] for plan in plans] == [["7A1", "7A2"]]


def test_a_computer_that_says_another_room_is_noted_and_bounded(store: Store) -> None:
    """A laptop that is carried gets the lists of where it is; none that names every room."""
    room = Room(store)
    room.says("P203")
    assert room.says("P204") == {"7A3"}
    assert "Hôm nay máy p203 của phòng P203 được đưa danh sách lớp của phòng này." in room.page(
        "P204"
    )
    for number in range(301, 301 + OTHER_ROOMS):
        room.says(f"P{number}")
    plan_school(store, Booking(weekday=1, period=1, room="P400", classes=("7A9",)))
    assert room.says("P400") == set()
    room.restart()
    assert room.says("P400") == set()
    assert [what for _, what, _ in deeds(store)].count("lists opened") == OTHER_ROOMS


def test_a_school_without_a_timetable_teaches_on(tmp_path: Path) -> None:
    """Each lesson's class is one beyond it: as many as a day has periods."""
    with a_store(tmp_path) as store:
        plan_school(store)
        room = Room(store)
        given_lists = [room.says("P203", f"l{code}", (code,)) for code in CODES]
    expected = [{code} for code in CODES[:UNPLANNED_CLASSES]]
    assert given_lists[:UNPLANNED_CLASSES] == expected
    assert not set().union(*given_lists[UNPLANNED_CLASSES:]) & set(CODES[UNPLANNED_CLASSES:])


def told(room: Room) -> list[tuple[tuple[str, ...], bool]]:
    """What the room's computer was told that it is not given."""
    return [(word.classes, word.is_room) for word in room.refusals]


def test_a_computer_is_told_what_it_is_not_given_until_it_is(store: Store) -> None:
    """Once in a session, after a restart as well; by a timetable the class becomes its own."""
    room = Room(store)
    for number, code in enumerate(("7A5", "7A6")):
        room.says("P203", f"l{number}", (code,))
        assert told(room) == []
    room.says("P203", "l7", ("7a7",))
    assert told(room) == [(("7A7",), False)]
    room.restart()
    room.says("P203", "l7", ("7A7",))
    assert set(told(room)) == {(("7A7",), False)}  # in the session of before, and in its new one
    room.says("P203", "l8", ("7A1",))
    assert told(room) == [((), False)]
    plan_school(store, Booking(weekday=1, period=1, room="P203", classes=("7A7",)))
    assert "7A7" in room.says("P203", "l9", ("7A7",))
    assert told(room)[-1] == ((), False)


def test_a_computer_that_was_in_too_many_rooms_is_told(store: Store) -> None:
    """Of the room, and of no class in it."""
    room = Room(store)
    room.says("P203")
    for number in range(301, 301 + OTHER_ROOMS):
        room.says(f"P{number}")
        assert told(room) == []
    room.says("P204", "l1", ("7A3",))
    assert told(room) == [((), True)]
