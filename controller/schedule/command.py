"""This file is `lophoc-controller schedule`: bring in bells, terms, holidays and timetable."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from controller.cli.folder import add_place, has_database, operator, told_zone
from controller.cli.output import add_json, output, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.roster.importing import import_schedule
from controller.roster.undoing import Origin
from controller.schedule.findings import REASONS, Known, Reading, SheetFindings
from controller.schedule.intake import counts_of, known_in, notices_of_rooms_in
from controller.schedule.reading import read_schedule
from controller.schedule.samples import SAMPLES
from controller.schedule.trial import COUNT_WORDS
from controller.sheets.errors import Notice, SheetError
from protocol.command_line import CommandParser, unwritable
from protocol.formats import phrase
from protocol.model import instant
from protocol.words import N_, Translate

EXIT_REFUSED: Final = 1
_SHOWN: Final = 20
_ROWS: Final = N_("{sheet}: {rows} {rows:row|rows}, {lines} read")


def fill_schedule(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    meaning = say(N_("read a CSV, an Excel file, aSc Timetables XML, or a folder of them"))
    bring = deeds.add_parser("import", help=meaning)
    bring.add_argument("path", type=Path, metavar="PATH", help=say(N_("a file or a folder")))
    for flag, told in (
        ("--dry-run", N_("read and tell, write nothing")),
        ("--empty", N_("a heading without lines leaves nothing of its part")),
    ):
        bring.add_argument(flag, action="store_true", help=say(told))
    add_json(bring, say)
    add_place(bring, say)
    bring.set_defaults(command=lambda options: _import(options, say))
    sample = deeds.add_parser("sample", help=say(N_("write files to copy from")))
    sample.add_argument("folder", type=Path, metavar="DIR", help=say(N_("an empty folder")))
    sample.set_defaults(command=lambda options: _sample(options, say))


def _import(options: argparse.Namespace, say: Translate) -> int:
    reading, error = None, None
    notices = list[Notice]()
    try:
        known = _known(options)
        reading = read_schedule(options.path, known, is_empty_meant=options.empty)
        notices = [*reading.notices, *_keep(options, reading)]
    except SheetError as refused:
        error = refused
    if options.json:
        report = _report(reading, error, notices, say)
        tell(json.dumps(report, ensure_ascii=False, indent=1))
    elif error:
        tell(error.text(say), sys.stderr)
    elif reading:
        _tell(options, reading, notices, say)
    return EXIT_REFUSED if error or reading is None or reading.refused else 0


def _known(options: argparse.Namespace) -> Known:
    """What the school has already, where there is a database to ask."""
    if not has_database(options):
        return Known()
    with opened(options) as (store, place):
        return store.read(known_in, place)


def _keep(options: argparse.Namespace, reading: Reading) -> list[Notice]:
    """Keep what was read, unless it is a trial or refused; what is to be known of its rooms."""
    name = options.path.name
    if reading.refused:
        return []
    if not options.dry_run:
        with opened(options) as (store, place), store.locked(place) as db:
            now = instant(now_in(db)).astimezone(told_zone(options))
            import_schedule(db, place, reading.schedule, Origin(operator(), now, name))
            return notices_of_rooms_in(db, place, name, reading.schedule)
    if not has_database(options):
        return []
    with opened(options) as (store, place):
        return store.read(notices_of_rooms_in, place, name, reading.schedule)


def _tell(
    options: argparse.Namespace, reading: Reading, notices: Sequence[Notice], say: Translate
) -> None:
    for notice in notices[:_SHOWN]:
        tell(line_of(notice, say))
    for notice in reading.refused[:_SHOWN]:
        tell(line_of(notice, say), sys.stderr)
    more = max(0, len(notices) - _SHOWN) + max(0, len(reading.refused) - _SHOWN)
    if more:
        tell(phrase(N_("and {n} more"), say, n=more))
    if reading.refused:
        message = N_(
            "{count} {count:row or cell is|rows or cells are} refused, so nothing was changed."
        )
        tell(phrase(message, say, count=len(reading.refused)), sys.stderr)
        return
    for sheet in reading.sheets:
        tell(_sheet_line(sheet, say))
    for name, count in counts_of(reading.schedule).items():
        tell(f"{say(COUNT_WORDS[name])}: {count}")
    if options.dry_run:
        tell(say(N_("This was a trial: nothing was written.")))


def _sheet_line(sheet: SheetFindings, say: Translate) -> str:
    """What became of a sheet's rows, as a line of text."""
    name = " ".join(part for part in (sheet.file, sheet.name) if part)
    others = "".join(f"; {say(REASONS[why])}: {count}" for why, count in sheet.counts().items())
    lines = len(sheet.lines)
    return phrase(_ROWS, say, sheet=name, rows=sheet.rows, lines=lines) + others


def line_of(notice: Notice, say: Translate) -> str:
    """A notice with its place, as a line of text."""
    cell = f"{notice.column}{notice.row}" if notice.column else ""
    if notice.row and not cell:
        cell = phrase(N_("row {row}"), say, row=str(notice.row))
    place = " ".join(part for part in (notice.file, notice.sheet, cell) if part)
    value = f" [{notice.value}]" if notice.value and "{value}" not in notice.message else ""
    return f"{place}: {notice.said(say)['message']}{value}"


def _report(
    reading: Reading | None, error: SheetError | None, notices: Sequence[Notice], say: Translate
) -> dict[str, object]:
    """What `--json` tells; a file that cannot be used as a whole is an error in row 0."""
    errors: list[Mapping[str, Any]] = []
    if error:
        errors.append({"row": 0, "code": error.code, "message": error.text(say)})
    if reading:
        errors += [{**notice.said(say), "value": notice.value} for notice in reading.refused]
    return {
        "loads": not errors,
        "parts": counts_of(reading.schedule) if reading and not errors else {},
        "sheets": _sheets(reading, say) if reading else [],
        "warnings": [notice.said(say) for notice in notices],
        "errors": errors,
    }


def _sheets(reading: Reading, say: Translate) -> list[dict[str, object]]:
    """What became of the rows of each sheet."""
    return [
        {
            "file": sheet.file,
            "sheet": sheet.name,
            "part": sheet.part.value if sheet.part else "",
            "headings": sheet.headings,
            "rows": sheet.rows,
            "lines": len(sheet.lines),
            "others": {say(REASONS[reason]): count for reason, count in sheet.counts().items()},
        }
        for sheet in reading.sheets
    ]


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
