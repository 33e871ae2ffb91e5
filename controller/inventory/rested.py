"""This file says how much of a figure rests on what silent schools told last; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from protocol.words import N_


class Rest(NamedTuple):
    """How many things of a figure rest on lists of schools that are silent for longer than that."""

    over_1d: int = 0
    over_1w: int = 0
    over_3w: int = 0


ALL_FRESH: Final = Rest()


def rest_words(rest: Rest, say: Callable[..., str]) -> str:
    """A footnote; empty where nothing does. say: see Words.say."""
    footnote = N_(
        "Of all that is counted here rest on what schools told before they fell silent:"
        " {over_1d} for more than a day, {over_1w} a week, {over_3w} 3 weeks."
    )
    return say(footnote, **rest._asdict()) if rest.over_1d else ""
