from __future__ import annotations

from dataclasses import replace

import pytest

from agent.lessons.lesson import MAX_LESSON_MIN, Lesson, event_id
from agent.lessons.timetable import LessonProposal
from agent.room import Messages
from protocol.messages import Ending, LessonEnded, LessonResumed, LessonStarted
from tests.agent.classrooms import moment, room

FIRST = LessonProposal(classes=("10A1",), period=1, subject="Toán", begins_min=435, ends_min=480)


def started(lesson: Lesson | None = None, code: str = "l1") -> tuple[Lesson, Messages]:
    """The first period, begun at 07:20 and over at 08:00."""
    begun = moment()._replace(minute=440)
    return (lesson or Lesson(room=room())).start(code, FIRST, 10, begun, substitute=False)


def test_a_lesson_starts_and_ends_with_an_event_each() -> None:
    """Both events carry the lesson's id and have ids of their own."""
    running, [begun] = started()
    assert isinstance(begun, LessonStarted)
    assert (begun.lesson, begun.id, running.code) == ("l1", event_id("l1", "started"), "l1")
    assert (begun.classes, begun.period, begun.subject) == (("10A1",), 1, "Toán")
    idle, [ended] = running.end(2000)
    assert isinstance(ended, LessonEnded)
    assert (ended.lesson, ended.id, idle.code) == ("l1", event_id("l1", "ended"), None)
    assert (ended.how, ended.confirmed) == (Ending.TEACHER, False)


def test_starting_twice_keeps_the_first_lesson() -> None:
    """A second tap, or a retry, is no second lesson."""
    running, _ = started()
    assert started(running, "l2") == (running, [])


def test_ending_while_idle_says_nothing() -> None:
    """There is nothing to end."""
    idle = Lesson(room=room())
    assert idle.end(1000) == (idle, [])


@pytest.mark.parametrize(("minutes", "over"), [(0, False), (49, False), (50, True), (51, True)])
def test_a_forgotten_lesson_is_over_ten_minutes_after_the_bell(minutes: int, over: bool) -> None:  # noqa: FBT001
    """40 minutes to the bell, and the school's grace."""
    running, _ = started()
    assert running.is_over(moment(minutes * 60)) is over


def test_the_wall_clock_may_jump() -> None:
    """A Raspberry Pi finds out in the lesson which year it is."""
    running, _ = started()
    assert not running.is_over(moment(60)._replace(at_ms=moment().at_ms + 10**11))


def test_after_a_restart_the_lesson_ends_at_the_same_bell() -> None:
    """The steady clock began anew."""
    running, _ = started()
    back = replace(running, ends_s=None).with_clock(moment(20 * 60)._replace(steady_s=5.0))
    assert back.ends_s == pytest.approx(5.0 + 30 * 60)
    years_off = replace(running, ends_s=None).with_clock(moment()._replace(at_ms=0, steady_s=0.0))
    assert years_off.ends_s == MAX_LESSON_MIN * 60


def test_without_a_bell_a_lesson_ends_after_three_hours() -> None:
    """A school that has given no bells loses no lesson in the middle."""
    running, _ = Lesson(room=room()).start("l1", LessonProposal(), 10, moment(), substitute=False)
    assert not running.is_over(moment(179 * 60))
    assert running.is_over(moment(180 * 60))


def test_an_end_is_taken_back_and_given_again() -> None:
    """Each turn is an event of its own."""
    running, _ = started()
    ids = set()
    for _ in range(3):
        ended, [end] = running.end(2000)
        running, [resumed] = ended.resume(moment())
        assert isinstance(resumed, LessonResumed)
        assert running.code == "l1"
        ids |= {end.id, resumed.id}  # type: ignore[union-attr]
    assert len(ids) == 6
    assert running.resume(moment()) == (running, [])
