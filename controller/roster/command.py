"""This file is `lophoc-controller roster`: bring class lists in, show them, erase a pupil."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from controller.cli.folder import add_place, has_database, told_school
from controller.cli.output import add_json, check_apart, give_back, tell
from controller.cli.school import opened
from controller.roster import store as roster
from controller.roster.plan import Lists
from controller.roster.roll import Flaw, Roll, notices_of_rooms
from controller.roster.sheet import flaws_csv, read
from controller.sheets.errors import SheetError
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.model import Place
from protocol.settings import SettingsError
from protocol.words import N_, Translate

EXIT_REFUSED: Final = 1


def fill_roster(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    bring = deeds.add_parser("import", help=say(N_("read OneRoster CSV, Excel or CSV")))
    path = say(N_("a OneRoster folder or ZIP, an Excel file or a CSV"))
    bring.add_argument("path", type=Path, metavar="PATH", help=path)
    for flag, meaning in (
        ("--dry-run", N_("read and tell, write nothing")),
        ("--names", N_("keep the pupils' names; without it only class, number and id")),
        ("--all", N_("the file is the whole school: other classes are gone")),
    ):
        bring.add_argument(flag, action="store_true", help=say(meaning))
    add_json(bring, say)
    flaws = say(N_("where refused rows are written"))
    bring.add_argument("--errors", type=Path, metavar="FILE", help=flaws)
    show = deeds.add_parser("show", help=say(N_("tell the classes and their sizes")))
    erase = deeds.add_parser("erase", help=say(N_("erase a pupil from lists and door cards")))
    erase.add_argument("student", help=say(N_("the pupil's id")))
    for deed, run in ((bring, _import), (show, _show), (erase, _erase)):
        add_place(deed, say)
        deed.set_defaults(command=lambda options, run=run: run(options, say))


def _import(options: argparse.Namespace, say: Translate) -> int:
    check_apart(options.errors, options.path)
    roll = Roll()
    refused: SheetError | None = None
    try:
        school = told_school(options).school
        read(options.path, roll, names=options.names, school=school)
    except SheetError as error:
        refused = error
    if refused is None:
        (_look if options.dry_run else _keep)(options, roll)
    rows = flaws_csv(roll.flaws, say, names=options.names) if roll.flaws else ""
    target = give_back(options, rows, _UNWRITTEN, say)
    if options.json:
        tell(json.dumps(_report(options.path, roll, refused, say), ensure_ascii=False, indent=1))
    else:
        _tell(options, roll, refused, target, say)
    return EXIT_REFUSED if refused else 0


def _keep(options: argparse.Namespace, roll: Roll) -> None:
    with opened(options) as (store, place), store.locked(place) as db:
        before = roster.classes_of(db, place)
        classes = roll.classes(names=options.names, known=before)
        roster.keep_lists(db, place, Lists(classes=classes, whole_school=options.all))
        _notice_rooms(db, place, roll, options.path)


def _look(options: argparse.Namespace, roll: Roll) -> None:
    """Find out which rooms no agent answers to, where there is a database to ask."""
    if has_database(options):
        with opened(options) as (store, place), store.view() as db:
            _notice_rooms(db, place, roll, options.path)


def _notice_rooms(db: Connection, place: Place, roll: Roll, path: Path) -> None:
    unanswered = roster.rooms_unanswered(db, place, roll.rooms.values())
    roll.notices += notices_of_rooms(path.name, unanswered)


def _report(
    path: Path, roll: Roll, refused: SheetError | None, say: Translate
) -> dict[str, object]:
    """What `--json` tells; a file that cannot be used as a whole is an error in row 0."""
    errors = [flaw.said(say) for flaw in roll.flaws]
    if refused:
        whole = {"file": path.name, "row": 0, "code": refused.code, "message": refused.text(say)}
        errors.insert(0, whole)
    return {
        "loads": refused is None,
        "schools": roll.schools,
        "classes": {} if refused else roll.counts(),
        "dropped_columns": roll.dropped,
        "warnings": [notice.said(say) for notice in roll.notices],
        "errors": errors,
    }


def _tell(
    options: argparse.Namespace,
    roll: Roll,
    refused: SheetError | None,
    target: Path | None,
    say: Translate,
) -> None:
    _tell_notices(roll, say)
    if refused:
        tell(f"{options.path.name}: {refused.text(say)}", sys.stderr)
        return
    for code, count in roll.counts().items():
        tell(f"{code}: {count}")
    if roll.flaws:
        message = N_("{count} rows were refused; the other pupils were read.")
        tell(phrase(message, say, count=len(roll.flaws)))
    if target:
        tell(phrase(N_("The refused rows are in {path}."), say, path=target))
    tell(say(_DONE[options.dry_run]))


def _tell_notices(roll: Roll, say: Translate) -> None:
    if roll.dropped:
        tell(phrase(N_("Not kept: {columns}."), say, columns=", ".join(roll.dropped)))
    for notice in roll.notices:
        tell(f"{notice.file}: {notice.said(say)['message']}")
    for flaw in roll.flaws[:20]:
        tell(_line(flaw, say))


_UNWRITTEN: Final = N_("The refused rows could not be written to {path}: {cause}.")
_DONE: Final = {
    True: N_("This was a trial: nothing was written."),
    False: N_("The lists are kept."),
}


def _line(flaw: Flaw, say: Translate) -> str:
    row = N_("{file}, row {row}: {message}")
    return phrase(row, say, file=flaw.file, row=str(flaw.row), message=say(flaw.message))


def _show(options: argparse.Namespace, _say: Translate) -> int:
    with opened(options) as (store, place):
        plan = store.read(roster.plan_of, place)
    for school_class in plan.classes:
        tell(f"{school_class.code}\t{school_class.room or '-'}\t{len(school_class.pupils)}")
    return 0


def _erase(options: argparse.Namespace, say: Translate) -> int:
    with opened(options) as (store, place), store.locked(place) as db:
        gone = roster.forget_pupil(db, place, options.student)
    if not gone:
        raise SettingsError("pupil_unknown", N_("No list holds this id."))
    tell(say(N_("Erased from lists and door cards; the agents are told when they next call.")))
    return 0
