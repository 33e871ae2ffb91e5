"""This file reads what a request would rather have (RFC 9110, 12.4.2); pure."""

from __future__ import annotations

from typing import Final

MOST: Final = 1000  # characters of a header that are read


def wishes_in(header: str, most: int = MOST) -> dict[str, float]:
    """What stands in such a header, by its name in small letters, and how much it is wanted.

    0: it is refused. A weight that cannot be read is as good as none.
    """
    wishes: dict[str, float] = {}
    for part in header[:most].split(","):
        name, *more = (one.strip().lower() for one in part.split(";"))
        if name:
            wishes.setdefault(name, _weight(more))
    return wishes


def _weight(parameters: list[str]) -> float:
    told = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return min(1.0, max(0.0, float(told)))
    except ValueError:
        return 1.0
