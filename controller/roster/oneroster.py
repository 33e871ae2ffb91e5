"""This file reads class lists from OneRoster 1.2 CSV, a folder or a ZIP; bulk only.

Source: 1EdTech, OneRoster 1.2, CSV Binding: manifest.csv names each file as bulk, delta or absent;
an enrolment holds from beginDate up to the day before endDate; enabledUser false: switched off.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Final

from controller.roster.roll import Flaw, Roll, RollEntry
from controller.roster.rules import MESSAGES, class_of, id_of, name_of
from controller.sheets.bounds import DAMAGED, TOO_BIG
from controller.sheets.cells import MAX_FILE_BYTES, bounded_bytes, csv_rows
from controller.sheets.encodings import decoded, notices_of_encoding
from controller.sheets.errors import Notice, SheetError
from controller.sheets.names import class_key
from controller.sheets.text import Cell, RefusedError, Unreadable, clean, is_personal
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
_FILES: Final = frozenset({MANIFEST, *(f"{name}.csv" for name in _NEEDED)})
_OTHERS: Final = ("academicSessions", "courses", "roles")
_VERSIONS: Final = ("1.2", "1.1")
_NAMES: Final = frozenset({"givenName", "middleName", "familyName"})
_READ: Final = frozenset({"sourcedId", "status", "identifier"})
# What is taken of each file; a cell of it that holds an error is no empty one.
_TAKEN: Final[Mapping[str, frozenset[str]]] = {
    "orgs": _READ,
    "classes": frozenset({"sourcedId", "status", "title", "classCode", "schoolSourcedId"}),
    "users": _READ | _NAMES | {"enabledUser"},
    "enrollments": _NEEDED["enrollments"] | {"status", "beginDate", "endDate"},
}
_FLAWS: Final[dict[str, str]] = {
    "unknown_user": N_("The enrolment names a pupil who is not among the users."),
    "unknown_class": N_("The enrolment names a class that is not among the classes."),
    "status_unknown": N_("The status is neither active nor tobedeleted."),
    "duplicate_id": N_("Another pupil has the same id."),
    "duplicate_user": N_("Another user has the same sourcedId."),
    "date_unreadable": N_("The first or last day of the enrolment is not written as 2026-09-05."),
}
# What Python's zipfile raises for a damaged archive (python/cpython#83245).
_TORN: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, OverflowError, OSError,
)  # fmt: skip
_ENDED: Final = N_(
    "{value} {value:enrolment has|enrolments have} ended: these pupils are not in the class any"
    " more."
)
_LATER: Final = N_(
    "{value} {value:enrolment begins|enrolments begin} later; the pupils were taken into the class"
    " now."
)
_DISABLED: Final = N_(
    "{value} {value:user is switched off (enabledUser false) and was|users are switched off"
    " (enabledUser false) and were} left out."
)
_ONE_CODE: Final = N_("Several classes are called {value}; their pupils were taken as one class.")

Line = tuple[int, dict[str, str]]  # the row's number and its cells by heading


def is_oneroster(path: Path, raw: bytes) -> bool:
    """Whether a ZIP holds a manifest: an .xlsx is a ZIP as well."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return "[Content_Types].xml" not in archive.namelist()
    except _TORN:
        return path.suffix.casefold() == ".zip"


def files_of_folder(folder: Path) -> dict[str, bytes]:
    """The CSV files of a folder, by name. A link that leads out of it is refused."""
    files: dict[str, bytes] = {}
    inside = folder.resolve()
    for path in sorted(folder.iterdir())[:MAX_MEMBERS]:
        if (name := path.name.casefold()) not in _FILES:
            continue
        if path.resolve().parent != inside:
            raise SheetError("link", N_("{file} leads out of its folder."), file=path.name)
        _check_once(name, files)
        files[name] = bounded_bytes(path)
    return files


def _check_once(name: str, files: Mapping[str, bytes]) -> None:
    if name in files:
        raise SheetError(
            "file_twice",
            N_("{file} is there twice, so that nobody can tell which one holds."),
            N_("Give one export only."),
            file=name,
        )


