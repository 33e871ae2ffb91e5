"""This file counts the share of equipment that is managed by digital record; pure.

The figure of Decision 131/QD-TTg: things of the register whose record is complete and that were
seen by an agent or scanned by a person within a year, over all things, furniture too. A line counts
for as many things as its quantity says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from controller.reconcile.reconcile import LineFinding

TARGET_PCT: Final = 80


class Kpi(msgspec.Struct, frozen=True, kw_only=True):
    """The figure and its parts; without a register it is not determined (None), never 100 %."""

    declared: int = 0
    complete_digital_record: int = 0
    verified_within_365d: int = 0
    complete_and_verified: int = 0
    digital_managed_pct: float | None = None
    target_pct: int = TARGET_PCT
    meets_target: bool | None = None

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """What `figure_of` makes it of."""
        return (
            self.declared,
            self.complete_digital_record,
            self.verified_within_365d,
            self.complete_and_verified,
        )


class Raise(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that, put right, would make lines count. what: of reconcile's lacks, or "verify".

    lines: how many things lack nothing else; pct: the figure then.
    """

    what: str
    lines: int
    pct: float


def kpi_of(findings: Iterable[LineFinding]) -> Kpi:
    """The figure of these lines."""
    every = [(finding.line.data.count, finding) for finding in findings]
    return figure_of(
        declared=sum(count for count, _ in every),
        complete=sum(count for count, finding in every if finding.complete),
        verified=sum(count for count, finding in every if finding.verified),
        managed=sum(count for count, finding in every if not finding.wants),
    )


def figure_of(declared: int, complete: int, verified: int, managed: int) -> Kpi:
    """The figure of counts, such as the sums over schools."""
    return Kpi(
        declared=declared,
        complete_digital_record=complete,
        verified_within_365d=verified,
        complete_and_verified=managed,
        digital_managed_pct=percent(managed, declared),
        meets_target=managed * 100 >= TARGET_PCT * declared if declared else None,
    )


def percent(part: int, whole: int) -> float | None:
    """To one decimal; never rounded up to the target or to all."""
    if not whole:
        return None
    exact = Decimal(part) * 100 / Decimal(whole)
    tenths = exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
    if any(exact < limit <= tenths for limit in (TARGET_PCT, 100)):
        tenths -= Decimal("0.1")
    return float(tenths)


def kpi_by(
    findings: Iterable[LineFinding], group_of: Callable[[LineFinding], str]
) -> Mapping[str, Kpi]:
    """The figure of each group, such as by type, by room or by area, in the groups' order."""
    groups: dict[str, list[LineFinding]] = defaultdict(list)
    for finding in findings:
        groups[group_of(finding)].append(finding)
    return {group: kpi_of(groups[group]) for group in sorted(groups)}


def raises(findings: Iterable[LineFinding]) -> tuple[Raise, ...]:
    """What would raise the figure most, the most first; lines that lack one thing only."""
    counts = Counter[tuple[str, ...]]()
    for finding in findings:
        counts[finding.wants] += finding.line.data.count
    alone = Counter({want[0]: count for want, count in counts.items() if len(want) == 1 and count})
    managed, all_things = counts[()], counts.total()
    return tuple(
        Raise(what=what, lines=things, pct=percent(managed + things, all_things) or 0.0)
        for what, things in alone.most_common()
    )
