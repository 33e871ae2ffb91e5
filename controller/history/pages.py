"""This file serves the past of a department: figures over dates, areas, and dated files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from fastapi import Request, Response

from controller.feature import Program
from controller.history.chart import HEIGHT, WIDTH, chart_of
from controller.history.columns import day_head, link_of, name_of, trend_columns
from controller.history.day import DAYS_KEPT
from controller.history.parquet import can_write
from controller.history.service import PATH, History, TrendAsked
from controller.history.trend import (
    BY_WORDS,
    FIGURE_WORDS,
    SPAN_WORDS,
    Trend,
    TrendBy,
    TrendFigure,
    TrendRow,
    TrendSpan,
)
from controller.inventory.filters import Filters, Text
from controller.people.person import Permission, Person
from controller.register.vocabulary import TYPE_WORDS
from controller.reports.map import AreaMap, AreaTile, mapped
from controller.sheets.names import natural
from controller.web.listing import (
    Asked,
    File,
    ListPage,
    PageNo,
    Sort,
    TableFile,
    in_order,
    listed,
    written,
)
from controller.web.page import PageRenderer
from controller.web.paging import Code
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from controller.web.words import Words
from protocol.words import N_

FILES_SEEN: Final = 8  # days; the others behind a click


class _Shown(NamedTuple):
    """A comparison, and the filters that its address names."""

    trend: Trend
    asked: TrendAsked
    filters: Filters
    known: frozenset[str]

    @property
    def ask(self) -> dict[str, str]:
        """What lists of today are asked for."""
        return self.filters.query

    def query(self) -> dict[str, str]:
        """What the address says beside the order."""
        chosen = {name: str(getattr(self.asked, name).value) for name in TrendAsked._fields}
        return self.ask | chosen


def pages(program: Program) -> FeatureRouter:
    """The page, made in a thread, for days are large."""
    router = FeatureRouter()
    screens, history = program.service(PageRenderer), program.service(History)

    @router.get(PATH)
    @needs(Permission.DEPARTMENT, in_parts=True)
    def past(
        request: Request,
        *,
        school: Code = "",
        area: Code = "",
        type: Text = "",  # noqa: A002 - a query's usual name
        figure: TrendFigure = TrendFigure.MANAGED_PCT,
        by: TrendBy = TrendBy.AREA,
        span: TrendSpan = TrendSpan.MONTH,
        sort: Sort = "",
        page: PageNo = 1,
        format: File = "",  # noqa: A002
    ) -> Response:
        words, person = screens.words(request), person_of(request)
        filters = Filters(school=school.strip(), area=area.strip(), type=type.strip())
        try:
            shown = _shown(history, filters, TrendAsked(figure, by, span), person)
            asked = Asked(PATH, shown.query(), sort, page)
            columns = trend_columns(shown.trend, by, shown.ask, shown.known)
            view = listed(shown.trend.rows, asked, columns, words, row=lambda row: row.code)
            if format:
                rows = in_order(shown.trend.rows, asked, columns, words)
                title = (words.say(FIGURE_WORDS[figure]), words.say(BY_WORDS[by]))
                file = TableFile("qua-thoi-gian", (*shown.trend.dates, "")[-1], title)
                return written(format, file, columns, rows, words)
        except HttpError as refused:
            return screens.error(request, refused)
        return screens.page(request, "history.html", **_values(history, shown, view, words, person))

    return router


def _shown(history: History, filters: Filters, asked: TrendAsked, person: Person) -> _Shown:
    return _Shown(
        history.trend(filters, asked, person), asked, filters, history.schools_today(person)
    )


def _values(
    history: History, shown: _Shown, view: ListPage[TrendRow], words: Words, person: Person
) -> dict[str, Any]:
    by, figure = shown.asked.by, shown.asked.figure
    files = history.files() if person.schools is None else []
    days = sorted({file.day for file in files}, reverse=True)
    return {
        "view": view,
        "shown": shown,
        "map": _map(shown) if by is TrendBy.AREA else None,
        "chart": chart_of(shown.trend, view.rows, is_share=figure.is_share),
        "size": (WIDTH, HEIGHT),
        "name": lambda row: name_of(row, by, words),
        "day_head": lambda day: day_head(day, shown.trend),
        "figures": FIGURE_WORDS,
        "bys": BY_WORDS,
        "spans": SPAN_WORDS,
        "types": _ordered({type_: words.say(word) for type_, word in TYPE_WORDS.items()}),
        "areas": _ordered(history.areas(person)),
        "files": [(day, [file for file in files if file.day == day]) for day in days],
        "files_seen": FILES_SEEN,
        "sees_files": person.schools is None,
        "standing": history.standing(),
        "elsewhere": history.elsewhere() if person.schools is None else None,
        "troubles": TROUBLES,
        "has_parquet": can_write(),
        "days_kept": DAYS_KEPT,
    }


def _ordered(names: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(names.items(), key=lambda pair: natural(pair[1])))


def _map(shown: _Shown) -> AreaMap:
    tiles = (
        AreaTile(
            row.code,
            row.label or row.code,
            row.last,
            "",
            link=link_of(row, TrendBy.AREA, shown.ask, shown.known),
        )
        for row in shown.trend.rows
        if row.code != "-"
    )
    return mapped(tiles, is_share=shown.asked.figure.is_share)


TROUBLES: Final = {
    "no_room": N_("The disk of this server has too little room for the files of a day."),
    "not_written": N_("The files of the day could not be written; the server's log says why."),
}
