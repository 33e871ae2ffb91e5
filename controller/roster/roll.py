"""This file holds what reading a list of pupils gives: entries, flaws, what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from controller.roster.plan import SchoolClass, class_spelling
from controller.sheets.errors import Notice
from controller.sheets.names import class_key, natural, spelling
from protocol.names import sort_key
from protocol.plan import MAX_PUPILS, Pupil
from protocol.words import N_, Translate


@dataclass(frozen=True, slots=True, kw_only=True)
class RollEntry:
    """A pupil in a class, as the file says. number: in the class's book, None where it is not told.

    name: for the order in the class; kept only where the school wants it.
    """

    file: str
    row: int
    class_code: str
    student: str
    number: int | None = None
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A row that cannot be used, and why; `kept` holds those of its cells that may be told."""

    file: str
    row: int
    code: str
    message: str
    kept: tuple[str, str, str, str] = field(default=("", "", "", ""), repr=False)

    def said(self, say: Translate) -> dict[str, object]:
        """For the report; no value of a child stands in it."""
        return {
            "file": self.file,
            "row": self.row,
            "code": self.code,
            "message": say(self.message),
        }


@dataclass(slots=True, kw_only=True)
class Roll:
    """What was read: pupils, home rooms by class, schools, and what was refused or dropped."""

    schools: list[str] = field(default_factory=list)
    entries: list[RollEntry] = field(default_factory=list)
    rooms: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    def drop(self, columns: Iterable[str]) -> None:
        """Say of columns, once each, that they are not kept."""
        self.dropped.extend(column for column in columns if column not in self.dropped)

    def spell_alike(self) -> None:
        """Write each class as the file first does: 10A1 and "10 a1" are one."""
        first: dict[str, str] = {}
        for code in (*(entry.class_code for entry in self.entries), *self.rooms):
            first.setdefault(class_key(code) or code, code)
        own = spelling(first.values(), class_key)
        self.entries[:] = [
            replace(entry, class_code=own(entry.class_code)) for entry in self.entries
        ]
        self.rooms = {own(code): room for code, room in reversed(self.rooms.items())}

    def counts(self) -> dict[str, int]:
        """How many pupils each class has."""
        sizes = Counter(entry.class_code for entry in self.entries)
        return {code: sizes[code] for code in sorted({*sizes, *self.rooms}, key=natural)}

    def classes(self, *, names: bool, known: Sequence[SchoolClass] = ()) -> tuple[SchoolClass, ...]:
        """The classes with their pupils, numbered. names: keep them. known: as they were.

        A class that is known keeps its code, however the file writes it.
        """
        own = class_spelling(known)
        before = {
            school_class.code: {pupil.student: pupil.number for pupil in school_class.pupils}
            for school_class in known
        }
        return tuple(
            SchoolClass(
                code=own(code),
                room=self.rooms.get(code, ""),
                pupils=numbered(
                    [entry for entry in self.entries if entry.class_code == code],
                    flaws=len(self.flaws),
                    names=names,
                    known=before.get(own(code)),
                ),
            )
            for code in self.counts()
        )


def notices_of_rooms(file: str, unanswered: Sequence[str]) -> list[Notice]:
    """A notice that names the rooms that no agent answers to; none where there are none."""
    message = N_(
        "No agent answers to these rooms, so what is planned there reaches nobody: {value}."
    )
    notice = Notice(
        file=file, code="rooms_without_agent", message=message, value=", ".join(unanswered)
    )
    return [notice] if unanswered else []


def numbered(
    entries: Sequence[RollEntry],
    *,
    flaws: int = 0,
    names: bool,
    known: Mapping[str, int] | None = None,
) -> tuple[Pupil, ...]:
    """The pupils of one class by their number.

    The file's numbers count where each pupil has one of their own and they begin at the start:
    a list of the whole school that counts on over its classes tells no number of a class.
    flaws: rows that were refused, which may hold the first numbers. names: keep them.
    known: numbers that pupils have in the class, by id; without the book's they stay, for they
    are printed on cards, and who is new comes behind.
    """
    book_numbers = [entry.number for entry in entries if entry.number is not None]
    book = (
        len(book_numbers) == len(entries) == len(set(book_numbers))
        and 1 <= min(book_numbers, default=0) <= 1 + flaws
        and max(book_numbers) <= MAX_PUPILS
    )
    if book:
        ordered = sorted(entries, key=lambda entry: entry.number or 0)
        numbers = sorted(book_numbers)
    else:
        ordered = sorted(entries, key=lambda entry: (sort_key(entry.name), entry.student))
        numbers = _given(ordered, known or {})
    return tuple(
        Pupil(number=number, student=entry.student, name=entry.name if names else "")
        for number, entry in sorted(zip(numbers, ordered, strict=True), key=lambda pair: pair[0])
    )


def _given(ordered: Sequence[RollEntry], number_of: Mapping[str, int]) -> list[int]:
    """Each pupil's own number; for who has none the next behind the last, or the next free one."""
    used = {number_of[entry.student] for entry in ordered if entry.student in number_of}
    last = max(used, default=0)
    free = [*range(last + 1, MAX_PUPILS + 1), *(no for no in range(1, last) if no not in used)]
    fresh = iter(free)
    return [number_of.get(entry.student) or next(fresh) for entry in ordered]
