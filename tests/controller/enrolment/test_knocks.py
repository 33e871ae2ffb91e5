"""Who knocks is accepted by six digits on two screens, at the real door; nobody between is."""

from __future__ import annotations

import asyncio
import queue
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from controller.enrolment import talk
from controller.enrolment.invitations import LIFE_S, TRIES_A_MINUTE
from controller.enrolment.knocks import MAX_SHOWN, MAX_WAITING, Knock, Knocks, KnockState
from protocol import joining, knocking
from protocol.credential import credential_in
from protocol.enrolment import (
    KNOCK,
    Answer,
    Grant,
    Greeting,
    Hello,
    Opening,
    Refusal,
    commitment_of,
    digits_of,
)
from protocol.errors import ActionError
from protocol.exchange import new_keys
from protocol.joining import Computer, Controller, EnrolError, Joined
from tests.controller.enrolment.test_joining import COMPUTER, Door, Middleman, door, joined
from tests.waiting import until

__all__ = ["door"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(knocking, "LOOK_S", 0.02)


@dataclass
class Fact:
    """A knock, as plain words."""

    address: int
    until: float
    state: str = "waiting"

    @property
    def is_open(self) -> bool:
        return self.state in {"waiting", "accepted"}


chosen = st.integers(0, 11)


class WhatWaits(RuleBasedStateMachine):
    """Knocks beside a list of facts, whatever is done in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.until = 0.0
        self.tries: list[float] = []
        self.knocks = Knocks(lambda: self.now)
        self.made: list[Knock] = []
        self.facts: list[Fact] = []

    @rule()
    def let(self) -> None:
        self.knocks.open()
        self.until = self.now + LIFE_S

    @rule()
    def close(self) -> None:
        self.knocks.close()
        self.until = 0.0
        for fact in self.facts:
            fact.state = "gone" if fact.state == "waiting" else fact.state

    @rule(seconds=st.sampled_from([1, 7, 61, LIFE_S / 2, LIFE_S]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        for fact in self.facts:
            if fact.is_open and self.now >= fact.until:
                fact.state = "gone"

    @rule(address=chosen)
    def knock(self, address: int) -> None:
        others = [one for one in self.facts if one.is_open and one.address != address]
        lately = [at for at in self.tries if self.now - at < 60]
        is_many = len(others) >= MAX_WAITING or len(lately) >= TRIES_A_MINUTE
        expected = Refusal.TOO_MANY if is_many else None
        if self.now >= self.until:
            expected = Refusal.NO_KNOCKS
        assert self.knocks.refusal(str(address)) is expected
        if expected:
            return
        self.tries.append(self.now)
        for fact in self.facts:
            if fact.is_open and fact.address == address:
                fact.state = "gone"
        name = f"a{len(self.made)}"
        self.made.append(self.knocks.take("123 456", str(address), name, "", ""))
        self.facts.append(Fact(address, self.now + LIFE_S))

    @precondition(lambda self: self.made)
    @rule(number=chosen)
    def accept(self, number: int) -> None:
        knock, fact = self.pick(number)
        if not fact.is_open:
            with pytest.raises(ActionError):
                self.knocks.accept(knock.id, "6A1", "")
            return
        self.knocks.accept(knock.id, "6A1", "")
        fact.state = "accepted"
        assert knock.invitation
        knock.invitation.agent = knock.agent

    @precondition(lambda self: self.made)
    @rule(number=chosen, by_office=st.booleans())
    def end(self, number: int, by_office: bool) -> None:  # noqa: FBT001 - hypothesis's
        knock, fact = self.pick(number)
        if by_office:
            self.knocks.refuse(knock.id)
        else:
            self.knocks.leave(knock)
        fact.state = "gone" if fact.is_open else fact.state

    @precondition(lambda self: self.made)
    @rule(number=chosen)
    def use(self, number: int) -> None:
        knock, fact = self.pick(number)
        if fact.state == "accepted":
            self.knocks.use(knock.agent)
            fact.state = "joined"

    def pick(self, number: int) -> tuple[Knock, Fact]:
        place = number % len(self.made)
        return self.made[place], self.facts[place]

    @invariant()
    def agree(self) -> None:
        told = self.knocks.told()
        assert [one.state.value for one in self.made] == [fact.state for fact in self.facts]
        pairs = zip(self.made, self.facts, strict=True)
        assert [one for one in told if one.is_open] == [one for one, fact in pairs if fact.is_open]
        is_busy = self.now < self.until or any(fact.is_open for fact in self.facts)
        assert self.knocks.is_busy == is_busy


WhatWaits.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestWhatWaits = WhatWaits.TestCase


def test_what_it_calls_itself_is_cut_and_printable() -> None:
    """It stands on the office's page."""
    knock = Knocks(lambda: 0.0).take("1", "::1", "x" * 99, "\x1b[2J\nname ", "\t6A1")
    assert (len(knock.agent), knock.label, knock.room) == (MAX_SHOWN, "[2Jname", "6A1")


class Laptop:
    """A computer that knocks, in a thread; its person says what the test has him say."""

    def __init__(self, port: int, data: Path, computer: Computer = COMPUTER) -> None:
        self._said: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.digits, self.code, self.joined = "", "", None
        self._port, self.data, self._computer = port, data, computer
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    digits: str
    code: str
    joined: Joined | None

    def _run(self) -> None:
        where = [Controller("127.0.0.1", self._port)]
        try:
            self.joined = knocking.knock(where, self._computer, "6A1", self.data, self._compare)
        except EnrolError as error:
            self.code = error.code

    def _compare(self, digits: str) -> bool:
        self.digits = digits
        return self._said.get()

    def wait_for_digits(self) -> None:
        until(lambda: self.digits or self.code, "it shows digits, or why not")

    def say(self, *, same: bool) -> None:
        self.wait_for_digits()
        self._said.put(same)

    def end(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()


def let_knock(door: Door) -> None:
    """Press the button."""

    def let() -> None:
        door.enrolment.let_knock()

    door.loop.call_soon_threadsafe(let)
    until(door.is_open, "the door is open")


def waiting(door: Door) -> Knock:
    """The one that waits now."""
    until(lambda: any(one.state is KnockState.WAITING for one in door.enrolment.knocks.told()), "")
    return door.enrolment.knocks.told()[-1]


@pytest.mark.parametrize("first", ["office", "person"])
def test_it_joins_once_both_people_said_that_the_digits_are_the_same(
    door: Door, tmp_path: Path, first: str
) -> None:
    """Whoever says it first; a second press changes nothing, and its key serves it alone."""
    let_knock(door)
    laptop = Laptop(door.port, tmp_path / "agent")
    laptop.wait_for_digits()
    knock = waiting(door)
    assert (knock.digits, knock.label, knock.room) == (laptop.digits, "Laptop 6A1", "6A1")
    if first == "person":
        laptop.say(same=True)
        until(lambda: knock.is_compared, "the person has said it")
        assert door.enrolment.enrolled() == {}
    door.enrolment.accept(knock.id, "6A1", "")
    door.enrolment.accept(knock.id, "7B2", "laptop-9")
    if first == "office":
        assert credential_in(tmp_path / "agent") is None
        laptop.say(same=True)
    laptop.end()
    assert laptop.joined
    until(lambda: knock.state is KnockState.JOINED, "the page says that it has joined")
    assert knock.invitation
    assert knock.invitation.words == laptop.joined.words
    credential = credential_in(tmp_path / "agent")
    assert credential == laptop.joined.credential
    assert (credential.agent, credential.room) == ("laptop-6a1", "6A1")
    until(lambda: door.enrolment.enrolled()["laptop-6a1"].is_kept, "that is written down")


def test_nobody_knocks_unless_the_office_lets_rooms_knock(door: Door, tmp_path: Path) -> None:
    """A code that is open opens the door for codes alone."""
    door.invite()
    laptop = Laptop(door.port, tmp_path)
    laptop.end()
    assert laptop.code == "no_knocks"
    assert door.enrolment.knocks.told() == []


def test_a_flood_of_knocks_is_bounded_and_hinders_no_code(door: Door, tmp_path: Path) -> None:
    """Ten begin a minute, whoever they are; a computer with a code joins all the same."""
    let_knock(door)
    for number in range(TRIES_A_MINUTE):
        assert door.enrolment.knocks.refusal(f"10.0.0.{number}") is None
    laptop = Laptop(door.port, tmp_path / "agent")
    laptop.end()
    assert laptop.code == "too_many"
    assert door.enrolment.knocks.told() == []
    assert joined(door, door.invite().code, tmp_path / "agent").credential.agent == "laptop-6a1"


@pytest.mark.parametrize("who", ["office", "person", "nobody"])
def test_who_is_refused_gets_nothing(door: Door, tmp_path: Path, who: str) -> None:
    """By the office, by its own person, or by the time; the other side hears of it at once."""
    let_knock(door)
    laptop = Laptop(door.port, tmp_path)
    laptop.wait_for_digits()
    knock = waiting(door)
    match who:
        case "office":
            door.enrolment.knocks.refuse(knock.id)
        case "person":
            laptop.say(same=False)
        case _:
            knock.until_s = 0.0
    laptop.end()
    assert laptop.code == ("digits_differ" if who == "person" else "not_accepted")
    until(lambda: knock.state is KnockState.GONE, "it does not wait any more")
    with pytest.raises(ActionError) as caught:
        door.enrolment.accept(knock.id, "6A1", "")
    assert caught.value.code == "knock_gone"
    assert door.enrolment.enrolled() == {}
    assert credential_in(tmp_path) is None


def test_a_middleman_who_passes_every_word_on_shows_other_digits(
    door: Door, tmp_path: Path
) -> None:
    """His authority is another one, so that the two screens differ, and nothing is granted."""
    let_knock(door)
    between = Middleman(tmp_path / "between", door.port)
    laptop = Laptop(between.port, tmp_path / "agent")
    laptop.wait_for_digits()
    assert waiting(door).digits != laptop.digits
    laptop.say(same=False)
    laptop.end()
    between.listener.close()
    assert laptop.code == "digits_differ"
    assert door.enrolment.enrolled() == {}
    assert not (tmp_path / "agent").exists()


def test_a_controller_that_grants_unasked_is_not_believed(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody in the office accepts anything there; the person here has yet to say a word."""

    async def accepted(self: talk.Talk, knock: Knock, *_: object) -> object:
        self._enrolment.knocks.accept(knock.id, "6A1", "")
        return knock.invitation

    monkeypatch.setattr(talk.Talk, "_accepted", accepted)
    let_knock(door)
    laptop = Laptop(door.port, tmp_path)
    laptop.end()
    assert laptop.digits
    assert laptop.code == "controller_unreachable"
    assert credential_in(tmp_path) is None


def test_who_opens_another_key_than_it_committed_to_is_not_shown(
    door: Door,
) -> None:
    """Else whoever stands between would search for a key by which the digits come out equal."""
    let_knock(door)
    where = Controller("127.0.0.1", door.port)
    chosen, searched = (Opening(new_keys().public, bytes(16)) for _ in range(2))
    for opened in (searched, chosen):
        hello = Hello(KNOCK, commitment_of(chosen), bytes(16), "laptop-6a1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with joining._line(where, context) as line:
            line.hear(Greeting)
            assert line.ask(hello, Answer).refusal is None
            line.say(opened)
            if opened is searched:
                with pytest.raises((EOFError, OSError)):
                    line.hear(Grant)
                assert door.enrolment.knocks.told() == []
            else:
                assert waiting(door).agent == "laptop-6a1"


def test_a_second_press_on_the_computer_takes_the_place_of_the_first(
    door: Door, tmp_path: Path
) -> None:
    """By its address: one computer has one knock, and its first line ends."""
    let_knock(door)
    first = Laptop(door.port, tmp_path / "first")
    first.wait_for_digits()
    waiting(door)
    second = Laptop(door.port, tmp_path / "second")
    second.wait_for_digits()
    first.end()
    assert first.code == "not_accepted"
    (knock,) = [one for one in door.enrolment.knocks.told() if one.is_open]
    assert knock.digits == second.digits
    second.say(same=False)
    second.end()


@pytest.mark.parametrize("is_kept", [False, True])
def test_killed_between_grant_and_kept_it_knocks_again_or_has_joined(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_kept: bool
) -> None:
    """What it wrote is good, and its first word closes the knock; else its name is free."""
    keep = joining.keep_credential

    def cut(*arguments: object) -> None:
        if is_kept:
            keep(*arguments)  # type: ignore[arg-type]  # as it is called
        raise OSError("the computer is switched off")

    let_knock(door)
    with monkeypatch.context() as patch:
        patch.setattr(joining, "keep_credential", cut)
        laptop = Laptop(door.port, tmp_path)
        laptop.say(same=True)
        knock = waiting(door)
        door.enrolment.accept(knock.id, "6A1", "")
        laptop.end()
    until(lambda: knock.state is KnockState.GONE, "the page says that it went away")
    assert (credential_in(tmp_path) is not None) == is_kept
    if is_kept:
        used = door.enrolment.note_used("laptop-6a1")
        asyncio.run_coroutine_threadsafe(used, door.loop).result(5)
        assert knock.state is KnockState.JOINED
        return
    again = Laptop(door.port, tmp_path)
    again.say(same=True)
    door.enrolment.accept(waiting(door).id, "6A1", "")
    again.end()
    assert again.joined
    assert again.joined.credential.agent == "laptop-6a1"


def test_digits_are_six_and_as_many_as_they_can_be() -> None:
    """Two groups of three, all ten at each place."""
    shown = [digits_of(number.to_bytes(4)) for number in range(500)]
    assert {len(text) for text in shown} == {7}
    for place in (0, 1, 2, 4, 5, 6):
        assert {text[place] for text in shown} == set("0123456789")
