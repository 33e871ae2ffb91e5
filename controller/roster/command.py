"""This file is `lophoc-controller roster`: bring class lists in, show them, erase a pupil."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection

from controller.cli.folder import add_place, has_database, operator, told_school, told_zone
from controller.cli.output import add_json, check_apart, give_back, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.roster import store as roster
from controller.roster.changes import ClassChange
from controller.roster.intake import Weighed, keep, weighed
from controller.roster.roll import Flaw, Roll
from controller.roster.sheet import flaws_csv, read
from controller.roster.undoing import Origin
from controller.sheets.errors import SheetError
from protocol.clock import wall_ms
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.model import Place, instant
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
        ("--yes", N_("pupils may leave or be renumbered; do not ask")),
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


class _Outcome(NamedTuple):
    """What became of a file. changes: in the classes; refused: why nothing of it was kept."""

    roll: Roll
    changes: Sequence[ClassChange] = ()
    refused: SheetError | None = None


def _import(options: argparse.Namespace, say: Translate) -> int:
    check_apart(options.errors, options.path)
    outcome = _brought_in(options, say)
    roll = outcome.roll
    rows = flaws_csv(roll.flaws, say, names=options.names) if roll.flaws else ""
    target = give_back(options, rows, _UNWRITTEN, say)
    if options.json:
        tell(json.dumps(_report(options.path, outcome, say), ensure_ascii=False, indent=1))
    else:
        _tell(options, outcome, target, say)
    return EXIT_REFUSED if outcome.refused else 0


def _brought_in(options: argparse.Namespace, say: Translate) -> _Outcome:
    """Read the file, and keep its lists unless this is a trial."""
    roll = Roll()
    try:
        today, school = _today(options), told_school(options).school
        read(options.path, roll, today=today, names=options.names, school=school)
        changes = _look(options, roll) if options.dry_run else _keep(options, roll, say)
    except SheetError as error:
        return _Outcome(roll, refused=error)
    return _Outcome(roll, changes)


def _today(options: argparse.Namespace) -> date:
    """The school's day by the time that its database knows, else by this computer's."""
    now_ms = wall_ms()
    if has_database(options):
        with opened(options) as (store, _), store.view() as db:
            now_ms = now_in(db)
    return instant(now_ms).astimezone(told_zone(options)).date()


def _keep(options: argparse.Namespace, roll: Roll, say: Translate) -> list[ClassChange]:
    """Keep the lists; what they change. Raises SheetError where a person has to look first."""
    with opened(options) as (store, place), store.locked(place) as db:
        found = _weighed(db, place, options, roll)
        if not options.yes:
            _check_changes(found.changes, say)
        now = instant(now_in(db)).astimezone(told_zone(options))
        keep(db, place, found, Origin(operator(), now, options.path.name))
    return found.changes


def _weighed(db: Connection, place: Place, options: argparse.Namespace, roll: Roll) -> Weighed:
    found = weighed(db, place, roll, names=options.names, whole=options.all, file=options.path.name)
    roll.notices += found.rooms
    return found


def _check_changes(changes: Sequence[ClassChange], say: Translate) -> None:
    if asking := [change.said(say) for change in changes if change.asks]:
        raise SheetError(
            "changes_asked",
            N_("Nothing was kept, because the lists change much: {changes}"),
            N_("Give --yes if this is right."),
            changes=" ".join(asking),
        )


def _look(options: argparse.Namespace, roll: Roll) -> list[ClassChange]:
    """What the lists would change, and which rooms no agent answers to, if a database knows."""
    if not has_database(options):
        return []
    with opened(options) as (store, place), store.view() as db:
        return _weighed(db, place, options, roll).changes


def _report(path: Path, outcome: _Outcome, say: Translate) -> dict[str, object]:
    """What `--json` tells; a file that cannot be used as a whole is an error in row 0."""
    roll, changes, refused = outcome
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
        "rows_passed": [
            {"sheet": row.sheet, "row": row.row, "reason": row.reason} for row in roll.passed
        ],
        "changes": [change._asdict() for change in changes],
    }


def _tell(
    options: argparse.Namespace, outcome: _Outcome, target: Path | None, say: Translate
) -> None:
    roll, changes, refused = outcome
    _tell_notices(roll, say)
    if refused:
        tell(f"{options.path.name}: {refused.text(say)}", sys.stderr)
        return
    for code, count in roll.counts().items():
        tell(f"{code}: {count}")
    for change in changes:
        tell(change.said(say))
    if roll.flaws:
        message = N_("{count} {count:row was|rows were} refused; the other pupils were read.")
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
