"""This file knows what a school planned before it planned anew: past days go by that. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from controller.roster.plan import PastPart, SchedulePart, SchoolPlan
from protocol.plan import Bell, Booking, Holiday, Term
from protocol.shapes import json_decoder

_MINUTE: Final = "%Y-%m-%dT%H:%M"
_END: Final = "T24:00"
_encode: Final = msgspec.json.Encoder().encode
_DECODERS: Final[dict[SchedulePart, Any]] = {
    SchedulePart.BELLS: json_decoder(tuple[Bell, ...]),
    SchedulePart.TERMS: json_decoder(tuple[Term, ...]),
    SchedulePart.HOLIDAYS: json_decoder(tuple[Holiday, ...]),
    SchedulePart.TIMETABLE: json_decoder(tuple[Booking, ...]),
}


def past_part(part: SchedulePart, lines: Iterable[Any], until: datetime) -> PastPart:
    """A part as it was until a local minute."""
    text = _encode([*lines]).decode()
    return PastPart(part=part, until=until.strftime(_MINUTE), lines=text)


@lru_cache(maxsize=16)
def lines_of(part: SchedulePart, lines: str) -> tuple[Any, ...]:
    """What stands in a past part. Raises msgspec.DecodeError."""
    found: tuple[Any, ...] = _DECODERS[part].decode(lines)
    return found


def as_of(plan: SchoolPlan, day: date) -> SchoolPlan:
    """What the school planned for this day at its end."""
    return _before(plan, day.isoformat() + _END)


def versions_on(plan: SchoolPlan, day: date) -> Iterator[tuple[SchoolPlan, int]]:
    """What held on a day one after the other, each with the minute from which on it held."""
    since, text = 0, day.isoformat()
    for moment in sorted({one.until for one in plan.past if one.until.startswith(text)}):
        yield _before(plan, moment), since
        since = _minutes(moment.removeprefix(f"{text}T"))
    yield as_of(plan, day), since


def _before(plan: SchoolPlan, moment: str) -> SchoolPlan:
    """Of each part what held last before a local minute."""
    if not plan.past or plan.past[-1].until < moment:
        return plan
    held: dict[str, tuple[Any, ...]] = {}
    for one in plan.past:
        if one.until >= moment and one.part not in held:
            held[one.part] = lines_of(one.part, one.lines)
    return msgspec.structs.replace(plan, past=(), **held)


def _minutes(clock: str) -> int:
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)
