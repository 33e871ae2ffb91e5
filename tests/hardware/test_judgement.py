"""Judgement: what probes say of devices, over a hundred simulated days."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.network.judgement import BUDGET_PER_S, PresenceJudge
from hardware.network.liveness import _TOGETHER_S
from hardware.network.probe import TRIES_S
from hardware.readings import IdentityKind, Kind, Sighting
from tests.tiers import wide

LOSS = 0.05


def board(number: int = 0, **changes: object) -> Sighting:
    """Give a board at an address of its own."""
    known = Sighting(
        source="mdns",
        key=f"mac:000ec6{number:06x}",
        identity=IdentityKind.MAC,
        kind=Kind.BOARD,
        address=f"10.0.{number >> 8}.{number & 255}",
        port=7000,
    )
    return replace(known, **changes)


class World:
    """A simulated network: who is there, what is lost, and a clock that jumps."""

    def __init__(self, count: int, seed: int = 1) -> None:
        self.random = Random(seed)
        self.judgement = PresenceJudge(self.random.random)
        self.now, self.probes = 0.0, 0
        self.dead: set[str] = set()
        self.told: list[tuple[float, Sighting]] = []
        for number in range(count):
            self.tell(self.judgement.hear(board(number), self.now))
        self.told.clear()

    def tell(self, sightings: list[Sighting]) -> None:
        self.told += [(self.now, one) for one in sightings]

    def tries_needed(self) -> int:
        """Give after how many tries an answer comes; each loses a packet either way."""
        way = (1 - LOSS) ** 2
        return next((count for count in range(4) if self.random.random() < way), 4)

    def step(self) -> None:
        """Make the next probe, and jump to its end, as if nothing else was under way."""
        if wait_s := self.judgement.next_in_s(self.now):
            self.now = _TOGETHER_S * math.ceil((self.now + wait_s) / _TOGETHER_S)
        due = self.judgement.take(self.now)
        assert due is not None
        key, where = due
        self.probes += 1
        tries = 4 if key[1] in self.dead else self.tries_needed()
        if tries < len(TRIES_S):
            self.tell(self.judgement.answer(key, where, self.now))
        else:
            self.tell(self.judgement.miss(key, where, self.now + sum(TRIES_S)))


@pytest.mark.parametrize(("probes", "days"), [(100_000, 0.2), *wide((1_000_000, 2))])
def test_many_probes_at_five_percent_loss_judge_nobody_gone(probes: int, days: float) -> None:
    """Five in a hundred packets are lost each way; all devices are there."""
    world = World(20)
    while world.probes < probes:
        world.step()
    assert world.told == []
    assert world.now / 86_400 > days


@pytest.mark.parametrize("count", [1, 10, 15])
def test_one_that_is_really_gone_is_told_within_fifteen_seconds(count: int) -> None:
    """Whenever it goes, with a room's worth of others."""
    for seed in range(50):
        world = World(count, seed)
        until = 30 + world.random.random() * 10
        while world.now < until:
            world.step()
        world.dead = {board(0).key}
        gone_at = world.now
        while not world.told:
            world.step()
        ((at, gone),) = world.told
        assert (gone.key, gone.present, gone.reason) == (board(0).key, False, "no_answer")
        assert at + sum(TRIES_S) - gone_at <= 15.0


def test_with_many_devices_the_budget_holds_and_a_doubt_is_settled_first() -> None:
    """Of 400 each has its turn less often, but a second miss follows within seconds."""
    world = World(400)
    while world.now < 300.0:
        world.step()
    assert world.probes <= BUDGET_PER_S * 301 + 4
    world.dead = {board(7).key}
    target = world.judgement._targets["mdns", board(7).key]
    while not target.misses:
        world.step()
    missed_at = world.now
    while not world.told:
        world.step()
    assert world.told[0][0] - missed_at <= 7.0


def ask(judgement: PresenceJudge, now: float, *, answers: bool) -> list[Sighting]:
    """Make every probe that is due by now."""
    told = []
    while (due := judgement.take(now)) is not None:
        told += (judgement.answer if answers else judgement.miss)(*due, now)
        now += 1.0 / BUDGET_PER_S
    return told


def judged_gone() -> tuple[PresenceJudge, float]:
    """Give a judgement that holds the board for gone, and the time."""
    judgement = PresenceJudge(lambda: 0.0)
    assert judgement.hear(board(), 0.0) == [board()]
    assert ask(judgement, 0.0, answers=True) == []
    assert ask(judgement, 5.0, answers=False) == []
    (gone,) = ask(judgement, 10.0, answers=False)
    assert gone == board(present=False, reason="no_answer")
    return judgement, 10.0


def test_a_repeat_does_not_bring_back_what_is_gone_but_an_answer_does() -> None:
    """A cache repeats for hours what is long unplugged; it only makes us ask sooner."""
    judgement, now = judged_gone()
    assert judgement.hear(board(name="anew"), now + 0.5) == []
    assert judgement.hear(board(name="anew", address="10.9.9.9"), now + 0.6) == []
    assert judgement.next_in_s(now + 1.0) == pytest.approx(0.0)
    assert ask(judgement, now + 1.1, answers=True) == [board(name="anew", address="10.9.9.9")]


