"""This file keeps the school's equipment book, decisions about it, and the figure day by day.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from controller.database.plan_version import bump_version
from controller.database.reading import bunches, rows_of
from controller.database.scope import codes_of, everywhere, of
from controller.database.shape import Shape
from controller.register import import_store as imports
from controller.register import life_store as lives
from controller.register.book import Line
from controller.register.by_hand import HandChange
from controller.register.decisions import Decision, Deed
from controller.register.life import Said
from controller.register.merging import UNASKED, Answers, Kept, Merged, Origin, merged
from controller.register.pairing import Pairs
from controller.register.tables import decisions, register
from controller.register.undoing import BookImport, undoing
from controller.sheets.names import serial_key
from protocol.model import Place

LINES: Final = Shape(
    Kept,
    register,
    {
        "serial_key": lambda line: serial_key(line.data.serial),
        "quantity": lambda line: line.data.count,
    },
)
DECISIONS: Final = Shape(Decision, decisions)


def lines_of(db: Connection, place: Place) -> list[Kept]:
    """Every line that the register has or had, by its number."""
    return lines_where(db, place)


def lines_where(db: Connection, place: Place, *chosen: ColumnElement[bool]) -> list[Kept]:
    """The lines that are so, also those that left, by their number."""
    query = select(register).where(of(register, place), *chosen).order_by(register.c.no)
    return LINES.records(rows_of(db, query))


def line_by_row(db: Connection, place: Place, row: int) -> Kept | None:
    """The line that counts with this number in the book."""
    chosen = (register.c.row == row) & register.c.removed_ms.is_(None)
    return next(iter(lines_where(db, place, chosen)), None)


def line_numbered(db: Connection, place: Place, no: int) -> Kept | None:
    """The line of this number of its own (Kept.no), also one that left."""
    return next(iter(lines_where(db, place, register.c.no == no)), None)


def bring_in(
    db: Connection,
    place: Place,
    lines: Sequence[Line],
    *,
    whole: bool,
    now_ms: int,
    who: str = "",
    file: str = "",
    fields: Sequence[frozenset[str]] = (),
    answers: Answers = UNASKED,
    pairs: Pairs | None = None,
) -> Merged:
    """Bring a book's lines in. whole: lines that it lacks have left.

    fields: of each line, those that its sheet has a column for; the others of a known line stay as
    they were. file: the book's name. pairs: what they were paired to, if nothing changed since.
    """
    before = lines_of(db, place)
    merger = merged(
        before, lines, whole=whole, answers=answers, now_ms=now_ms, fields=fields, pairs=pairs
    )
    steps = lives.book_brought(db, place, before, merger.writes, who=who, now_ms=now_ms)
    stamp = Said(who, now_ms)
    imports.keep_import(db, place, before, merger, steps, stamp=stamp, file=file)
    write_lines(db, place, merger.writes)
    return merger


def change_by_hand(db: Connection, place: Place, change: HandChange, stamp: Said) -> int | None:
    """Keep what a person changes; its number among the imports, None where it changes nothing."""
    if not change.writes:
        return None
    before = lines_of(db, place)
    kept = lives.keep_steps(db, place, change.steps)
    no = imports.keep_change(db, place, before, change, kept, stamp=stamp)
    same = {line.no: line for line in before}
    write_lines(db, place, [line for line in change.writes if same.get(line.no) != line])
    return no


def undo_import(db: Connection, place: Place, no: int, stamp: Said) -> BookImport | None:
    """Take an import back, but for the lines that changed since; None where there is none.

    One that was taken back already stays as it is.
    """
    records = imports.imports_of(db, place)
    record = next((candidate for candidate in records if candidate.no == no), None)
    if record is None or record.undone_ms is not None:
        return record
    changes = imports.changes_in(db, place, no)
    busy = imports.busy_lines(db, place, record) | _decided_since(db, place, record)
    undone = undoing(lines_of(db, place), changes, busy, stamp.at_ms)
    imports.take_steps_back(db, place, undone.reverted, stamp)
    write_lines(db, place, undone.writes)
    closed = msgspec.structs.replace(
        record, undone_ms=stamp.at_ms, remaining=undone.remaining
    )  # fmt: skip
    imports.close_import(db, place, closed)
    return closed


def _decided_since(db: Connection, place: Place, record: BookImport) -> set[int]:
    """The lines that a person made or named since, by decisions that stand."""
    return {
        decision.line
        for decision in decisions_of(db, place)
        if decision.line is not None
        and decision.undone_ms is None
        and decision.at_ms >= record.at_ms
    }


def write_lines(db: Connection, place: Place, writes: Iterable[Kept]) -> None:
    """Write lines, each in the place of what had its number."""
    rows = [codes_of(place) | LINES.values(line) for line in writes]
    for bunch in bunches(rows):
        numbers = [row["no"] for row in bunch]
        db.execute(delete(register).where(of(register, place), register.c.no.in_(numbers)))
        db.execute(register.insert(), bunch)
    bump_version(db, place, changed=bool(rows))


def schools_with(db: Connection, place: Place, lines: Iterable[Kept]) -> dict[str, tuple[str, ...]]:
    """The other schools whose books have these lines' serials, by the serial's key."""
    keys = sorted({serial_key(line.data.serial) for line in lines} - {""})
    schools_by_key: dict[str, set[str]] = defaultdict(set)
    for bunch in bunches(keys):
        query = select(register.c.serial_key, register.c.school).where(
            everywhere(register),
            ~of(register, place),
            register.c.serial_key.in_(bunch),
            register.c.removed_ms.is_(None),
        )
        for key, school in db.execute(query):
            schools_by_key[key].add(school)
    return {key: tuple(sorted(schools)) for key, schools in schools_by_key.items()}


def decisions_of(db: Connection, place: Place) -> list[Decision]:
    """Every decision, also those that were undone, by its number."""
    query = select(decisions).where(of(decisions, place)).order_by(decisions.c.no)
    return DECISIONS.records(rows_of(db, query))


def keep_decision(db: Connection, place: Place, decision: Decision, made: Kept | None) -> Decision:
    """Keep a decision under the next number, and the line that it made."""
    newest = select(func.max(decisions.c.no)).where(of(decisions, place))
    numbered = msgspec.structs.replace(decision, no=(db.execute(newest).scalar() or 0) + 1)
    db.execute(decisions.insert(), codes_of(place) | DECISIONS.values(numbered))
    write_lines(db, place, [made] if made else [])
    bump_version(db, place, changed=True)
    return numbered


def undo_decision(db: Connection, place: Place, no: int, now_ms: int) -> bool:
    """Take a decision back, and the line that only it made; False where none stands."""
    decision = next(
        (candidate for candidate in decisions_of(db, place) if candidate.no == no), None
    )
    if decision is None or decision.undone_ms is not None:
        return False
    undone = update(decisions).where(of(decisions, place), decisions.c.no == no)
    db.execute(undone.values(undone_ms=now_ms))
    if decision.deed is Deed.ACCEPT:
        only = register.c.origin == Origin.ACCEPTED.value, register.c.device == decision.subject
        gone = update(register).where(of(register, place), register.c.no == decision.line, *only)
        db.execute(gone.values(removed_ms=now_ms, changed_ms=now_ms))
    return bump_version(db, place, changed=True)
