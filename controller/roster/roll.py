"""This file holds what reading a list of pupils gives: entries, flaws, what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from controller.roster.plan import SchoolClass
from protocol.errors import LopHocError
from protocol.words import Translate


class RosterError(LopHocError):
    """A file as a whole cannot be used; `code` says why, `hint` what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something a person should know about the file, which stops nothing."""

    file: str
    code: str
    message: str
    value: str = ""

    def said(self, say: Translate) -> dict[str, str]:
        """For the report."""
        text = say(self.message).replace("{value}", self.value)
        return {"file": self.file, "code": self.code, "message": text}


@dataclass(slots=True, kw_only=True)
class Roll:
    """What was read: pupils, home rooms by class, schools, and what was refused or dropped."""

    schools: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    rooms: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    def drop(self, columns: Iterable[str]) -> None:
        """Say of columns, once each, that they are not kept."""
        self.dropped.extend(each for each in columns if each not in self.dropped)

    def counts(self) -> dict[str, int]:
        """How many pupils each class has."""
        found = Counter(each.class_code for each in self.entries)
        return {code: found[code] for code in sorted({*found, *self.rooms})}

    def classes(self, *, names: bool, known: Iterable[SchoolClass] = ()) -> tuple[SchoolClass, ...]:
        """The classes with their pupils, numbered. names: keep them. known: as they were."""
        from controller.roster.order import numbered  # noqa: PLC0415 - it reads this file's nouns

        before = {
            each.code: {pupil.student: pupil.number for pupil in each.pupils} for each in known
        }
        return tuple(
            SchoolClass(
                code=code,
                room=self.rooms.get(code, ""),
                pupils=numbered(
                    [each for each in self.entries if each.class_code == code],
                    flaws=len(self.flaws),
                    names=names,
                    known=before.get(code),
                ),
            )
            for code in self.counts()
        )
