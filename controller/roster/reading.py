"""This file reads a school's list of pupils, whatever kind of file it came as."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from controller.roster.oneroster import files_of_folder, files_of_zip, is_oneroster, read_oneroster
from controller.roster.roll import Flaw, Roll, RosterError
from controller.roster.sheet import read_sheets, settle, sheets_of_csv
from controller.sheets.cells import bounded_bytes, workbook
from controller.sheets.writing import EXCEL_MARK, csv_text
from protocol.folder import EVERYBODY, write_whole
from protocol.words import N_, Translate

_ZIP = b"PK\x03\x04"
_XLS = b"\xd0\xcf\x11\xe0"


def read(path: Path, roll: Roll, *, names: bool = False, school: str = "") -> None:
    """Read a OneRoster folder or ZIP, an .xlsx, .xls or CSV into the roll. Raises RosterError."""
    if path.is_dir():
        read_oneroster(files_of_folder(path), roll, names=names, school=school)
    else:
        _read_file(path, bounded_bytes(path), roll, names=names, school=school)
    settle(roll)
    if not roll.entries:
        raise RosterError("nothing_usable", N_("No pupil in the file can be used."))


def _read_file(path: Path, raw: bytes, roll: Roll, *, names: bool, school: str) -> None:
    if raw.startswith(_ZIP) and is_oneroster(path, raw):
        read_oneroster(files_of_zip(raw), roll, names=names, school=school)
    elif raw.startswith((_ZIP, _XLS)):
        read_sheets(workbook(path), path.name, roll, names=names)
    else:
        read_sheets(sheets_of_csv(raw, path.name, roll), path.name, roll, names=names)


def write_flaws(path: Path, flaws: Sequence[Flaw], say: Translate, *, names: bool) -> None:
    """Give the refused rows back, with what is kept of them and why. Raises OSError."""
    heads = ["file", "row", "class", "id", "number", *(["name"] if names else []), "code", "error"]
    shown = slice(None if names else 3)
    rows = (
        (each.file, each.row, *each.kept[shown], each.code, say(each.message)) for each in flaws
    )
    write_whole(path, (EXCEL_MARK + csv_text([heads, *rows])).encode(), EVERYBODY)
