"""This file says what a person has answered about a book, so that it is read so and not guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from protocol.settings import SettingsError
from protocol.words import N_

_DIGITS: Final = 5  # of the row of a heading


class Several(StrEnum):
    """What a line is whose quantity is other than one."""

    EACH = "each"  # as many things as its quantity says
    ONE = "one"  # one thing: a set


class PriceOf(StrEnum):
    """Of what a price is whose heading does not say so, where lines are several things."""

    ONE = "one"
    ALL = "all"


class RoomOf(StrEnum):
    """What a cell is that may hold more than a room, such as "Nhà B - P203"."""

    PART = "part"  # a place, and the room in it
    WHOLE = "whole"  # the room's own name


PRICE_FIELD: Final[Mapping[PriceOf, str]] = {
    PriceOf.ONE: "unit_cost_vnd",
    PriceOf.ALL: "cost_vnd",
}


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered on the trial page or by options of the command; empty: nothing yet.

    headings: the fields of headings, by the folded heading. sheets: the names of those to read;
    None: the reader decides. heading_rows: the row of a sheet's heading as a person counts, by the
    sheet's name; heading_row: of any other. times: what the money counts in, in đồng; None: as the
    file says. several: what lines of several things are; None: nobody was asked, and each thing
    counts. price: of what a price is whose heading does not say; None: as the heading is read.
    room: what cells are that may hold more than a room; None: not answered, and none is kept.
    """

    headings: Mapping[str, str] = {}
    sheets: frozenset[str] | None = None
    heading_rows: Mapping[str, int] = {}
    heading_row: int | None = None
    times: int | None = None
    several: Several | None = None
    price: PriceOf | None = None
    room: RoomOf | None = None

    def row_of_heading(self, sheet: str) -> int | None:
        """The row that was chosen for a sheet, as a person counts; None where none was."""
        return self.heading_rows.get(sheet, self.heading_row)


UNITS: Final = (1, 1000, 10**6)  # đồng


def choices_in(form: Mapping[str, str], sheets: Sequence[str]) -> Choices:
    """What a person chose on the trial's page. sheets: those that it showed, in their order.

    A number that is none of a row's or a unit's says nothing.
    """
    names = [(f"{place}", name) for place, name in enumerate(sheets)]
    shown = "sheets" in form
    times, several, price, room = (
        form.get(name, "") for name in ("times", "several", "price", "room")
    )
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
        price=PriceOf(price) if price in {*PriceOf} else None,
        room=RoomOf(room) if room in {*RoomOf} else None,
    )


def choices_told(rows: Sequence[str], sheets: Sequence[str], unit: int | None) -> Choices:
    """What options of a command say. rows: of headings, such as 5 or Sheet1=5.

    Raises SettingsError for what is no row.
    """
    heading_rows: dict[str, int] = {}
    everywhere: int | None = None
    for told in rows:
        sheet, is_named, row = told.rpartition("=")
        if not (row.isascii() and row.isdecimal() and len(row) <= _DIGITS and int(row)):
            raise SettingsError(
                "row_invalid",
                N_("{told} names no row of a heading."),
                N_("Write --heading-row 5, or --heading-row SHEET=5."),
                told=told,
            )
        if is_named:
            heading_rows[sheet] = int(row)
        else:
            everywhere = int(row)
    return Choices(
        sheets=frozenset(sheets) if sheets else None,
        heading_rows=heading_rows,
        heading_row=everywhere,
        times=unit,
    )
