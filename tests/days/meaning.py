"""This file is what teachers and the office mean, plainly: no code of the product is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

HERE, EXCUSED, AWAY, LATE, EARLY = (
    "present",
    "absent_excused",
    "absent_unexcused",
    "late",
    "left_early",
)
MARKS = (EXCUSED, AWAY, LATE, EARLY)
GRAVEST = (AWAY, EXCUSED, EARLY, LATE, HERE)
UNCONFIRMED, NOT_TAKEN = "unconfirmed", "not_taken"


Proof = tuple[str, str]  # who vouched for it, and by what; both empty where nobody was asked
NOBODY: Proof = ("", "")


@dataclass
class TaughtLesson:
    """One lesson as its teacher knows it.

    listed: pupils and their classes, as the screen showed them last, or when it was confirmed.
    word: what was tapped or corrected. touched, seated: by hand, by tablet; dubious: of whom an
    answer was lost that would have told. half: morning or afternoon. sure: by a right clock.
    office: what the school corrected or entered, as of which class. proofs: who confirmed, by what;
    changed_by, reopened_by: the same of corrections and of what took a confirmation back.
    """

    code: str
    room: str
    classes: tuple[str, ...]
    day: str
    half: str
    sure: bool = True
    listed: tuple[tuple[str, str], ...] = ()
    word: dict[str, str] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    seated: set[str] = field(default_factory=set)
    dubious: set[str] = field(default_factory=set)
    confirmed: bool = False
    confirmed_day: str = ""
    confirms: int = 0
    reopened: int = 0
    corrections: list[tuple[str, str]] = field(default_factory=list)
    running: bool = True
    undone: bool = False
    office: dict[str, tuple[str, str]] = field(default_factory=dict)
    proofs: list[Proof] = field(default_factory=list)
    changed_by: list[Proof] = field(default_factory=list)
    reopened_by: list[Proof] = field(default_factory=list)

    def status(self, student: str) -> str:
        """Present until the teacher says otherwise."""
        return self.word.get(student, HERE)

    def tap(self, student: str, status: str, proof: Proof = NOBODY) -> None:
        """Before the confirmation a tap, after it a correction; of what stands nothing is said."""
        if self.confirmed:
            if self.status(student) == status:
                return
            self.corrections.append((student, status))
            self.changed_by.append(proof)
        self.touched.add(student)
        self.word[student] = status

    def confirm(self, day: str, proof: Proof) -> None:
        """The teacher's word on everyone who is listed."""
        self.confirmed, self.confirmed_day = True, day
        self.confirms += 1
        self.proofs.append(proof)

    def reopen(self, proof: Proof = NOBODY) -> None:
        """The word is taken back."""
        self.confirmed = False
        self.reopened += 1
        self.reopened_by.append(proof)

    def method(self, student: str) -> str:
        """By whom the pupil was marked first."""
        if student in self.touched:
            return "manual"
        return "tablet" if student in self.seated else "default"

    def hear_office(self, marks: Mapping[str, str | None], class_code: str) -> None:
        """What the office says of pupils of a class; None takes its word back."""
        for student, status in marks.items():
            self.office.pop(student, None)
            if status:
                self.office[student] = status, class_code

    def roll(self) -> dict[str, str]:
        """What the school must have of it, its own corrections above."""
        own = {student: self.status(student) for student, _ in self.listed}
        office = {student: status for student, (status, _) in self.office.items()}
        return own | office if self.confirmed else office

    def codes(self) -> dict[str, str]:
        """Of which class each pupil of that roll is."""
        office = {student: code for student, (_, code) in self.office.items()}
        return dict(self.listed) | office if self.confirmed else office

    def roll_of(self, class_code: str) -> dict[str, str]:
        """The same of one class."""
        codes = self.codes()
        return {one: status for one, status in self.roll().items() if codes[one] == class_code}

    def all_classes(self) -> set[str]:
        """Whose lesson it was, and whose pupils were marked in it."""
        return {*self.classes, *self.codes().values()}

    def is_open(self, class_code: str) -> bool:
        """Whether its roll is not confirmed, and it is over, or the office has spoken of it."""
        return not self.confirmed and (not self.running or class_code in self.codes().values())

    def tapped(self) -> dict[str, str]:
        """What it must have of a lesson that ended and that nobody confirmed."""
        if self.confirmed or self.running:
            return {}
        return {one: self.word[one] for one, _ in self.listed if one in self.word}


@dataclass
class Membership:
    """Who was in a class, from a day to before another one."""

    student: str
    class_code: str
    since: str
    until: str = "9999"

    def holds(self, day: str) -> bool:
        """Whether the pupil was in it."""
        return self.since <= day < self.until


def cells(
    class_code: str,
    days: Sequence[str],
    members: Iterable[Membership],
    lessons: Iterable[TaughtLesson],
    planned: Mapping[str, Sequence[str]],
) -> dict[str, list[tuple[str | None, ...]]]:
    """Each pupil's cells by day: the gravest mark of a half-day, else how its rolls stand.

    planned: the half-days of each day on which the class should have learned by now.
    """
    own = [one for one in lessons if not one.undone and class_code in one.all_classes()]
    mine = [one for one in members if one.class_code == class_code]
    students = {one.student for one in mine if any(map(one.holds, days))}
    students |= {student for one in own if one.day in days for student in one.roll_of(class_code)}

    def row(student: str, day: str) -> Iterator[str | None]:
        was_there = any(one.student == student and one.holds(day) for one in mine)
        for half in ("morning", "afternoon"):
            held = [one for one in own if (one.day, one.half) == (day, half)]
            if held or half in planned.get(day, ()):
                rolls = [one.roll_of(class_code) for one in held]
                marks = [roll[student] for roll in rolls if student in roll]
                is_open = any(one.is_open(class_code) for one in held)
                state = UNCONFIRMED if is_open else NOT_TAKEN
                yield min(marks, key=GRAVEST.index, default=state if was_there else None)

    return {student: [tuple(row(student, day)) for day in days] for student in students}


def totals(row: Iterable[tuple[str | None, ...]]) -> Counter[str]:
    """Half-days by kind."""
    return Counter(cell for day in row for cell in day if cell in GRAVEST)
