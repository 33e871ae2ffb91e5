"""This file says what stands in the lists of boards' use, column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from controller.use.hours import LOW_MIN
from controller.use.report import VERDICTS, BoardUse, SchoolUse, UseVerdict
from controller.web.listing import Bar, Column, address
from controller.web.words import Words
from protocol import formats
from protocol.model import DeviceKind, Status
from protocol.words import N_

FULL_MIN: Final = 600.0  # what the longest bar stands for, at least: ten hours a week
Query = Mapping[str, str]
Row = TypeVar("Row")


def school_columns(
    name_of: Callable[[str], str], query: Query, most: float
) -> Sequence[Column[SchoolUse]]:
    """A school a row. query: of the page, its weeks and filters."""

    def to(school: SchoolUse, **more: str) -> str:
        return address("/use", **{**query, "school": school.school, **more})

    return (
        Column(
            key="school",
            head=N_("School"),
            cell=lambda one, _: name_of(one.school),
            link=to,
            note=lambda one, _: one.school,
        ),
        _code(lambda one: one.school),
        _used(lambda one: one.used_week_min, N_("Used a week, a board"), most),
        _number("boards", N_("Boards"), lambda one: one.boards, to),
        _number("low", N_("Hardly used"), lambda one: one.low, lambda one: to(one, use="low")),
        _number(
            "unknown",
            N_("Not known"),
            lambda one: one.unknown,
            lambda one: to(one, use="unknown"),
        ),
    )


def board_columns(name_of: Callable[[str], str] | None, most: float) -> Sequence[Column[BoardUse]]:
    """A board a row. name_of: of schools, None where there is only one."""
    school: Sequence[Column[BoardUse]] = ()
    if name_of:
        school = (
            Column(
                key="school",
                head=N_("School"),
                cell=lambda one, _: name_of(one.school),
                link=lambda one: address("/use", school=one.school),
            ),
            _code(lambda one: one.school),
        )
    return (
        Column(key="room", head=N_("Room"), cell=lambda one, words: words.room(one.room)),
        *school,
        Column(
            key="board",
            head=N_("Board"),
            cell=_kind,
            note=lambda one, _: one.asset_tag or one.device_id,
        ),
        Column(
            key="tag",
            head=N_("Asset tag"),
            cell=lambda one, _: one.asset_tag or one.device_id,
            on_screen=False,
        ),
        _used(lambda one: one.used_week_min, N_("Used a week"), most),
        Column(
            key="verdict",
            head=N_("Verdict"),
            cell=lambda one, words: words.say(VERDICTS[one.verdict][0]),
            status=lambda one: Status(VERDICTS[one.verdict][1]),
            order=lambda one: [*UseVerdict].index(one.verdict),
            note=_weeks_unknown,
        ),
        _hours("on", N_("On, hours"), lambda one: one.on_min if one.known_min else None),
        _hours("planned", N_("Timetable, hours"), lambda one: one.planned_min),
    )


def _code(code_of: Callable[[Row], str]) -> Column[Row]:
    """A school's code, for files."""
    return Column(key="code", head=N_("Code"), cell=lambda one, _: code_of(one), on_screen=False)


def _used(minutes: Callable[[Row], float | None], head: str, most: float) -> Column[Row]:
    """Hours used a week, with a bar; what is not known is never 0."""

    def bar(one: Row) -> Bar:
        used = minutes(one)
        share = None if used is None else min(1.0, used / most)
        return Bar(share, is_low=used is not None and used < LOW_MIN)

    return Column(
        key="used",
        head=head,
        cell=lambda one, _: _in_hours(minutes(one)),
        shown=lambda one, words: _hours_a_week(minutes(one), words),
        bar=bar,
    )


def _hours(key: str, head: str, minutes: Callable[[Row], float | None]) -> Column[Row]:
    return Column(
        key=key,
        head=head,
        cell=lambda one, _: _in_hours(minutes(one)),
        shown=lambda one, words: (
            words.say(N_("not known"))
            if minutes(one) is None
            else formats.hours(minutes(one), words.say)
        ),
        is_number=True,
    )


def _number(
    key: str, head: str, count: Callable[[Row], int], link: Callable[[Row], str]
) -> Column[Row]:
    return Column(
        key=key,
        head=head,
        cell=lambda one, _: count(one),
        is_number=True,
        link=link,
        counts="boards",
    )


def _in_hours(minutes: float | None) -> float | None:
    return None if minutes is None else round(minutes / 60, 1)


def _hours_a_week(minutes: float | None, words: Words) -> str:
    if minutes is None:
        return words.say(N_("not known"))
    return words.say(N_("{hours} h a week"), hours=formats.hours(minutes, words.say))


def _kind(one: BoardUse, words: Words) -> str:
    known = {kind.value: kind for kind in (DeviceKind.BOARD, DeviceKind.PROJECTOR)}
    return words.kind(known[one.kind]) if one.kind in known else one.kind


def _weeks_unknown(one: BoardUse, words: Words) -> str:
    if not (one.weeks and one.weeks_unknown):
        return ""
    return words.say(N_("{n} {n:week|weeks} not known"), n=one.weeks_unknown)
