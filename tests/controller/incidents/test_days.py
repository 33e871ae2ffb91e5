"""Every outage of a school day is one cause, no cause is without one, none comes at quiet hours."""

from __future__ import annotations

import pytest

from tests.controller.incidents.play import Played, judge, play
from tests.tiers import wide

# At a bell the last two rooms of a network went in one minute; a blip came after a flapping.
ONCE_WRONG = (5166, 9612, 9861)
DAYS = [*range(6), *ONCE_WRONG, *wide(*range(6, 24))]  # ten thousand are played as a program


@pytest.mark.parametrize("seed", DAYS)
def test_every_outage_is_one_cause(seed: int) -> None:
    """Through bells, nights, holidays, flaps, and restarts of the controller."""
    assert judge(seed, play(seed)) == []


def _seen(played: Played) -> set[tuple[str, str, int, frozenset[str]]]:
    """What an incident is, whenever it was looked at."""
    return {
        (
            incident.scope.value,
            incident.key,
            incident.began_ms,
            frozenset(member.signal.key for member in incident.members),
        )
        for incident in played.history.values()
    }


@pytest.mark.parametrize("seed", [3, *wide(11)])
def test_a_recorded_day_played_again_gives_the_same_incidents(seed: int) -> None:
    """Looked at as often, all is the same; looked at more seldom, the causes are."""
    once = play(seed)
    assert play(seed) == once
    assert _seen(play(seed, grid_s=45)) == _seen(once)
