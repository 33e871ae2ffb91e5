"""Who comes in at a door: nobody has more than a share, and silence gives way to whoever speaks."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from protocol.doors.limits import DoorLimits
from protocol.doors.turns import Turns
from protocol.doors.visits import OF_RESERVE, REMEMBERED, Visits
from protocol.guard import Receive, Scope, Send
from protocol.this_machine import is_this_machine

LIMITS = DoorLimits(
    at_once=10,
    reserve=3,
    of_one_peer=4,
    of_this_machine=6,
    turns=2,
    turns_of_this_machine=3,
    sockets=3,
    sockets_of_one_peer=2,
    sockets_per_s=0.5,
    sockets_per_s_of_this_machine=2.0,
)
PEERS = ["127.0.0.1", *(f"192.0.2.{number}" for number in range(1, 9))]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["enter", "enter", "work", "rest", "upgrade", "upgrade", "leave", "wait", "rename"]
        ),
        st.integers(0, 40),
        st.sampled_from(PEERS),
    ),
    max_size=120,
)


class Model:
    """The same door by plain lists: each line with its peer, in the order of becoming idle."""

    def __init__(self) -> None:
        self.peer: dict[int, str] = {}
        self.idle: list[int] = []
        self.sockets: set[int] = set()
        self.answered: set[str] = set()
        self.opened = dict.fromkeys(PEERS, 0.0)
        self.now_s = 0.0

    def of(self, peer: str) -> list[int]:
        return [line for line, its in self.peer.items() if its == peer]

    def idle_of(self, peer: str) -> list[int]:
        return [line for line in self.idle if self.peer[line] == peer]

    def may_leave(self, peer: str) -> list[int] | None:
        """None: there is room. Else the lines one of which must leave."""
        if len(self.of(peer)) >= LIMITS.connections_of(peer):
            return self.idle_of(peer)[:1]
        spare = 0 if peer in self.answered and len(self.of(peer)) < OF_RESERVE else LIMITS.reserve
        if len(self.peer) < LIMITS.at_once - spare:
            return None
        most = max((len(self.idle_of(each)) for each in PEERS), default=0)
        crowds = [each for each in PEERS if most and len(self.idle_of(each)) == most]
        return [self.idle_of(each)[0] for each in crowds]

    def may_upgrade(self, line: int) -> bool:
        if line not in self.peer or len(self.sockets) >= LIMITS.sockets:
            return False
        peer = self.peer[line]
        if len(self.sockets & {*self.of(peer)}) >= LIMITS.sockets_of(peer):
            return False
        return self.opened[peer] + 1 <= 2 * LIMITS.sockets_of(peer)

    def wait(self, time_s: float) -> None:
        """What was opened is forgiven by and by."""
        self.now_s += time_s
        for peer, opened in self.opened.items():
            self.opened[peer] = max(0.0, opened - time_s * LIMITS.sockets_per_s_of(peer))

    def enter(self, *lines: tuple[int, str]) -> None:
        self.peer.update(lines)
        self.idle += [line for line, _ in lines]

    def upgrade(self, *lines: int) -> None:
        self.sockets.update(lines)
        for line in lines:
            self.opened[self.peer[line]] += 1
        self.idle = [line for line in self.idle if line not in lines]

    def work(self, line: int) -> None:
        self.idle = [each for each in self.idle if each != line]

    def rest(self, line: int) -> None:
        if line in self.peer:
            self.answered.add(self.peer[line])
            self.idle += [] if line in self.idle else [line]

    def may_rename(self, line: int) -> bool:
        """A line that owes a handshake is idle; or it is gone already."""
        is_waiting = line in self.idle or line not in self.peer
        return is_waiting and line > 0 and line - 1 not in self.peer

    def rename(self, line: int, onward: int) -> None:
        if line in self.peer:
            self.peer[onward] = self.peer.pop(line)
            self.idle = [each for each in self.idle if each != line] + [onward]

    def leave(self, line: int) -> None:
        self.peer.pop(line, None)
        self.sockets.discard(line)
        if line in self.idle:
            self.idle.remove(line)


@given(STEPS)
@settings(max_examples=200)
def test_the_door_keeps_its_shares_whatever_comes(steps: list[tuple[str, int, str]]) -> None:
    """Held against a model of lists: who is in, who gives way, who is turned away."""
    model = Model()
    visits = Visits[int](LIMITS, lambda: model.now_s)
    for step, line, peer in steps:
        if step == "enter" and line not in model.peer:
            leaving = model.may_leave(peer)
            entry = visits.enter(line, peer)
            assert entry.is_in == (leaving is None or bool(leaving))
            assert entry.leaves in (leaving or [None])
            model.leave(-1 if entry.leaves is None else entry.leaves)
            model.enter(*([(line, peer)] if entry.is_in else []))
        elif step == "wait":
            model.wait(line / 8)
        elif step == "rename" and model.may_rename(line):
            visits.rename(line, line - 1)
            model.rename(line, line - 1)
        elif step == "upgrade" and line not in model.sockets:
            may = model.may_upgrade(line)
            assert visits.upgrade(line) == may
            model.upgrade(*([line] if may else []))
        elif step in {"work", "leave"} or (step == "rest" and line not in model.sockets):
            getattr(visits, step)(line)
            getattr(model, step)(line)
        assert (len(visits), visits.sockets) == (len(model.peer), len(model.sockets))
        assert len(model.peer) <= LIMITS.at_once
    for line in list(model.peer):
        visits.leave(line)
    assert (len(visits), visits._peers) == (0, {})


def test_who_was_answered_before_gets_in_past_many_strangers() -> None:
    """Strangers that keep their lines at work fill the door but for the reserve."""
    visits = Visits[int](LIMITS)
    visits.enter(0, "192.0.2.1")
    visits.rest(0)
    visits.leave(0)
    for line in range(1, 30):
        visits.enter(line, f"198.51.100.{line}")
        visits.work(line)
    assert len(visits) == LIMITS.at_once - LIMITS.reserve
    assert not visits.enter(50, "198.51.100.50").is_in
    assert visits.enter(51, "192.0.2.1").is_in
    assert visits.turned_away == 23


def test_only_so_many_peers_are_remembered() -> None:
    """Whoever changes addresses does not fill the memory."""
    visits = Visits[int](LIMITS)
    for number in range(REMEMBERED + 50):
        visits.enter(number, f"2001:db8::{number:x}")
        visits.rest(number)
        visits.leave(number)
    assert len(visits._answered) == REMEMBERED


@pytest.mark.parametrize(
    ("peer", "is_here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:192.0.2.1", False),
        ("192.0.2.1", False),
        ("fe80::1%eth0", False),
        ("", False),
        ("testclient", False),
    ],
)
def test_this_machine_has_the_larger_share(*, peer: str, is_here: bool) -> None:
    """A reverse proxy speaks from loopback."""
    assert is_this_machine(peer) == is_here
    assert LIMITS.connections_of(peer) == (6 if is_here else 4)
    assert LIMITS.sockets_of(peer) == (3 if is_here else 2)
    assert LIMITS.turns_of(peer) == (3 if is_here else 2)


@given(st.lists(st.sampled_from(PEERS), max_size=40), st.integers(1, 4))
@example(["192.0.2.1"] * 30 + ["192.0.2.2"], 2)
def test_a_peers_requests_are_worked_on_a_few_at_a_time(peers: list[str], turns: int) -> None:
    """Each in its own order, none held up by another peer, and nothing remains."""
    at_work: dict[str, int] = dict.fromkeys(PEERS, 0)
    begun: list[tuple[str, int]] = []
    gates = [asyncio.Event() for _ in peers]
    limits = replace(LIMITS, turns=turns, turns_of_this_machine=turns)

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        peer, number = scope["client"]
        at_work[peer] += 1
        assert at_work[peer] <= turns
        begun.append((peer, number))
        await gates[number].wait()
        at_work[peer] -= 1

    async def play() -> None:
        door = Turns(app, limits)
        async with asyncio.TaskGroup() as tasks:
            for number, peer in enumerate(peers):
                scope = {"type": "http", "client": (peer, number)}
                tasks.create_task(door(scope, _nothing, _nowhere))
            for _ in range(3):
                await asyncio.sleep(0)
            for peer in PEERS:
                mine = [number for number, its in enumerate(peers) if its == peer]
                assert [number for its, number in begun if its == peer] == mine[:turns]
            for gate in gates:
                gate.set()
        assert door._peers == {}
        assert sorted(begun) == sorted((peer, number) for number, peer in enumerate(peers))

    asyncio.run(play())


async def _nothing() -> dict[str, object]:
    return {}


async def _nowhere(_message: object) -> None:
    return
