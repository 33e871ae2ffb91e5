"""This file is one lesson's sheet: suggestions and taps in, the teacher's word out. Pure.

Everyone is present until the teacher says otherwise. Tablets and cards suggest; nothing they
say is recorded before the teacher confirms, and nothing they say changes the teacher's word.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from agent.lessons.doubts import Doubt, DoubtAnswer, open_numbers, with_doubt
from agent.lessons.proving import UNASKED, Confirmer, Signature
from protocol.messages import RollLine
from protocol.model import AttendanceStatus, Code, Method, Millis, Text
from protocol.plan import ClassList, Number

MAX_HISTORY: Final = 50  # corrections of one pupil; more is a runaway program
MAX_FLAGS: Final = 4

_VERSION_DIGITS: Final = 12
_Value = TypeVar("_Value")

_IN_CLASS: Final = frozenset(
    {AttendanceStatus.PRESENT, AttendanceStatus.LATE, AttendanceStatus.LEFT_EARLY}
)


class MarkReason(StrEnum):
    """Why a teacher's mark was said: in a roll that nobody confirmed, with it, or after it."""

    TAPPED = "tapped"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    UNDONE = "undone"


class NotOnRoll(KeyError):  # noqa: N818 - an answer, not a fault
    """The pupil is not on this lesson's roll."""


