from __future__ import annotations

from classrooms import room

from agent.lessons.lesson import Lesson, event_id
from protocol.messages import LessonEnded, LessonStarted


def test_a_lesson_starts_and_ends_with_an_event_each() -> None:
    """Both events carry the lesson's id and have ids of their own."""
    running, [started] = Lesson(room=room()).start("l1", 1000)
    assert isinstance(started, LessonStarted)
    assert (started.lesson, started.id, running.code) == ("l1", event_id("l1", "started"), "l1")
    idle, [ended] = running.end(2000)
    assert isinstance(ended, LessonEnded)
    assert (ended.lesson, ended.id, idle.code) == ("l1", event_id("l1", "ended"), None)
    assert started.id != ended.id


def test_starting_twice_keeps_the_first_lesson() -> None:
    """A second tap, or a retry, is no second lesson."""
    running, _ = Lesson(room=room()).start("l1", 1000)
    assert running.start("l2", 2000) == (running, [])


def test_ending_while_idle_says_nothing() -> None:
    """There is nothing to end."""
    idle = Lesson(room=room())
    assert idle.end(1000) == (idle, [])
