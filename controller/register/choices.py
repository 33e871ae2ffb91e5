"""This file says what a person has answered about a book, so that it is read so and not guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

_DIGITS: Final = 5  # of the row of a heading


class Several(StrEnum):
    """What a line is whose quantity is other than one."""

    EACH = "each"  # as many things as its quantity says
    ONE = "one"  # one thing: a set


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered on the trial page or by options of the command; empty: nothing yet.

    headings: the fields of headings, by the folded heading. sheets: the names of those to read;
    None: the reader decides. heading_rows: the row of a sheet's heading as a person counts, by the
    sheet's name. times: what the money counts in, in đồng; None: as the file says. several: what
    lines of several things are; None: nobody was asked, and each thing counts.
    """

    headings: Mapping[str, str] = {}
    sheets: frozenset[str] | None = None
    heading_rows: Mapping[str, int] = {}
    times: int | None = None
    several: Several | None = None


UNITS: Final = (1, 1000, 10**6)  # đồng


def choices_in(form: Mapping[str, str], sheets: Sequence[str]) -> Choices:
    """What a person chose on the trial's page. sheets: those that it showed, in their order.

    A number that is none of a row's or a unit's says nothing.
    """
    names = [(f"{place}", name) for place, name in enumerate(sheets)]
    shown = "sheets" in form
    times, several = form.get("times", ""), form.get("several", "")
    return Choices(
        sheets=frozenset(name for at, name in names if f"sheet-{at}" in form) if shown else None,
        heading_rows={
            name: int(row)
            for at, name in names
            if (row := form.get(f"heading-{at}", "")).isascii()
            and row.isdecimal()
            and len(row) <= _DIGITS
            and int(row)
        },
        times=int(times) if times in map(str, UNITS) else None,
        several=Several(several) if several in {*Several} else None,
    )