def files_of_zip(raw: bytes) -> dict[str, bytes]:
    """The CSV files of a ZIP, by name, in memory: nothing is unpacked anywhere."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return _members(archive)
    except _TORN:
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
        if (name := path.name.casefold()) not in _FILES:
            continue
        _check_once(name, files)
        with archive.open(member) as file:
            files[name] = file.read(MAX_FILE_BYTES + 1)
        total += len(files[name])
        if len(files[name]) > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES:
            raise TOO_BIG
    return files


def read_oneroster(
    files: Mapping[str, bytes], roll: Roll, *, names: bool, today: date, school: str = ""
) -> None:
    """Add the pupils that the files enrol today.

    school: take its classes only, where it is told apart.

    Raises SheetError.
    """
    _check_manifest(files, roll)
    tables = {name: _table(files, name, roll) for name in _NEEDED}
    heads = dict.fromkeys(head for _, cells in tables["users"] for head in cells)
    columns = _READ | (_NAMES if names else frozenset())
    roll.drop(head for head in heads if head not in columns)
    orgs = {cells["sourcedId"]: cells for _, cells in tables["orgs"]}
    roll.schools.extend(
        org["identifier"] or org["sourcedId"]
        for org in orgs.values()
        if org["type"].casefold() == "school"
    )
    _check_identifiers(tables["users"])
    classes = _classes(tables["classes"], orgs, school, roll)
    _enrol(_standing(tables["enrollments"], today, roll), tables["users"], classes, roll)


def _check_identifiers(users: list[Line]) -> None:
    if users and not any(cells["identifier"] for _, cells in users):
        raise SheetError(
            "identifier_blank",
            N_("The column identifier of users.csv is empty."),
            N_("Put the ministry's id of each pupil there (Mã định danh Bộ GD&ĐT)."),
        )


def _standing(enrolments: list[Line], today: date, roll: Roll) -> list[Line]:
    """The pupils' enrolments that have not ended; how many have, or begin later, is told."""
    standing: list[Line] = []
    counts: Counter[str] = Counter()
    for number, cells in enrolments:
        if cells["role"].casefold() != "student":
            continue
        try:
            begin, end = (_day(cells.get(name, "")) for name in ("beginDate", "endDate"))
        except ValueError:
            roll.flaws.append(_flaw("enrollments.csv", number, "date_unreadable"))
            continue
        if end is not None and end <= today:
            counts[_ENDED] += 1
            continue
        counts[_LATER] += begin is not None and begin > today
        standing.append((number, cells))
    for code, message in (("enrolment_ended", _ENDED), ("enrolment_later", _LATER)):
        _count("enrollments.csv", code, message, counts[message], roll)
    return standing


def _day(text: str) -> date | None:
    """A day, perhaps with a time behind it; None where none is written. Raises ValueError."""
    return date.fromisoformat(text.partition("T")[0]) if text else None


def _count(file: str, code: str, message: str, count: int, roll: Roll) -> None:
    """A notice of how many there are, if any."""
    if count:
        roll.notices.append(Notice(file=file, code=code, message=message, value=str(count)))


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
        told = dict(zip(heads, row, strict=False))
        cells = dict.fromkeys(heads, "") | {head: clean(cell) for head, cell in told.items()}
        status = cells.get("status", "").casefold()
        if not row or status == "tobedeleted":
            continue
        if any(isinstance(told.get(head), Unreadable) for head in _TAKEN[name]):
            roll.flaws.append(_flaw(file, number, "cell_error"))
            continue
        if isinstance(told.get("location"), Unreadable):  # the class stands, without its room
            roll.notices.append(_roomless(file, number))
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
    many: Counter[str] = Counter()
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
        many[class_key(code) or code] += 1
        if code not in roll.rooms:
            roll.rooms[code] = cells.get("location", "")[:64]
    message = N_("{value} {value:class|classes} of other schools {value:was|were} left out.")
    _count("classes.csv", "other_school", message, foreign, roll)
    for code in roll.rooms:
        if many[class_key(code) or code] > 1:
            roll.notices.append(
                Notice(file="classes.csv", code="class_twice", message=_ONE_CODE, value=code)
            )
    return codes


def _is_ours(identifier: str, school: str) -> bool:
    """Whether an org is the school or one of its sites, such as 00140708-02."""
    return bool(school) and (identifier == school or identifier.startswith(f"{school}-"))


def _enrol(
    enrolments: list[Line], users: list[Line], classes: Mapping[str, str], roll: Roll
) -> None:
    pupils = {cells["userSourcedId"] for _, cells in enrolments}
    pupil_of = _known(users, pupils, roll)
    for number, cells in enrolments:
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
    disabled = 0
    for number, cells in users:
        key = cells["sourcedId"]
        if key not in pupils:
            continue
        if cells.get("enabledUser", "").casefold() == "false":
            disabled += 1
            pupil_of.setdefault(key, None)
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
    _count("users.csv", "user_disabled", _DISABLED, disabled, roll)
    return pupil_of


def _roomless(file: str, row: int) -> Notice:
    return Notice(file=file, code="cell_error", message=MESSAGES["cell_error"], row=row)


def _flaw(
    file: str, row: int, code: str, class_code: str = "", *, student: str = "", name: str = ""
) -> Flaw:
    message = _FLAWS.get(code) or MESSAGES[code]
    return Flaw(
        file=file, row=row, code=code, message=message, kept=(class_code, student, "", name)
    )
