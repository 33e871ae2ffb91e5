from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from agent.school.talk import SchoolTalk
from protocol.link import Arrival
from protocol.messages import (
    Ack,
    ControllerState,
    CorrectionsGiven,
    IdentityShared,
    ListsRefused,
    NotEnrolled,
    Presence,
    Rebirth,
    SchoolClock,
    SharingComputer,
    TabletsConfirmed,
    to_bytes,
    up_from,
)
from protocol.proof import proven
from protocol.topics import controller_state, level_of
from tests.agent.classrooms import PLACE
from tests.waiting import eventually

COMMAND = "lophoc/v1/79/-x54--x48--x43--x53--01/laptop-6a1/command"
ACK = Ack(boot="c", at_ms=0, of="b1", seqs=((1, 2),))
REBIRTH = Rebirth(boot="c", at_ms=0, reason="gap")
LISTENS = ControllerState(boot="c", at_ms=0, session=1, online=True)


class FakeRelay:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def hear(self, state: ControllerState) -> None:
        """Write it down."""
        self.told.append(state)

    async def settle(self, ack: Ack) -> None:
        """Write it down."""
        self.told.append(ack)


class FakeClerk:
    """Counts births; refuses the first ones."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.sessions: list[int] = []
        self.born = asyncio.Event()

    async def birth(self, session: int) -> bool:
        """Count one, or refuse it."""
        if self.refusals:
            self.refusals -= 1
            return False
        self.sessions.append(session)
        self.born.set()
        return True


class FakeLink:
    """A line in its seventh session."""

    session = 7


def talk() -> SchoolTalk:
    """The talk of one agent."""
    return SchoolTalk(PLACE, "b1", now_ms=lambda: 5)


def heard(topic: str, payload: bytes) -> tuple[SchoolTalk, list[object], bool]:
    """What one arrival does: to the talk, to the relay, and whether a birth is owed."""

    async def play() -> tuple[SchoolTalk, list[object], bool]:
        here, relay = talk(), FakeRelay()
        await here.hear(Arrival(topic, payload, 1, 1, 7), cast("Any", relay), cast("Any", None))
        return here, relay.told, here._birth_owed.is_set()

    return asyncio.run(play())


class FakeStore:
    """Writes down what it is to do in the lesson."""

    def __init__(self) -> None:
        self.deeds = 0

    async def teach(self, _deed: object) -> None:
        """Count it."""
        self.deeds += 1


def test_what_was_corrected_is_taken_of_the_start_that_listens() -> None:
    """An earlier one's word is late; before any has said so, nobody's is taken."""

    async def play() -> list[int]:
        here, relay, store, counts = talk(), FakeRelay(), FakeStore(), []
        for topic, message in (
            (f"{COMMAND}/corrections", CorrectionsGiven(boot="c", at_ms=0, number=1)),
            (controller_state(PLACE), LISTENS),
            (f"{COMMAND}/corrections", CorrectionsGiven(boot="b", at_ms=0, number=2)),
            (f"{COMMAND}/corrections", CorrectionsGiven(boot="c", at_ms=0, number=3)),
        ):
            arrival = Arrival(topic, to_bytes(message), 1, 1, 7)
            await here.hear(arrival, cast("Any", relay), cast("Any", store))
            counts.append(store.deeds)
        here.greeting(8)
        await here.hear(arrival, cast("Any", relay), cast("Any", store))
        return [*counts, store.deeds]

    assert asyncio.run(play()) == [0, 0, 0, 1, 1]


def test_presence_is_retained_and_its_will_carries_the_same_session() -> None:
    """A last will can be told from the session that came after it."""
    here = talk()
    (greeting,), will = here.greeting(3), here.will(3)
    assert greeting.topic == will.topic
    assert greeting.retain
    assert will.retain
    assert up_from(greeting.payload) == Presence(boot="b1", at_ms=5, session=3, online=True)
    assert up_from(will.payload) == Presence(boot="b1", at_ms=5, session=3, online=False)


def test_what_the_controller_says_is_done() -> None:
    """Acks settle, states are heard, and a rebirth is owed."""
    assert heard(f"{COMMAND}/ack", to_bytes(ACK))[1:] == ([ACK], False)
    assert heard(f"{COMMAND}/rebirth", to_bytes(REBIRTH))[1:] == ([], True)
    assert heard(controller_state(PLACE), to_bytes(LISTENS))[1:] == ([LISTENS], False)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (f"{COMMAND}/ack", b""),
        (f"{COMMAND}/ack", b"{"),
        (f"{COMMAND}/ack", b'{"kind":"from_the_future","v":1}'),
        (f"{COMMAND}/ack", b'{"kind":"ack","v":9}'),
        (f"{COMMAND}/ack", b"\xff" * 300_000),
        (f"{COMMAND}/ack", to_bytes(LISTENS)),
        (controller_state(PLACE), to_bytes(ACK)),
        (controller_state(PLACE), to_bytes(REBIRTH)),
        ("", to_bytes(REBIRTH)),
    ],
    ids=[
        "empty",
        "cut",
        "unknown kind",
        "newer schema",
        "large",
        "state on the ack's topic",
        "ack on the state's topic",
        "rebirth on the state's topic",
        "no topic",
    ],
)
def test_what_is_not_understood_is_counted_and_let_go(topic: str, payload: bytes) -> None:
    """A broken or newer controller neither ends the agent nor moves it."""
    here, told, owed = heard(topic, payload)
    assert (told, owed, here.not_understood.counts.total()) == ([], False, 1)


def test_however_often_it_is_asked_a_birth_is_said_once_at_a_time() -> None:
    """A controller that keeps asking does not wear out the memory card."""

    async def story() -> list[int]:
        here, store = talk(), FakeClerk()
        for _ in range(100):
            here.owe_birth()
        task = asyncio.create_task(here.births(cast("Any", store), cast("Any", FakeLink())))
        await store.born.wait()
        for _ in range(100):
            here.owe_birth()
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return store.sessions

    assert asyncio.run(story()) == [7]


def test_a_birth_that_the_disk_refuses_stays_owed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said as soon as there is room, whoever else finds that out first."""
    monkeypatch.setattr("agent.school.talk.BIRTH_SPACING_S", 0.001)

    async def story() -> list[int]:
        here, store = talk(), FakeClerk(refusals=3)
        here.owe_birth()
        task = asyncio.create_task(here.births(cast("Any", store), cast("Any", FakeLink())))
        await eventually(store.born.is_set)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return store.sessions

    assert asyncio.run(story()) == [7]


