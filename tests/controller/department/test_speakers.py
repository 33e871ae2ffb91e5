"""Two servers of one school are told by what no late word can be; old copies by their numbers."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from controller.department.schools import AskRetell, AskWho, SchoolHeard, Schools
from controller.department.speakers import ALIVE_MS, ANSWER_MS, ASK_EVERY_MS, GRACE_MS
from protocol.upward import LIST_FROM, SchoolHere, Upward, UseTold
from tests.controller.department.test_told_schools import (
    NOW_MS,
    SCHOOL,
    asset,
    believed,
    chain,
    page,
    told,
)

OTHER = chain("z", "a", begun=25)


def hear(schools: Schools, message: Upward, at_ms: int = 0) -> SchoolHeard:
    """What the department makes of it, so long after all began."""
    return schools.hear(SCHOOL.school, message, NOW_MS + at_ms)


def asked(heard: SchoolHeard) -> str:
    """What the department asks, when it hears that."""
    (question,) = [each.question for each in heard.changes if isinstance(each, AskWho)]
    return question


def here(start: str, question: str) -> SchoolHere:
    """A start answers."""
    return SchoolHere(boot=start, at_ms=NOW_MS, asked=question)


def week(start: str, number: int) -> UseTold:
    """A word of the list, under a number of it."""
    return UseTold(boot=start, at_ms=NOW_MS, rev=LIST_FROM + number, week="2026-10-05")


def test_late_words_of_an_earlier_start_are_no_second_server() -> None:
    """They are not taken, nor acknowledged; the start that lives answers alone."""
    schools = believed()
    hear(schools, chain("c", "b", begun=25))
    for at_ms in range(0, ALIVE_MS, ASK_EVERY_MS):
        for late in (chain("b", "a"), week("b", 7), replace(page(25, asset(1, 1, 26)), boot="b")):
            heard = hear(schools, late, at_ms)
            assert not heard.is_accepted
            for question in [one.question for one in heard.changes if isinstance(one, AskWho)]:
                hear(schools, here("c", question), at_ms)
    record = schools.records[SCHOOL.school]
    assert (record.boot, record.reached, record.rival, record.forked_ms) == ("c", 25, "", 0)


def test_two_that_answer_one_question_are_two_servers() -> None:
    """The second one's words wait until the first is silent for long."""
    schools = believed()
    question = asked(hear(schools, OTHER))
    hear(schools, here("z", question))
    assert not schools.records[SCHOOL.school].rival
    hear(schools, here("b", question))
    record = schools.records[SCHOOL.school]
    assert (record.boot, record.rival, record.rival_ms) == ("b", "z", NOW_MS)
    assert not hear(schools, week("z", 3), 1).is_accepted


def test_an_answer_to_an_earlier_question_is_a_late_word() -> None:
    """It says nothing of now."""
    schools = believed()
    first = asked(hear(schools, OTHER))
    second = asked(hear(schools, OTHER, ASK_EVERY_MS))
    assert first != second
    hear(schools, here("z", first), ASK_EVERY_MS)
    hear(schools, here("b", second), ASK_EVERY_MS)
    assert not schools.records[SCHOOL.school].rival


@pytest.mark.parametrize(("online", "silent_ms"), [(True, ALIVE_MS), (False, GRACE_MS)])
def test_who_answers_alone_is_believed_once_the_other_is_silent(
    *, online: bool, silent_ms: int
) -> None:
    """Its end must be a minute old: a line that comes and goes is no end."""
    schools = believed(online=online)
    early = asked(hear(schools, OTHER))
    hear(schools, here("z", early), silent_ms - 1)
    assert schools.records[SCHOOL.school].boot == "b"
    heard = hear(schools, here("z", asked(hear(schools, OTHER, silent_ms))), silent_ms)
    record = schools.records[SCHOOL.school]
    assert (record.boot, record.rival, record.forked_ms) == ("z", "", NOW_MS + silent_ms)
    assert AskRetell(SCHOOL, 0) in heard.changes


def test_a_late_word_does_not_make_a_dead_start_the_believed_one() -> None:
    """A school that is off at night is not forked by what a broker kept."""
    schools = believed()
    for at_ms in range(ALIVE_MS, 2 * ALIVE_MS, ASK_EVERY_MS // 3):
        assert not hear(schools, week("z", 3), at_ms).is_accepted
        hear(schools, OTHER, at_ms)
    assert schools.records[SCHOOL.school].boot == "b"


def test_an_older_school_answers_nothing_and_is_told_by_time() -> None:
    """Its numbers are of its start alone; one late word is not enough."""
    schools, old = believed(), replace(told(), boot="z")
    assert asked(hear(schools, old))
    assert hear(schools, old, ANSWER_MS - 1) == SchoolHeard((), is_accepted=False)
    hear(schools, old, ANSWER_MS)
    assert schools.records[SCHOOL.school].rival == "z"
    schools = believed()
    hear(schools, old, ALIVE_MS)
    assert hear(schools, old, ALIVE_MS + ANSWER_MS).is_accepted
    assert schools.records[SCHOOL.school].boot == "z"


def test_a_copy_put_back_is_known_by_a_number_that_was_there_before() -> None:
    """It goes on from the start that is known, from the same change; its list is another one."""
    schools = believed()
    hear(schools, week("b", 9))
    hear(schools, chain("c", "b", begun=25))
    heard = hear(schools, week("c", 9), 5)
    record = schools.records[SCHOOL.school]
    assert (record.boot, record.branch, record.forked_ms) == ("c", "c", NOW_MS + 5)
    assert AskRetell(SCHOOL, 0) in heard.changes
    hear(schools, week("c", 8), 6)
    assert schools.records[SCHOOL.school].forked_ms == NOW_MS + 5


def test_a_restart_goes_on_with_the_numbers() -> None:
    """Nothing is asked for, and nothing is shown."""
    schools = believed()
    hear(schools, week("b", 9))
    hear(schools, chain("c", "b", begun=25))
    heard = hear(schools, week("c", 10))
    assert heard.is_accepted
    assert not [one for one in heard.changes if isinstance(one, AskRetell | AskWho)]
    assert schools.records[SCHOOL.school].forked_ms == 0
