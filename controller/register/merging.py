"""This file brings a book that was read into the register that is kept; pure.

A line is the same as before by its asset tag, else by its serial, else by its number in the book.
Bringing the same book in twice changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from itertools import count

import msgspec
from msgspec.structs import replace

from controller.register.book import Line
from controller.register.headings import FIELDS
from controller.sheets.names import serial_key, tag_key


class Origin(StrEnum):
    """How a line came into the register: from the book, or accepted by a person who saw it."""

    BOOK = "book"
    ACCEPTED = "accepted"


class MergeVerdict(StrEnum):
    """What bringing a line in does."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the register. no: its own for ever; removed_ms: when it left, None while it counts.

    device: what an accepted line was seen as, by evidence.Observation.key.
    """

    no: int
    data: Line
    origin: Origin = Origin.BOOK
    device: str = ""
    added_ms: int = 0
    changed_ms: int = 0
    removed_ms: int | None = None


class MergeStep(msgspec.Struct, frozen=True, kw_only=True):
    """What bringing one line in does. before: the line that it changes or brings back."""

    line: Line
    verdict: MergeVerdict
    before: Line | None = None

    @property
    def changes(self) -> tuple[str, ...]:
        """The fields that become others, but for the number in the book."""
        before = self.before
        if before is None or self.verdict is not MergeVerdict.CHANGED:
            return ()
        return tuple(name for name in FIELDS if getattr(before, name) != getattr(self.line, name))


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """What to write, what becomes of each line that was read, and how many lines leave.

    absent: lines of the book that stay though they were not read.
    """

    writes: tuple[Kept, ...] = ()
    steps: tuple[MergeStep, ...] = ()
    removed: int = 0
    absent: int = 0

    @property
    def verdicts(self) -> tuple[MergeVerdict, ...]:
        """What is said of each line."""
        return tuple(step.verdict for step in self.steps)


def merged(
    register: Sequence[Kept],
    lines: Sequence[Line],
    *,
    whole: bool = False,
    now_ms: int = 0,
    fields: frozenset[str] | None = None,
) -> Merged:
    """Bring lines in. whole: they are all of the book, so that lines it lacks have left.

    fields: those that the book has a column for; of the others it says nothing, and they stay.
    """
    pairs = _paired(register, lines)
    fresh_no = count(max((entry.no for entry in register), default=0) + 1)
    writes: list[Kept] = []
    steps: list[MergeStep] = []
    for line, before in zip(lines, pairs, strict=True):
        after = _after(before, _told(before, line, fields), now_ms, fresh_no)
        steps.append(_step(before, after))
        if after != before:
            writes.append(after)
    met = {pair.no for pair in pairs if pair}
    rest = [entry for entry in register if entry.no not in met and entry.removed_ms is None]
    gone = [entry for entry in rest if whole and entry.origin is Origin.BOOK]
    writes += [replace(entry, removed_ms=now_ms) for entry in gone]
    stay = [entry for entry in rest if entry not in gone]
    writes += _renumbered(stay, {line.row for line in lines}, now_ms)
    return Merged(
        writes=tuple(writes),
        steps=tuple(steps),
        removed=len(gone),
        absent=sum(entry.origin is Origin.BOOK for entry in stay),
    )


def _told(before: Kept | None, line: Line, fields: frozenset[str] | None) -> Line:
    """The line, with what its book has no column for as it was."""
    if fields is None or before is None or before.removed_ms is not None:
        return line
    silent = {*FIELDS} - fields
    return replace(line, **{name: getattr(before.data, name) for name in silent})


def _after(before: Kept | None, line: Line, now_ms: int, fresh_no: Iterable[int]) -> Kept:
    if before is None:
        return Kept(no=next(iter(fresh_no)), data=line, added_ms=now_ms, changed_ms=now_ms)
    if before.removed_ms is not None:
        return replace(
            before, data=line, added_ms=now_ms, changed_ms=now_ms, removed_ms=None,
            origin=Origin.BOOK,
        )  # fmt: skip
    if before.data == line and before.origin is Origin.BOOK:
        return before
    return replace(before, data=line, changed_ms=now_ms, origin=Origin.BOOK)


def _step(before: Kept | None, after: Kept) -> MergeStep:
    if after == before:
        return MergeStep(line=after.data, verdict=MergeVerdict.SAME)
    verdict = MergeVerdict.CHANGED if before and before.removed_ms is None else MergeVerdict.NEW
    return MergeStep(line=after.data, verdict=verdict, before=before.data if before else None)


def _paired(register: Sequence[Kept], lines: Sequence[Line]) -> list[Kept | None]:
    """For each line the one it was before; each is that of one line at most."""
    pairs: list[Kept | None] = [None] * len(lines)
    free = {entry.no: entry for entry in register}

    def pair(key: Callable[[Line], object], fits: Callable[[Line, Line], bool]) -> None:
        fresh_counts = Counter(key(line) for line in lines)
        held = Counter(key(entry.data) for entry in free.values() if entry.removed_ms is None)
        by_key = {key(entry.data): entry for entry in _living_last(free.values())}
        for place, line in enumerate(lines):
            one = key(line)
            before = by_key.get(one)
            if pairs[place] is None and one and before and before.no in free:
                alone = fresh_counts[one] == 1 and held[one] <= 1
                if alone and fits(line, before.data):
                    pairs[place] = free.pop(before.no)

    pair(_tag, lambda _line, _before: True)
    pair(_serial, lambda line, before: not (_tag(line) and _tag(before)))
    pair(_row, _agree)
    return pairs


def _living_last(register: Iterable[Kept]) -> list[Kept]:
    """In an order in which a line that counts hides one that left."""
    return sorted(register, key=lambda entry: (entry.removed_ms is None, entry.no))


def _agree(line: Line, before: Line) -> bool:
    """Whether nothing that both tell of the item contradicts."""
    return line.type == before.type and all(
        not (fresh and held) or fresh == held
        for fresh, held in ((_tag(line), _tag(before)), (_serial(line), _serial(before)))
    )


def _row(line: Line) -> int:
    return line.row


def _tag(line: Line) -> str:
    return tag_key(line.asset_tag)


def _serial(line: Line) -> str:
    return serial_key(line.serial)


def _renumbered(stay: Sequence[Kept], rows: set[int], now_ms: int) -> list[Kept]:
    """Lines that the file lacks give way to its numbers, so that a number names one line."""
    held = {entry.data.row for entry in stay}
    fresh = count(max(rows | held, default=0) + 1)
    return [
        replace(entry, data=replace(entry.data, row=next(fresh)), changed_ms=now_ms)
        for entry in stay
        if entry.data.row in rows
    ]
