"""This file moves what was recorded by the clock when that is set, so that it lies as far back.

A computer without a battery begins in 1970, and is in the present when it finds a time server: the
lesson that runs began as many minutes ago as before, on the day that it is now. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace as rewrite

from agent.classroom import Classroom
from agent.lessons.lesson import EndedLesson, RunningLesson
from agent.lessons.marks import MarkBook, PupilMark
from agent.lessons.teaching import Teaching
from agent.room import Moment
from protocol.model import END_MS

SET_MS: Final = 60_000  # by less a clock is kept right, not set

Value = TypeVar("Value")


def by_clock(classroom: Classroom, moment: Moment) -> Classroom:
    """The classroom by the clock as it stands now; the same one while nobody set that."""
    zero_ms = moment.at_ms - round(moment.steady_s * 1000)
    before_ms = classroom.zero_ms
    if before_ms is not None and abs(zero_ms - before_ms) < SET_MS:
        return classroom
    counted = replace(classroom, zero_ms=zero_ms)
    return counted if before_ms is None else _moved_room(counted, zero_ms - before_ms, moment)


def _moved_room(classroom: Classroom, step_ms: int, moment: Moment) -> Classroom:
    devices = classroom.devices
    switch = classroom.own_switch
    held = {at: moved(trace, step_ms, moment) for at, trace in devices.traces.held.items()}
    return replace(
        classroom,
        teaching=_moved_teaching(classroom.teaching, step_ms, moment),
        own_switch=moved(switch, step_ms, moment) if switch.since_ms else switch,
        devices=replace(devices, traces=replace(devices.traces, held=held)),
    )


def _moved_teaching(teaching: Teaching, step_ms: int, moment: Moment) -> Teaching:
    def ended_moved(ended: EndedLesson) -> EndedLesson:
        is_earlier = ended.lesson.lesson in teaching.lesson.earlier
        return ended if is_earlier else moved(ended, step_ms, moment)

    lesson = teaching.lesson
    lesson = replace(
        lesson,
        running=moved(lesson.running, step_ms, moment),
        ended=lesson.ended and ended_moved(lesson.ended),
        shelved={code: ended_moved(ended) for code, ended in lesson.shelved.items()},
    )
    faults = moved(teaching.faults, step_ms, moment)
    return replace(
        teaching, lesson=lesson, faults=faults, roll=_moved_roll(teaching.roll, step_ms, moment)
    )


def _moved_roll(roll: MarkBook, step_ms: int, moment: Moment) -> MarkBook:
    if not roll.marks:
        return roll
    marks = [moved(mark, step_ms, moment) for mark in roll.marks.values()]
    return replace(roll, marks={(mark.sheet, mark.student): mark for mark in marks})


def moved(value: Value, step_ms: int, moment: Moment) -> Value:
    """A record with every moment in it (`..._ms`) so much later, and with the day of those."""
    result: Any = value
    match value:
        case msgspec.Struct():
            changes = {
                name: _moved_field(name, getattr(value, name), step_ms, moment)
                for name in value.__struct_fields__
            }
            result = _with_day(rewrite(value, **changes), moment)
        case tuple():
            result = tuple(moved(item, step_ms, moment) for item in value)
        case dict():
            result = {key: moved(item, step_ms, moment) for key, item in value.items()}
    return result  # type: ignore[no-any-return]


def _moved_field(name: str, value: Any, step_ms: int, moment: Moment) -> Any:
    if name.endswith("_ms") and isinstance(value, int):
        return min(max(0, value + step_ms), END_MS - 1)
    return moved(value, step_ms, moment)


def _with_day(record: Any, moment: Moment) -> Any:
    match record:
        case RunningLesson(day=str(), since_ms=at_ms) | PupilMark(at_ms=at_ms):
            return rewrite(record, day=moment.day_of(at_ms))
        case _:
            return record
