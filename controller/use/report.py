"""This file tells how boards were used over some weeks: board by board, and school by school; pure.

Of a week in which too little is known nothing is judged; nor of one without a lesson planned,
where the room has a timetable at all: a holiday is nobody's idleness.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from controller.sheets.names import room_key
from controller.sheets.writing import EXCEL_MARK, csv_text
from controller.use.hours import LOW_MIN, BoardWeek
from protocol.model import Place
from protocol.words import N_


class UseVerdict(StrEnum):
    """What the weeks say of a board: hardly used, used, or not known."""

    LOW = "low"
    USED = "used"
    UNKNOWN = "unknown"


# What a verdict is called, and how it looks.
VERDICTS: Final = {
    UseVerdict.LOW: (N_("hardly used"), "warning"),
    UseVerdict.USED: (N_("in use"), "ok"),
    UseVerdict.UNKNOWN: (N_("not known"), "unknown"),
}
COLUMNS: Final = (
    "province", "school", "week", "device_id", "asset_tag", "kind", "room",
    "on_min", "used_min", "planned_min", "known_min",
)  # fmt: skip


class BoardUse(msgspec.Struct, frozen=True, kw_only=True):
    """A board in a room over some weeks, minutes together. weeks: those that were judged.

    used_week_min: used in a judged week, on average; None where none could be judged.
    """

    province: str
    school: str
    device_id: str
    asset_tag: str
    kind: str
    room: str
    weeks: int
    weeks_unknown: int
    on_min: int
    used_min: int
    planned_min: int
    known_min: int
    used_week_min: float | None

    @property
    def verdict(self) -> UseVerdict:
        """Whether it is used."""
        if self.used_week_min is None:
            return UseVerdict.UNKNOWN
        return UseVerdict.LOW if self.used_week_min < LOW_MIN else UseVerdict.USED


class SchoolUse(msgspec.Struct, frozen=True, kw_only=True):
    """A school's boards over some weeks. low, unknown: how many are hardly used, or not known."""

    province: str
    school: str
    boards: int
    low: int
    unknown: int
    on_min: int
    used_min: int
    planned_min: int
    used_week_min: float | None


class UseReport(msgspec.Struct, frozen=True, kw_only=True):
    """Some weeks, by their Mondays, the first and the last among them; the least used first."""

    since_week: str
    until_week: str
    boards: tuple[BoardUse, ...]
    schools: tuple[SchoolUse, ...]

    @property
    def until_day(self) -> str:
        """The last day of the last week."""
        return (date.fromisoformat(self.until_week) + timedelta(days=6)).isoformat()

    def to_dict(self) -> dict[str, object]:
        """For programs."""
        boards = [
            {**msgspec.structs.asdict(board), "verdict": board.verdict.value}
            for board in self.boards
        ]
        return {
            "from": self.since_week,
            "to": self.until_day,
            "low_min": LOW_MIN,
            "boards": boards,
            "schools": [msgspec.structs.asdict(school) for school in self.schools],
        }


def use_csv(rows: Iterable[tuple[Place, str, BoardWeek]]) -> Iterable[str]:
    """RFC 4180 with the mark that Excel needs, line by line; what is not known is empty, not 0."""
    yield EXCEL_MARK + csv_text([COLUMNS])
    for place, week, line in rows:
        minutes = (line.on_min, line.used_min) if line.known_min else ("", "")
        what = (line.device_id, line.asset_tag, line.kind, line.room)
        codes = (place.province, place.school, week)
        yield csv_text([(*codes, *what, *minutes, line.planned_min, line.known_min)])


def whole_weeks(today: date, count: int) -> tuple[str, str]:
    """The Mondays of the first and the last of so many weeks that are over."""
    last = today - timedelta(days=today.weekday() + 7)
    return (last - timedelta(days=7 * (count - 1))).isoformat(), last.isoformat()


def report_of(
    rows: Iterable[tuple[Place, str, BoardWeek]],
    since_week: str,
    until_week: str,
    verdict: str = "",
) -> UseReport:
    """The report of these weeks, out of all their lines. verdict: only of boards that it holds."""
    boards = [board for board in boards_in(rows) if verdict in {"", board.verdict}]
    return UseReport(
        since_week=since_week,
        until_week=until_week,
        boards=tuple(sorted(boards, key=_least_first)),
        schools=tuple(sorted(schools_in(boards), key=lambda school: (-school.low, school.school))),
    )


def _least_first(board: BoardUse) -> tuple[object, ...]:
    used = board.used_week_min
    return board.province, board.school, used is None, used or 0.0, board.room, board.device_id


def boards_in(rows: Iterable[tuple[Place, str, BoardWeek]]) -> list[BoardUse]:
    """Each board and room once, out of its weeks."""
    groups: dict[tuple[str, str, str, str], list[BoardWeek]] = {}
    for place, _, line in rows:
        key = place.province, place.school, line.device_id, room_key(line.room)
        groups.setdefault(key, []).append(line)
    return [_board(key[0], key[1], lines) for key, lines in groups.items()]


def schools_in(boards: Iterable[BoardUse]) -> list[SchoolUse]:
    """Each school once."""
    groups: dict[tuple[str, str], list[BoardUse]] = {}
    for board in boards:
        groups.setdefault((board.province, board.school), []).append(board)
    return [_school(province, school, group) for (province, school), group in groups.items()]


def _board(province: str, school: str, lines: Sequence[BoardWeek]) -> BoardUse:
    planned = any(line.planned_min for line in lines)
    taught = [line for line in lines if line.planned_min or not planned]
    judged = [use_line for use_line in taught if use_line.is_known]
    last = lines[-1]
    used = sum(use_line.used_min for use_line in judged)
    return BoardUse(
        province=province,
        school=school,
        device_id=last.device_id,
        asset_tag=last.asset_tag,
        kind=last.kind,
        room=last.room,
        weeks=len(judged),
        weeks_unknown=len(taught) - len(judged),
        on_min=sum(line.on_min for line in lines),
        used_min=sum(line.used_min for line in lines),
        planned_min=sum(line.planned_min for line in lines),
        known_min=sum(line.known_min for line in lines),
        used_week_min=round(used / len(judged), 1) if judged else None,
    )


def _school(province: str, school: str, boards: Sequence[BoardUse]) -> SchoolUse:
    verdicts = [board.verdict for board in boards]
    minutes = [board.used_week_min for board in boards if board.used_week_min is not None]
    return SchoolUse(
        province=province,
        school=school,
        boards=len(boards),
        low=verdicts.count(UseVerdict.LOW),
        unknown=verdicts.count(UseVerdict.UNKNOWN),
        on_min=sum(board.on_min for board in boards),
        used_min=sum(board.used_min for board in boards),
        planned_min=sum(board.planned_min for board in boards),
        used_week_min=round(sum(minutes) / len(minutes), 1) if minutes else None,
    )
