"""This file reads class lists from OneRoster 1.2 CSV, a folder or a ZIP; bulk only.

Source: 1EdTech, OneRoster 1.2, CSV Binding: manifest.csv names each file as bulk, delta or absent.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from controller.roster.roll import Flaw, Roll, RollEntry
from controller.roster.rules import MESSAGES, class_of, id_of, name_of
from controller.sheets.cells import (
    DAMAGED,
    MAX_FILE_BYTES,
    TOO_BIG,
    bounded_bytes,
    csv_rows,
    decoded,
    notices_of_encoding,
)
from controller.sheets.errors import Notice, SheetError
from controller.sheets.text import Cell, RefusedError, clean, is_personal
from protocol.words import N_

MANIFEST: Final = "manifest.csv"
MAX_TOTAL_BYTES: Final = 128 * 1024 * 1024
MAX_MEMBERS: Final = 200
_NEEDED: Final[dict[str, frozenset[str]]] = {
    "orgs": frozenset({"sourcedId", "type", "identifier"}),
    "classes": frozenset({"sourcedId", "title"}),
    "users": frozenset({"sourcedId", "identifier"}),
    "enrollments": frozenset({"classSourcedId", "userSourcedId", "role"}),
}
_OTHERS: Final = ("academicSessions", "courses", "roles")
_VERSIONS: Final = ("1.2", "1.1")
_NAMES: Final = frozenset({"givenName", "middleName", "familyName"})
_READ: Final = frozenset({"sourcedId", "status", "identifier"})
_FLAWS: Final[dict[str, str]] = {
    "unknown_user": N_("The enrolment names a pupil who is not among the users."),
    "unknown_class": N_("The enrolment names a class that is not among the classes."),
    "status_unknown": N_("The status is neither active nor tobedeleted."),
    "duplicate_id": N_("Another pupil has the same id."),
    "duplicate_user": N_("Another user has the same sourcedId."),
}

Line = tuple[int, dict[str, str]]  # the row's number and its cells by heading


def is_oneroster(path: Path, raw: bytes) -> bool:
    """Whether a ZIP holds a manifest: an .xlsx is a ZIP as well."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return "[Content_Types].xml" not in archive.namelist()
    except zipfile.BadZipFile:
        return path.suffix.casefold() == ".zip"


def files_of_folder(folder: Path) -> dict[str, bytes]:
    """The CSV files of a folder, by name. A link that leads out of it is refused."""
    files: dict[str, bytes] = {}
    inside = folder.resolve()
    for path in sorted(folder.glob("*.csv"))[:MAX_MEMBERS]:
        if path.resolve().parent != inside:
            raise SheetError("link", N_("{file} leads out of its folder."), file=path.name)
        if path.stem == "manifest" or path.stem in _NEEDED:
            files[path.name] = bounded_bytes(path)
    return files


