"""This file says what stands in the list of lines, column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from controller.department.links import to_school
from controller.department.standing import SchoolStanding
from controller.lines.line import HOUR_MS, LineState, LineSums, state_of
from controller.web.listing import Column
from controller.web.words import Words
from protocol.model import Status
from protocol.words import N_

UNKNOWN: Final = N_("not known")
STATES: Final[Mapping[LineState, tuple[Status, str]]] = {
    LineState.HEARD: (Status.OK, N_("is heard")),
    LineState.QUIET: (Status.WARNING, N_("silent for more than 15 minutes")),
    LineState.SILENT: (Status.CRITICAL, N_("silent for more than a day")),
    LineState.NEVER: (Status.UNKNOWN, N_("never heard")),
}
_ORDER: Final = (LineState.SILENT, LineState.QUIET, LineState.HEARD, LineState.NEVER)
_MB: Final = 1_000_000


class LineRow(NamedTuple):
    """A school and its line."""

    school: SchoolStanding
    sums: LineSums
    now_ms: int

    @property
    def heard_ms(self) -> int | None:
        """When it was heard last."""
        return self.school.record.heard_ms if self.school.record else None

    @property
    def state(self) -> LineState:
        """How it is now."""
        return state_of(self.heard_ms, self.now_ms)

    @property
    def urgency(self) -> tuple[int, int]:
        """The worst first: who is silent, then who was for longest."""
        return _ORDER.index(self.state), -(self.sums.out_week_ms or 0)


def hours(span_ms: int | None) -> float | None:
    """The hours of a span, to a tenth."""
    return None if span_ms is None else round(span_ms / HOUR_MS, 1)


def megabytes(count: int | None) -> float | None:
    """The megabytes, to a tenth."""
    return None if count is None else round(count / _MB, 1)


def minutes(span_s: int | None) -> float | None:
    """The minutes, to a tenth."""
    return None if span_s is None else round(span_s / 60, 1)


def line_columns() -> Sequence[Column[LineRow]]:
    """A school a row: how it is heard, and how it was."""
    return (
        Column(
            key="school",
            head=N_("School"),
            cell=lambda row, _: row.school.label,
            link=lambda row: to_school(row.school.code),
            note=lambda row, _: row.school.code if row.school.code != row.school.label else "",
        ),
        Column(key="code", head=N_("Code"), cell=lambda row, _: row.school.code, on_screen=False),
        Column(
            key="line",
            head=N_("Line"),
            cell=lambda row, words: words.say(STATES[row.state][1]),
            status=lambda row: STATES[row.state][0],
            order=lambda row: row.urgency,
        ),
        Column(
            key="heard",
            head=N_("Heard last"),
            cell=lambda row, words: _when(row.heard_ms, words),
            order=lambda row: row.heard_ms,
        ),
        _measure("out7", N_("Hours out, 7 days"), lambda row: hours(row.sums.out_week_ms)),
        _measure("out30", N_("Hours out, 30 days"), lambda row: hours(row.sums.out_month_ms)),
        _measure("again", N_("Reconnected, 7 days"), lambda row: row.sums.reconnects),
        _measure("mb", N_("MB a day"), lambda row: megabytes(row.sums.bytes_a_day)),
        _measure("oldest", N_("Oldest message, minutes"), lambda row: minutes(row.sums.oldest_s)),
        Column(
            key="worst",
            head=N_("At most in 7 days"),
            cell=lambda row, _: minutes(row.sums.worst_s),
            on_screen=False,
        ),
        _measure("behind", N_("Changes to come"), _behind),
        _measure("clock", N_("Clock ahead, seconds"), _ahead_s),
        Column(
            key="version",
            head=N_("Version"),
            cell=lambda row, _: _version(row),
            shown=lambda row, words: _version(row) or words.say(UNKNOWN),
        ),
    )


def _measure(key: str, head: str, cell: Callable[[LineRow], float | None]) -> Column[LineRow]:
    """A number; what is not known is empty in a file, and a word on the screen."""
    return Column(
        key=key,
        head=head,
        cell=lambda row, _: cell(row),
        shown=lambda row, words: _shown(cell(row), words),
        is_number=True,
    )


def _shown(value: float | None, words: Words) -> str:
    return words.say(UNKNOWN) if value is None else words.number(value)


def _when(at_ms: int | None, words: Words) -> str:
    return "" if at_ms is None else words.when(at_ms)


def _behind(row: LineRow) -> int | None:
    return row.school.record.behind if row.school.record else None


def _ahead_s(row: LineRow) -> int | None:
    return row.school.off_ms // 1000 if row.school.record else None


def _version(row: LineRow) -> str:
    return row.school.record.version if row.school.record else ""