def test_an_agent_is_the_client_of_its_own_name() -> None:
    """The broker knows it by its id, and it hears its own commands only."""
    here = talk()
    levels = ("79", level_of("THCS-01"), "laptop-6a1")
    assert here.client_id == "-".join(("lophoc", *levels))
    assert list(here.filters) == [f"{COMMAND}/#", controller_state(PLACE)]


SECRET = "ab" * 32


def told(*said: bytes) -> tuple[int, list[object]]:
    """What an enrolled agent does with commands: how many it refuses, what its relay hears."""

    async def play() -> tuple[int, list[object]]:
        here, relay = SchoolTalk(PLACE, "b1", now_ms=lambda: 5, secret=SECRET), FakeRelay()
        for payload in said:
            arrival = Arrival(f"{COMMAND}/ack", payload, 1, 1, 7)
            await here.hear(arrival, cast("Any", relay), cast("Any", None))
        return here.not_understood.counts.total(), relay.told

    return asyncio.run(play())


def test_an_enrolled_agent_takes_no_ack_that_is_not_proven() -> None:
    """From a foreign broker, of another agent, or once more; so its outbox stays."""
    good = proven(SECRET, PLACE.agent, "c", 1, "b1", to_bytes(ACK))
    assert told(good) == (0, [ACK])
    for wrong in (
        to_bytes(ACK),
        proven("cd" * 32, PLACE.agent, "c", 1, "b1", to_bytes(ACK)),
        proven(SECRET, "another", "c", 1, "b1", to_bytes(ACK)),
        proven(SECRET, PLACE.agent, "c", 1, "b0", to_bytes(ACK)),
        good[:-1] + b" ",
    ):
        assert told(wrong) == (1, [])
    assert told(good, good) == (1, [ACK])


def test_a_command_to_an_earlier_start_is_not_done() -> None:
    """A recorded one is of no use after the next start; an ack names its own."""

    async def play(boot: str) -> bool:
        here = SchoolTalk(PLACE, "b1", now_ms=lambda: 5, secret=SECRET)
        payload = proven(SECRET, PLACE.agent, "c", 1, boot, to_bytes(REBIRTH))
        arrival = Arrival(f"{COMMAND}/rebirth", payload, 1, 1, 7)
        await here.hear(arrival, cast("Any", FakeRelay()), cast("Any", None))
        return here._birth_owed.is_set()

    assert asyncio.run(play("b1"))
    assert not asyncio.run(play("b0"))
    older = Ack(boot="c", at_ms=0, of="b0", seqs=((1, 2),))
    assert told(proven(SECRET, PLACE.agent, "c", 1, "b0", to_bytes(older))) == (0, [older])


