"""This file is `lophoc-controller repairs`: what is broken, who is at it, how it ended."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from controller.cli.folder import add_place, operator, told_zone
from controller.cli.output import add_json, tell
from controller.cli.school import opened
from controller.fleet.phrases import PARTS
from controller.register.condition_command import line_at
from controller.register.life import Said
from controller.register.merging import Kept
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
from controller.repairs.history import told_repair
from controller.repairs.repair import STATE_WORDS, Outcome, Repair, RepairState, part_of
from protocol.command_line import CommandParser
from protocol.formats import moment, phrase
from protocol.messages import Part
from protocol.model import Place
from protocol.settings import SettingsError
from protocol.words import N_, Translate

_Deed = Callable[[Connection, Place, argparse.Namespace, Said], int]


def fill_repairs(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    listed = deeds.add_parser("list", help=say(N_("tell what waits")))
    listed.add_argument("--all", action="store_true", help=say(N_("what is done, too")))
    listed.set_defaults(command=lambda options: _list(options, say))
    opening = deeds.add_parser("open", help=say(N_("ask for a repair of a line")))
    opening.add_argument("row", type=int, help=say(N_("the line's number in the book")))
    opening.add_argument("--note", default="", help=say(N_("why, or what is the matter")))
    opening.set_defaults(command=lambda options: _do(_open, options, say))
    number = say(N_("the repair's number"))
    for name, run, meaning in _DEEDS:
        deed = deeds.add_parser(name, help=say(meaning))
        deed.add_argument("number", type=int, help=number)
        deed.set_defaults(command=lambda options, run=run: _do(run, options, say))
        if name == "pick":
            deed.add_argument("row", type=int, help=say(N_("the line's number in the book")))
        if name == "done":
            ends = [outcome.value for outcome in Outcome]
            how = say(N_("how it ended; otherwise it works again"))
            deed.add_argument("--outcome", choices=ends, default=Outcome.GOOD.value, help=how)
            deed.add_argument("--note", default="", help=say(N_("why, or what is the matter")))
    meaning = say(N_("how long repairs take, how available equipment was"))
    summed = deeds.add_parser("figures", help=meaning)
    days = say(N_("how many of the last days"))
    summed.add_argument("--days", type=int, default=TERM_DAYS, metavar="N", help=days)
    summed.set_defaults(command=lambda options: _figures(options, say))
    for deed in deeds.choices.values():
        add_json(deed, say)
        add_place(deed, say)


def _open(db: Connection, place: Place, options: argparse.Namespace, stamp: Said) -> int:
    line = line_at(db, place, options.row)
    repair = Repair(
        room=line.data.room,
        part=part_of(line.data.type).value,
        note=options.note,
        who=stamp.who,
        reported_ms=stamp.at_ms,
        opened_ms=stamp.at_ms,
    )
    return repairs.open_by_person(db, place, repair, line, stamp.at_ms).no


def _pick(db: Connection, place: Place, options: argparse.Namespace, stamp: Said) -> int:
    mending.pick(db, place, options.number, line_at(db, place, options.row), stamp)
    return int(options.number)


def _start(db: Connection, place: Place, options: argparse.Namespace, stamp: Said) -> int:
    mending.start(db, place, options.number, stamp)
    return int(options.number)


def _done(db: Connection, place: Place, options: argparse.Namespace, stamp: Said) -> int:
    outcome = Outcome(options.outcome)
    mending.finish(db, place, options.number, outcome, stamp, note=options.note)
    return int(options.number)


def _undo(db: Connection, place: Place, options: argparse.Namespace, stamp: Said) -> int:
    mending.undo(db, place, options.number, stamp)
    return int(options.number)


_DEEDS: Final[tuple[tuple[str, _Deed, str], ...]] = (
    ("pick", _pick, N_("say which line of the book it is about")),
    ("start", _start, N_("say that somebody is at it")),
    ("done", _done, N_("say how it ended")),
    ("undo", _undo, N_("take the newest deed back")),
)


def _do(run: _Deed, options: argparse.Namespace, say: Translate) -> int:
    """Do it, and tell how the repair stands then."""
    with opened(options) as (store, place):
        with store.locked(place) as db:
            number = run(db, place, options, Said(operator(), time.time_ns() // 1_000_000))
        with store.view() as db:
            records = repairs.repairs_of(db, place, [number])
            lines = repairs.lines_in_repair(db, place, records)
            maybe = repairs.candidates_of(
                db, place, [repair for repair in records if not repair.line]
            )
    _tell(options, say, records, lines, maybe)
    return 0


def _list(options: argparse.Namespace, say: Translate) -> int:
    with opened(options) as (store, place), store.view() as db:
        records = [
            repair
            for repair in repairs.repairs_of(db, place)
            if options.all or repair.state is not RepairState.DONE
        ]
        lines = repairs.lines_in_repair(db, place, records)
        undecided = [repair for repair in records if repair.line is None]
        maybe = repairs.candidates_of(db, place, undecided)
    _tell(options, say, records, lines, maybe)
    return 0


def _figures(options: argparse.Namespace, say: Translate) -> int:
    if not 1 <= options.days <= MAX_TERM_DAYS:
        raise SettingsError(
            "days_invalid", N_("Give 1 to {most} days by --days."), most=MAX_TERM_DAYS
        )
    term = term_of(options.days, time.time_ns() // 1_000_000)
    with opened(options) as (store, place):
        repair_figures = store.read(repairs.figures_of, place, *term)
    if options.json:
        items = told_figures(repair_figures, *term)
        tell(json.dumps(items, ensure_ascii=False, indent=1))
        return 0
    tell(_figure(say(N_("all")), repair_figures.all, say))
    for kind, figure in repair_figures.by_type.items():
        tell(_figure(type_word(kind, say), figure, say))
    for model, figure in repair_figures.by_model.items():
        tell(_figure(model, figure, say))
    return 0


def _figure(name: str, figure: RepairFigure, say: Translate) -> str:
    counts = N_("{lines} lines, {reported} reported, {done} done, {open} open")
    hours, percent = figure.mean_hours, figure.availability_pct
    cells = [
        name,
        phrase(
            say(counts),
            say,
            lines=figure.lines,
            reported=figure.reported,
            done=figure.done,
            open=figure.open,
        ),
        "" if hours is None else phrase(N_("{hours} h a repair"), say, hours=hours),
        "" if percent is None else phrase(N_("{percent} % available"), say, percent=percent),
    ]
    return "\t".join(cells)


def _tell(
    options: argparse.Namespace,
    say: Translate,
    records: list[Repair],
    lines: dict[int, Kept],
    maybe: dict[int, tuple[Kept, ...]],
) -> None:
    zone = told_zone(options)
    if options.json:
        items = [
            told_repair(repair, zone, lines.get(repair.line or 0), maybe.get(repair.no, ()))
            for repair in records
        ]
        tell(json.dumps(items, ensure_ascii=False, indent=1))
        return
    for repair in records:
        at = moment(repair.reported_ms, zone, say)
        cells = (
            str(repair.no),
            repair.room,
            part_word(repair.part, say),
            at,
            say(STATE_WORDS[repair.state]),
        )
        tell(
            "\t".join((*cells, _about(lines.get(repair.line or 0), maybe.get(repair.no, ()), say)))
        )


def _about(line: Kept | None, maybe: tuple[Kept, ...], say: Translate) -> str:
    if line:
        data = line.data
        cells = (str(data.row), data.asset_tag, type_word(data.type, say))
        return " ".join(cell for cell in cells if cell)
    rows = ", ".join(str(candidate.data.row) for candidate in maybe)
    return phrase(N_("maybe line {rows}"), say, rows=rows) if rows else ""


def part_word(part: str, say: Translate) -> str:
    """What a teacher's picture shows, in a word."""
    return say(PARTS[Part(part)]) if part in set(Part) else part
