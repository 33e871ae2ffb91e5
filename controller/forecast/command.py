"""This file is `lophoc-controller forecast`: what reaches its end of life when, and its cost."""

from __future__ import annotations

import argparse
import json

from controller.cli.folder import add_place, data_folder, told_zone
from controller.cli.output import add_json, add_out, output, tell
from controller.cli.school import opened_wide, own
from controller.database.clock import now_in
from controller.forecast.forecast import Assumption, Due, Forecast
from controller.forecast.life_table import FILE, LifeTable, init_table, source_words, table_in
from controller.forecast.papers import UNKNOWN_WORDS, as_xlsx, forecast_fields
from controller.forecast.store import forecast_on
from controller.inventory.store import refresh
from protocol.command_line import CommandParser, unwritable
from protocol.formats import phrase
from protocol.model import instant
from protocol.words import N_, Translate


def fill_forecast(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    init = say(N_("write the tables of useful lives and prices into the folder, to be corrected"))
    parser.add_argument("--init-tables", action="store_true", help=init)
    add_json(parser, say)
    add_out(parser, say, ".xlsx", is_required=False, once="--xlsx")
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _forecast(options, say))


def _forecast(options: argparse.Namespace, say: Translate) -> int:
    with opened_wide(options) as (store, scope):
        now_ms = store.read(now_in)
        today = instant(now_ms).astimezone(told_zone(options)).date()
        if options.init_tables:
            return _init(options, say)
        table = table_in(data_folder(options))
        for place in own(store, options):
            refresh(store, place, told_zone(options), now_ms)
        with store.view() as db:
            projection = forecast_on(db, scope, table, today)
    if options.out:
        with output(options.out) as file:
            file.write(as_xlsx(projection, table, say))
    if options.json:
        tell(json.dumps(forecast_fields(projection, table), ensure_ascii=False, indent=1))
    elif not options.out:
        _tell(projection, table, say)
    return 0


def _init(options: argparse.Namespace, say: Translate) -> int:
    folder = data_folder(options)
    with unwritable(folder / FILE):
        path, fresh = init_table(folder)
    made = N_("{path} was written: its figures are guesses, check them again.")
    unchanged = N_("{path} is there already; nothing was changed.")
    tell(phrase(made if fresh else unchanged, say, path=path))
    return 0


def _tell(projection: Forecast, table: LifeTable, say: Translate) -> None:
    _tell_due(say(N_("overdue")), projection.total.overdue, say)
    for year, due in enumerate(projection.total.years, projection.first_year):
        _tell_due(str(year), due, say)
    _tell_due(say(N_("later")), projection.total.later, say)
    for code, count in projection.unknown.items():
        if count:
            tell("\t".join((say(N_("not known")), str(count), say(UNKNOWN_WORDS[code]))))
    left = N_(
        "{count} {count:item|items}; {left} disposed or lost {left:one is|ones are} left out,"
        " {awaiting} {awaiting:awaits|await} disposal."
    )
    counts = {
        "count": projection.count,
        "left": projection.left_out,
        "awaiting": projection.awaiting,
    }
    tell(phrase(left, say, **counts))
    if unchecked := sum(map(_is_unchecked, projection.assumptions)):
        hint = N_(
            "{types} {types:type rests|types rest} on figures that nobody checked ({note}): see"
            " {file}."
        )
        tell(phrase(hint, say, types=unchecked, note=source_words(table.note, say), file=FILE))


def _tell_due(name: str, due: Due, say: Translate) -> None:
    cost = phrase(N_("{cost} đồng"), say, cost=due.cost_vnd)
    lacking = phrase(N_("{count} without a price"), say, count=due.unpriced) if due.unpriced else ""
    tell("\t".join((name, str(due.count), cost, lacking)).rstrip())


def _is_unchecked(assumption: Assumption) -> bool:
    """Whether it rests on a figure that nobody checked."""
    years = assumption.years is not None and not assumption.years_verified
    return years or (assumption.price_vnd is not None and not assumption.price_verified)
