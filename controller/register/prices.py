"""This file says what one thing of a line and all of them cost; pure.

`cost_vnd` is what all things of a line cost together. `unit_cost_vnd` is the price of one where the
book tells it and it is another than an equal share, as a rounded price is.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from msgspec.structs import replace

from controller.register.book import Line

_MAX_STEP_VND: Final = 1000  # that a price of one was rounded to


def share_of(cost_vnd: int | None, count: int) -> int | None:
    """The equal share of one, to the đồng."""
    return None if cost_vnd is None or not count else (2 * cost_vnd + count) // (2 * count)


def unit_cost_of(line: Line) -> int | None:
    """The price of one thing of the line."""
    return share_of(line.cost_vnd, line.count) if line.unit_cost_vnd is None else line.unit_cost_vnd


def is_product(unit_cost_vnd: int, count: int, cost_vnd: int) -> bool:
    """Whether this is what so many cost; a price of one may be rounded to the đồng or thousand."""
    step = _MAX_STEP_VND if unit_cost_vnd % _MAX_STEP_VND == 0 else 1
    return 2 * abs(unit_cost_vnd * count - cost_vnd) <= step * count


def as_one(line: Line) -> Line:
    """A line of several as one thing that costs what all of them do."""
    cost = line.cost_vnd
    if cost is None and line.unit_cost_vnd is not None:
        cost = line.unit_cost_vnd * line.count
    return replace(line, quantity=1, unit_cost_vnd=None, cost_vnd=cost)


def priced(line: Line, before: Line | None = None, told: Collection[str] = ()) -> Line:
    """The line with the price that follows from the other and the quantity.

    before: as it was; told: what the book tells of it now. The price of one stays where only the
    quantity is told anew.
    """
    unit, cost = line.unit_cost_vnd, line.cost_vnd
    was_unit = unit_cost_of(before) if before else None
    is_as_many = before is not None and before.count == line.count
    match "unit_cost_vnd" in told, "cost_vnd" in told:
        case True, False if not (is_as_many and was_unit == unit):
            cost = None if unit is None else unit * line.count
        case False, True if not (is_as_many and before and before.cost_vnd == cost):
            unit = None
        case False, False if before and not is_as_many and was_unit is not None:
            cost = was_unit * line.count
    if cost is not None and unit == share_of(cost, line.count):
        unit = None
    return replace(line, unit_cost_vnd=unit, cost_vnd=cost)
