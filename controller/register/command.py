"""This file is `lophoc-controller register`: bring the equipment book in, decide, undo."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from controller.cli.folder import add_place, data_folder, operator, told_zone
from controller.cli.output import add_json, check_apart, tell, unwritable
from controller.cli.school import opened
from controller.reconcile.command import add_evidence, reconciled_in
from controller.reconcile.deciding import decision_on
from controller.register import store as register
from controller.register.book import Book, Line
from controller.register.condition_command import add_condition
from controller.register.decisions import Deed
from controller.register.headings import mapping_of
from controller.register.intake import (
    ABSENT,
    HEADINGS,
    SUMS,
    VERDICTS,
    headings_in,
    remember_headings,
    report_of,
    sums_of,
    take_in,
    weigh,
)
from controller.register.merging import Merged, Verdict
from controller.register.reading import read_book, write_refused
from controller.register.vocabulary import type_word
from controller.sheets.errors import SheetError
from protocol.command_line import CommandParser
from protocol.formats import moment, phrase
from protocol.settings import SettingsError
from protocol.words import N_, Translate

EXIT_REFUSED: Final = 1


def fill_register(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    _add_import(deeds, say)
    _add_decide(deeds, say)
    add_condition(deeds, say)
    undo = deeds.add_parser("undo", help=say(N_("take a decision back")))
    undo.add_argument("number", type=int, help=say(N_("the decision's number")))
    listed = deeds.add_parser("decisions", help=say(N_("tell what was decided")))
    for deed, run in ((undo, _undo), (listed, _decisions)):
        add_place(deed, say)
        deed.set_defaults(command=lambda options, run=run: run(options, say))


def _add_import(deeds: Any, say: Translate) -> None:
    bring = deeds.add_parser("import", help=say(N_("read Excel or CSV")))
    bring.add_argument("path", type=Path, metavar="FILE", help=say(N_("an Excel file or a CSV")))
    for flag, meaning in (
        ("--dry-run", N_("read and tell, write nothing")),
        ("--all", N_("the file is the whole book: lines that it lacks are gone")),
    ):
        bring.add_argument(flag, action="store_true", help=say(meaning))
    mapping = say(N_('what an unknown heading is, such as "Số hiệu=serial"; it is remembered'))
    bring.add_argument("--map", action="append", default=[], metavar="HEADING=FIELD", help=mapping)
    errors = say(N_("where rows in error are written"))
    bring.add_argument("--errors", type=Path, metavar="FILE", help=errors)
    add_json(bring, say)
    add_place(bring, say)
    bring.set_defaults(command=lambda options: _import(options, say))


def _add_decide(deeds: Any, say: Translate) -> None:
    decide = deeds.add_parser("decide", help=say(N_("accept, match or ignore what was seen")))
    subject = say(N_("its subject as reconcile tells it; of a moved line its row"))
    decide.add_argument("subject", help=subject)
    decide.add_argument("deed", choices=[each.value for each in Deed])
    decide.add_argument("--line", type=int, metavar="ROW", help=say(N_("the line that it is")))
    add_evidence(decide, say)
    add_place(decide, say)
    decide.set_defaults(command=lambda options: _decide(options, say))


def _import(options: argparse.Namespace, say: Translate) -> int:
    check_apart(options.errors, options.path)
    book, told, refused = Book(), Merged(writes=(), verdicts=(), removed=0, absent=0), None
    try:
        mapped = _mapped(options)
        book = read_book(options.path, mapped)
        told = _brought(options, book)
        if options.map and not options.dry_run:
            _remember(data_folder(options) / HEADINGS, mapped)
    except SheetError as error:
        refused = error
    target = _give_back(options, book, say) if book.refused else None
    if options.json:
        report = report_of(book, told, refused, say, dry_run=options.dry_run)
        tell(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        for notice in book.warnings:
            tell(notice.said(say)["message"])
        if refused:
            tell(f"{options.path.name}: {refused.text(say)}", sys.stderr)
        else:
            _tell(options, book, told, target, say)
    return EXIT_REFUSED if refused else 0


def _brought(options: argparse.Namespace, book: Book) -> Merged:
    """Keep the book's lines; a dry run only finds out what would become of them."""
    now_ms = time.time_ns() // 1_000_000
    with opened(options) as (store, place):
        if options.dry_run:
            return weigh(store, place, book, whole=options.all, now_ms=now_ms)
        return take_in(store, place, book, whole=options.all, now_ms=now_ms, who=operator())


