"""This file keeps the teaching in the outbox's memos, in one step with what is said of it.

A power cut between two steps leaves the lesson, its roll and its chain exactly as the records
tell: nothing confirmed is lost, and nothing is said twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec

from agent.lessons.corrections import SchoolCorrections
from agent.lessons.lesson import EndedLesson, Lesson, RunningLesson
from agent.lessons.marks import MarkBook, PupilMark
from agent.lessons.rooms import LeftPlans
from agent.lessons.teaching import ReportedFault, Teaching
from agent.room import AgentRoom, Moment
from protocol.guide import Guide
from protocol.messages import ChainHead
from protocol.plan import Plan, digest_of
from protocol.shapes import json_decoder

_LESSON: Final = "lesson"
_DESK: Final = "desk"
_CHAIN: Final = "chain"  # apart from the desk: an older agent would refuse it there
_SCHOOL: Final = "school"  # what it corrected; an older agent sees none
_MARK: Final = "mark/"
_GUIDE: Final = "guide"
_LEFT: Final = "left/"  # the plan of each room that was left, so that erasing a pupil reaches it
_SHELVED: Final = "shelved/"  # each lesson apart: a tap writes one; an older agent sees none


class _Lesson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    running: RunningLesson | None = None
    ended: EndedLesson | None = None


class _Desk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    head: str = ""
    faults: tuple[ReportedFault, ...] = ()
    recent: tuple[tuple[str, ...], ...] = ()


class _Chain(msgspec.Struct, frozen=True, kw_only=True):
    links: int = 0
    told: ChainHead | None = None


class _LeftPlan(msgspec.Struct, frozen=True, kw_only=True):
    at: int
    plan: Plan


_encoder = msgspec.json.Encoder()
_lesson = json_decoder(_Lesson)
_desk = json_decoder(_Desk)
_chain = json_decoder(_Chain)
_school = json_decoder(SchoolCorrections)
_mark = json_decoder(PupilMark)
_ended = json_decoder(EndedLesson)
_guide = json_decoder(Guide)
_left = json_decoder(_LeftPlan)


def changes(before: Teaching, after: Teaching) -> dict[str, bytes | None]:
    """The memos that a step changes; None for one that goes."""
    if before is after:
        return {}
    changed: dict[str, bytes | None] = {}
    if _lesson_of(before) != _lesson_of(after):
        changed[_LESSON] = _encoder.encode(_lesson_of(after))
    changed |= _shelved(before.lesson.shelved, after.lesson.shelved)
    if _desk_of(before) != _desk_of(after):
        changed[_DESK] = _encoder.encode(_desk_of(after))
    if _chain_of(before) != _chain_of(after):
        changed[_CHAIN] = _encoder.encode(_chain_of(after))
    if before.school != after.school:
        changed[_SCHOOL] = None if after.school is None else _encoder.encode(after.school)
    if before.guide != after.guide:
        changed[_GUIDE] = _encoder.encode(after.guide)
    changed |= _left_changes(before.left, after.left)
    if before.roll is not after.roll:
        changed |= _marks(before.roll.marks, after.roll.marks)
    return changed


def restore_teaching(
    room: AgentRoom,
    memos: Mapping[str, bytes],
    plan: Plan,
    moment: Moment,
    *,
    running: RunningLesson | None = None,
    marks: tuple[PupilMark, ...] = (),
) -> Teaching:
    """The teaching of before a restart.

    running, marks: what an older LopHoc kept in its documents; memos count before them.
    Raises msgspec.DecodeError where a memo is not ours.
    """
    lesson = _lesson.decode(memos[_LESSON]) if _LESSON in memos else _Lesson(running=running)
    desk = _desk.decode(memos[_DESK]) if _DESK in memos else _Desk()
    chain = _chain.decode(memos[_CHAIN]) if _CHAIN in memos else _Chain()
    stored = [_mark.decode(memo) for name, memo in memos.items() if name.startswith(_MARK)]
    by_key = {(mark.sheet, mark.student): mark for mark in (*marks, *stored)}
    shelved = [_ended.decode(memo) for name, memo in memos.items() if name.startswith(_SHELVED)]
    shelved.sort(key=lambda ended: (ended.lesson.since_ms, ended.lesson.lesson))
    now = Lesson(
        room=room,
        running=lesson.running,
        ended=lesson.ended,
        shelved={ended.lesson.lesson: ended for ended in shelved},
    ).with_clock(moment)
    now = replace(now, earlier=frozenset(ended.lesson.lesson for ended in now.all_ended()))
    left = [
        (name.removeprefix(_LEFT), _left.decode(memo))
        for name, memo in memos.items()
        if name.startswith(_LEFT)
    ]
    left.sort(key=lambda kept: kept[1].at)
    return Teaching(
        guide=_guide.decode(memos[_GUIDE]) if _GUIDE in memos else Guide(),
        left={name: kept.plan for name, kept in left},
        room=room,
        lesson=now,
        roll=MarkBook(room=room, marks=by_key),
        plan=plan,
        digest=digest_of(plan) if plan != Plan() else "",
        head=desk.head,
        links=chain.links,
        told=chain.told,
        faults=desk.faults,
        recent=desk.recent,
        school=_school.decode(memos[_SCHOOL]) if _SCHOOL in memos else None,
    )


def _lesson_of(teaching: Teaching) -> _Lesson:
    return _Lesson(running=teaching.lesson.running, ended=teaching.lesson.ended)


def _desk_of(teaching: Teaching) -> _Desk:
    return _Desk(head=teaching.head, faults=teaching.faults, recent=teaching.recent)


def _chain_of(teaching: Teaching) -> _Chain:
    return _Chain(links=teaching.links, told=teaching.told)


def _marks(
    before: Mapping[tuple[str, str], PupilMark], after: Mapping[tuple[str, str], PupilMark]
) -> dict[str, bytes | None]:
    new = {key: mark for key, mark in after.items() if before.get(key) is not mark}
    changed: dict[str, bytes | None] = {_name(key): _encoder.encode(new[key]) for key in new}
    return changed | {_name(key): None for key in before.keys() - after.keys()}


def _shelved(
    before: Mapping[str, EndedLesson], after: Mapping[str, EndedLesson]
) -> dict[str, bytes | None]:
    new = {code: ended for code, ended in after.items() if before.get(code) is not ended}
    gone: dict[str, bytes | None] = {_SHELVED + code: None for code in before.keys() - after.keys()}
    return {_SHELVED + code: _encoder.encode(ended) for code, ended in new.items()} | gone


def _left_changes(before: LeftPlans, after: LeftPlans) -> dict[str, bytes | None]:
    if before is after:
        return {}
    gone: dict[str, bytes | None] = {_LEFT + room: None for room in before.keys() - after.keys()}
    kept = ((room, _LeftPlan(at=at, plan=plan)) for at, (room, plan) in enumerate(after.items()))
    return {_LEFT + room: _encoder.encode(plan) for room, plan in kept} | gone


def _name(key: tuple[str, str]) -> str:
    return _MARK + "/".join(key)
