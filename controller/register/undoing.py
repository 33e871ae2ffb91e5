"""This file says what taking a whole import of the book back brings back, and what it leaves; pure.

A line that is as the import left it is again as it was before. A line that somebody changed since
stays, and is named: so does one on which something stands by now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count

import msgspec
from msgspec.structs import replace

from controller.register.merging import Kept
from controller.sheets.names import serial_key, tag_key


class LineChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an import made of one line. line: Kept.no; was: None where the import made it.

    step: the step of condition that the import took, by its number.
    """

    line: int
    was: Kept | None
    becomes: Kept
    step: int | None = None


class BookImport(msgspec.Struct, frozen=True, kw_only=True):
    """An import of the book that changed something. file: its name.

    newest_step: the last step of condition then. remaining: the lines that undoing it left as they
    were, by Kept.no. undone_ms: when it was taken back, else None.
    """

    no: int
    who: str
    at_ms: int
    file: str
    new: int
    changed: int
    removed: int
    newest_step: int
    remaining: tuple[int, ...] = ()
    undone_ms: int | None = None


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """What to write, which changes are taken back, and which lines stay, by Kept.no."""

    writes: tuple[Kept, ...] = ()
    reverted: tuple[LineChange, ...] = ()
    remaining: tuple[int, ...] = ()


def changes_of(
    register: Iterable[Kept], writes: Iterable[Kept], steps: Mapping[int, int]
) -> tuple[LineChange, ...]:
    """What an import makes of each line. steps: the step of condition that it took, by the line."""
    was = {entry.no: entry for entry in register}
    return tuple(
        LineChange(line=entry.no, was=was.get(entry.no), becomes=entry, step=steps.get(entry.no))
        for entry in writes
    )


def undoing(
    register: Sequence[Kept], changes: Iterable[LineChange], busy: Iterable[int], now_ms: int
) -> Undoing:
    """Take an import's changes back. busy: lines, by Kept.no, on which something stands since."""
    now = {entry.no: entry for entry in register}
    held = {*busy}
    every = tuple(changes)
    free = [
        change for change in every if change.line not in held and _is_as_left(change, now)
    ]  # fmt: skip
    while clashing := _clashing(free, now):
        free = [change for change in free if change.line not in clashing]
    reverted = {change.line for change in free}
    return Undoing(
        writes=_numbered([_restored(change, now_ms) for change in free], now),
        reverted=tuple(free),
        remaining=tuple(sorted({change.line for change in every} - reverted)),
    )


def _is_as_left(change: LineChange, now: Mapping[int, Kept]) -> bool:
    """Whether a line is as the import left it, but for its number in the book."""
    entry = now.get(change.line)
    return entry is not None and _essence(entry) == _essence(change.becomes)


def _essence(entry: Kept) -> tuple[object, ...]:
    left = entry.removed_ms is not None
    data = replace(entry.data, row=0, quantity=entry.data.count)
    return data, entry.origin, entry.device, left


def _restored(change: LineChange, now_ms: int) -> Kept:
    """The line as it was; one that the import made has left."""
    return change.was or replace(change.becomes, removed_ms=now_ms, changed_ms=now_ms)


def _clashing(free: Sequence[LineChange], now: Mapping[int, Kept]) -> set[int]:
    """The lines whose tag or serial of before is another line's by now.

    A serial that the other line had all along was twice in the book before, too.
    """
    reverted = {change.line for change in free}
    since_ms = min((_made_ms(change.becomes) for change in free), default=0)
    stay = [entry for no, entry in now.items() if no not in reverted and entry.removed_ms is None]
    fresh = (entry for entry in stay if entry.changed_ms >= since_ms)
    tags = {code for entry in stay for code in _codes(entry) if code[0] == "tag"}
    codes = tags | {code for entry in fresh for code in _codes(entry)}
    return {
        change.line
        for change in free
        if change.was and codes & (_codes(change.was) - _codes(change.becomes))
    }


def _made_ms(entry: Kept) -> int:
    """When a line became so."""
    return max(entry.changed_ms, entry.removed_ms or 0)


def _codes(entry: Kept) -> set[tuple[str, str]]:
    """What no two lines that count share."""
    if entry.removed_ms is not None:
        return set()
    tag, serial = tag_key(entry.data.asset_tag), serial_key(entry.data.serial)
    return {(name, code) for name, code in (("tag", tag), ("serial", serial)) if code}


def _numbered(restored: Sequence[Kept], now: Mapping[int, Kept]) -> tuple[Kept, ...]:
    """The lines with their numbers of before; where another line has it, the next free one."""
    own = {entry.no for entry in restored}
    used = {
        entry.data.row for no, entry in now.items() if no not in own and entry.removed_ms is None
    }
    rows = {entry.data.row for entry in restored}
    fresh = count(max(used | rows, default=0) + 1)
    return tuple(
        entry
        if entry.removed_ms is not None or entry.data.row not in used
        else replace(entry, data=replace(entry.data, row=next(fresh)))
        for entry in restored
    )
