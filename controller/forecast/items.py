"""This file holds the shape in which the forecast is told to programs."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from controller.forecast.forecast import Assumption, Due
from controller.inventory.items import RestItem
from controller.web.items import described

_DUE: Final[Any] = described("DueItem", Due)
_YEAR: Final[Any] = described("DueYearItem", Due, year=int)
_ASSUMPTION: Final[Any] = described("AssumptionItem", Assumption)


class _Share(BaseModel):
    """What reaches its end: overdue, in each of the years, within them together, later."""

    overdue: _DUE
    later: _DUE
    within: _DUE
    years: list[_YEAR]
    unknown_count: int


class ShareItem(_Share):
    """The share of a type, a school or an area, by its key."""

    key: list[str]


class AssumedItem(BaseModel):
    """What is assumed: where it comes from, and by type."""

    note: str
    types: list[_ASSUMPTION]


class ForecastItem(_Share):
    """What reaches its end of life in this year and the ten after it, and what is assumed."""

    first_year: int
    count: int
    left_out: int
    awaiting_disposal: int
    rests_on_silent: RestItem
    unknown: dict[str, int]
    by_type: list[ShareItem]
    by_school: list[ShareItem]
    by_area: list[ShareItem]
    assumptions: AssumedItem
