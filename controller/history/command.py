"""This file is `lophoc-controller history`: figures over days, and the dated files."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager

from controller.cli.folder import add_place, existing_folder
from controller.cli.output import add_json, tell
from controller.cli.school import opened
from controller.history.parquet import can_write
from controller.history.service import History, TrendAsked
from controller.history.trend import FIGURE_WORDS, TrendBy, TrendFigure, TrendSpan
from controller.inventory.choosing import EVERYONE, program_beside, refusing
from controller.inventory.filters import Filters
from protocol.command_line import CommandParser, unwritable
from protocol.formats import phrase
from protocol.settings import SettingsError
from protocol.words import N_, Translate


def fill_history(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    listed = deeds.add_parser("list", help=say(N_("tell the days that are kept, and the files")))
    wrote = deeds.add_parser(
        "write", help=say(N_("keep today's figures and write today's files now"))
    )
    show = deeds.add_parser("show", help=say(N_("compare a figure over days")))
    for name, kind, default in (
        ("--figure", TrendFigure, TrendFigure.MANAGED_PCT),
        ("--by", TrendBy, TrendBy.WHOLE),
        ("--span", TrendSpan, TrendSpan.MONTH),
    ):
        words = ", ".join(word.value for word in kind)
        show.add_argument(name, type=kind, choices=[*kind], default=default, metavar="WORD",
                          help=phrase(N_("one of: {formats}"), say, formats=words))  # fmt: skip
    for name, meaning in (
        ("--school", N_("only of this school, by its code")),
        ("--area", N_("only of this area and those inside it, by its code")),
        ("--type", N_("only of this type, such as board")),
    ):
        show.add_argument(name, default="", metavar="TEXT", help=say(meaning))
    add_json(show, say)
    for deed, run in ((listed, _list), (wrote, _write), (show, _show)):
        add_place(deed, say)
        deed.set_defaults(command=lambda options, run=run: run(options, say))


@contextmanager
def _history(options: argparse.Namespace) -> Iterator[History]:
    with opened(options) as (store, place), refusing():
        yield History(program_beside(options, store, place))


def _list(options: argparse.Namespace, say: Translate) -> int:
    with _history(options) as history:
        days, files = history.days(), history.files()
    for day in sorted({*days, *(file.day for file in files)}):
        own = [file.name for file in files if file.day == day]
        figures = say(N_("figures are kept")) if day in days else say(N_("no figures"))
        tell("\t".join((day, figures, *own)))
    return 0


def _write(options: argparse.Namespace, say: Translate) -> int:
    from controller.history.worker import carry_out  # noqa: PLC0415 - the other deeds write nothing

    with _history(options) as history:
        day = history.keep_today()
        if not day:
            raise SettingsError("no_schools", N_("No school is known here yet."))
        with unwritable(existing_folder(options)):
            carry_out(history.order(day))
        for file in history.files():
            if file.day == day:
                tell(f"{file.name}\t{file.size_bytes}")
    if not can_write():
        tell(say(N_("Without Parquet: the library for it (lophoc[parquet]) is not installed.")))
    return 0


def _show(options: argparse.Namespace, say: Translate) -> int:
    from controller.history.items import trend_item  # noqa: PLC0415 - the other deeds tell no JSON

    asked = TrendAsked(options.figure, options.by, options.span)
    filters = Filters(school=options.school, area=options.area, type=options.type)
    with _history(options) as history:
        trend = history.trend(filters, asked, EVERYONE)
    if options.json:
        item = trend_item(trend, asked.figure, asked.by)
        tell(json.dumps(item.model_dump(mode="json"), ensure_ascii=False, indent=1))
        return 0
    tell("\t".join((say(FIGURE_WORDS[asked.figure]), *trend.dates)))
    for row in trend.rows:
        values = ("" if value is None else f"{value:g}" for value in row.values)
        tell("\t".join((" ".join(filter(None, (row.code, row.label))), *values)))
    return 0
