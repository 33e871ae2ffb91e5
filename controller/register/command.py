"""This file is `lophoc-controller register`: bring the equipment book in, decide, undo."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from controller.cli.folder import add_place, data_folder, operator, told_zone
from controller.cli.output import add_json, check_apart, give_back, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.register import store as register
from controller.register.book import Book, Line
from controller.register.choices import UNITS, RoomOf, Several, choices_told
from controller.register.condition_command import add_condition
from controller.register.headings import mapping_of
from controller.register.import_store import imports_of
from controller.register.intake import (
    ABSENT,
    CHANGED,
    DOUBTFUL,
    HEADINGS,
    REMAINING,
    SEVERAL,
    SUMS,
    VERDICTS,
    counts_of,
    explained,
    headings_in,
    remember_headings,
    report_of,
    rows_told,
    sums_of,
    take_in,
    weigh,
)
from controller.register.life import Said
from controller.register.merging import Answers, Merged, MergeVerdict
from controller.register.reading import read_book, refused_csv
from controller.register.vocabulary import type_word
from controller.sheets.errors import SheetError
from protocol.command_line import CommandParser, unwritable
from protocol.formats import moment, phrase
from protocol.settings import SettingsError
from protocol.words import N_, Translate

EXIT_REFUSED: Final = 1


def add_register(parser: CommandParser, say: Translate) -> Any:
    """Give the command the deeds of the book alone; returns where more are added."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    _add_import(deeds, say)
    add_condition(deeds, say)
    undo = deeds.add_parser("undo", help=say(N_("undo a decision")))
    undo.add_argument("number", type=int, help=say(N_("the decision's number")))
    listed = deeds.add_parser("decisions", help=say(N_("tell what was decided")))
    whole = deeds.add_parser("undo-import", help=say(N_("undo a whole import")))
    whole.add_argument("number", type=int, help=say(N_("the import's number")))
    brought = deeds.add_parser("imports", help=say(N_("tell which books were brought in")))
    runs = (undo, _undo), (listed, _decisions), (whole, _undo_import), (brought, _imports)
    for deed, run in runs:
        add_place(deed, say)
        deed.set_defaults(command=lambda options, run=run: run(options, say))
    return deeds


def _add_import(deeds: Any, say: Translate) -> None:
    bring = deeds.add_parser("import", help=say(N_("read Excel or CSV")))
    bring.add_argument("path", type=Path, metavar="FILE", help=say(N_("an Excel file or a CSV")))
    for flag, meaning in (
        ("--dry-run", N_("read and tell, write nothing")),
        ("--all", N_("the file is the whole book: lines that it lacks are gone")),
        ("--same", N_("lines that may be lines of the register are those, not new ones")),
        ("--blank-clears", N_("an empty cell takes away what the register has there")),
    ):
        bring.add_argument(flag, action="store_true", help=say(meaning))
    several = say(
        N_(
            "what a line of a quantity other than 1 is: so many things (each), or one, such as a"
            " set (one)"
        )
    )
    bring.add_argument("--quantity", choices=[*map(str, Several)], help=several)
    mapping = say(N_('what an unknown heading is, such as "Số hiệu=serial"; it is remembered'))
    bring.add_argument("--map", action="append", default=[], metavar="HEADING=FIELD", help=mapping)
    _add_choices(bring, say)
    errors = say(N_("where rows in error are written"))
    bring.add_argument("--errors", type=Path, metavar="FILE", help=errors)
    add_json(bring, say)
    add_place(bring, say)
    bring.set_defaults(command=lambda options: _import(options, say))


def _add_choices(bring: CommandParser, say: Translate) -> None:
    """Give the import what a person can choose on the trial's page."""
    sheet = say(N_("read this sheet, and no other that is not named so too"))
    bring.add_argument("--sheet", action="append", default=[], metavar="NAME", help=sheet)
    row = say(N_("the row of the heading, such as 5; or of one sheet's, such as Sheet1=5"))
    bring.add_argument("--heading-row", action="append", default=[], metavar="ROW", help=row)
    unit = say(N_("what the money counts in, in đồng; without it as the file says"))
    bring.add_argument("--unit", type=int, choices=UNITS, help=unit)
    room = say(
        N_(
            'what a cell such as "Nhà B - P203" is: a place and the room in it (part), or a room'
            " by this whole name (whole)"
        )
    )
    bring.add_argument("--room", choices=[*map(str, RoomOf)], help=room)