def files_of_zip(raw: bytes) -> dict[str, bytes]:
    """The CSV files of a ZIP, by name, in memory: nothing is unpacked anywhere."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return _members(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        raise DAMAGED from None


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    if len(archive.infolist()) > MAX_MEMBERS:
        raise TOO_BIG
    for member in archive.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(member.external_attr >> 16):
            raise SheetError("link", N_("{file} leads out of its folder."), file=path.name)
        if path.suffix != ".csv" or not (path.stem == "manifest" or path.stem in _NEEDED):
            continue
        with archive.open(member) as file:
            files[path.name] = file.read(MAX_FILE_BYTES + 1)
        total += len(files[path.name])
        if len(files[path.name]) > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES:
            raise TOO_BIG
    return files


def read_oneroster(
    files: Mapping[str, bytes], roll: Roll, *, names: bool, school: str = ""
) -> None:
    """Add the pupils that the files enrol. school: take its classes only, where it is told apart.

    Raises SheetError.
    """
    _check_manifest(files, roll)
    tables = {name: _table(files, name, roll) for name in _NEEDED}
    heads = dict.fromkeys(head for _, cells in tables["users"] for head in cells)
    columns = _READ | (_NAMES if names else frozenset())
    roll.drop(head for head in heads if head not in columns)
    orgs = {cells["sourcedId"]: cells for _, cells in tables["orgs"]}
    roll.schools.extend(
        org["identifier"] or org["sourcedId"] for org in orgs.values() if org["type"] == "school"
    )
    classes = _classes(tables["classes"], orgs, school, roll)
    _enrol(tables["enrollments"], tables["users"], classes, roll)


def _check_version(version: str) -> None:
    if version not in _VERSIONS:
        raise SheetError(
            "version_unknown",
            N_("OneRoster {version} is not understood, only 1.2."),
            version=version[:20] or "?",
        )


def _check_manifest(files: Mapping[str, bytes], roll: Roll) -> None:
    if MANIFEST not in files:
        raise SheetError(
            "manifest_missing", N_("There is no manifest.csv: this is not OneRoster's CSV.")
        )
    rows = csv_rows(_text(files, MANIFEST, roll), ",")
    properties = {clean(row[0]): clean(row[1]) for row in rows if len(row) > 1}
    _check_version(properties.get("oneroster.version", ""))
    for name in (*_NEEDED, *_OTHERS):
        mode = properties.get(f"file.{name}", "absent")
        if mode == "delta":
            raise SheetError(
                "delta",
                N_("{file}.csv holds changes only (delta)."),
                N_("Export everything anew (bulk)."),
                file=name,
            )
        if name in _NEEDED and (mode != "bulk" or f"{name}.csv" not in files):
            raise SheetError("file_missing", N_("There is no file {file}."), file=f"{name}.csv")


def _text(files: Mapping[str, bytes], name: str, roll: Roll) -> str:
    raw = files[name]
    if raw.startswith(b"\xef\xbb\xbf"):
        message = N_(
            "The file begins with a byte order mark, which Excel adds; it was passed over."
        )
        roll.notices.append(Notice(file=name, code="bom", message=message))
    text, encoding = decoded(raw)
    roll.notices += notices_of_encoding(name, encoding)
    return text


def _headings(rows: Sequence[Sequence[Cell]], name: str) -> list[str]:
    heads = [clean(cell) for cell in rows[0]] if rows else []
    if missing := _NEEDED[name] - set(heads):
        raise SheetError(
            "column_missing",
            N_("{file} has no column {column}."),
            file=f"{name}.csv",
            column=", ".join(sorted(missing)),
        )
    return heads


def _table(files: Mapping[str, bytes], name: str, roll: Roll) -> list[Line]:
    """The rows that are there and active, each by its heading."""
    file = f"{name}.csv"
    rows = csv_rows(_text(files, file, roll), ",")
    heads = _headings(rows, name)
    lines: list[Line] = []
    for number, row in enumerate(rows[1:], start=2):
        cells = dict.fromkeys(heads, "") | {
            head: clean(cell) for head, cell in zip(heads, row, strict=False)
        }
        status = cells.get("status", "").casefold()
        if not row or status == "tobedeleted":
            continue
        if status in ("", "active"):
            lines.append((number, cells))
        else:
            roll.flaws.append(_flaw(file, number, "status_unknown"))
    return lines


def _classes(
    lines: list[Line], orgs: Mapping[str, Mapping[str, str]], school: str, roll: Roll
) -> dict[str, str]:
    """Class codes by sourcedId; those of another school are passed over and told."""
    codes: dict[str, str] = {}
    ours = [key for key, org in orgs.items() if _is_ours(org.get("identifier", ""), school)]
    foreign = 0
    for number, cells in lines:
        if ours and cells.get("schoolSourcedId") not in ours:
            foreign += 1
            codes[cells["sourcedId"]] = ""
            continue
        try:
            code = class_of(cells.get("classCode") or cells["title"])
        except RefusedError as refused:
            roll.flaws.append(_flaw("classes.csv", number, str(refused)))
            codes[cells["sourcedId"]] = ""
            continue
        codes[cells["sourcedId"]] = code
        if code not in roll.rooms:
            roll.rooms[code] = cells.get("location", "")[:64]
    if foreign:
        message = N_("{value} classes of other schools were left out.")
        roll.notices.append(
            Notice(file="classes.csv", code="other_school", message=message, value=str(foreign))
        )
    return codes


def _is_ours(identifier: str, school: str) -> bool:
    """Whether an org is the school or one of its sites, such as 00140708-02."""
    return bool(school) and (identifier == school or identifier.startswith(f"{school}-"))


def _enrol(
    enrolments: list[Line], users: list[Line], classes: Mapping[str, str], roll: Roll
) -> None:
    pupils = {
        cells["userSourcedId"] for _, cells in enrolments if cells["role"].casefold() == "student"
    }
    pupil_of = _known(users, pupils, roll)
    for number, cells in enrolments:
        if cells["role"].casefold() != "student":
            continue
        code = classes.get(cells["classSourcedId"])
        if code is None:
            roll.flaws.append(_flaw("enrollments.csv", number, "unknown_class"))
        elif cells["userSourcedId"] not in pupil_of:
            roll.flaws.append(_flaw("enrollments.csv", number, "unknown_user", code))
        elif code and (pupil := pupil_of[cells["userSourcedId"]]):
            student, name = pupil
            roll.entries.append(
                RollEntry(
                    file="enrollments.csv", row=number, class_code=code, student=student, name=name
                )
            )


def _known(users: list[Line], pupils: set[str], roll: Roll) -> dict[str, tuple[str, str] | None]:
    """Id and name of each enrolled user; None where the user was refused and told."""
    pupil_of: dict[str, tuple[str, str] | None] = {}
    ids: set[str] = set()
    for number, cells in users:
        key = cells["sourcedId"]
        if key not in pupils:
            continue
        parts = (cells.get("familyName"), cells.get("middleName"), cells.get("givenName"))
        name = name_of(" ".join(part for part in parts if part))
        if key in pupil_of:
            roll.flaws.append(_flaw("users.csv", number, "duplicate_user", name=name))
            continue
        pupil_of[key] = None
        try:
            student = id_of(cells["identifier"])
        except RefusedError as refused:
            identifier = "" if is_personal(cells["identifier"]) else cells["identifier"][:64]
            roll.flaws.append(
                _flaw("users.csv", number, str(refused), student=identifier, name=name)
            )
            continue
        if student in ids:
            roll.flaws.append(
                _flaw("users.csv", number, "duplicate_id", student=student, name=name)
            )
            continue
        ids.add(student)
        pupil_of[key] = (student, name)
    return pupil_of


def _flaw(
    file: str, row: int, code: str, class_code: str = "", *, student: str = "", name: str = ""
) -> Flaw:
    message = _FLAWS.get(code) or MESSAGES[code]
    return Flaw(
        file=file, row=row, code=code, message=message, kept=(class_code, student, "", name)
    )
