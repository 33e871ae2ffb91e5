"""This file says which steps the first start has, in order, and how far it is; pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from protocol.words import N_


class SetupStep(StrEnum):
    """A step, as its address names it."""

    SCHOOL = "school"
    TIME = "time"
    NETWORK = "network"
    BEGIN = "begin"
    DEPARTMENT = "department"
    BOOK = "book"
    LISTS = "lists"
    ROOMS = "rooms"
    DONE = "done"


class StepWords(NamedTuple):
    """What a step is called, why it is asked, and what comes of it."""

    title: str
    why: str
    after: str


# Until the school is known no room is heard, and nothing is kept by its code.
BEFORE: Final = (SetupStep.SCHOOL, SetupStep.TIME, SetupStep.NETWORK, SetupStep.BEGIN)
AFTER: Final = (
    *(SetupStep.DEPARTMENT, SetupStep.BOOK, SetupStep.LISTS, SetupStep.ROOMS),
    SetupStep.DONE,
)
WORDS: Final[Mapping[SetupStep, StepWords]] = {
    SetupStep.SCHOOL: StepWords(
        N_("The school"),
        N_("Everything that rooms tell is kept under the school's code and province."),
        N_("Nothing is written yet: it can still be changed until the server begins."),
    ),
    SetupStep.TIME: StepWords(
        N_("Time"),
        N_("Lessons and roll calls are dated by this server's clock."),
        N_("Rooms whose own clock is wrong then go by this one."),
    ),
    SetupStep.NETWORK: StepWords(
        N_("The network"),
        N_("Rooms and phones must reach this server; from the internet nobody should."),
        N_("The pages are then encrypted by a certificate of the school's own."),
    ),
    SetupStep.BEGIN: StepWords(
        N_("Begin"),
        N_("Look everything over once: the codes stay as they are from here on."),
        N_("The server starts anew with these settings, which takes some seconds."),
    ),
    SetupStep.DEPARTMENT: StepWords(
        N_("The department"),
        N_("A department that has LopHoc gets this school's figures, and no pupil's name."),
        N_("Without one the school stands alone; it can still join later."),
    ),
    SetupStep.BOOK: StepWords(
        N_("The equipment book"),
        N_("With the book, LopHoc tells what is missing, moved or not in the book."),
        N_("Its rooms are offered when rooms are added. It can also be done later."),
    ),
    SetupStep.LISTS: StepWords(
        N_("Class lists and timetable"),
        N_("With them a teacher starts a lesson and calls the roll by one press."),
        N_("Names stay in this school. It can also be done later."),
    ),
    SetupStep.ROOMS: StepWords(
        N_("Rooms"),
        N_("Each room's computer joins by a code, so that no stranger can speak for a room."),
        N_("On the room's computer: open LopHoc, type the code. Nothing else is needed there."),
    ),
    SetupStep.DONE: StepWords(
        N_("Done"),
        N_("The server is set up."),
        N_("From now on this computer opens with all rooms."),
    ),
}


class FirstStart(Struct, frozen=True, kw_only=True):
    """How far the first start is. answers: what was given before the school is known.

    passed: the steps that were answered, or left for later.
    """

    answers: Mapping[str, str] = {}
    passed: tuple[SetupStep, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do."""
        return SetupStep.DONE in self.passed

    def next_step(self, *, is_known: bool) -> SetupStep:
        """The first step that is not passed. is_known: whether the school is."""
        steps = AFTER if is_known else BEFORE
        return next((step for step in steps if step not in self.passed), steps[-1])

    def with_passed(self, step: SetupStep) -> FirstStart:
        """The same, with the step passed."""
        passed = dict.fromkeys((*self.passed, step))
        return replace(self, passed=tuple(passed))

    def with_answers(self, answers: Mapping[str, str]) -> FirstStart:
        """The same, with these answers in the place of those before."""
        return replace(self, answers={**self.answers, **answers})


def step_before(step: SetupStep) -> SetupStep | None:
    """Where "back" leads; None at the first step on either side of the beginning."""
    steps = BEFORE if step in BEFORE else AFTER
    place = steps.index(step)
    return steps[place - 1] if place else None


def step_after(step: SetupStep) -> SetupStep:
    """Where "on" leads; the last stays."""
    steps = (*BEFORE, *AFTER)
    return steps[min(steps.index(step) + 1, len(steps) - 1)]
