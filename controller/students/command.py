"""This file is `lophoc-controller students`: find, export or erase all that is held of a pupil."""

from __future__ import annotations

import argparse
import json
import os

from controller.access.store import note_access
from controller.cli.folder import add_place, operator, told_zone
from controller.cli.output import add_json, add_out, output, tell
from controller.cli.school import opened
from controller.config import ENVIRONMENT
from controller.database.clock import now_in
from controller.database.store import Store
from controller.students.erasing import erase_everywhere, still_there
from controller.students.papers import as_json, as_xlsx
from controller.students.store import PupilData, data_of_pupil, erasures_of
from controller.students.words import SERVER_LOG, erasure_lines
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.model import Place
from protocol.settings import SettingsError, speaker
from protocol.words import N_, Translate

EXIT_LEFT = 1


def fill_students(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds and what they need."""
    parser.add_argument("deed", choices=["find", "export", "erase", "proofs"])
    parser.add_argument("student", nargs="?", help=say(N_("the pupil's id")))
    add_place(parser, say)
    add_out(parser, say, ".xlsx", ".json", is_required=False)
    add_json(parser, say)
    parser.add_argument("--yes", action="store_true", help=say(N_("erase, and do not ask")))
    parser.set_defaults(command=_students)


def _students(options: argparse.Namespace) -> int:
    with opened(options) as (store, school):
        if options.deed == "proofs":
            return _tell_proofs(store, school, as_json=options.json)
        _check(options)
        note = f"students {options.deed}"
        who = (f"command:{operator()}", 0)
        store.write(note_access, school, who, note, "", now_ms=store.read(now_in))
        match options.deed:
            case "erase":
                return _erase(store, school, options)
            case "export":
                return _export(store.read(data_of_pupil, school, options.student), options)
            case _:
                data = store.read(data_of_pupil, school, options.student)
                tell(as_json(data).decode())
                return 0


def _check(options: argparse.Namespace) -> None:
    """Refuse what lacks something. Raises SettingsError."""
    if not options.student or (options.deed == "erase" and not options.yes):
        raise SettingsError(
            "student_missing", N_("Which pupil?"), N_("Give the id; to erase, give --yes, too.")
        )
    if options.deed == "export" and not options.out:
        raise SettingsError(
            "students_out_missing", N_("Which file?"), N_("Give --out, such as -o hoc-sinh.xlsx.")
        )


def _export(data: PupilData, options: argparse.Namespace) -> int:
    is_workbook = options.out.suffix.lower() == ".xlsx"
    with output(options.out) as file:
        zone = told_zone(options)
        file.write(as_xlsx(data, zone) if is_workbook else as_json(data))
    return 0


def _erase(store: Store, school: Place, options: argparse.Namespace) -> int:
    say = speaker(ENVIRONMENT, os.environ)
    erased = erase_everywhere(options, store, school, options.student)
    if options.json:
        left = [str(path) for path in erased.left]
        tell(json.dumps({"erasure": erased.erasure, "records": erased.records, "left": left}))
    else:
        sums = N_(
            "Erased here: {records} {records:record|records}. Computers follow by themselves:"
            " {command}"
        )
        command = "lophoc-controller students proofs"
        tell(phrase(sums, say, records=erased.records, command=command))
        for path in erased.left:
            tell(phrase(N_("Still named in {path}: delete this file."), say, path=path))
    if not (store.is_file or options.json):
        tell(say(SERVER_LOG))
    return EXIT_LEFT if erased.left else 0


def _tell_proofs(store: Store, school: Place, *, as_json: bool) -> int:
    say = speaker(ENVIRONMENT, os.environ)
    erasures = store.read(erasures_of, school)
    holding = {one.erasure: still_there(one, school) for one in erasures}
    if as_json:
        rows = [
            {
                **one._asdict(),
                "proofs": [proof._asdict() for proof in one.proofs],
                "copies": holding[one.erasure],
            }
            for one in erasures
        ]
        tell(json.dumps({"erasures": rows}))
        return 0
    for one in erasures:
        for line in erasure_lines(one, holding[one.erasure], say):
            tell(line)
    return 0
