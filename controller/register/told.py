"""This file says what became of a book's rows and sheets, in words for people; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from controller.register.book import Book, LeftOut, RowReason
from protocol.words import N_

REASON_WORDS: Final[Mapping[RowReason, str]] = {
    RowReason.TITLE: N_("titles"),
    RowReason.HEADING: N_("headings"),
    RowReason.GROUP: N_("titles of groups"),
    RowReason.TOTAL: N_("totals"),
    RowReason.CARRIED: N_("carried forward"),
    RowReason.FOOTER: N_("signatures and notes"),
    RowReason.BLANK: N_("empty rows"),
    RowReason.UNREADABLE: N_("rows of which nothing can be read"),
    RowReason.STRAY: N_("not in the book"),
    RowReason.THING: N_("further things of a line"),
}
LEFT_OUT_WORDS: Final[Mapping[LeftOut, str]] = {
    LeftOut.NO_HEADING: N_("no heading of a book"),
    LeftOut.SUMMARY: N_("seems to sum up the others"),
    LeftOut.NOT_CHOSEN: N_("not chosen"),
}
# Rows that a person should see one by one: each might be an item after all.
TOLD_ROWS: Final = frozenset(
    {RowReason.GROUP, RowReason.TOTAL, RowReason.CARRIED, RowReason.FOOTER, RowReason.UNREADABLE}
)


def rows_of(book: Book, sheet: str) -> dict[RowReason, int]:
    """How many rows of a sheet are no lines, by their reason."""
    return dict(Counter(row.reason for row in book.named if row.sheet == sheet))
