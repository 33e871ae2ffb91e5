"""This file reads how a camera's clock stands, whichever of its times it tells. Pure.

Source: ONVIF Core Specification, GetSystemDateAndTime; POSIX 1003.1, section 8.3 (TZ).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element

from hardware.onvif.envelope import elements, text_of

_SAME_S: Final = 30.0
_POSIX_ZONE: Final = re.compile(
    r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)([+-]?)(\d{1,2})(?::(\d{2}))?"
)


def clocks_ahead(answer: Element, now: datetime) -> tuple[float, ...]:
    """How far the camera's clock may be ahead of ours in seconds, the likeliest first.

    The time that it calls UTC; else its local time with its zone, or as it stands, for cameras
    without one compare with that; last our own, for some call their local time UTC.
    """
    utc, local = (_moment(answer, name) for name in ("UTCDateTime", "LocalDateTime"))
    told = [utc, local - _zone(answer) if local else None, local]
    ahead = [(moment - now).total_seconds() for moment in told if moment is not None]
    distinct: list[float] = []
    for seconds in [*ahead, 0.0]:
        if all(abs(seconds - other) > _SAME_S for other in distinct):
            distinct.append(seconds)
    return tuple(distinct)


def _moment(answer: Element, name: str) -> datetime | None:
    """A time in the answer, taken as UTC; None where it tells none that makes sense."""
    told = next(elements(answer, name), None)
    if told is None:
        return None
    try:
        year, month, day = (int(text_of(told, part)) for part in ("Year", "Month", "Day"))
        hour, minute, second = (int(text_of(told, part)) for part in ("Hour", "Minute", "Second"))
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _zone(answer: Element) -> timedelta:
    """How far its zone is ahead of UTC; POSIX counts the other way round."""
    zone = _POSIX_ZONE.match(text_of(answer, "TZ"))
    if zone is None:
        return timedelta()
    east = timedelta(hours=int(zone[2]), minutes=int(zone[3] or 0))
    return east if zone[1] == "-" else -east
