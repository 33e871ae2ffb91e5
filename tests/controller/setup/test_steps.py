"""The first start's steps: what each makes of its answers, and where it goes on."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.setup.answers import answers_to, clock_off_ms
from controller.setup.provinces import PROVINCES
from controller.setup.steps import AFTER, BEFORE, WORDS, FirstStart, SetupStep, step_before
from protocol.errors import LopHocError

SCHOOL = {"role": "school", "name": " Trường  THCS A ", "school": " 00123 ", "province": "14"}


def test_there_are_34_provinces_each_with_two_digits() -> None:
    """As of July 2025; every name once."""
    assert len(PROVINCES) == len(set(PROVINCES.values())) == 34
    assert all(len(code) == 2 and code.isdecimal() for code in PROVINCES)
    assert [*PROVINCES] == sorted(PROVINCES)


def test_a_schools_answers_become_settings() -> None:
    """Zeros stay, blanks around go."""
    made = answers_to(SetupStep.SCHOOL, SCHOOL)
    assert made["school"] == "00123"
    assert made["name"].startswith("Trường")
    assert answers_to(SetupStep.SCHOOL, {**SCHOOL, "role": "king"})["role"] == "school"


@pytest.mark.parametrize(
    ("step", "form", "code"),
    [
        (SetupStep.SCHOOL, {**SCHOOL, "name": " "}, "name_missing"),
        (SetupStep.SCHOOL, {**SCHOOL, "school": ""}, "code_missing"),
        (SetupStep.SCHOOL, {**SCHOOL, "school": "x" * 65}, "code_missing"),
        (SetupStep.SCHOOL, {**SCHOOL, "province": "63"}, "province_missing"),
        (SetupStep.SCHOOL, {}, "name_missing"),
        (SetupStep.TIME, {"timezone": "Mars"}, "timezone_unknown"),
        (SetupStep.TIME, {"timezone": "../etc/passwd"}, "timezone_unknown"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(
    step: SetupStep, form: dict[str, str], code: str
) -> None:
    """And nothing is kept of it."""
    with pytest.raises(LopHocError) as refused:
        answers_to(step, form)
    assert refused.value.code == code


@given(st.sampled_from(SetupStep), st.dictionaries(st.text(max_size=9), st.text(max_size=90)))
def test_no_form_breaks_a_step(step: SetupStep, form: dict[str, str]) -> None:
    """Answers, or a refusal."""
    with contextlib.suppress(LopHocError):
        assert isinstance(answers_to(step, form), dict)


@pytest.mark.parametrize(
    ("told", "off"), [("1000", 400), ("0", -600), ("", None), ("-1", None), ("9" * 20, None)]
)
def test_clocks_are_compared_where_the_browser_told_its_own(told: str, off: int | None) -> None:
    """In milliseconds."""
    assert clock_off_ms({"browser_ms": told}, 600) == off


def test_it_goes_on_where_it_was_and_back_is_possible() -> None:
    """On either side of the beginning."""
    state = FirstStart()
    for is_known, steps in ((False, BEFORE), (True, AFTER)):
        for step in steps:
            assert state.next_step(is_known=is_known) is step
            assert step in WORDS
            state = state.with_passed(step).with_passed(step)
    assert state.is_finished
    assert state.passed == (*BEFORE, *AFTER)
    assert step_before(BEFORE[0]) is step_before(AFTER[0]) is None
