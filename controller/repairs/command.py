"""This file is `lophoc-controller repairs`: what is broken, who is at it, how it ended."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection

from controller.cli.folder import add_place, operator, told_zone
from controller.cli.output import add_json, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.register.condition_command import line_at
from controller.register.life import Said
from controller.register.vocabulary import type_word
from controller.repairs import actions as mending
from controller.repairs import store as repairs
from controller.repairs.figures import (
    MAX_TERM_DAYS,
    TERM_DAYS,
    RepairFigure,
    term_of,
    told_figures,
)
from controller.repairs.repair import (
    STATE_WORDS,
    RepairDeed,
    RepairOutcome,
    RepairState,
    part_word,
    told_repair,
)
from controller.repairs.service import Shown, shown_of
from protocol.command_line import CommandParser
from protocol.formats import moment, phrase
from protocol.model import Place
from protocol.settings import SettingsError
from protocol.words import N_, Translate


def fill_repairs(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    listed = deeds.add_parser("list", help=say(N_("tell what waits")))
    listed.add_argument("--all", action="store_true", help=say(N_("what is done, too")))
    listed.set_defaults(command=lambda options: _list(options, say))
    _add_moves(deeds, say)
    meaning = say(N_("how long repairs take, how available equipment was"))
    summed = deeds.add_parser("figures", help=meaning)
    days = say(N_("how many of the last days"))
    summed.add_argument("--days", type=int, default=TERM_DAYS, metavar="N", help=days)
    summed.set_defaults(command=lambda options: _figures(options, say))
    for deed in deeds.choices.values():
        add_json(deed, say)
        add_place(deed, say)


def _add_moves(deeds: Any, say: Translate) -> None:
    row = say(N_("the line's number in the book"))
    note = say(N_("why, or what is the matter"))
    opening = deeds.add_parser("open", help=say(N_("ask for a repair of a line")))
    opening.add_argument("row", type=int, help=row)
    opening.add_argument("--note", default="", help=note)
    for name, meaning in _DEEDS.items():
        deed = deeds.add_parser(name.value, help=say(meaning))
        deed.add_argument("number", type=int, help=say(N_("the repair's number")))
    deeds.choices["pick"].add_argument("row", type=int, help=row)
    how = say(N_("how it ended; otherwise it works again"))
    ends = [outcome.value for outcome in RepairOutcome]
    done = deeds.choices["done"]
    done.add_argument("--outcome", choices=ends, default=RepairOutcome.GOOD.value, help=how)
    done.add_argument("--note", default="", help=note)
    for name, deed in deeds.choices.items():
        if name != "list":
            deed.set_defaults(deed=name, command=lambda options: _do(options, say))


def _move(db: Connection, place: Place, options: argparse.Namespace, stamp: Said) -> int:
    """Do what the command says; returns the repair's number."""
    match options.deed:
        case "open":
            line = line_at(db, place, options.row)
            return repairs.open_by_person(db, place, line, stamp, note=options.note).no
        case RepairDeed.PICK:
            mending.pick(db, place, options.number, line_at(db, place, options.row), stamp)
        case RepairDeed.START:
            mending.start(db, place, options.number, stamp)
        case RepairDeed.DONE:
            outcome = RepairOutcome(options.outcome)
            mending.finish(db, place, options.number, outcome, stamp, note=options.note)
        case _:
            mending.undo(db, place, options.number, stamp)
    return int(options.number)


_DEEDS: Final[Mapping[RepairDeed, str]] = {
    RepairDeed.PICK: N_("say which line of the book it is about"),
    RepairDeed.START: N_("say that somebody is at it"),
    RepairDeed.DONE: N_("say how it ended"),
    RepairDeed.UNDO: N_("undo the newest deed"),
}


def _do(options: argparse.Namespace, say: Translate) -> int:
    """Do it, and tell how the repair stands then."""
    with opened(options) as (store, place):
        with store.locked(place) as db:
            number = _move(db, place, options, Said(operator(), now_in(db)))
        with store.view() as db:
            repair = shown_of(db, place, repairs.repairs_of(db, place, [number]))
    _tell(options, say, repair)
    return 0


def _list(options: argparse.Namespace, say: Translate) -> int:
    with opened(options) as (store, place), store.view() as db:
        records = [
            repair
            for repair in repairs.repairs_of(db, place)
            if options.all or repair.state is not RepairState.DONE
        ]
        shown = shown_of(db, place, records)
    _tell(options, say, shown)
    return 0


def _figures(options: argparse.Namespace, say: Translate) -> int:
    if not 1 <= options.days <= MAX_TERM_DAYS:
        raise SettingsError(
            "days_invalid", N_("Give 1 to {most} days by --days."), most=MAX_TERM_DAYS
        )
    with opened(options) as (store, place):
        term = term_of(options.days, store.read(now_in))
        repair_figures = store.read(repairs.figures_of, place, *term)
    if options.json:
        items = told_figures(repair_figures, *term)
        tell(json.dumps(items, ensure_ascii=False, indent=1))
        return 0
    by_type = ((type_word(kind, say), figure) for kind, figure in repair_figures.by_type.items())
    whole = say(N_("all")), repair_figures.all
    for name, figure in (whole, *by_type, *repair_figures.by_model.items()):
        tell(_figure(name, figure, say))
    return 0


def _figure(name: str, figure: RepairFigure, say: Translate) -> str:
    counts = N_("{lines} {lines:line|lines}, {reported} reported, {done} done, {open} open")
    hours, percent = figure.mean_hours, figure.availability_pct
    whole = {key: getattr(figure, key) for key in ("lines", "reported", "done", "open")}
    cells = [
        name,
        phrase(say(counts), say, **whole),
        "" if hours is None else phrase(N_("{hours} h a repair"), say, hours=hours),
        "" if percent is None else phrase(N_("{percent} % available"), say, percent=percent),
    ]
    return "\t".join(cells)


def _tell(options: argparse.Namespace, say: Translate, shown: list[Shown]) -> None:
    zone = told_zone(options)
    if options.json:
        items = [told_repair(entry.repair, zone, entry.kept, entry.maybe) for entry in shown]
        tell(json.dumps(items, ensure_ascii=False, indent=1))
        return
    for entry in shown:
        repair = entry.repair
        at = moment(repair.reported_ms, zone, say)
        cells = str(repair.no), repair.room, part_word(repair.part, say), at
        tell("\t".join((*cells, say(STATE_WORDS[repair.state]), _about(entry, say))))


def _about(entry: Shown, say: Translate) -> str:
    if entry.kept:
        data = entry.kept.data
        cells = (str(data.row), data.asset_tag, type_word(data.type, say))
        return " ".join(cell for cell in cells if cell)
    rows = ", ".join(str(candidate.data.row) for candidate in entry.maybe)
    return phrase(N_("maybe line {rows}"), say, rows=rows) if rows else ""
