"""Places of long answers: nobody's turn is cut short, and nobody waits for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.doors.places import HeldPlace, Places

TURN_S = 10.0
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["come", "end", "rest", "go on"]), st.integers(0, 4), st.floats(0, 8)
    ),
    max_size=40,
)


@given(DEEDS, st.integers(1, 3), st.integers(1, 3))
def test_who_waits_gets_the_place_of_him_whose_turn_is_over_longest(
    deeds: list[tuple[str, int, float]], count: int, of_one_peer: int
) -> None:
    """Against a plain list of who holds one, and how much of his turn he has had."""
    now = [0.0]
    places = Places(count, of_one_peer=of_one_peer, turn_s=TURN_S, now_s=lambda: now[0])
    holders: dict[HeldPlace, float] = {}  # what is left of each turn
    resting: set[HeldPlace] = set()
    for deed, who, later_s in deeds:
        now[0] += later_s
        for place in holders.keys() - resting:
            holders[place] -= later_s
        of_peer = [place for place in holders if place.peer == str(who)]
        if deed == "come":
            gone: list[str] = []
            fresh = places.take(str(who), lambda gone=gone: gone.append("cut"))  # type: ignore[misc]
            is_crowded = len(of_peer) >= of_one_peer
            crowd = of_peer if is_crowded else [*holders]
            over = [place for place in crowd if place not in resting and holders[place] <= 1e-9]
            is_full = is_crowded or len(holders) >= count
            assert (fresh is not None) == (not is_full or bool(over))
            if is_full and over:
                del holders[min(over, key=lambda place: holders[place])]
            if fresh:
                holders[fresh] = TURN_S
        elif of_peer and deed == "end":
            places.leave(of_peer[0])
            places.leave(of_peer[0])
            del holders[of_peer[0]]
        elif of_peer and deed == "rest":
            of_peer[0].rest()
            resting.add(of_peer[0])
        elif of_peer:
            of_peer[0].go_on()
            resting.discard(of_peer[0])
        assert len(holders) <= count


def test_he_who_gives_way_is_told_once() -> None:
    """Slow ones who come again and again keep nobody out for longer than a turn."""
    now, told = [0.0], list[str]()
    places = Places(3, of_one_peer=1, turn_s=TURN_S, now_s=lambda: now[0])
    for slow in "abc":
        assert places.take(slow, lambda slow=slow: told.append(slow))  # type: ignore[misc]
        now[0] += 1
    assert places.take("room") is None
    now[0] = TURN_S
    assert places.take("a", lambda: told.append("again")), "his own old line gives way to his new"
    assert places.take("room") is None
    now[0] = TURN_S + 1
    assert places.take("room")
    assert told == ["a", "b"]
