"""This file counts what devices said that made no sense, by source. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from hardware.readings import SourceFlaw
from protocol.health import Finding, ReasonCode
from protocol.model import Reason, Status


class FlawTally(NamedTuple):
    """How many flaws of one source, and the latest of them."""

    total: int
    latest: SourceFlaw


@dataclass(frozen=True, slots=True, kw_only=True)
class FlawTallies:
    """What was heard since the agent started, by source."""

    by_source: Mapping[str, FlawTally] = field(default_factory=dict)

    def hear(self, flaws: Iterable[SourceFlaw]) -> FlawTallies:
        """Count these."""
        tallies = dict(self.by_source)
        for flaw in flaws:
            before = tallies[flaw.source].total if flaw.source in tallies else 0
            tallies[flaw.source] = FlawTally(before + flaw.count, flaw)
        return FlawTallies(by_source=tallies)

    def findings(self) -> tuple[Finding, ...]:
        """How many there were; a school need not act on it."""
        count = sum(tally.total for tally in self.by_source.values())
        return ((Status.OK, Reason(ReasonCode.FLAWS_HEARD, count)),) if count else ()
