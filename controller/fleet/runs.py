"""This file orders what one agent said by its starts and its own numbers, never by a clock. Pure.

A run is the place of a start of an agent in that agent's history, a growing number, given once:
when the first event of the start arrives. Within a run events are numbered by their agent. Where an
agent counts its starts (protocol.starts), an earlier one that arrives later still comes before; of
others the one that arrives first was first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol, TypeVar

from protocol.starts import NumberedStart, start_of


class Placed(Protocol):
    """What an agent said. run, seq: 0 in what was stored before they were kept."""

    @property
    def run(self) -> int:
        """The place of the agent's start."""

    @property
    def seq(self) -> int:
        """The place within it."""


Said = TypeVar("Said", bound=Placed)


class SaidAt(NamedTuple):
    """A place in what one agent said; they compare as it was said."""

    run: int
    seq: int


def said_at(one: Placed) -> SaidAt:
    """Where in what its agent said it stands."""
    return SaidAt(one.run, one.seq)


def run_of(boot: str, runs: Mapping[str, int]) -> int:
    """The run of a start that was not heard of. runs: those of its agent's other starts, from 1 on.

    A count that came before names another start now (a copy of the agent's disk was put back), and
    so does another file: it goes behind all.
    """
    last = max(runs.values(), default=0)
    start = start_of(boot)
    if start is None:
        return last + 1
    base = _base_of(start, runs, last)
    run = base + start.number
    return last + 1 if run in runs.values() else run


def _base_of(start: NumberedStart, runs: Mapping[str, int], last: int) -> int:
    """What is added to a file's counts, by its newest start that is known."""
    numbered = ((run, start_of(boot)) for boot, run in runs.items())
    own = ((run, one.number) for run, one in numbered if one and one.file == start.file)
    if newest := max(own, default=None):
        run, number = newest
        return run - number
    return max(0, last + 1 - start.number)
