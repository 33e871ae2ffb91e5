"""Cards that several pupils may hold, while class lists change: against what was seen, in sums."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.lessons.doubts import Doubt, DoubtAnswer
from agent.lessons.sheet import LessonSheet, NotOnRoll, SheetPupil

PUPILS = [(f"{code}-{place}", code) for code in ("6A", "6B", "6C") for place in range(3)]
Numbers = list[int]  # of each pupil; 0: not on the list
NUMBERS = st.lists(st.integers(0, 4), min_size=len(PUPILS), max_size=len(PUPILS))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("see"), st.integers(1, 4)),
        st.tuples(st.just("list"), NUMBERS),
        st.tuples(st.just("erase"), st.sampled_from([student for student, _ in PUPILS])),
        st.tuples(st.just("answer"), st.integers(1, 4)),
    ),
    max_size=12,
)


def listed(numbers: Numbers, erased: set[str]) -> tuple[SheetPupil, ...]:
    """A joint class list; a number stands once in a class."""
    pupils: dict[tuple[str, int], SheetPupil] = {}
    for (student, code), number in zip(PUPILS, numbers, strict=True):
        if number and student not in erased:
            pupil = SheetPupil(student=student, class_code=code, number=number)
            pupils.setdefault((code, number), pupil)
    return tuple(pupils.values())


@given(NUMBERS, STEPS)
def test_a_card_is_asked_about_among_those_who_had_its_number_as_it_was_seen(
    numbers: Numbers, steps: Sequence[tuple[str, object]]
) -> None:
    """Of two at least; an answer names nobody else, and whom nothing speaks for is unseen."""
    erased: set[str] = set()
    sheet = LessonSheet(pupils=listed(numbers, erased))
    had: dict[int, set[str]] = {}  # by number, who had it as it was seen first
    for what, value in steps:
        match what, value:
            case "see", int(number) if len(sheet.candidates(number)) > 1:
                if number not in {one.number for one in sheet.all_doubts}:
                    had[number] = {*sheet.students_of(number)}
                sheet = sheet.doubt(Doubt(number=number, at_ms=1))
            case "list", list(numbers):
                sheet = sheet.with_pupils(listed(numbers, erased))
            case "erase", str(student):
                erased.add(student)
                sheet = sheet.without_pupil(student.__eq__)
            case "answer", int(number) if number in {one.number for one in sheet.all_doubts}:
                (first, *_) = sheet.students_of(number)
                sheet = sheet.settle(DoubtAnswer(number=number, students=(first,)))
                assert first in had[number]
        for doubt in sheet.all_doubts:
            now = {*sheet.students_of(doubt.number)}
            assert now == had[doubt.number] - erased
            assert len(now) > 1 or not doubt.is_open
        hoped = {
            student
            for doubt in sheet.all_doubts
            if doubt.is_open
            for student in sheet.students_of(doubt.number)
        }
        is_seen = bool(sheet.suggestions or sheet.all_doubts)
        for pupil in sheet.pupils:
            speaks = pupil.student in sheet.suggestions or pupil.student in hoped
            assert sheet.is_unseen(pupil.student) is (is_seen and not speaks)


def test_an_answer_names_only_who_has_the_number() -> None:
    """Pressed on a page that was shown before the list became another."""
    sheet = LessonSheet(pupils=listed([1, 0, 0, 1, 0, 0, 2, 0, 0], set()))
    sheet = sheet.doubt(Doubt(number=1, at_ms=1))
    with pytest.raises(NotOnRoll):
        sheet.settle(DoubtAnswer(number=1, students=("6C-0",)))
    after = sheet.with_pupils(listed([2, 1, 0, 1, 0, 0, 2, 0, 0], set()))
    with pytest.raises(NotOnRoll):
        after.settle(DoubtAnswer(number=1, students=("6A-0",)))