def _import(options: argparse.Namespace, say: Translate) -> int:
    check_apart(options.errors, options.path)
    book, merger, refused = Book(), Merged(), None
    try:
        mapped = _mapped(options)
        chosen = choices_told(options.heading_row, options.sheet, options.unit)
        several = Several(options.quantity) if options.quantity else None
        room = RoomOf(options.room) if options.room else None
        choices = replace(chosen, headings=mapped, several=several, room=room)
        book = read_book(options.path, choices)
        merger = _brought(options, book)
        if options.map and not options.dry_run:
            with unwritable(path := data_folder(options) / HEADINGS):
                remember_headings(path, explained(mapped))
    except SheetError as error:
        refused = error
    rows = refused_csv(book.refused, say) if book.refused else ""
    target = give_back(options, rows, _UNWRITTEN, say)
    if options.json:
        report = report_of(book, merger, refused, say, dry_run=options.dry_run)
        tell(json.dumps(report, ensure_ascii=False, indent=1))
        return EXIT_REFUSED if refused else 0
    for notice in book.warnings:
        tell(notice.said(say)["message"])
    if refused:
        tell(f"{options.path.name}: {refused.text(say)}", sys.stderr)
        return EXIT_REFUSED
    _tell(options, book, merger, target, say)
    return 0


def _brought(options: argparse.Namespace, book: Book) -> Merged:
    """Keep the book's lines; a dry run only finds out what would become of them."""
    answers = Answers(same=options.same, blank_clears=options.blank_clears)
    with opened(options) as (store, place):
        if options.dry_run:
            return weigh(store, place, book, whole=options.all, answers=answers)
        now_ms = store.read(now_in)
        return take_in(
            store, place, book, whole=options.all, now_ms=now_ms, who=operator(),
            file=options.path.name, answers=answers,
        )  # fmt: skip


def _mapped(options: argparse.Namespace) -> dict[str, str]:
    """What unknown headings are: as was said before, and now."""
    before = explained(headings_in(data_folder(options) / HEADINGS))
    return before | mapping_of(options.map)


def _tell(
    options: argparse.Namespace, book: Book, merger: Merged, target: Path | None, say: Translate
) -> None:
    for line, verdict in zip(book.lines, merger.verdicts, strict=True):
        if options.dry_run or line.errors:
            tell(_line(line, verdict, say))
    tell(phrase(SUMS, say, **sums_of(merger)))
    if book.several.lines:
        tell(phrase(SEVERAL, say, **book.several._asdict()))
        if not options.quantity:
            tell(say(_ASKED))
    if merger.absent:
        tell(phrase(ABSENT, say, count=merger.absent))
    if merger.doubtful:
        tell(phrase(DOUBTFUL, say, count=merger.doubtful))
    if target:
        tell(phrase(N_("The rows in error are in {path}."), say, path=target))
    tell(say(_DONE[options.dry_run]))


_ASKED: Final = N_("Each is counted: give --quantity one if such a line is one thing, a set.")
_UNWRITTEN: Final = N_("The rows in error could not be written to {path}: {cause}.")
_DONE: Final = {
    True: N_("This was a trial: nothing was written."),
    False: N_("The book is kept."),
}


def _line(line: Line, verdict: MergeVerdict, say: Translate) -> str:
    cells = (str(line.row), line.asset_tag or "-", type_word(line.type, say) or "-", line.room)
    faults = [str(error.said(say)["message"]) for error in line.errors]
    return "\t".join((*cells, say(VERDICTS[verdict]), *faults))


def _undo(options: argparse.Namespace, say: Translate) -> int:
    with opened(options) as (store, place), store.locked(place) as db:
        undone = register.undo_decision(db, place, options.number, now_in(db))
    if not undone:
        raise SettingsError(
            "decision_unknown", N_("No standing decision has the number {no}."), no=options.number
        )
    tell(say(N_("Undone.")))
    return 0


def _decisions(options: argparse.Namespace, say: Translate) -> int:
    zone = told_zone(options)
    with opened(options) as (store, place):
        decisions = store.read(register.decisions_of, place)
    for decision in decisions:
        undone = say(N_("undone")) if decision.undone_ms is not None else ""
        about = decision.deed.value, decision.subject, str(decision.line or "")
        at = moment(decision.at_ms, zone, say)
        tell("\t".join((str(decision.no), at, decision.who, *about, undone)))
    return 0


def _imports(options: argparse.Namespace, say: Translate) -> int:
    zone = told_zone(options)
    with opened(options) as (store, place):
        records = store.read(imports_of, place)
    for record in records:
        undone = say(N_("undone")) if record.undone_ms is not None else ""
        counts = phrase(CHANGED, say, **counts_of(record))
        at = moment(record.at_ms, zone, say)
        tell("\t".join((str(record.no), at, record.who, record.file, counts, undone)))
    return 0


def _undo_import(options: argparse.Namespace, say: Translate) -> int:
    with opened(options) as (store, place), store.locked(place) as db:
        stamp = Said(operator(), now_in(db))
        record = register.undo_import(db, place, options.number, stamp)
        lines = register.lines_of(db, place)
    if record is None:
        raise SettingsError(
            "import_unknown", N_("No import has the number {no}."), no=options.number
        )
    tell(say(N_("Undone.")))
    if record.remaining:
        rows = rows_told(record, lines)
        tell(phrase(REMAINING, say, count=len(record.remaining), lines=rows))
    return 0
