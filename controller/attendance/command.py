"""This file is `lophoc-controller attendance`: verify, export, find and erase."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from controller.access.store import note_access
from controller.attendance.papers import as_csv, as_xlsx
from controller.attendance.sheet import attendance_of
from controller.attendance.store import marks_of_pupil
from controller.cli.folder import add_place, operator, told_name, told_zone
from controller.cli.output import add_json, add_out, output, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.database.store import Store
from protocol.command_line import CommandParser
from protocol.model import Place, instant
from protocol.settings import SettingsError
from protocol.words import N_, Translate


def fill_attendance(roll: CommandParser, say: Translate) -> None:
    """Give the command its deeds and what they need."""
    roll.add_argument("deed", choices=["verify", "export", "find", "erase"])
    roll.add_argument("student", nargs="?", help=say(N_("the pupil's id")))
    add_place(roll, say)
    roll.add_argument("--class", dest="class_code", metavar="CODE", help=say(N_("the class")))
    roll.add_argument("--from", dest="since", metavar="DATE", help=say(N_("the first day")))
    roll.add_argument("--to", dest="until", metavar="DATE", help=say(N_("the last day")))
    add_out(roll, say, ".xlsx", ".csv", is_required=False)
    add_json(roll, say)
    seals = say(N_("what the department kept of the logs, to verify against"))
    roll.add_argument("--seals", type=Path, metavar="FILE", help=seals)
    against = say(N_("a folder brought back from a copy, or encrypted copies, to verify against"))
    roll.add_argument(
        "--against", type=Path, metavar="PATH", action="append", default=[], help=against
    )
    roll.add_argument("--yes", action="store_true", help=say(N_("erase, and do not ask")))
    roll.set_defaults(command=_attendance)


def _attendance(options: argparse.Namespace) -> int:
    with opened(options) as (store, scope):
        match options.deed:
            case "verify":
                return int(options.verify_evidence(options, store, scope))
            case "export":
                return _export(store, scope, options)
            case deed:
                return _subject(store, scope, options, erase=deed == "erase")


def _export(store: Store, scope: Place, options: argparse.Namespace) -> int:
    if not (options.class_code and options.since and options.until and options.out):
        raise SettingsError(
            "export_incomplete",
            N_("Which class, which days, which file?"),
            N_("Give --class, --from, --to and --out."),
        )
    try:
        now = instant(store.read(now_in)).astimezone(told_zone(options))
        days = options.since, options.until
        attendance = attendance_of(store, scope, options.class_code, *days, now=now)
    except ValueError as error:
        raise SettingsError(
            "day_invalid", N_("This is not a day: {cause}."), N_("Write 2026-11-02."), cause=error
        ) from error
    subject = f"{options.class_code} {options.since} {options.until}"
    store.write(
        note_access,
        scope,
        (f"command:{operator()}", 0),
        "attendance export",
        subject,
        now_ms=store.read(now_in),
    )
    workbook = options.out.suffix.lower() == ".xlsx"
    name = told_name(options) or scope.school
    text = as_xlsx(attendance, name) if workbook else as_csv(attendance, name).encode()
    with output(options.out) as file:
        file.write(text)
    return 0


def _subject(store: Store, scope: Place, options: argparse.Namespace, *, erase: bool) -> int:
    if not options.student or (erase and not options.yes):
        raise SettingsError(
            "student_missing", N_("Which pupil?"), N_("Give the id; to erase, give --yes, too.")
        )
    deed = "erase" if erase else "find"
    store.write(
        note_access,
        scope,
        (f"command:{operator()}", 0),
        f"attendance {deed}",
        "",
        now_ms=store.read(now_in),
    )
    if erase:
        erased = options.erase_pupil(options, store, scope, options.student)
        tell(json.dumps({"erased": erased.records}))
    else:
        tell(
            json.dumps(
                {"marks": store.read(marks_of_pupil, scope, options.student)}, ensure_ascii=False
            )
        )
    return 0
