"""This file is what a teacher does in a room: each deed in, what is to be said out. Pure.

Holds the school's plan, the lesson with its sheet, marks outside rolls, reported faults, the
chain of the attendance log, and what can be undone for ten seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from agent.lessons import timetable
from agent.lessons.lesson import Lesson, RunningLesson, event_id
from agent.lessons.marks import MarkBook, MarkResult
from agent.lessons.sheet import LessonSheet, SheetEntry, Suggestion, pupils_of
from agent.lessons.timetable import LessonProposal, ProposalReason
from agent.room import AgentRoom, Messages, Moment
from protocol import chain
from protocol.messages import (
    AttendanceMarked,
    ChainHead,
    Ending,
    ErasureProof,
    FaultReported,
    HeadTold,
    Part,
    RollConfirmed,
    RollReopened,
)
from protocol.model import AttendanceStatus, Code, Method, Millis
from protocol.plan import Plan

UNDO_S: Final = 10.0
MAX_FAULTS: Final = 12
SAME_FAULT_MS: Final = 60_000
MAX_RECENT: Final = 5


_Logged = AttendanceMarked | RollConfirmed | RollReopened | ErasureProof


def proof_id(room: AgentRoom, erasure: str) -> str:
    """The id of the proof that this room's agent gives of an erasure: once."""
    return event_id(erasure, f"erased/{room.place.agent}")


class NoLesson(Exception):  # noqa: N818 - a state, not a fault
    """No lesson runs, or its class list is not here."""


class Undoable(StrEnum):
    """What can be taken back."""

    START = "start"
    CONFIRM = "confirm"
    END = "end"
    CORRECTION = "correction"


class UndoOffer(NamedTuple):
    """The last deed, and until when it can be taken back on the steady clock.

    student, status: of a correction, whom it was about and what counted before.
    """

    what: Undoable
    until_s: float
    student: str = ""
    status: AttendanceStatus = AttendanceStatus.PRESENT


class ReportedFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a teacher reported as broken."""

    part: Part
    at_ms: Millis
    event_id: Code


class TeachingStep(NamedTuple):
    """The teaching afterwards, and what is to be said."""

    teaching: Teaching
    messages: Messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaching:
    """What is taught in the room.

    head: the attendance log's last hash; links: how many records were counted; told: the head that
    the school was told last. recent: the classes that were here, newest first.
    """

    room: AgentRoom
    lesson: Lesson
    roll: MarkBook
    plan: Plan = field(default_factory=Plan)
    digest: str = ""
    head: str = chain.ROOT
    links: int = 0
    told: ChainHead | None = None
    faults: tuple[ReportedFault, ...] = ()
    recent: tuple[tuple[str, ...], ...] = ()
    undoable: UndoOffer | None = None

    def proposal(self, moment: Moment) -> LessonProposal:
        """What the room should be doing now."""
        return timetable.proposal(self.plan, self.room.room, moment, self.recent)

    def start(
        self,
        lesson: str,
        moment: Moment,
        classes: tuple[str, ...] = (),
        *,
        substitute: bool = False,
    ) -> TeachingStep:
        """Start a lesson as proposed, or with these classes; while one runs, nothing happens."""
        if self.lesson.running:
            return TeachingStep(self, [])
        what = self.proposal(moment)
        if classes and classes != what.classes:
            what = what._replace(classes=classes, why=ProposalReason.NONE, subject="", teacher="")
        begun, messages = self.lesson.start(
            lesson, what, self.plan.grace_min, moment, substitute=substitute
        )
        recent = dict.fromkeys((what.classes, *self.recent)) if what.classes else self.recent
        after = replace(self, lesson=begun, recent=tuple(recent)[:MAX_RECENT])
        return TeachingStep(after.with_list().undo_for(Undoable.START, moment), messages)

    def end(self, moment: Moment) -> TeachingStep:
        """The teacher ends the lesson; while idle, nothing happens."""
        lesson, messages = self.lesson.end(moment.at_ms)
        after = replace(self, lesson=lesson)
        return TeachingStep(after.undo_for(Undoable.END, moment) if messages else self, messages)

    def beat(self, moment: Moment) -> TeachingStep:
        """Let time pass: a lesson that was forgotten ends; yesterday's sheets are let go."""
        after, messages = self, Messages()
        if self.undoable and moment.steady_s >= self.undoable.until_s:
            after = replace(after, undoable=None)
        if after.lesson.is_over(moment):
            lesson, messages = after.lesson.end(moment.at_ms, Ending.BELL)
            after = replace(after, lesson=lesson, undoable=None)
        ended = after.lesson.ended
        if ended and ended.lesson.day not in {moment.day, None}:
            after = replace(after, lesson=replace(after.lesson, ended=None))
        return TeachingStep(
            after.with_roll(after.roll.only(moment.day, after.lesson.code)), messages
        )

    def confirm(self, moment: Moment) -> TeachingStep:
        """The teacher's word on everyone, also just after the end. Raises NoLesson."""
        present, sheet = self._sheet()
        if sheet.is_confirmed:
            return TeachingStep(self, [])
        record = RollConfirmed(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=event_id(present.lesson, f"confirmed/{self.head}"),
            room=self.room.room,
            lesson=present.lesson,
            day=present.day or moment.day,
            classes=present.classes,
            period=present.period,
            subject=present.subject,
            actor=present.actor,
            lines=sheet.lines(),
        )
        after, messages = self.record(record)
        after = after.with_sheet(sheet.confirm(present.actor, moment.at_ms))
        return TeachingStep(after.undo_for(Undoable.CONFIRM, moment), messages)

    def tap(self, student: str, status: AttendanceStatus, moment: Moment) -> TeachingStep:
        """The teacher says how a pupil is: kept for the confirmation; after it, a correction.

        Raises NoLesson, NotOnRoll.
        """
        _, sheet = self._sheet()
        if not sheet.is_confirmed:
            return TeachingStep(self.with_sheet(sheet.tap(student, status)), [])
        before = sheet.status_of(student)
        if before is status:
            sheet.pupil(student)
            return TeachingStep(self, [])
        after, messages = self.correct(student, status, "corrected", moment)
        undo = UndoOffer(Undoable.CORRECTION, moment.steady_s + UNDO_S, student, before)
        return TeachingStep(replace(after, undoable=undo), messages)

    def suggest(self, student: str, suggestion: Suggestion) -> TeachingStep:
        """A machine saw a pupil; nothing is said. Raises NoLesson, NotOnRoll."""
        if self.lesson.sheet is None:
            raise NoLesson
        return TeachingStep(self.with_sheet(self.lesson.sheet.suggest(student, suggestion)), [])

    def undo(self, moment: Moment) -> TeachingStep:
        """Take the last deed back, within ten seconds; later nothing happens."""
        undoable = self.undoable
        if undoable is None or moment.steady_s >= undoable.until_s:
            return TeachingStep(replace(self, undoable=None), [])
        back = replace(self, undoable=None)
        match undoable.what:
            case Undoable.START:
                lesson, messages = back.lesson.end(moment.at_ms, Ending.UNDONE)
                return TeachingStep(replace(back, lesson=lesson), messages)
            case Undoable.END:
                lesson, messages = back.lesson.resume(moment)
                return TeachingStep(replace(back, lesson=lesson), messages)
            case Undoable.CONFIRM:
                return back.reopen(moment)
            case Undoable.CORRECTION:
                return back.correct(undoable.student, undoable.status, "undone", moment)

    def mark(
        self, student: str, status: AttendanceStatus, method: Method, moment: Moment
    ) -> tuple[TeachingStep, MarkResult]:
        """A mark where there is no sheet: of the day, or of a lesson without list.

        Raises MarkBookFull.
        """
        roll = self.roll.only(moment.day, self.lesson.code)
        roll, marked, events = roll.mark(student, status, method, self.lesson.code, moment)
        after, chained = self.with_roll(roll), Messages()
        for event in events:
            after, linked = after.record(event)
            chained += linked
        return TeachingStep(after, chained), marked

    def report(self, part: Part, moment: Moment) -> TeachingStep:
        """The teacher says that something is broken; the same part again waits a minute."""
        last = next((reported for reported in reversed(self.faults) if reported.part is part), None)
        if last is not None and 0 <= moment.at_ms - last.at_ms < SAME_FAULT_MS:
            return TeachingStep(self, [])
        event = FaultReported(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=self.room.new_id(),
            room=self.room.room,
            part=part,
            lesson=self.lesson.code,
        )
        fault = ReportedFault(part=part, at_ms=moment.at_ms, event_id=event.id)
        return TeachingStep(replace(self, faults=(*self.faults, fault)[-MAX_FAULTS:]), [event])

    def take(self, plan: Plan, digest: str) -> TeachingStep:
        """The school's plan is another now; a roll that is not confirmed follows its lists."""
        return TeachingStep(replace(self, plan=plan, digest=digest).with_list(), [])

    def without_pupil(self, is_pupil: Callable[[str], bool]) -> Teaching:
        """The same without one pupil: plan, sheets, marks, and what could be undone."""
        forgets = self.undoable is not None and is_pupil(self.undoable.student)
        return replace(
            self,
            plan=self.plan.without_pupil(is_pupil),
            lesson=self.lesson.without_pupil(is_pupil),
            roll=self.roll.without_pupil(is_pupil),
            undoable=None if forgets else self.undoable,
        )

    def prove_erasure(self, erasure: str, records: int, left: int, moment: Moment) -> TeachingStep:
        """Say in the log that a pupil was erased, by the name of the erasure."""
        proof = ErasureProof(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=proof_id(self.room, erasure),
            room=self.room.room,
            actor="agent",
            erasure=erasure,
            records=records,
            left=left,
        )
        return self.record(proof)

    @property
    def is_head_owed(self) -> bool:
        """Whether the log goes further than the school was told."""
        return self.head != (self.told.head if self.told else chain.ROOT)

    def tell_head(self, head: ChainHead, moment: Moment) -> TeachingStep:
        """Tell how far the log goes, or went a moment ago: what came since is told next."""
        after = replace(self, told=head)
        return TeachingStep(after, after.head_again(moment.at_ms))

    def head_again(self, at_ms: int) -> Messages:
        """The head that was told last, once more; nothing where there is none."""
        if self.told is None:
            return []
        head_id, room = self.room.new_id(), self.room
        return [HeadTold(boot=room.boot, at_ms=at_ms, id=head_id, room=room.room, chain=self.told)]

    def with_room(self, room: AgentRoom) -> Teaching:
        """The same in another room: a laptop was carried there."""
        return replace(
            self,
            room=room,
            lesson=replace(self.lesson, room=room),
            roll=replace(self.roll, room=room),
        )

    def with_list(self) -> Teaching:
        """The running lesson's sheet, as soon as every class list is here."""
        running = self.lesson.running
        if running is None or not running.classes:
            return self
        lists = [self.plan.list_of(code) for code in running.classes]
        complete = [class_list for class_list in lists if class_list is not None]
        if len(complete) < len(lists):
            return self
        pupils = pupils_of(complete)
        sheet = running.sheet or LessonSheet(pupils=pupils)
        if sheet.is_confirmed or not pupils:
            return self
        return self.with_sheet(sheet.with_pupils(pupils))

    def _sheet(self) -> tuple[RunningLesson, LessonSheet]:
        present = self.lesson.present
        if present is None or present.sheet is None:
            raise NoLesson
        return present, present.sheet

    def with_sheet(self, sheet: LessonSheet) -> Teaching:
        """With the sheet as it is now."""
        return replace(self, lesson=self.lesson.with_sheet(sheet))

    def with_roll(self, roll: MarkBook) -> Teaching:
        """With the roll as it is now."""
        return self if roll is self.roll else replace(self, roll=roll)

    def undo_for(self, what: Undoable, moment: Moment) -> Teaching:
        """Let this be taken back for a while."""
        return replace(self, undoable=UndoOffer(what, moment.steady_s + UNDO_S))

    def record(self, record: _Logged) -> TeachingStep:
        """Put the record behind the last one of the log."""
        linked = chain.link_record(record, self.head)
        return TeachingStep(replace(self, head=linked.hash, links=self.links + 1), [linked])

    def correct(
        self, student: str, status: AttendanceStatus, why: str, moment: Moment
    ) -> TeachingStep:
        """Say anew how one pupil of a confirmed roll is. Raises NoLesson, NotOnRoll."""
        present, sheet = self._sheet()
        record = AttendanceMarked(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=event_id(present.lesson, f"corrected/{self.head}"),
            room=self.room.room,
            student=student,
            status=status,
            method=Method.MANUAL,
            lesson=present.lesson,
            class_code=sheet.pupil(student).class_code,
            why=why,
            actor=present.actor,
        )
        entry = SheetEntry(
            status=status,
            method=Method.MANUAL,
            actor=present.actor,
            at_ms=moment.at_ms,
            why=why,
        )
        after, messages = self.record(record)
        return TeachingStep(after.with_sheet(sheet.correct(student, entry)), messages)

    def reopen(self, moment: Moment) -> TeachingStep:
        """Take a confirmation back. Raises NoLesson."""
        present, sheet = self._sheet()
        record = RollReopened(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=event_id(present.lesson, f"reopened/{self.head}"),
            room=self.room.room,
            lesson=present.lesson,
            actor=present.actor,
        )
        after, messages = self.record(record)
        return TeachingStep(after.with_sheet(sheet.reopen()), messages)