def test_a_goodbye_after_no_answer_tells_nothing_new_and_the_next_word_is_new() -> None:
    """Whoever says goodbye and comes again is there."""
    judgement, now = judged_gone()
    assert judgement.hear(board(present=False, reason="goodbye"), now) == []
    assert len(judgement) == 0
    assert judgement.hear(board(), now + 1) == [board()]


def test_a_port_that_never_answered_is_not_judged() -> None:
    """A firewall is no fault; mDNS alone tells of such a device, and it is asked rarely."""
    judgement = PresenceJudge(lambda: 0.5)
    judgement.hear(board(), 0.0)
    asked = 0
    for second in range(600):
        while (due := judgement.take(float(second))) is not None:
            assert judgement.miss(*due, float(second)) == []
            asked += 1
    assert 10 <= asked <= 25
    assert judgement.hear(board(present=False, reason="goodbye"), 600.0)


def test_a_device_that_moved_to_a_silent_port_is_not_judged_by_the_old_one() -> None:
    """The new place must have answered once before its silence counts."""
    judgement = PresenceJudge(lambda: 0.0)
    judgement.hear(board(), 0.0)
    ask(judgement, 0.0, answers=True)
    moved = board(address="10.0.0.99")
    assert judgement.hear(moved, 1.0) == [moved]
    for second in (5.0, 10.0, 15.0):
        assert ask(judgement, second, answers=False) == []


def test_an_answer_of_the_old_address_says_nothing_of_the_new() -> None:
    """The device moved while it was asked."""
    judgement = PresenceJudge(lambda: 0.0)
    judgement.hear(board(), 0.0)
    due = judgement.take(0.0)
    assert due is not None
    judgement.hear(board(port=1), 0.1)
    assert judgement.miss(*due, 2.5) == []
    assert judgement.take(2.6) == (("mdns", board().key), ("10.0.0.0", 1))


def test_a_tablet_is_never_probed_and_sleeps_when_it_says_goodbye() -> None:
    """It answers nobody while its screen is dark; twelve hours later it still sleeps."""
    judgement = PresenceJudge(lambda: 0.0)
    tablet = board(kind=Kind.TABLET)
    assert judgement.hear(tablet, 0.0) == [tablet]
    assert judgement.next_in_s(0.0) is None
    (asleep,) = judgement.hear(replace(tablet, present=False, reason="goodbye"), 1.0)
    assert (asleep.present, asleep.reason) == (False, "sleeping")
    assert judgement.next_in_s(43_200.0) is None


def test_without_an_address_nothing_is_probed() -> None:
    """A device on USB, and one that is known by name alone."""
    judgement = PresenceJudge(lambda: 0.0)
    for one in (board(address=""), board(port=0)):
        assert judgement.hear(one, 0.0) == [one]
    assert judgement.take(9.0) is None


def test_while_our_own_network_is_away_misses_do_not_add_up() -> None:
    """One miss before, one after: no two in a row."""
    judgement = PresenceJudge(lambda: 0.0)
    judgement.hear(board(), 0.0)
    ask(judgement, 0.0, answers=True)
    assert ask(judgement, 5.0, answers=False) == []
    due = judgement.take(10.0)
    assert due is not None
    judgement.pass_over(*due, 10.0)
    assert ask(judgement, 15.0, answers=False) == []
    assert ask(judgement, 20.0, answers=False) == [board(present=False, reason="no_answer")]


EVENTS = st.one_of(
    st.tuples(st.just("hear"), st.integers(0, 2), st.sampled_from(["", "10.0.0.1", "10.0.0.2"])),
    st.tuples(st.just("leave"), st.integers(0, 2), st.just("")),
    st.tuples(st.sampled_from(["answer", "miss", "pass"]), st.integers(0, 2), st.just("")),
    st.tuples(st.just("wait"), st.integers(0, 20), st.just("")),
)


@given(st.lists(EVENTS, max_size=60))
def test_in_any_order_nothing_raises_and_coming_and_going_alternate(
    events: list[tuple[str, int, str]],
) -> None:
    """What is told gone is told once, and only of what was told present."""
    judgement, now, there, heard = PresenceJudge(lambda: 0.5), 0.0, {}, set()
    for what, number, address in events:
        told: list[Sighting] = []
        if what == "hear":
            told = judgement.hear(board(number, address=address), now)
            heard.add(number)
        elif what == "leave" and number in heard:
            told = judgement.hear(board(number, present=False, reason="goodbye"), now)
            heard.discard(number)
        elif what == "wait":
            now += number
        elif what != "leave" and (due := judgement.take(now)) is not None:
            if what == "pass":
                judgement.pass_over(*due, now)
            else:
                told = getattr(judgement, what)(*due, now)
        for one in told:
            if not one.present:
                assert there.get(int(one.key[-6:], 16)) is True
            there[int(one.key[-6:], 16)] = one.present
        assert judgement.next_in_s(now) is None or judgement.next_in_s(now) >= 0.0
