"""This file says which items a list is asked for, beside where they are: one frozen value; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from controller.department.standing import Rested
from controller.forecast.forecast import Unknown
from controller.forecast.papers import UNKNOWN_WORDS
from controller.inventory.chosen import Chosen
from protocol.words import N_

_YEARS: Final = re.compile(r"(?P<first>(19|20|21)\d\d)(-(?P<last>(19|20|21)\d\d))?")


class Record(StrEnum):
    """What a line has of the digital record that counts."""

    BOOK = "book"  # it is a line at all
    COMPLETE = "complete"
    VERIFIED = "verified"
    MANAGED = "managed"  # both
    INCOMPLETE = "incomplete"
    UNVERIFIED = "unverified"
    UNMANAGED = "unmanaged"
    OUTSIDE = "outside"  # it is seen, and in no book


RECORD_WORDS: Final[Mapping[Record, str]] = {
    Record.BOOK: N_("in the book"),
    Record.COMPLETE: N_("record complete"),
    Record.VERIFIED: N_("verified within a year"),
    Record.MANAGED: N_("complete and verified"),
    Record.INCOMPLETE: N_("record incomplete"),
    Record.UNVERIFIED: N_("not verified within a year"),
    Record.UNMANAGED: N_("not managed by digital record"),
    Record.OUTSIDE: N_("seen, and in no book"),
}


class DueKind(StrEnum):
    """When an item reaches its end of life, where no year says it."""

    ALL = "all"  # in use, whenever
    OVERDUE = "overdue"
    SOON = "soon"  # overdue, or within the years of the forecast
    LATER = "later"
    UNKNOWN = "unknown"
    NO_TYPE = Unknown.NO_TYPE.value
    NO_LIFE = Unknown.NO_LIFE.value
    NO_YEAR = Unknown.NO_YEAR.value
    AWAITING = "awaiting"  # disposal
    LEFT_OUT = "left_out"  # disposed of, or lost
    UNPRICED = "unpriced"  # of what is due soon


DUE_WORDS: Final[Mapping[DueKind, str]] = {
    DueKind.ALL: N_("in use"),
    DueKind.OVERDUE: N_("overdue"),
    DueKind.SOON: N_("overdue, or within the next ten years"),
    DueKind.LATER: N_("later"),
    DueKind.UNKNOWN: N_("not known"),
    DueKind.NO_TYPE: UNKNOWN_WORDS[Unknown.NO_TYPE.value],
    DueKind.NO_LIFE: UNKNOWN_WORDS[Unknown.NO_LIFE.value],
    DueKind.NO_YEAR: UNKNOWN_WORDS[Unknown.NO_YEAR.value],
    DueKind.AWAITING: N_("awaiting disposal"),
    DueKind.LEFT_OUT: N_("disposed of or lost"),
    DueKind.UNPRICED: N_("without a price"),
}
OLD_WORDS: Final[Mapping[Rested, str]] = {
    Rested.DAY: N_("of schools silent for more than a day"),
    Rested.WEEK: N_("of schools silent for more than a week"),
    Rested.WEEKS: N_("of schools silent for more than 3 weeks"),
}


class Due(msgspec.Struct, frozen=True):
    """When: one of these, or years, both among them."""

    kind: DueKind | None = None
    first: int = 0
    last: int = 0


def due_of(text: str) -> Due | None:
    """When, as an address says it: a word, a year, or two with a hyphen; None for nonsense."""
    if match := _YEARS.fullmatch(text):
        first = int(match["first"])
        return Due(first=first, last=int(match["last"] or first))
    return Due(DueKind(text)) if text in {*DueKind} else None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the chosen items: what these numbers count, beyond the filters of every list.

    lists: of the schools in whose own lists they stand, None for all. has: a state of a line, be it
    the first or another. alone: what it alone lacks to be managed. lacks: what its record lacks,
    among others. end: when it reaches its end of life.
    """

    chosen: Chosen
    lists: frozenset[str] | None = None
    has: str = ""
    record: Record | None = None
    alone: str = ""
    lacks: str = ""
    end: Due | None = None
