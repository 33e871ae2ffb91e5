"""Which cards of a scan count: rules over plain sightings."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from hardware.cards.acceptance import Acceptance, Card, CardFlag, FoundCard

SIDE = 40.0
ROSTER = frozenset(range(1, 41))


def card(number: int, x: float, y: float = 500.0, side: float = SIDE) -> Card:
    """An upright card with its centre there."""
    half = side / 2
    corners = (
        (x - half, y - half),
        (x + half, y - half),
        (x + half, y + half),
        (x - half, y + half),
    )
    return Card(number, corners)


def told(*frames: list[Card], every_s: float = 0.1) -> list[FoundCard]:
    """All that comes of these frames."""
    acceptance, at = Acceptance(ROSTER), count()
    return [each for cards in frames for each in acceptance.frame(cards, next(at) * every_s)]


def test_a_card_counts_at_its_second_sighting_and_once() -> None:
    """However long it is held up."""
    assert told([card(7, 100)]) == []
    assert told(*[[card(7, 100)]] * 9) == [FoundCard(7)]


def test_two_sightings_in_one_frame_are_one() -> None:
    """Two finds in one place are one card, and no copy."""
    assert told([card(7, 100), card(7, 103)]) == []


def test_sightings_too_far_apart_do_not_count() -> None:
    """In time, or in the room; later they may."""
    assert told([card(7, 100)], [card(7, 100)], every_s=5.1) == []
    assert told([card(7, 100)], [card(7, 900)]) == []
    assert told([card(7, 100)], [card(7, 900)], [card(7, 130)]) == [FoundCard(7)]


def test_an_id_off_the_list_never_counts() -> None:
    """Another class's card lies on the window sill."""
    assert told(*[[card(41, 100)]] * 5) == []


def test_an_id_at_two_places_is_a_copy_and_counts_nowhere() -> None:
    """Not even at one of them, later; and it is told when it had counted before."""
    both = [card(7, 100), card(7, 900)]
    assert told(both, both, [card(7, 100)], [card(7, 100)]) == [FoundCard(7, CardFlag.COPIED)]
    assert told([card(7, 100)], [card(7, 100)], both) == [
        FoundCard(7),
        FoundCard(7, CardFlag.COPIED),
    ]


def waving(
    step: float, *, apart: float = 70.0, frames: int = 5, together: bool = True
) -> list[FoundCard]:
    """Cards 1 and 2 move by so much a frame; ten others sit still."""
    others = [card(number, 150.0 * number) for number in range(3, 13)]
    ways = [
        (300 + n * step, 300 + apart + (n * step if together else -n * step)) for n in range(frames)
    ]
    return told(*([*others, card(1, one, 200), card(2, other, 200)] for one, other in ways))


def test_two_cards_that_one_hand_moves_are_to_be_checked() -> None:
    """They count none the less: a person decides."""
    found = waving(20)
    assert {
        FoundCard(1),
        FoundCard(2),
        FoundCard(1, CardFlag.CHECK),
        FoundCard(2, CardFlag.CHECK),
    } <= set(found)
    assert {each.id for each in found if each.flag} == {1, 2}


def test_neighbours_are_not_suspected() -> None:
    """Neither still ones, nor those that move apart, nor far ones, nor in two frames only."""
    for found in (
        waving(0),
        waving(20, together=False),
        waving(20, apart=300),
        waving(20, frames=3),
    ):
        assert not [each for each in found if each.flag]


def test_a_camera_that_shakes_suspects_nobody() -> None:
    """All cards move as one, and no hand does."""
    frames = [[card(n, 60.0 * n + 20 * k) for n in range(1, 13)] for k in range(6)]
    assert not [each for each in told(*frames) if each.flag]


def test_a_scan_is_complete_with_every_card_of_the_list() -> None:
    """And not before."""
    acceptance = Acceptance(frozenset({1, 2}))
    acceptance.frame([card(1, 100), card(2, 300)], 0.0)
    acceptance.frame([card(1, 100)], 0.1)
    assert not acceptance.is_complete
    acceptance.frame([card(2, 300)], 0.2)
    assert acceptance.is_complete


places = st.tuples(st.integers(0, 49), st.integers(0, 19), st.integers(0, 10))


@given(st.lists(st.lists(places, max_size=12), max_size=10))
def test_whatever_is_seen_each_is_told_once_and_only_of_the_list(
    frames: list[list[tuple[int, int, int]]],
) -> None:
    """And none counts that was seen in fewer than two frames."""
    drawn = [[card(n, 100.0 * x, 100.0 * y) for n, x, y in cards] for cards in frames]
    found = told(*drawn)
    assert len(found) == len(set(found))
    for each in found:
        frames_with = sum(any(one.id == each.id for one in cards) for cards in drawn)
        assert each.id in ROSTER
        assert frames_with >= (1 if each.flag is CardFlag.COPIED else 2)
