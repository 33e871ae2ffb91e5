"""Many peers wait in one place: nobody starves, nobody's order changes, and it stays bounded."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from protocol.fair import FairQueue, ReceiptOrder

LIMIT, SHARE, QUIET_S = 12, 3, 1.0
peers = st.sampled_from("abcde")
Item = tuple[str, int]


class Waiting(RuleBasedStateMachine):
    """The queue beside lists that say what may happen, not how."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.queue: FairQueue[Item] = FairQueue(
            LIMIT, SHARE, now_s=lambda: self.now_s, weight_of=lambda item: self.weights[item[1]]
        )
        self.waiting: dict[str, list[int]] = {}
        self.weights: dict[int, int] = {}
        self.spoke_s: dict[str, float] = {}
        self.cut: set[str] = set()  # something of them was dropped, and they have not paused since
        self.number = 0

    def weight(self, peer: str) -> int:
        """What waits of a peer, by weight."""
        return sum(self.weights[number] for number in self.waiting.get(peer, ()))

    @rule(peer=peers, weights=st.lists(st.integers(1, 3), min_size=1, max_size=8))
    def arrive(self, peer: str, weights: list[int]) -> None:
        """Some arrive, light and heavy, as long as the reader reads."""
        for weight in weights:
            if self.queue.is_full:
                return
            self.number += 1
            self.weights[self.number] = weight
            paused = self.now_s - self.spoke_s.get(peer, self.now_s) >= QUIET_S
            if paused:
                self.cut.discard(peer)
            self.spoke_s[peer] = self.now_s
            self.waiting.setdefault(peer, []).append(self.number)
            self._drop(peer, self.queue.put(peer, (peer, self.number)))

    def _drop(self, spoke: str, dropped: Sequence[Item]) -> None:
        if spoke in self.cut:
            assert [*dropped] == [(spoke, self.number)], "nothing passes what was dropped before it"
        before = {peer: self.weight(peer) for peer in self.waiting}
        for peer, number in dropped:
            assert spoke in self.cut or self.weight(peer) > SHARE, "who has no more than a share"
            assert self.waiting[peer].pop() == number, "the newest goes first"
            if spoke not in self.cut:
                assert before[peer] == max(before.values()), "the heaviest gives way"
                self.spoke_s[peer] = self.now_s
        self.cut |= {peer for peer, _ in dropped}

    @rule(limit=st.integers(1, 20))
    def draw(self, limit: int) -> None:
        """Equal shares, each peer's oldest first, all in the order of arrival."""
        lengths = {peer: len(numbers) for peer, numbers in self.waiting.items() if numbers}
        drawn = self.queue.draw(limit)
        assert [number for _, number in drawn] == sorted(number for _, number in drawn)
        assert len(drawn) == min(limit, sum(lengths.values()))
        for peer, length in lengths.items():
            own = [number for name, number in drawn if name == peer]
            assert own == self.waiting[peer][: len(own)]
            assert len(own) >= min(length, limit // len(lengths))
            del self.waiting[peer][: len(own)]

    @rule(seconds=st.sampled_from([0.4, 1.0]))
    def pass_time(self, seconds: float) -> None:
        """Somebody pauses."""
        self.now_s += seconds

    @rule()
    def forget(self) -> None:
        """The line was cut."""
        self.queue.clear()
        self.waiting.clear()
        self.cut.clear()

    @invariant()
    def is_bounded(self) -> None:
        """It holds what the lists hold, and no more than it may but for one that is heavy."""
        assert len(self.queue) == sum(map(len, self.waiting.values())) <= LIMIT
        weight = sum(map(self.weight, self.waiting))
        assert weight <= LIMIT + max(self.weights.values(), default=0)
        assert self.queue.is_full == (weight >= LIMIT)


TestWaiting = Waiting.TestCase


@given(st.integers(1, 20), st.integers(1, 20))
def test_everybody_has_a_turn_even_when_a_draw_is_shorter_than_their_number(
    count: int, limit: int
) -> None:
    """After as many draws as it takes to go round once, everybody was served."""
    queue: FairQueue[int] = FairQueue(1000, 1000, now_s=float)
    for peer in range(count):
        for _ in range(30):
            queue.put(str(peer), peer)
    served = {peer for _ in range(-(-count // limit)) for peer in queue.draw(limit)}
    assert served == {*range(count)}


@given(st.permutations(range(1, 9)), st.integers(0, 8))
def test_acks_leave_in_the_order_of_receipt(done: list[int], first: int) -> None:
    """Whatever is done first."""
    order: ReceiptOrder[int] = ReceiptOrder()
    assert [order.receive() for _ in done] == [*range(1, 9)]
    released = [*order.release((no, no * 10) for no in done[:first])]
    unbroken = next(no for no in range(1, 10) if no not in done[:first]) - 1
    assert released == [no * 10 for no in range(1, unbroken + 1)]
    released += order.release((no, no * 10) for no in done[first:])
    assert released == [no * 10 for no in range(1, 9)]
