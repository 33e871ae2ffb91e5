"""This file holds the office's commands: verify, export, find and erase; and the password."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from controller.access.password import Office
from controller.access.store import note_access
from controller.attendance.log import findings
from controller.attendance.papers import as_csv, as_xlsx
from controller.attendance.sheet import attendance_of
from controller.attendance.store import erase_pupil, marks_of_pupil, whole_log
from controller.cli import FOLDER, add_place, opened, told_database
from controller.config import ENVIRONMENT
from controller.database.store import Store
from protocol.model import Place
from protocol.settings import SettingsError, speaker
from protocol.words import N_, Translate

EXIT_BROKEN = 1


def add_commands(commands: Any, say: Translate) -> None:
    """The parsers of `attendance` and `password`."""
    data = say(N_("the controller's folder"))
    roll = commands.add_parser(
        "attendance",
        help=say(N_("verify the attendance log, write a class's sheet, find or erase a pupil")),
        allow_abbrev=False,
    )
    roll.add_argument("deed", choices=["verify", "export", "find", "erase"])
    roll.add_argument("student", nargs="?", help=say(N_("the pupil's id")))
    add_place(roll, say)
    roll.add_argument("--class", dest="class_code", metavar="CODE", help=say(N_("the class")))
    roll.add_argument("--from", dest="since", metavar="DATE", help=say(N_("the first day")))
    roll.add_argument("--to", dest="until", metavar="DATE", help=say(N_("the last day")))
    roll.add_argument("--out", type=Path, metavar="FILE", help=say(N_("the .xlsx or .csv file")))
    roll.add_argument("--json", action="store_true", help=say(N_("answer as JSON")))
    roll.add_argument("--yes", action="store_true", help=say(N_("erase, and do not ask")))
    roll.set_defaults(command=_attendance)
    password = commands.add_parser(
        "password", help=say(N_("set the office's password")), allow_abbrev=False
    )
    password.add_argument("deed", choices=["set"])
    password.add_argument("--data", type=Path, default=FOLDER, metavar="DIR", help=data)
    password.set_defaults(command=_password)


def _password(options: argparse.Namespace) -> int:
    say = speaker(ENVIRONMENT, os.environ)
    asked = say(N_("New password: "))
    given = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    Office(options.data / "office.json", time.time).set_password(given)
    _tell(say(N_("The office's password is set; who was logged in must log in again.")))
    return 0


def _attendance(options: argparse.Namespace) -> int:
    database = (options.data or FOLDER) / "lophoc.db"
    if not options.config and not told_database(options) and not database.exists():
        raise SettingsError(
            "no_database", N_("There is no database at {database}."), database=database
        )
    with opened(options) as (store, scope):
        match options.deed:
            case "verify":
                return _verify(store, scope, as_json=options.json)
            case "export":
                return _export(store, scope, options)
            case deed:
                return _subject(store, scope, options, erase=deed == "erase")


def _verify(store: Store, scope: Place, *, as_json: bool) -> int:
    say = speaker(ENVIRONMENT, os.environ)
    log = store.read(whole_log, scope)
    found = findings(log)
    erased = sum(bool(each.erased) for each in log)
    if as_json:
        broken = [each._asdict() for each in found]
        told = {"records": len(log), "erased": erased, "breaks": broken}
        _tell(json.dumps({"holds": not found, **told}))
    else:
        for each in found:
            _tell(f"{each.agent} {each.event_id}: {each.why}")
        sums = N_("{records} records, {breaks} breaks, {erased} with an erased pupil.")
        _tell(say(sums).format(records=len(log), breaks=len(found), erased=erased))
    return EXIT_BROKEN if found else 0


def _export(store: Store, scope: Place, options: argparse.Namespace) -> int:
    if not (options.class_code and options.since and options.until and options.out):
        raise SettingsError(
            "export_incomplete",
            N_("Which class, which days, which file?"),
            N_("Give --class, --from, --to and --out."),
        )
    try:
        told = attendance_of(store, scope, options.class_code, options.since, options.until)
    except ValueError as error:
        raise SettingsError(
            "day_invalid", N_("This is not a day: {cause}."), N_("Write 2026-11-02."), cause=error
        ) from error
    subject = f"{options.class_code} {options.since} {options.until}"
    store.write(note_access, scope, "command", "attendance export", subject, now_ms=_now_ms())
    workbook = options.out.suffix == ".xlsx"
    text = as_xlsx(told, scope.school) if workbook else as_csv(told, scope.school).encode()
    options.out.write_bytes(text)
    return 0


def _subject(store: Store, scope: Place, options: argparse.Namespace, *, erase: bool) -> int:
    if not options.student or (erase and not options.yes):
        raise SettingsError(
            "student_missing", N_("Which pupil?"), N_("Give the id; to erase, give --yes, too.")
        )
    deed = "erase" if erase else "find"
    store.write(note_access, scope, "command", f"attendance {deed}", "", now_ms=_now_ms())
    if erase:
        _tell(json.dumps({"erased": store.write(erase_pupil, scope, options.student)}))
    else:
        _tell(
            json.dumps(
                {"marks": store.read(marks_of_pupil, scope, options.student)}, ensure_ascii=False
            )
        )
    return 0


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
