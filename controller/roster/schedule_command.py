"""This file is `lophoc-controller schedule`: bring in bells, terms, holidays and timetable."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from controller.cli.folder import add_place
from controller.cli.output import add_json, output, tell, unwritable
from controller.cli.school import opened
from controller.roster import store as roster
from controller.roster.plan import Schedule
from controller.roster.roll import notices_of_rooms
from controller.roster.schedule import SAMPLES, read_schedule
from controller.sheets.errors import Notice, SheetError
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.words import N_, Translate

EXIT_REFUSED: Final = 1


def fill_schedule(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    bring = deeds.add_parser("import", help=say(N_("read a CSV or a folder of them")))
    bring.add_argument("path", type=Path, metavar="PATH", help=say(N_("a CSV or a folder")))
    trial = say(N_("read and tell, write nothing"))
    bring.add_argument("--dry-run", action="store_true", help=trial)
    add_json(bring, say)
    add_place(bring, say)
    bring.set_defaults(command=lambda options: _import(options, say))
    sample = deeds.add_parser("sample", help=say(N_("write files to copy from")))
    sample.add_argument("folder", type=Path, metavar="DIR", help=say(N_("an empty folder")))
    sample.set_defaults(command=lambda options: _sample(options, say))


def _import(options: argparse.Namespace, say: Translate) -> int:
    schedule, refused, notices = Schedule(), None, list[Notice]()
    try:
        schedule = read_schedule(options.path)
        notices = [] if options.dry_run else _keep(options, schedule)
    except SheetError as error:
        refused = error
    counts = {
        name: len(part) if hasattr(part, "__len__") else part
        for name, part in msgspec.structs.asdict(schedule).items()
        if part is not None
    }
    if options.json:
        tell(json.dumps(_report(refused, counts, notices, say), ensure_ascii=False, indent=1))
    elif refused:
        tell(refused.text(say), sys.stderr)
    else:
        tell("\n".join(f"{name}: {count}" for name, count in counts.items()))
        for notice in notices:
            tell(notice.said(say)["message"])
    return EXIT_REFUSED if refused else 0


def _keep(options: argparse.Namespace, schedule: Schedule) -> list[Notice]:
    with opened(options) as (store, place), store.locked(place) as db:
        roster.keep_schedule(db, place, schedule)
        rooms = (booking.room for booking in schedule.timetable or ())
        unanswered = roster.rooms_unanswered(db, place, rooms)
    return notices_of_rooms(options.path.name, unanswered)


def _report(
    refused: SheetError | None, counts: Mapping[str, int], notices: list[Notice], say: Translate
) -> dict[str, object]:
    return {
        "loads": refused is None,
        "parts": counts,
        "warnings": [notice.said(say) for notice in notices],
        "errors": [{"code": refused.code, "message": refused.text(say)}] if refused else [],
    }


def _sample(options: argparse.Namespace, say: Translate) -> int:
    with unwritable(options.folder):
        options.folder.mkdir(parents=True, exist_ok=True)
    for name, text in SAMPLES.items():
        path = options.folder / name
        if path.exists():
            tell(phrase(N_("{path} is there already and was left."), say, path=name))
            continue
        with output(path) as file:
            file.write(text.encode("utf-8-sig"))
    return 0
