"""This file is `lophoc-controller repairs`: what is broken, who is at it, how it ended."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection

from controller.cli import add_place, opened, operator, tell, told_zone
from controller.fleet.phrases import PARTS
from controller.reconcile.explained import type_word
from controller.register.condition_command import line_at
from controller.register.life import Said
from controller.register.merging import Kept
from controller.repairs import actions as mending
from controller.repairs import store as repairs
from controller.repairs.history import told_repair
from controller.repairs.repair import STATE_WORDS, Outcome, Repair, RepairState, part_of
from protocol.formats import moment
from protocol.messages import Part
from protocol.model import Place
from protocol.words import N_, Translate

_Deed = Callable[[Connection, Place, argparse.Namespace, Said], int]


def add_repairs(commands: Any, say: Translate) -> None:
    """Add the command with its deeds."""
    parser = commands.add_parser(
        "repairs", help=say(N_("what is broken and being repaired")), allow_abbrev=False
    )
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    listed = deeds.add_parser("list", help=say(N_("tell what waits")), allow_abbrev=False)
    listed.add_argument("--all", action="store_true", help=say(N_("what is done, too")))
    listed.set_defaults(command=lambda options: _list(options, say))
    opening = deeds.add_parser(
        "open", help=say(N_("ask for a repair of a line")), allow_abbrev=False
    )
    opening.add_argument("row", type=int, help=say(N_("the line's number in the book")))
    opening.add_argument("--note", default="", help=say(N_("why, or what is the matter")))
    opening.set_defaults(command=lambda options: _do(_open, options, say))
    number = say(N_("the repair's number"))
    for name, run, meaning in _DEEDS:
        deed = deeds.add_parser(name, help=say(meaning), allow_abbrev=False)
        deed.add_argument("number", type=int, help=number)
        deed.set_defaults(command=lambda options, run=run: _do(run, options, say))
        if name == "pick":
            deed.add_argument("row", type=int, help=say(N_("the line's number in the book")))
        if name == "done":
            ends = [each.value for each in Outcome]
            how = say(N_("how it ended; otherwise it works again"))
            deed.add_argument("--outcome", choices=ends, default=Outcome.GOOD.value, help=how)
            deed.add_argument("--note", default="", help=say(N_("why, or what is the matter")))
    for deed in deeds.choices.values():
        deed.add_argument("--json", action="store_true", help=say(N_("tell it as JSON")))
        add_place(deed, say)


def _open(db: Connection, place: Place, options: argparse.Namespace, said: Said) -> int:
    kept = line_at(db, place, options.row)
    asked = Repair(
        room=kept.data.room,
        part=part_of(kept.data.type).value,
        note=options.note,
        who=said.who,
        reported_ms=said.at_ms,
        opened_ms=said.at_ms,
    )
    return repairs.open_by_person(db, place, asked, kept, said.at_ms).no


def _pick(db: Connection, place: Place, options: argparse.Namespace, said: Said) -> int:
    mending.pick(db, place, options.number, line_at(db, place, options.row), said)
    return int(options.number)


def _start(db: Connection, place: Place, options: argparse.Namespace, said: Said) -> int:
    mending.start(db, place, options.number, said)
    return int(options.number)


def _done(db: Connection, place: Place, options: argparse.Namespace, said: Said) -> int:
    outcome = Outcome(options.outcome)
    mending.finish(db, place, options.number, outcome, said, note=options.note)
    return int(options.number)


def _undo(db: Connection, place: Place, options: argparse.Namespace, said: Said) -> int:
    mending.undo(db, place, options.number, said)
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
            told = repairs.repairs_of(db, place, [number])
            lines = repairs.lines_in_repair(db, place, told)
            maybe = repairs.candidates_of(db, place, [each for each in told if not each.line])
    _tell(options, say, told, lines, maybe)
    return 0


def _list(options: argparse.Namespace, say: Translate) -> int:
    with opened(options) as (store, place), store.view() as db:
        told = [
            each
            for each in repairs.repairs_of(db, place)
            if options.all or each.state is not RepairState.DONE
        ]
        lines = repairs.lines_in_repair(db, place, told)
        undecided = [each for each in told if each.line is None]
        maybe = repairs.candidates_of(db, place, undecided)
    _tell(options, say, told, lines, maybe)
    return 0


def _tell(
    options: argparse.Namespace,
    say: Translate,
    told: list[Repair],
    lines: dict[int, Kept],
    maybe: dict[int, tuple[Kept, ...]],
) -> None:
    zone = told_zone(options)
    if options.json:
        items = [
            told_repair(each, zone, lines.get(each.line or 0), maybe.get(each.no, ()))
            for each in told
        ]
        tell(json.dumps(items, ensure_ascii=False, indent=1))
        return
    for each in told:
        at = moment(each.reported_ms, zone, say)
        cells = (
            str(each.no),
            each.room,
            part_word(each.part, say),
            at,
            say(STATE_WORDS[each.state]),
        )
        tell("\t".join((*cells, _about(lines.get(each.line or 0), maybe.get(each.no, ()), say))))


def _about(kept: Kept | None, maybe: tuple[Kept, ...], say: Translate) -> str:
    if kept:
        data = kept.data
        cells = (str(data.row), data.asset_tag, type_word(data.type, say))
        return " ".join(each for each in cells if each)
    rows = ", ".join(str(each.data.row) for each in maybe)
    return say(N_("maybe line {rows}")).format(rows=rows) if rows else ""


def part_word(part: str, say: Translate) -> str:
    """What a teacher's picture shows, in a word."""
    return say(PARTS[Part(part)]) if part in set(Part) else part