def _mapped(options: argparse.Namespace) -> dict[str, str]:
    """What unknown headings are: as was said before, and now."""
    return headings_in(data_folder(options) / HEADINGS) | mapping_of(options.map)


def _remember(path: Path, mapped: dict[str, str]) -> None:
    with unwritable(path):
        remember_headings(path, mapped)


def _give_back(options: argparse.Namespace, book: Book, say: Translate) -> Path | None:
    """Write the rows in error beside the file; a dry run only where it was told to."""
    beside = options.path.with_name(f"{options.path.resolve().name}.errors.csv")
    target: Path | None = options.errors or (None if options.dry_run else beside)
    if target is None:
        return None
    try:
        write_refused(target, book.refused, say)
    except OSError as error:
        told = N_("The rows in error could not be written to {path}: {cause}.")
        tell(phrase(told, say, path=target, cause=error.strerror), sys.stderr)
        return None
    return target


def _tell(
    options: argparse.Namespace, book: Book, told: Merged, target: Path | None, say: Translate
) -> None:
    for line, verdict in zip(book.lines, told.verdicts, strict=True):
        if options.dry_run or line.errors:
            tell(_line(line, verdict, say))
    tell(phrase(SUMS, say, **sums_of(told)))
    if told.absent:
        tell(phrase(ABSENT, say, count=told.absent))
    if target:
        tell(phrase(N_("The rows in error are in {path}."), say, path=target))
    tell(say(_DONE[options.dry_run]))


_DONE: Final = {
    True: N_("This was a trial: nothing was written."),
    False: N_("The book is kept."),
}


def _line(line: Line, verdict: Verdict, say: Translate) -> str:
    cells = (str(line.row), line.asset_tag or "-", type_word(line.type, say) or "-", line.room)
    faults = [str(error.said(say)["message"]) for error in line.errors]
    return "\t".join((*cells, say(VERDICTS[verdict]), *faults))


def _decide(options: argparse.Namespace, say: Translate) -> int:
    now_ms = time.time_ns() // 1_000_000
    with opened(options) as (store, place):
        told = reconciled_in(store, place, options)
        with store.locked(place) as db:
            decision, made = decision_on(
                told,
                register.lines_of(db, place),
                options.subject,
                Deed(options.deed),
                row=options.line,
                who=operator(),
                now_ms=now_ms,
            )
            kept = register.keep_decision(db, place, decision, made)
    done = N_("Decided; to take it back: lophoc-controller register undo {number}")
    tell(phrase(done, say, number=str(kept.no)))
    return 0


def _undo(options: argparse.Namespace, say: Translate) -> int:
    now_ms = time.time_ns() // 1_000_000
    with opened(options) as (store, place), store.locked(place) as db:
        undone = register.undo_decision(db, place, options.number, now_ms)
    if not undone:
        raise SettingsError(
            "decision_unknown", N_("No standing decision has the number {no}."), no=options.number
        )
    tell(say(N_("Taken back.")))
    return 0


def _decisions(options: argparse.Namespace, say: Translate) -> int:
    zone = told_zone(options)
    with opened(options) as (store, place), store.view() as db:
        decisions = register.decisions_of(db, place)
    for decision in decisions:
        undone = say(N_("taken back")) if decision.undone_ms is not None else ""
        at = moment(decision.at_ms, zone, say)
        cells = (
            str(decision.no),
            at,
            decision.who,
            decision.deed.value,
            decision.subject,
            str(decision.line or ""),
        )
        tell("\t".join((*cells, undone)))
    return 0
