"""This file holds what the school corrected in the room's lessons, beside the room's word. Pure.

The room's own records stay as they are; what is shown is what counts (protocol.correction).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from agent.lessons.sheet import LessonSheet, SheetEntry
from protocol.correction import CorrectedMark, marks_in, standing
from protocol.messages import CorrectionsGiven, Count
from protocol.model import Code, Method

SCHOOL: Final = "school"  # who spoke, in a sheet as it counts


class SchoolCorrections(msgspec.Struct, frozen=True, kw_only=True):
    """What the school said last of the lessons that are here: by which start, as which number."""

    start: Code
    number: Count
    marks: tuple[CorrectedMark, ...] = ()

    def is_before(self, given: CorrectionsGiven) -> bool:
        """Whether that, which the school's present start says, was said later."""
        return given.boot != self.start or given.number > self.number

    def only(self, lessons: Collection[str]) -> SchoolCorrections:
        """The same of these lessons."""
        return self._of(mark for mark in self.marks if mark.lesson in lessons)

    def without_pupil(self, is_pupil: Callable[[str], bool]) -> SchoolCorrections:
        """The same without one pupil."""
        return self._of(mark for mark in self.marks if not is_pupil(mark.student))

    def _of(self, marks: Iterable[CorrectedMark]) -> SchoolCorrections:
        left = tuple(marks)
        return self if len(left) == len(self.marks) else replace(self, marks=left)


def marks_of(held: SchoolCorrections | None, lesson: str) -> dict[str, CorrectedMark]:
    """The school's marks of one lesson, by pupil; none also where it has never spoken."""
    return marks_in(held.marks, lesson) if held else {}


def standing_sheet(sheet: LessonSheet, lesson: str, held: SchoolCorrections | None) -> LessonSheet:
    """A lesson's sheet as it counts, to be looked at: the school's word is a pupil's last."""
    school = {
        student: (*sheet.entries.get(student, ()), _entry_of(mark))
        for student, mark in marks_of(held, lesson).items()
    }
    return replace(sheet, entries=standing(sheet.entries, school)) if school else sheet


def is_entered(sheet: LessonSheet, lesson: str, held: SchoolCorrections | None) -> bool:
    """Whether the school has given the whole roll, which the room has not confirmed."""
    school = marks_of(held, lesson)
    return not sheet.is_confirmed and all(pupil.student in school for pupil in sheet.pupils)


def _entry_of(mark: CorrectedMark) -> SheetEntry:
    return SheetEntry(
        status=mark.status,
        method=Method.MANUAL,
        actor=SCHOOL,
        at_ms=mark.at_ms,
        why=mark.reason,
    )