class SheetPupil(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pupil who should be in the lesson."""

    student: Code
    class_code: Code
    number: Number
    name: Text = ""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine saw the pupil: how, when, on which tablet, and what is odd about it."""

    method: Method
    at_ms: Millis
    tablet: Text = ""
    flags: tuple[Code, ...] = ()


class SheetEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One word of the teacher on a pupil: what, how, who, when and why.

    by: name and proof of who changed a confirmed mark, where the school asks.
    """

    status: AttendanceStatus
    method: Method
    actor: Text
    at_ms: Millis
    why: Code
    by: Signature | msgspec.UnsetType = msgspec.UNSET


class SheetCounts(NamedTuple):
    """How many are on the roll, in class, away and late; the late are in class."""

    total: int
    present: int
    absent: int
    late: int

    @property
    def text(self) -> str:
        """As teachers write it: roll/present/absent, such as 42/39/3."""
        return f"{self.total}/{self.present}/{self.absent}"


class LessonSheet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The roll of one lesson.

    taps: the teacher's exceptions before the confirmation. entries: the teacher's words since the
    confirmation, oldest first, by pupil. confirmed_ms: when it was confirmed, None if it was not.
    doubts: by number, cards that several pupils have. confirmer: name and proof of who confirmed,
    where the school asks. An older agent knows neither, and sees none.
    """

    pupils: tuple[SheetPupil, ...]
    suggestions: dict[str, Suggestion] = {}
    taps: dict[str, AttendanceStatus] = {}
    entries: dict[str, tuple[SheetEntry, ...]] = msgspec.field(name="said", default_factory=dict)
    confirmed_ms: Millis | None = None
    doubts: tuple[Doubt, ...] | msgspec.UnsetType = msgspec.UNSET
    confirmer: Signature | msgspec.UnsetType = msgspec.UNSET

    @property
    def all_doubts(self) -> tuple[Doubt, ...]:
        """The cards that may be of several pupils, by number."""
        return self.doubts or ()

    @property
    def is_confirmed(self) -> bool:
        """Whether the teacher's word is given."""
        return self.confirmed_ms is not None

    @property
    def last_entry(self) -> SheetEntry | None:
        """What the teacher said last of anybody; None before the confirmation."""
        last = (entries[-1] for entries in self.entries.values())
        return max(last, key=lambda entry: entry.at_ms, default=None)

    def pupil(self, student: str) -> SheetPupil:
        """The pupil of this id. Raises NotOnRoll."""
        pupil = next((pupil for pupil in self.pupils if pupil.student == student), None)
        if pupil is None:
            raise NotOnRoll(student)
        return pupil

    def status_of(self, student: str) -> AttendanceStatus:
        """What counts now: the teacher's last word, else the tap, else present."""
        if entries := self.entries.get(student):
            return entries[-1].status
        return self.taps.get(student, AttendanceStatus.PRESENT)

    def method_of(self, student: str) -> Method:
        """How it came about."""
        if entries := self.entries.get(student):
            return entries[-1].method
        if student in self.taps:
            return Method.MANUAL
        suggestion = self.suggestions.get(student)
        return suggestion.method if suggestion else Method.DEFAULT

    def is_unseen(self, student: str) -> bool:
        """Whether machines saw some of the class, but not this pupil, not even perhaps."""
        if student in self.suggestions or not (self.suggestions or self.all_doubts):
            return False
        return self.pupil(student).number not in open_numbers(self.all_doubts)

    def candidates(self, number: int) -> tuple[SheetPupil, ...]:
        """The pupils who have this number, each in a class of their own."""
        return tuple(pupil for pupil in self.pupils if pupil.number == number)

    def students_of(self, number: int) -> tuple[str, ...]:
        """Their ids."""
        return tuple(pupil.student for pupil in self.candidates(number))

    def is_seen_away(self, student: str) -> bool:
        """Whether the teacher says absent of a pupil whom a machine saw."""
        return student in self.suggestions and self.status_of(student) not in _IN_CLASS

    def flags_of(self, student: str) -> tuple[str, ...]:
        """What is odd about how machines saw the pupil."""
        suggestion = self.suggestions.get(student)
        return suggestion.flags if suggestion else ()

    def counts(self) -> SheetCounts:
        """How many are here."""
        statuses = Counter(self.status_of(pupil.student) for pupil in self.pupils)
        present = sum(statuses[status] for status in _IN_CLASS)
        total = len(self.pupils)
        return SheetCounts(total, present, total - present, statuses[AttendanceStatus.LATE])

    def suggest(self, student: str, suggestion: Suggestion) -> LessonSheet:
        """A machine saw a pupil; the first sight stays, odd things add up. Raises NotOnRoll."""
        self.pupil(student)
        before = self.suggestions.get(student)
        if before is not None:
            flags = tuple(dict.fromkeys((*before.flags, *suggestion.flags)))[:MAX_FLAGS]
            suggestion = replace(before, flags=flags)
        if suggestion == before:
            return self
        return replace(self, suggestions={**self.suggestions, student: suggestion})

    def doubt(self, doubt: Doubt) -> LessonSheet:
        """A machine saw a number that several pupils have; it is the teacher's to say whose."""
        doubts = with_doubt(self.all_doubts, doubt)
        return self if doubts == self.all_doubts else replace(self, doubts=doubts)

    def settle(self, answer: DoubtAnswer) -> LessonSheet:
        """The teacher says whose a number is, or says it anew. Raises NotOnRoll."""
        doubt = next((each for each in self.all_doubts if each.number == answer.number), None)
        if doubt is None or not {*self.students_of(answer.number)}.issuperset(answer.students):
            raise NotOnRoll(answer.number)
        seen = Suggestion(method=doubt.method, at_ms=doubt.at_ms)
        taken_back = {who for who in doubt.chosen or () if self.suggestions.get(who) == seen}
        after = replace(
            self,
            suggestions=_without(self.suggestions, taken_back.__contains__),
            doubts=tuple(
                replace(each, chosen=answer.students) if each is doubt else each
                for each in self.all_doubts
            ),
        )
        for student in answer.students:
            after = after.suggest(student, seen)
        return after

    def tap(self, student: str, status: AttendanceStatus) -> LessonSheet:
        """The teacher taps before the confirmation. Raises NotOnRoll."""
        self.pupil(student)
        return replace(self, taps={**self.taps, student: status})

    def lines(self) -> tuple[RollLine, ...]:
        """What a confirmation says: every pupil."""
        return tuple(
            RollLine(
                student=pupil.student,
                class_code=pupil.class_code,
                status=self.status_of(pupil.student),
                method=self.method_of(pupil.student),
            )
            for pupil in self.pupils
        )

    def confirm(self, actor: str, at_ms: int, by: Confirmer = UNASKED) -> LessonSheet:
        """The teacher's word on everyone. by: who, where the school asks."""
        entries = {
            line.student: (
                SheetEntry(
                    status=line.status,
                    method=line.method,
                    actor=actor,
                    at_ms=at_ms,
                    why=MarkReason.CONFIRMED,
                ),
            )
            for line in self.lines()
        }
        return replace(self, entries=entries, confirmed_ms=at_ms, confirmer=by.signature)

    def reopen(self) -> LessonSheet:
        """The teacher takes the confirmation back; what was changed since stays as taps."""
        changed = {
            student: entries[-1].status
            for student, entries in self.entries.items()
            if entries[-1].method is Method.MANUAL
        }
        taps = self.taps | changed
        return replace(self, taps=taps, entries={}, confirmed_ms=None, confirmer=msgspec.UNSET)

    def correct(self, student: str, entry: SheetEntry) -> LessonSheet:
        """The teacher's later word on one pupil; the old ones are kept. Raises NotOnRoll."""
        self.pupil(student)
        entries = (*self.entries.get(student, ()), entry)[-MAX_HISTORY:]
        return replace(self, entries={**self.entries, student: entries})

    @property
    def version(self) -> str:
        """A fingerprint of the list: another where a pupil comes, goes, or changes the number."""
        pupils = "\n".join(f"{one.class_code}/{one.number}/{one.student}" for one in self.pupils)
        return hashlib.sha256(pupils.encode()).hexdigest()[:_VERSION_DIGITS]

    def with_pupils(self, pupils: tuple[SheetPupil, ...]) -> LessonSheet:
        """A newer class list; what was said of one who left waits, should they come back.

        A card whose number others have by it is asked about no more: nobody can say whose it was.
        """
        if pupils == self.pupils:
            return self
        after = replace(self, pupils=pupils)
        same = (
            each
            for each in self.all_doubts
            if {*after.students_of(each.number)} == {*self.students_of(each.number)}
        )
        return replace(after, doubts=self.doubts and tuple(same))

    def without_pupil(self, is_pupil: Callable[[str], bool]) -> LessonSheet:
        """The sheet of the others; a card that one alone may hold by now is asked about no more."""
        after = replace(
            self,
            pupils=tuple(pupil for pupil in self.pupils if not is_pupil(pupil.student)),
            suggestions=_without(self.suggestions, is_pupil),
            taps=_without(self.taps, is_pupil),
            entries=_without(self.entries, is_pupil),
            doubts=_doubts_without(self.doubts, is_pupil),
        )
        asked = (
            each
            for each in after.all_doubts
            if not each.is_open or len(after.candidates(each.number)) > 1
        )
        return replace(after, doubts=after.doubts and tuple(asked))


def _without(
    by_student: Mapping[str, _Value], is_pupil: Callable[[str], bool]
) -> dict[str, _Value]:
    return {student: value for student, value in by_student.items() if not is_pupil(student)}


def _doubts_without(
    doubts: tuple[Doubt, ...] | msgspec.UnsetType, is_pupil: Callable[[str], bool]
) -> tuple[Doubt, ...] | msgspec.UnsetType:
    return doubts and tuple(
        replace(each, chosen=tuple(who for who in each.chosen if not is_pupil(who)))
        if each.chosen
        else each
        for each in doubts
    )


def pupils_of(lists: Iterable[ClassList]) -> tuple[SheetPupil, ...]:
    """The pupils of one class, or of several joined, in the order of their books.

    Who is on two of the lists is one pupil: of the first.
    """
    pupils: dict[str, SheetPupil] = {}
    for of in lists:
        for one in of.pupils:
            pupil = SheetPupil(
                student=one.student, class_code=of.code, number=one.number, name=one.name
            )
            pupils.setdefault(one.student, pupil)
    return tuple(pupils.values())