def test_the_schools_word_that_it_may_join_holds_for_the_session() -> None:
    """Said to this agent alone; what an agent of before makes of it is no harm (see the schema)."""
    message = to_bytes(NotEnrolled(boot="c", at_ms=0))
    here, _, _ = heard(f"{COMMAND}/enrolment", message)
    assert here.is_invited
    here.greeting(8)
    assert not here.is_invited
    elsewhere, _, _ = heard(controller_state(PLACE), message)
    assert not elsewhere.is_invited


def test_what_the_school_does_not_give_is_kept_until_the_next_session() -> None:
    """Said to this agent alone; a new session begins without it."""
    refused = ListsRefused(boot="c", at_ms=0, classes=("7A7",))
    here, _, _ = heard(f"{COMMAND}/refused", to_bytes(refused))
    assert here.refused == refused
    here.greeting(8)
    assert here.refused is None
    elsewhere, _, _ = heard(controller_state(PLACE), to_bytes(refused))
    assert elsewhere.refused is None


def test_the_schools_time_is_taken_from_the_school_alone() -> None:
    """Proven, and said to this agent; whoever else speaks sets no clock."""
    clock = to_bytes(SchoolClock(boot="c", at_ms=1_793_750_400_000, zone="Asia/Ho_Chi_Minh"))
    good = proven(SECRET, PLACE.agent, "c", 1, "b1", clock)

    async def play(topic: str, payload: bytes) -> list[tuple[int, str]]:
        told: list[tuple[int, str]] = []
        here = SchoolTalk(
            PLACE, "b1", now_ms=lambda: 5, hear_clock=lambda *said: told.append(said), secret=SECRET
        )
        arrival = Arrival(topic, payload, 1, 1, 7)
        await here.hear(arrival, cast("Any", FakeRelay()), cast("Any", None))
        return told

    assert asyncio.run(play(f"{COMMAND}/clock", good)) == [(1_793_750_400_000, "Asia/Ho_Chi_Minh")]
    assert asyncio.run(play(f"{COMMAND}/clock", clock)) == []
    assert asyncio.run(play(controller_state(PLACE), clock)) == []


def test_confirmed_tablets_are_taken_from_the_start_that_listens() -> None:
    """Proven, and before it is known who listens; a start that is over says it too late."""
    held: list[tuple[str, ...]] = []

    class Store:
        """Writes down what is to be kept."""

        async def confirm_tablets(self, device_ids: tuple[str, ...]) -> None:
            """Write it down."""
            held.append(device_ids)

    async def play() -> None:
        here = SchoolTalk(PLACE, "b1", now_ms=lambda: 5, secret=SECRET)

        async def hear(topic: str, payload: bytes) -> None:
            arrival = Arrival(topic, payload, 1, 1, 7)
            await here.hear(arrival, cast("Any", FakeRelay()), cast("Any", Store()))

        async def confirm(start: str, no: int, tablet: str) -> None:
            word = to_bytes(TabletsConfirmed(boot=start, at_ms=0, devices=(tablet,)))
            payload = proven(SECRET, PLACE.agent, start, no, "b1", word) if no else word
            await hear(f"{COMMAND}/tablets", payload)

        await confirm("c", 1, "net-1")
        await hear(controller_state(PLACE), to_bytes(LISTENS))
        await confirm("c", 2, "net-2")
        await confirm("before", 1, "net-3")
        await confirm("c", 0, "net-4")

    asyncio.run(play())
    assert held == [("net-1",), ("net-2",)]


def test_other_computers_of_its_identity_are_known_until_it_is_one_again() -> None:
    """Its own start is not another's."""
    computers = tuple(SharingComputer(boot=boot, name="MAY") for boot in ("b1", "b2"))
    message = IdentityShared(boot="c", at_ms=0, computers=computers)
    here, _, _ = heard(f"{COMMAND}/shared", to_bytes(message))
    assert here.sharing == computers[1:]
    here.greeting(8)
    assert here.sharing == ()


def test_a_word_to_another_start_leaves_nobody_in_doubt() -> None:
    """The school said it, to another computer of this name; what nobody proved is doubted."""

    async def play(secret: str, boot: str) -> bool:
        here = SchoolTalk(PLACE, "b1", now_ms=lambda: 5, secret=SECRET)
        payload = proven(secret, PLACE.agent, "c", 1, boot, to_bytes(REBIRTH))
        arrival = Arrival(f"{COMMAND}/rebirth", payload, 1, 1, 7)
        await here.hear(arrival, cast("Any", FakeRelay()), cast("Any", None))
        return here.is_doubted

    assert not asyncio.run(play(SECRET, "b0"))
    assert asyncio.run(play("cd" * 32, "b1"))
