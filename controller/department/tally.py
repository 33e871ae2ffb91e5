"""This file adds up items of schools to figures, and says what would raise them; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from controller.reconcile.kpi import Kpi, Raise, figure_of, percent

LONE: Final = "lone_"  # how the columns begin that count lines which lack one thing alone


class Tally(NamedTuple):
    """How many items; all but items and unregistered are of the book.

    managed: complete and verified. missing, never_seen, moved: lines. unregistered: seen and in no
    book. lone_...: items that lack this alone.
    """

    items: int = 0
    declared: int = 0
    complete: int = 0
    verified: int = 0
    managed: int = 0
    missing: int = 0
    never_seen: int = 0
    moved: int = 0
    unregistered: int = 0
    lone_asset_tag: int = 0
    lone_type: int = 0
    lone_room: int = 0
    lone_year: int = 0
    lone_serial: int = 0
    lone_unique_serial: int = 0
    lone_verify: int = 0

    @property
    def kpi(self) -> Kpi:
        """The share that is managed by digital record; not determined without a line."""
        return figure_of(self.declared, self.complete, self.verified, self.managed)

    @property
    def raises(self) -> tuple[Raise, ...]:
        """What would raise the figure most, the most first."""
        counts: dict[str, int] = self._asdict()
        lone = {name: n for name, n in counts.items() if n and name.startswith(LONE)}
        return tuple(
            Raise(
                what=name.removeprefix(LONE),
                lines=n,
                pct=percent(self.managed + n, self.declared) or 0.0,
            )
            for name, n in sorted(lone.items(), key=lambda pair: -pair[1])
        )


class Told(NamedTuple):
    """What a school, or several, had on a day: for a comparison with today."""

    day: str
    schools: int
    kpi: Kpi


ByType = Mapping[str, Tally]


def added(tallies: Iterable[Tally]) -> Tally:
    """The sum of them."""
    parts = [*tallies]
    return Tally(*map(sum, zip(*parts, strict=True))) if parts else Tally()


def together(parts: Iterable[ByType]) -> ByType:
    """The sums of each type, in the order of their names if the parts have it."""
    nonempty = [tallies for tallies in parts if tallies]
    if len(nonempty) == 1:
        return nonempty[0]
    by_kind: dict[str, list[Tally]] = {}
    for part in nonempty:
        for kind, tally in part.items():
            by_kind.setdefault(kind, []).append(tally)
    return {kind: added(by_kind[kind]) for kind in sorted(by_kind)}
