"""This file brings a book that was read into the register that is kept; pure.

Which line it is, pairing.py says. What a line says nothing of stays as it was: an empty cell, one
that is refused, a column that is not there. Bringing the same book in twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import count
from typing import Final

import msgspec
from msgspec.structs import replace

from controller.register.book import Fault, Line
from controller.register.headings import FIELDS, MONEY
from controller.register.pairing import Known, Pairs, paired, told_fields
from controller.register.prices import priced
from controller.register.warranted import warranted
from controller.sheets.names import room_code


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
    """What bringing one line in does. read: as the book has it; line: as the register then has it.

    before: the line that it changes or brings back. maybe: the lines that it may be, by their
    number in the book: a person is asked, and until then it is a new one.
    """

    line: Line
    verdict: MergeVerdict
    read: Line
    before: Line | None = None
    maybe: tuple[int, ...] = ()

    @property
    def changes(self) -> tuple[str, ...]:
        """The fields that become others, but for the number in the book."""
        before = self.before
        if before is None or self.verdict is not MergeVerdict.CHANGED:
            return ()
        return tuple(name for name in FIELDS if getattr(before, name) != getattr(self.line, name))


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """What to write, what becomes of each line that was read, and how many lines leave.

    absent: lines of the book that stay though they were not read. pairs: which lines they are.
    """

    writes: tuple[Kept, ...] = ()
    steps: tuple[MergeStep, ...] = ()
    removed: int = 0
    absent: int = 0
    pairs: Pairs = Pairs([], [])

    @property
    def verdicts(self) -> tuple[MergeVerdict, ...]:
        """What is said of each line."""
        return tuple(step.verdict for step in self.steps)

    @property
    def doubtful(self) -> int:
        """How many lines may be ones that the register has."""
        return sum(bool(step.maybe) for step in self.steps)


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What a person said of a book; without a word nothing is lost.

    same: lines that may be ones of the register are those. blank_clears: an empty cell takes away
    what stood there.
    """

    same: bool = False
    blank_clears: bool = False


UNASKED: Final = Answers()


def merged(
    register: Sequence[Kept],
    lines: Sequence[Line],
    *,
    whole: bool = False,
    answers: Answers = UNASKED,
    now_ms: int = 0,
    fields: Sequence[frozenset[str]] = (),
    pairs: Pairs | None = None,
) -> Merged:
    """Bring lines in. whole: they are all of the book, so that lines it lacks have left.

    fields: of each line, those that its sheet has a column for; empty where that is not known.
    pairs: what pairing just this register, these lines and answers came to before; None: pair.
    """
    by_no = {entry.no: entry for entry in register}
    if pairs is None:
        known = (Known(entry.no, entry.data, entry.removed_ms is None) for entry in register)
        pairs = paired(known, lines, same=answers.same)
    pasts = [None if no is None else by_no[no] for no in pairs.nos]
    met = {*pairs.nos}
    rest = [entry for entry in register if entry.no not in met and entry.removed_ms is None]
    gone = [entry for entry in rest if whole and entry.origin is Origin.BOOK]
    stay = rest if not whole else [entry for entry in rest if entry.origin is not Origin.BOOK]
    rows = _numbers(lines, pasts, {entry.data.row for entry in stay})
    clears = fields if answers.blank_clears and fields else [frozenset[str]()] * len(lines)
    fresh_no = count(max(by_no, default=0) + 1)
    afters = [
        _after(before, replace(_filled(before, line, blanks), row=row), now_ms, fresh_no)
        for line, before, row, blanks in zip(lines, pasts, rows, clears, strict=True)
    ]
    steps = [
        _step(line, before, after, tuple(by_no[no].data.row for no in maybe))
        for line, before, after, maybe in zip(lines, pasts, afters, pairs.maybe, strict=True)
    ]
    changed = [after for after, before in zip(afters, pasts, strict=True) if after != before]
    return Merged(
        writes=(*changed, *(replace(entry, removed_ms=now_ms) for entry in gone)),
        steps=tuple(steps),
        removed=len(gone),
        absent=sum(entry.origin is Origin.BOOK for entry in stay),
        pairs=pairs,
    )


def _filled(before: Kept | None, line: Line, clears: frozenset[str]) -> Line:
    """The line, with what it says nothing of as it was. clears: where an empty cell says something.

    No empty cell is a quantity. An error counts while nothing stands in its place. What comes back
    leaves its tag behind: another line may have it by now.
    """
    told = {*told_fields(line)}
    if before is None:
        full = priced(line, told=told)
        return replace(full, errors=_unmet(line.errors, full))
    refused = {fault.field for fault in line.errors}
    told |= clears - refused - {"quantity"}
    silent = {*FIELDS} - told
    if before.removed_ms is not None:
        silent.discard("asset_tag")
    full = replace(line, **{name: getattr(before.data, name) for name in silent})
    if room_code(full.room) == room_code(before.data.room):  # another writing is no other room
        full = replace(full, room=before.data.room)
    full = warranted(priced(full, before.data, told), before.data, told)
    return replace(full, errors=_errors(before, line, full, silent - refused))


def _errors(before: Kept, line: Line, full: Line, silent: set[str]) -> tuple[Fault, ...]:
    """What is wrong with the line: what it says itself, and what was wrong where it is silent."""
    old = before.data.errors if before.removed_ms is None else ()
    kept = [fault for fault in old if fault.field in silent]
    errors = _unmet((*line.errors, *kept), full)
    return old if {*errors} == {*old} else errors


def _unmet(errors: Iterable[Fault], full: Line) -> tuple[Fault, ...]:
    """The errors where nothing stands: a line is one thing at least, one price tells the other."""
    stands = {*told_fields(full), "quantity"}
    if stands & {*MONEY}:
        stands.update(MONEY)
    return tuple(fault for fault in errors if fault.field not in stands)


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


def _step(read: Line, before: Kept | None, after: Kept, maybe: tuple[int, ...]) -> MergeStep:
    if after == before:
        return MergeStep(line=after.data, verdict=MergeVerdict.SAME, read=read)
    verdict = MergeVerdict.CHANGED if before and before.removed_ms is None else MergeVerdict.NEW
    was = before.data if before else None
    return MergeStep(line=after.data, verdict=verdict, read=read, before=was, maybe=maybe)


def _numbers(lines: Sequence[Line], pasts: Sequence[Kept | None], held: set[int]) -> list[int]:
    """The number of each line in the register: the book's, else its own, else the next free one.

    held: the numbers of lines that stay: they are theirs.
    """
    numbers: dict[int, int] = {}
    used = {*held}
    own = [before.data.row if before and before.removed_ms is None else 0 for before in pasts]
    for choices in ([line.row for line in lines], own):
        for at, number in enumerate(choices):
            if number and at not in numbers and number not in used:
                numbers[at] = number
                used.add(number)
    fresh = count(max(used, default=0) + 1)
    return [numbers[at] if at in numbers else next(fresh) for at in range(len(lines))]
