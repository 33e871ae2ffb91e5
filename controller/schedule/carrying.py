"""This file carries a day and its half from row to row, where a table tells them but once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from controller.schedule.findings import Findings, SheetFindings
from controller.schedule.rows import RowReader, reads
from controller.schedule.weekdays import (
    PeriodCell,
    Session,
    WeekdayCell,
    periods_of,
    session_in,
    session_of,
    weekday_of,
)
from controller.sheets.text import RefusedError, clean, display_of, is_empty
from protocol.words import N_

_CARRIED: Final = N_("Rows without a day were taken for the day above: {value}.")
_SHOWN: Final = 20


class Carried:
    """What rows above said; default: the half of the day that the titles tell.

    titles: of the table and of its sheet.
    """

    def __init__(self, titles: Sequence[str]) -> None:
        self.default = next(filter(None, map(session_in, titles)), None)
        self._session: Session | None = None
        self._last_session: Session | None = None
        self._has_sessions = False
        self._weekday: WeekdayCell | None = None
        self._last = -1  # the last period above
        self._rows: list[int] = []

    def take_group(self, row: RowReader) -> bool:
        """Whether a row says but a day or its half, for the rows below it."""
        filled = {display_of(cell) for cell in row.row if not is_empty(cell)}
        if len(filled) != 1 or reads(periods_of, row.cell("period")):  # T2 is a period, too
            return False
        return self._take_words(filled.pop())

    def _take_words(self, text: str) -> bool:
        if text[:1].isdecimal():
            return False
        try:
            self._session = session_of(text)
        except RefusedError:
            return self._take_day(text)
        self._last = -1
        return True

    def _take_day(self, text: str) -> bool:
        try:
            self._weekday = weekday_of(text)
        except RefusedError:
            return False
        self._session, self._last = self._weekday.session, -1
        return True

    def take_row(self, row: RowReader) -> None:
        """Remember what a row without a lesson says."""
        period = periods_of(row.cell("period")) if reads(periods_of, row.cell("period")) else None
        is_own = not is_empty(row.cell("weekday"))
        is_lost = not self._take_day(clean(row.cell("weekday"))) if is_own else False
        if reads(session_of, row.cell("session")) and not is_empty(row.cell("session")):
            self._take_session(session_of(row.cell("session")))
        if is_lost or (not is_own and self._begins_anew(period)):
            self._weekday = None  # whose periods the next rows are is not known
        if period is not None:
            self.take_period(period)

    def take_period(self, period: PeriodCell) -> None:
        """Remember the last period of a row that was read."""
        self._last = period.numbers[-1]

    def place(self, row: RowReader, period: PeriodCell | None) -> tuple[int | None, Session | None]:
        """The row's day and its half: its own, or those above while periods go on."""
        is_own = not is_empty(row.cell("weekday"))
        if is_own:
            self._read_day(row)
        session = self.session(row, period)
        if not is_own and (self._weekday is None or self._begins_anew(period)):
            row.read("weekday", weekday_of)  # which says that it is missing
            return None, session
        if not is_own:
            self._rows.append(row.number)
        return (self._weekday.weekday if self._weekday else None), session

    def _read_day(self, row: RowReader) -> None:
        day = row.read("weekday", weekday_of)
        if day is not None and day != self._weekday:
            self._session, self._last = day.session, -1
        self._weekday = day

    def _begins_anew(self, period: PeriodCell | None) -> bool:
        return period is not None and period.numbers[0] < self._last

    def session(self, row: RowReader, period: PeriodCell | None) -> Session | None:
        """The half of the day that the row, its period, the rows above or the title tell."""
        if not is_empty(row.cell("session")):
            self._session = row.read("session", session_of)
            self._has_sessions = True
        session = (period.session if period else None) or self._session or self.default
        if session is None and self._has_sessions and not row.is_refused:
            row.refuse("session_unknown")
        self._note_session(session)
        return session

    def _take_session(self, session: Session | None) -> None:
        self._session = session
        self._note_session(session)

    def _note_session(self, session: Session | None) -> None:
        """In another half of the day the periods may begin anew."""
        if session is not self._last_session:
            self._last, self._last_session = -1, session

    def tell(self, found: SheetFindings, findings: Findings) -> None:
        """Say which rows were taken for the day above."""
        if self._rows:
            more = ", …" if len(self._rows) > _SHOWN else ""
            value = ", ".join(map(str, self._rows[:_SHOWN])) + more
            findings.tell("weekday_carried", found.spot(self._rows[0]), _CARRIED, value)
