"""This file weighs quantities and totals that are merged over several lines of a book; pure.

The reader writes what is merged over rows into each of them. So a price of one holds for each
line, but a quantity and a total are of all of these lines together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from controller.register.book import Fault, Line
from controller.register.headings import BookHeading
from controller.register.prices import is_product
from controller.sheets.worksheet import Span


class MergedAmounts(NamedTuple):
    """The lines as weighed; shared: the places of those that share a quantity, one thing each."""

    lines: list[Line]
    shared: list[int]


def merged_amounts(
    spans: Sequence[Span],
    rows: Sequence[int],
    headings: Sequence[BookHeading],
    lines: Sequence[Line],
) -> MergedAmounts:
    """Weigh what is merged. rows, headings: of each line, the row as a person counts."""
    weighed, shared = [*lines], list[int]()
    for places in _merged(spans, rows, headings, "quantity"):
        if weighed[places[0]].quantity == len(places):
            shared += places
            for at in places:
                weighed[at] = replace(weighed[at], quantity=1)
        else:
            for at in places:
                weighed[at] = _refused(weighed[at], "quantity")
    for places in _merged(spans, rows, headings, "cost_vnd"):
        group = [weighed[at] for at in places]
        if all(map(_is_own, group)):
            continue  # each line costs as much: its own quantity and price say so
        for at in places:
            weighed[at] = _parted(weighed[at], group)
    return MergedAmounts(weighed, sorted(shared))


def _merged(
    spans: Sequence[Span], rows: Sequence[int], headings: Sequence[BookHeading], field: str
) -> Iterator[list[int]]:
    """The places of the lines that share a cell of this field, for each such cell."""
    by_row = {row - 1: at for at, row in enumerate(rows)}
    for span in spans:
        if span.top == span.bottom:
            continue
        inside = (by_row[row] for row in range(span.top, span.bottom + 1) if row in by_row)
        places = [at for at in inside if headings[at].places.get(field) == span.left]
        if len(places) > 1:
            yield places


def _is_own(line: Line) -> bool:
    unit, cost = line.unit_cost_vnd, line.cost_vnd
    return unit is not None and cost is not None and is_product(unit, line.count, cost)


def _parted(line: Line, group: Sequence[Line]) -> Line:
    """The line without the group's total, which its own price stands for if all prices add up."""
    if line.cost_vnd is None:
        return line
    sums = [one.unit_cost_vnd * one.count for one in group if one.unit_cost_vnd is not None]
    if len(sums) == len(group) and sum(sums) == line.cost_vnd:
        return replace(line, cost_vnd=None)
    return _refused(line, "cost_vnd")


def _refused(line: Line, field: str) -> Line:
    if getattr(line, field) is None:
        return line
    fault = Fault(field, f"{field.removesuffix('_vnd')}_merged")
    return replace(line, **{field: None}, errors=(*line.errors, fault))
