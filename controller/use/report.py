"""This file tells how boards were used over some weeks: board by board, and school by school; pure.

Of a week in which too little is known nothing is judged; nor of one without a lesson planned,
where the room has a timetable at all: a holiday is nobody's idleness.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from controller.use.hours import LOW_MIN, UseLine
from protocol.model import Place


class Verdict(StrEnum):
    """What the weeks say of a board: hardly used, used, or not known."""

    LOW = "low"
    USED = "used"
    UNKNOWN = "unknown"


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
    def verdict(self) -> Verdict:
        """Whether it is used."""
        if self.used_week_min is None:
            return Verdict.UNKNOWN
        return Verdict.LOW if self.used_week_min < LOW_MIN else Verdict.USED


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

    def said(self) -> dict[str, object]:
        """For programs."""
        boards = [
            {**msgspec.structs.asdict(each), "verdict": each.verdict.value} for each in self.boards
        ]
        return {
            "from": self.since_week,
            "to": self.until_day,
            "low_min": LOW_MIN,
            "boards": boards,
            "schools": [msgspec.structs.asdict(each) for each in self.schools],
        }


def whole_weeks(today: date, count: int) -> tuple[str, str]:
    """The Mondays of the first and the last of so many weeks that are over."""
    last = today - timedelta(days=today.weekday() + 7)
    return (last - timedelta(days=7 * (count - 1))).isoformat(), last.isoformat()


def report_of(
    told: Iterable[tuple[Place, str, UseLine]], since_week: str, until_week: str
) -> UseReport:
    """The report of these weeks, out of all their lines."""
    boards = boards_in(told)
    return UseReport(
        since_week=since_week,
        until_week=until_week,
        boards=tuple(sorted(boards, key=_least_first)),
        schools=tuple(sorted(schools_in(boards), key=lambda each: (-each.low, each.school))),
    )


def _least_first(board: BoardUse) -> tuple[object, ...]:
    used = board.used_week_min
    return board.province, board.school, used is None, used or 0.0, board.room, board.device_id


def boards_in(told: Iterable[tuple[Place, str, UseLine]]) -> list[BoardUse]:
    """Each board and room once, out of its weeks."""
    groups: dict[tuple[str, str, str, str], list[UseLine]] = {}
    for place, _, line in told:
        key = place.province, place.school, line.device_id, line.room
        groups.setdefault(key, []).append(line)
    return [_board(key[0], key[1], lines) for key, lines in groups.items()]


def schools_in(boards: Iterable[BoardUse]) -> list[SchoolUse]:
    """Each school once."""
    groups: dict[tuple[str, str], list[BoardUse]] = {}
    for each in boards:
        groups.setdefault((each.province, each.school), []).append(each)
    return [_school(province, school, some) for (province, school), some in groups.items()]


def _board(province: str, school: str, lines: Sequence[UseLine]) -> BoardUse:
    planned = any(each.planned_min for each in lines)
    taught = [each for each in lines if each.planned_min or not planned]
    judged = [each for each in taught if each.is_known]
    last = lines[-1]
    used = sum(each.used_min for each in judged)
    return BoardUse(
        province=province,
        school=school,
        device_id=last.device_id,
        asset_tag=last.asset_tag,
        kind=last.kind,
        room=last.room,
        weeks=len(judged),
        weeks_unknown=len(taught) - len(judged),
        on_min=sum(each.on_min for each in lines),
        used_min=sum(each.used_min for each in lines),
        planned_min=sum(each.planned_min for each in lines),
        known_min=sum(each.known_min for each in lines),
        used_week_min=round(used / len(judged), 1) if judged else None,
    )


def _school(province: str, school: str, boards: Sequence[BoardUse]) -> SchoolUse:
    verdicts = [each.verdict for each in boards]
    known = [each.used_week_min for each in boards if each.used_week_min is not None]
    return SchoolUse(
        province=province,
        school=school,
        boards=len(boards),
        low=verdicts.count(Verdict.LOW),
        unknown=verdicts.count(Verdict.UNKNOWN),
        on_min=sum(each.on_min for each in boards),
        used_min=sum(each.used_min for each in boards),
        planned_min=sum(each.planned_min for each in boards),
        used_week_min=round(sum(known) / len(known), 1) if known else None,
    )
