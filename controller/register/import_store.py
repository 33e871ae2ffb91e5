"""This file keeps the imports of the book, so that each can be taken back whole.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from sqlalchemy import Connection, delete, func, select, update

from controller.database.reading import bunches, rows_of
from controller.database.scope import codes_of, of
from controller.database.shape import Shape
from controller.register import life_store as lives
from controller.register.by_hand import HandChange
from controller.register.life import Said, Step, Why, life_of
from controller.register.merging import Kept, Merged, MergeVerdict
from controller.register.tables import book_imports, conditions, import_lines
from controller.register.undoing import BookImport, LineChange, changes_of
from protocol.model import Place

IMPORTS_KEPT: Final = 50  # a school brings its book in a few times a year
BY_HAND_KEPT: Final = 500  # a person changes a line or some every day
LINES_KEPT: Final = 200_000  # of them all, but for the newest import
IMPORTS: Final = Shape(BookImport, book_imports)
CHANGES: Final = Shape(LineChange, import_lines)


def imports_of(db: Connection, place: Place) -> list[BookImport]:
    """Every import that changed something, the newest first."""
    query = select(book_imports).where(of(book_imports, place))
    return IMPORTS.records(rows_of(db, query.order_by(book_imports.c.no.desc())))


def changes_in(db: Connection, place: Place, no: int) -> list[LineChange]:
    """What an import made of each line."""
    query = select(import_lines).where(of(import_lines, place), import_lines.c.import_no == no)
    return CHANGES.records(rows_of(db, query.order_by(import_lines.c.line)))


def keep_import(
    db: Connection,
    place: Place,
    register: Sequence[Kept],
    merger: Merged,
    steps: Iterable[Step],
    *,
    stamp: Said,
    file: str,
) -> None:
    """Keep what an import changes, under the next number; nothing where it changes nothing."""
    if not merger.writes:
        return
    counts = HandChange(
        writes=merger.writes,
        removed=merger.removed,
        new=merger.verdicts.count(MergeVerdict.NEW),
        changed=merger.verdicts.count(MergeVerdict.CHANGED),
    )
    keep_change(db, place, register, counts, steps, stamp=stamp, file=file)


def keep_change(
    db: Connection,
    place: Place,
    register: Sequence[Kept],
    change: HandChange,
    steps: Iterable[Step],
    *,
    stamp: Said,
    file: str = "",
) -> int:
    """Keep what was changed so that it can be taken back; returns its number.

    register: as it was before. steps: those that were kept for it. file: of which it came; empty
    for what a person wrote by hand.
    """
    newest = select(func.max(book_imports.c.no)).where(of(book_imports, place))
    no = (db.execute(newest).scalar() or 0) + 1
    record = BookImport(
        no=no, who=stamp.who, at_ms=stamp.at_ms, file=file, removed=change.removed,
        new=change.new, changed=change.changed, newest_step=_newest_step(db, place),
    )  # fmt: skip
    db.execute(book_imports.insert(), codes_of(place) | IMPORTS.values(record))
    own = {step.line: step.no for step in steps}
    rows = [
        codes_of(place) | {"import_no": no} | CHANGES.values(one)
        for one in changes_of(register, change.writes, own)
    ]
    for bunch in bunches(rows):
        db.execute(import_lines.insert(), bunch)
    _forget_oldest(db, place)
    return no


def _forget_oldest(db: Connection, place: Place) -> None:
    """Let imports go that are too many, or of too many lines with those after them.

    The newest one always stays. No clock decides: one that is wrong takes nothing away.
    """
    count = func.count(import_lines.c.line)
    query = select(import_lines.c.import_no, count).where(of(import_lines, place))
    rows = db.execute(query.group_by(import_lines.c.import_no)).all()
    sizes = {int(no): int(size) for no, size in rows}
    records = imports_of(db, place)
    totals = accumulate(sizes.get(record.no, 0) for record in records)
    left = {True: IMPORTS_KEPT, False: BY_HAND_KEPT}
    gone: list[int] = []
    for at, (record, total) in enumerate(zip(records, totals, strict=True)):
        left[bool(record.file)] -= 1
        if at and (left[bool(record.file)] < 0 or total > LINES_KEPT):
            gone.append(record.no)
    for table, number in (
        (book_imports, book_imports.c.no),
        (import_lines, import_lines.c.import_no),
    ):
        for bunch in bunches(gone):
            db.execute(delete(table).where(of(table, place), number.in_(bunch)))


def busy_lines(db: Connection, place: Place, record: BookImport) -> set[int]:
    """The lines of which somebody said something since that still stands.

    What a book said stands in the line itself.
    """
    return {
        line
        for line, step in lives.standing_of(db, place).items()
        if step.no > record.newest_step and step.why is not Why.BOOK
    }


def take_steps_back(
    db: Connection, place: Place, reverted: Iterable[LineChange], stamp: Said
) -> None:
    """Take back the steps that an import took, by steps that say so."""
    own = {change.line: change for change in reverted if change.step is not None and change.was}
    by_line = lives.steps_of(db, place, own)
    steps = [
        life_of(change.was, by_line.get(line, ())).without(change.step, *stamp)
        for line, change in own.items()
        if change.was and change.step is not None
    ]
    lives.keep_steps(db, place, filter(None, steps))


def close_import(db: Connection, place: Place, record: BookImport) -> None:
    """Keep that an import was taken back, and what it left."""
    row = IMPORTS.values(record)
    changed = {name: row[name] for name in ("remaining", "undone_ms")}
    closed = update(book_imports).where(of(book_imports, place), book_imports.c.no == record.no)
    db.execute(closed.values(changed))


def _newest_step(db: Connection, place: Place) -> int:
    query = select(func.max(conditions.c.no)).where(of(conditions, place))
    return db.execute(query).scalar() or 0
