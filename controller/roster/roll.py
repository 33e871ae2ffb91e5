"""This file holds what reading a list of pupils gives: entries, flaws, what was left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec.structs import replace as replace_struct

from controller.roster.plan import SchoolClass, class_spelling
from controller.sheets.errors import Notice
from controller.sheets.names import class_key, natural, spelling
from protocol.names import sort_key
from protocol.plan import MAX_PUPILS, Pupil
from protocol.words import N_, Translate

_NOBODY_LEFT: Final = N_("Rows of the class {value} were refused, so nobody was taken out of it.")
_ZEROS: Final = re.compile(r"(?<![0-9])0+(?=[0-9])")


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


class PassedReason(StrEnum):
    """Why a row below the heading is no pupil of a class."""

    BLANK = "blank"
    HEADING = "heading"
    TOTAL = "total"
    FOOTER = "footer"
    TITLE = "title"
    LEFT = "left"


class Passed(NamedTuple):
    """A row that was passed over. sheet: its name, empty in a CSV."""

    sheet: str
    row: int
    reason: PassedReason


@dataclass(slots=True, kw_only=True)
class Roll:
    """What was read: pupils, home rooms by class, schools, and what was refused or dropped.

    passed: every other row below a heading, so that each row of the file is somewhere.
    """

    schools: list[str] = field(default_factory=list)
    entries: list[RollEntry] = field(default_factory=list)
    rooms: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)

    def drop(self, columns: Iterable[str]) -> None:
        """Say of columns, once each, that they are not kept."""
        self.dropped.extend(column for column in columns if column not in self.dropped)

    def spell_alike(self) -> None:
        """Write each class as the file first does: 10A1 and "10 a1" are one, which is told."""
        first: dict[str, str] = {}
        writings: dict[str, dict[str, None]] = {}
        for code in (*(entry.class_code for entry in self.entries), *self.rooms):
            one = first.setdefault(class_key(code) or code, code)
            writings.setdefault(one, {})[code] = None
        file = self.entries[0].file if self.entries else ""
        self.notices += _notices_of_classes(file, writings)
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

        A class that is known keeps its code, however the file writes it; a pupil the name that the
        file does not tell.
        """
        own = class_spelling(known)
        written = {pupil.student: pupil.name for one in known for pupil in one.pupils if names}
        before = {
            school_class.code: {pupil.student: pupil.number for pupil in school_class.pupils}
            for school_class in known
        }
        school_classes = [
            SchoolClass(
                code=own(code),
                room=self.rooms.get(code, ""),
                pupils=numbered(
                    [
                        replace(entry, name=entry.name or written.get(entry.student, ""))
                        for entry in self.entries
                        if entry.class_code == code
                    ],
                    flaws=len(self.flaws),
                    names=names,
                    known=before.get(own(code)),
                ),
            )
            for code in self.counts()
        ]
        return self._with_doubtful(school_classes, known)

    def _with_doubtful(
        self, fresh: Sequence[SchoolClass], known: Sequence[SchoolClass]
    ) -> tuple[SchoolClass, ...]:
        """The classes with those of before whom a refused row of theirs may name."""
        refused = {class_key(flaw.kept[0]) for flaw in self.flaws}  # empty: of any class
        moved = {entry.student for entry in self.entries}
        before = {school_class.code: school_class.pupils for school_class in known}
        whole: list[SchoolClass] = []
        for one in fresh:
            stay: list[Pupil] = []
            if refused & {"", class_key(one.code)}:
                stay = [pupil for pupil in before.get(one.code, ()) if pupil.student not in moved]
            if stay:
                file = self.flaws[0].file
                notice = Notice(file=file, code="nobody_left", message=_NOBODY_LEFT, value=one.code)
                self.notices += [notice] * (notice not in self.notices)
            whole.append(replace_struct(one, pupils=_joined(one.pupils, stay)))
        return tuple(whole)


def _joined(pupils: Sequence[Pupil], stay: Sequence[Pupil]) -> tuple[Pupil, ...]:
    """Both by number; who stays keeps the number where no other has it."""
    taken = {pupil.number for pupil in pupils}
    same = [pupil for pupil in stay if pupil.number not in taken]
    taken |= {pupil.number for pupil in same}
    last = max(taken, default=0)
    numbers = (*range(last + 1, MAX_PUPILS + 1), *range(1, last))
    free = (number for number in numbers if number not in taken)
    late = [
        replace_struct(pupil, number=number)
        for pupil, number in zip((one for one in stay if one not in same), free, strict=False)
    ]
    return tuple(sorted((*pupils, *same, *late), key=lambda pupil: pupil.number))


def _notices_of_classes(file: str, writings: Mapping[str, Iterable[str]]) -> list[Notice]:
    """Notices of classes that were written in several ways, and of those that differ by a zero."""
    one = N_("The class {value} is written in several ways; they were taken as one class.")
    alike = N_("The classes {value} differ by a zero alone; they were taken as different classes.")
    several = [", ".join(codes) for codes in writings.values() if len([*codes]) > 1]
    by_digits: dict[str, list[str]] = {}
    for code in writings:
        by_digits.setdefault(_ZEROS.sub("", class_key(code)), []).append(code)
    near = [", ".join(codes) for codes in by_digits.values() if len(codes) > 1]
    return [
        Notice(file=file, code=code, message=message, value=value)
        for code, message, values in (
            ("class_writings", one, several),
            ("classes_alike", alike, near),
        )
        for value in values
    ]


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
