"""This file is what a teacher does in a room: each deed in, what is to be said out. Pure.

Holds the school's plan, the lesson with its sheet, marks outside rolls, reported faults, the
chain of the attendance log, and what can be undone for some seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from agent.lessons import rooms, timetable
from agent.lessons.corrections import SchoolCorrections
from agent.lessons.doubts import Doubt, DoubtAnswer
from agent.lessons.lesson import Lesson, RunningLesson, event_id
from agent.lessons.marks import MarkBook, MarkBookFull, MarkResult
from agent.lessons.proving import UNASKED, Confirmer
from agent.lessons.sheet import LessonSheet, MarkReason, SheetEntry, Suggestion, pupils_of
from agent.lessons.timetable import LessonProposal
from agent.room import AgentRoom, Messages, Moment
from protocol import chain
from protocol.correction import CorrectedMark
from protocol.guide import Guide
from protocol.messages import (
    AttendanceMarked,
    ChainHead,
    CorrectionsGiven,
    CorrectionsKept,
    Ending,
    ErasureProof,
    FaultReported,
    HeadTold,
    Part,
    Proof,
    RollConfirmed,
    RollReopened,
)
from protocol.model import AttendanceStatus, Code, Method, Millis
from protocol.plan import Plan, digest_of

UNDO_S: Final = 10.0
ASKED_UNDO_S: Final = 60.0  # a name is chosen and a PIN typed before it is taken back
MAX_FAULTS: Final = 12
SAME_FAULT_MS: Final = 60_000
MAX_RECENT: Final = 5


_Logged = AttendanceMarked | RollConfirmed | RollReopened | ErasureProof


class NoLesson(Exception):  # noqa: N818 - a state, not a fault
    """No lesson runs, or its class list is not here."""


class NoClass(Exception):  # noqa: N818 - a state, not a fault
    """A lesson is to be started, and of which class is not known."""


class Undoable(StrEnum):
    """What can be taken back."""

    START = "start"
    CONFIRM = "confirm"
    END = "end"
    CORRECTION = "correction"


# What takes them back changes a roll that was confirmed.
_ON_CONFIRMED: Final = frozenset({Undoable.CONFIRM, Undoable.CORRECTION})


class UndoOffer(NamedTuple):
    """The last deed, and until when it can be taken back on the steady clock.

    lesson: the one that it was done in. student, status: of a correction, whom it was about and
    what counted before. again: whether the start took up a lesson that had ended.
    """

    what: Undoable
    until_s: float
    lesson: str = ""
    student: str = ""
    status: AttendanceStatus = AttendanceStatus.PRESENT
    again: bool = False


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
    the school was told last. recent: the classes that were here, newest first. school: what the
    school corrected; None where it has never said whether it did. guide: what is known of the
    school beyond the room. left: the plans of rooms that this computer left, newest last.
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
    school: SchoolCorrections | None = None
    guide: Guide = Guide()  # noqa: RUF009 - frozen
    left: rooms.LeftPlans = field(default_factory=dict)

    def proposal(self, moment: Moment) -> LessonProposal:
        """What the room should be doing now."""
        return timetable.proposal(self.plan, self.room.room, moment, self.recent)

    def is_next_due(self, moment: Moment) -> bool:
        """Whether the bell has rung for another period than that of the lesson that is shown."""
        present, what = self.lesson.present, self.proposal(moment)
        if present is None or what.begins_min is None or moment.minute < what.begins_min:
            return False
        is_later = present.day == moment.day and what.period != present.period
        has_rung = present.bell_min is not None and moment.minute >= present.bell_min
        return is_later and has_rung

    def start(
        self,
        lesson: str,
        moment: Moment,
        classes: tuple[str, ...] = (),
        *,
        substitute: bool = False,
    ) -> TeachingStep:
        """Start a lesson as proposed, or with these classes; while one runs, nothing happens.

        A lesson whose bell has rung makes way for the next. One of the same period and classes
        goes on instead of a second one. Raises NoClass where the school has classes.
        """
        if self.lesson.running and not self.is_next_due(moment):
            return TeachingStep(self, [])
        what = self.proposal(moment).for_classes(classes)
        if not what.classes and self.plan.classes:
            raise NoClass
        before, ended = self.close(Ending.BELL, moment)
        if same := before.lesson.find_same(what, moment.day, substitute=substitute):
            back, messages = before.lesson.resume(moment, same.lesson)
        else:
            back, messages = before.lesson.start(
                *(lesson, what, self.plan.grace_min, moment),
                substitute=substitute,
                asks=self.guide.asks,
            )
        recent = dict.fromkeys((what.classes, *self.recent)) if what.classes else self.recent
        after = replace(before, lesson=back, recent=tuple(recent)[:MAX_RECENT]).with_list()
        undo = UndoOffer(
            *(Undoable.START, moment.steady_s + UNDO_S, back.code or ""), again=same is not None
        )
        return TeachingStep(replace(after, undoable=undo), [*ended, *messages])

    def end(self, moment: Moment) -> TeachingStep:
        """The teacher ends the lesson; while idle, nothing happens."""
        code = self.lesson.code
        after, messages = self.close(Ending.TEACHER, moment)
        if code is None:
            return TeachingStep(self, [])
        return TeachingStep(after.undo_for(Undoable.END, moment, code), messages)

    def close(self, how: Ending, moment: Moment) -> TeachingStep:
        """End the lesson that runs; what was tapped and not confirmed is said as that."""
        running = self.lesson.running
        lesson, messages = self.lesson.end(moment.at_ms, how)
        after, tapped = replace(self, lesson=lesson, undoable=None), Messages()
        if running is not None and how is not Ending.UNDONE:
            after, tapped = after.say_taps(running, moment)
        return TeachingStep(after, [*tapped, *messages])

    def say_taps(self, lesson: RunningLesson, moment: Moment) -> TeachingStep:
        """Say the taps of a roll that nobody confirmed: each once, until it is another."""
        after, said = self, Messages()
        sheet = lesson.sheet
        if sheet is None or sheet.is_confirmed:
            return TeachingStep(after, said)
        for pupil in sheet.pupils:
            if pupil.student in sheet.taps:
                after, messages = after.say_tap(lesson, sheet, pupil.student, moment)
                said += messages
        return TeachingStep(after, said)

    def say_tap(
        self, lesson: RunningLesson, sheet: LessonSheet, student: str, moment: Moment
    ) -> TeachingStep:
        """Say one of them."""
        try:
            roll, _, events = self.roll.mark(
                student, sheet.status_of(student), Method.MANUAL, lesson.lesson, moment
            )
        except MarkBookFull:  # the tap is here all the same
            return TeachingStep(self, [])
        code, after, said = sheet.pupil(student).class_code, self.with_roll(roll), Messages()
        for event in events:
            tapped = msgspec.structs.replace(
                event,
                why=MarkReason.TAPPED,
                class_code=code,
                actor=lesson.actor,
                room=lesson.room or event.room,
            )
            after, messages = after.record(tapped)
            said += messages
        return TeachingStep(after, said)

    def beat(self, moment: Moment) -> TeachingStep:
        """Let time pass: a lesson that was forgotten ends; what is done with is let go."""
        after, messages = self, Messages()
        if self.undoable and moment.steady_s >= self.undoable.until_s:
            after = replace(after, undoable=None)
        if after.lesson.is_over(moment):
            after, messages = after.close(Ending.BELL, moment)
        lesson = after.lesson.let_go(moment)
        if lesson is not after.lesson:
            offer = after.undoable
            is_gone = offer is not None and lesson.find(offer.lesson) is None
            after = replace(after, lesson=lesson, undoable=None if is_gone else offer)
        codes = after.lesson.codes()
        roll, school = after.roll.only(moment.day, codes), after.school and after.school.only(codes)
        after = after if school is after.school else replace(after, school=school)
        return TeachingStep(after.with_roll(roll), messages)

    def confirm(
        self, moment: Moment, lesson: str = "", by: Confirmer | None = None
    ) -> TeachingStep:
        """The teacher's word on everyone in a lesson that is here, else in the one that is shown.

        by: who confirms, and how they showed it, where the school asks. Raises NoLesson.
        """
        present, sheet = self._sheet(lesson)
        if sheet.is_confirmed:
            return TeachingStep(self, [])
        who = self._voucher(by)
        record = RollConfirmed(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=self._record_id(present.lesson, "confirmed"),
            room=present.room or self.room.room,
            lesson=present.lesson,
            day=present.day or moment.day,
            classes=present.classes,
            period=present.period,
            subject=present.subject,
            actor=present.actor,
            teacher=who.teacher,
            proof=who.proof,
            lines=sheet.lines(),
        )
        after, messages = self.record(record)
        confirmed = sheet.confirm(present.actor, moment.at_ms, who)
        after = after.with_sheet(confirmed, present.lesson)
        return TeachingStep(after.undo_for(Undoable.CONFIRM, moment, present.lesson), messages)

    def tap(
        self,
        student: str,
        status: AttendanceStatus,
        moment: Moment,
        lesson: str = "",
        by: Confirmer | None = None,
    ) -> TeachingStep:
        """The teacher says how a pupil is: kept for the confirmation; after it, a correction.

        Of a lesson that is over it is said at once, as not confirmed. by: who corrects, where the
        school asks. Raises NoLesson, NotOnRoll.
        """
        present, sheet = self._sheet(lesson)
        if not sheet.is_confirmed:
            return self._tap_open(present, sheet.tap(student, status), moment)
        before = sheet.status_of(student)
        if before is status:
            sheet.pupil(student)
            return TeachingStep(self, [])
        after, messages = self.correct(
            student, status, MarkReason.CORRECTED, moment, present.lesson, by=by
        )
        after = after.undo_for(Undoable.CORRECTION, moment, present.lesson)
        undo = after.undoable and after.undoable._replace(student=student, status=before)
        return TeachingStep(replace(after, undoable=undo), messages)

    def _tap_open(self, lesson: RunningLesson, sheet: LessonSheet, moment: Moment) -> TeachingStep:
        after, code = self.with_sheet(sheet, lesson.lesson), lesson.lesson
        if self.undoable and (self.undoable.what, self.undoable.lesson) == (Undoable.START, code):
            after = replace(after, undoable=None)  # it would take the teacher's word along
        if code == self.lesson.code:
            return TeachingStep(after, [])
        return after.say_taps(msgspec.structs.replace(lesson, sheet=sheet), moment)

    def suggest(self, student: str, suggestion: Suggestion, lesson: str = "") -> TeachingStep:
        """A machine saw a pupil in the running lesson, or in this one; nothing is said.

        Raises NoLesson where another one runs by now, NotOnRoll.
        """
        sheet = self._sheet_seen(lesson)
        return TeachingStep(self.with_sheet(sheet.suggest(student, suggestion)), [])

    def doubt(self, doubt: Doubt, lesson: str = "") -> TeachingStep:
        """A machine saw a number that several pupils have; otherwise as `suggest`."""
        return TeachingStep(self.with_sheet(self._sheet_seen(lesson).doubt(doubt)), [])

    def _sheet_seen(self, lesson: str) -> LessonSheet:
        """The sheet that machines write in now. Raises NoLesson."""
        if self.lesson.sheet is None or lesson not in {"", self.lesson.code}:
            raise NoLesson
        return self.lesson.sheet

    def settle(self, answers: Iterable[DoubtAnswer], lesson: str = "") -> TeachingStep:
        """The teacher says whose these numbers are. Raises NoLesson, NotOnRoll."""
        present, sheet = self._sheet(lesson)
        for answer in answers:
            sheet = sheet.settle(answer)
        return TeachingStep(self.with_sheet(sheet, present.lesson), [])

    def undo(self, moment: Moment, by: Confirmer | None = None) -> TeachingStep:
        """Take the last deed back while it is offered; later nothing happens.

        by: who changes a confirmed roll by it, where the school asks.
        """
        undoable = self.undoable
        if undoable is None or moment.steady_s >= undoable.until_s:
            return TeachingStep(replace(self, undoable=None), [])
        back = replace(self, undoable=None)
        match undoable.what:
            case Undoable.START:
                return back.close(Ending.TEACHER if undoable.again else Ending.UNDONE, moment)
            case Undoable.END:
                lesson, messages = back.lesson.resume(moment, undoable.lesson)
                return TeachingStep(replace(back, lesson=lesson), messages)
            case Undoable.CONFIRM:
                return back.reopen(moment, undoable.lesson, by)
            case Undoable.CORRECTION:
                student, status = undoable.student, undoable.status
                return back.correct(
                    student, status, MarkReason.UNDONE, moment, undoable.lesson, by=by
                )

    def mark(
        self, student: str, status: AttendanceStatus, method: Method, moment: Moment
    ) -> tuple[TeachingStep, MarkResult]:
        """A mark where there is no sheet: of the day, or of a lesson without list.

        Raises MarkBookFull.
        """
        roll = self.roll.only(moment.day, self.lesson.codes())
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
        """The school's plan is another now; a roll that is not confirmed follows its lists.

        One that was on its way when the computer was carried to another room is not this room's.
        """
        if not rooms.is_plan_of(self.room.room, plan):
            return TeachingStep(self, [])
        return TeachingStep(replace(self, plan=plan, digest=digest).with_list(), [])

    def take_corrections(self, given: CorrectionsGiven, moment: Moment) -> TeachingStep:
        """The school's present start says what it corrected; late, or twice, it changes nothing."""
        held = self.school
        if held is not None and not held.is_before(given):
            return TeachingStep(self, [])
        rest = () if held is None else held.marks
        older = (mark for mark in rest if self._is_older(mark.lesson, given.since))
        ours = filter(self._has_pupil, given.marks)
        marks = {(mark.lesson, mark.student): mark for mark in (*older, *ours)}
        kept = CorrectionsKept(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=self.room.new_id(),
            room=self.room.room,
            of=given.boot,
            number=given.number,
        )
        school = SchoolCorrections(
            start=given.boot, number=given.number, marks=tuple(marks.values())
        )
        return TeachingStep(replace(self, school=school), [kept])

    def _is_older(self, lesson: str, since: str | None) -> bool:
        """Whether a lesson that is here is of a day before the first of which all is said."""
        found = self.lesson.find(lesson)
        day = found.day if found else None
        return since is not None and day is not None and day < since

    def _has_pupil(self, mark: CorrectedMark) -> bool:
        """Whether the lesson is here, and the pupil on its roll, if that is here."""
        found = self.lesson.find(mark.lesson)
        if found is None or found.sheet is None:
            return found is not None
        return any(pupil.student == mark.student for pupil in found.sheet.pupils)

    def follow(self, guide: Guide) -> TeachingStep:
        """The school tells anew what this computer may know of it; a bare room fills by it."""
        return TeachingStep(self if guide == self.guide else replace(self, guide=guide), [])

    def without_pupil(self, is_pupil: Callable[[str], bool]) -> Teaching:
        """The same without one pupil: plan, sheets, marks, and what could be undone."""
        forgets = self.undoable is not None and is_pupil(self.undoable.student)
        return replace(
            self,
            plan=self.plan.without_pupil(is_pupil),
            left={room: plan.without_pupil(is_pupil) for room, plan in self.left.items()},
            lesson=self.lesson.without_pupil(is_pupil),
            roll=self.roll.without_pupil(is_pupil),
            undoable=None if forgets else self.undoable,
            school=self.school and self.school.without_pupil(is_pupil),
        )

    def prove_erasure(self, erasure: str, records: int, left: int, moment: Moment) -> TeachingStep:
        """Say in the log that a pupil was erased, by the name of the erasure."""
        proof = ErasureProof(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=self._record_id(erasure, f"erased/{self.room.place.agent}"),
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
        """The same in another room: a laptop was carried there; lessons stay where they were."""
        left = rooms.leave(self.left, self.room.room, self.plan)
        plan = rooms.plan_in(room.room, left, self.plan, self.guide)
        return replace(
            self,
            room=room,
            plan=plan,
            digest=digest_of(plan) if plan != Plan() else "",
            left=left,
            recent=(),
            lesson=replace(self.lesson.stay_in(self.room.room), room=room),
            roll=replace(self.roll, room=room),
        )

    def with_list(self) -> Teaching:
        """Each sheet as soon as all class lists of its lesson are here; the running one follows."""
        after = self
        running = self.lesson.running
        if running is not None and not (running.sheet and running.sheet.is_confirmed):
            after = after.with_list_of(running)
        for ended in self.lesson.all_ended():
            if ended.lesson.sheet is None:
                after = after.with_list_of(ended.lesson)
        return after

    def with_list_of(self, lesson: RunningLesson) -> Teaching:
        """One lesson's sheet as its class lists are now, if all of them are here."""
        lists = [self.plan.list_of(code) for code in lesson.classes]
        pupils = pupils_of(class_list for class_list in lists if class_list is not None)
        if None in lists or not pupils:
            return self
        sheet = lesson.sheet or LessonSheet(pupils=pupils)
        return self.with_sheet(sheet.with_pupils(pupils), lesson.lesson)

    def _sheet(self, lesson: str = "") -> tuple[RunningLesson, LessonSheet]:
        """A lesson that is here by its id, else the one that is shown, and its sheet."""
        present = self.lesson.find(lesson) if lesson else self.lesson.present
        if present is None or present.sheet is None:
            raise NoLesson
        return present, present.sheet

    def with_sheet(self, sheet: LessonSheet, lesson: str = "") -> Teaching:
        """With a lesson's sheet as it is now."""
        return replace(self, lesson=self.lesson.with_sheet(sheet, lesson))

    def with_roll(self, roll: MarkBook) -> Teaching:
        """With the roll as it is now."""
        return self if roll is self.roll else replace(self, roll=roll)

    def undo_for(self, what: Undoable, moment: Moment, lesson: str) -> Teaching:
        """Let this be taken back for a while."""
        for_s = ASKED_UNDO_S if self.asks_to_undo(what) else UNDO_S
        return replace(self, undoable=UndoOffer(what, moment.steady_s + for_s, lesson))

    def asks_to_undo(self, what: Undoable) -> bool:
        """Whether who takes this back is asked who they are."""
        return self.guide.asks and what in _ON_CONFIRMED

    def _voucher(self, by: Confirmer | None) -> Confirmer:
        """Who stands in a record: whoever said nothing where the school asks has proven nothing."""
        return by or (Confirmer(Proof.NONE) if self.guide.asks else UNASKED)

    def _record_id(self, lesson: str, what: str) -> str:
        """The id of the next record: a copy of this disk says the same by one of its own.

        Else the school takes one for the other said again, and the log has a gap.
        """
        return event_id(lesson, f"{what}/{self.room.boot}/{self.head}")

    def record(self, record: _Logged) -> TeachingStep:
        """Put the record behind the last one of the log."""
        linked = chain.link_record(record, self.head)
        return TeachingStep(replace(self, head=linked.hash, links=self.links + 1), [linked])

    def correct(
        self,
        student: str,
        status: AttendanceStatus,
        why: MarkReason,
        moment: Moment,
        lesson: str = "",
        *,
        by: Confirmer | None = None,
    ) -> TeachingStep:
        """Say anew how one pupil of a confirmed roll is. Raises NoLesson, NotOnRoll."""
        present, sheet = self._sheet(lesson)
        who = self._voucher(by)
        record = AttendanceMarked(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=self._record_id(present.lesson, "corrected"),
            room=present.room or self.room.room,
            student=student,
            status=status,
            method=Method.MANUAL,
            lesson=present.lesson,
            class_code=sheet.pupil(student).class_code,
            why=why,
            actor=present.actor,
            teacher=who.teacher,
            proof=who.proof,
        )
        entry = SheetEntry(
            status=status,
            method=Method.MANUAL,
            actor=present.actor,
            at_ms=moment.at_ms,
            why=why,
            by=who.signature,
        )
        after, messages = self.record(record)
        corrected = after.with_sheet(sheet.correct(student, entry), present.lesson)
        return TeachingStep(corrected, messages)

    def reopen(self, moment: Moment, lesson: str = "", by: Confirmer | None = None) -> TeachingStep:
        """Take a confirmation back. Raises NoLesson."""
        present, sheet = self._sheet(lesson)
        who = self._voucher(by)
        record = RollReopened(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=self._record_id(present.lesson, "reopened"),
            room=present.room or self.room.room,
            lesson=present.lesson,
            actor=present.actor,
            teacher=who.teacher,
            proof=who.proof,
        )
        after, messages = self.record(record)
        reopened = sheet.reopen()
        after = after.with_sheet(reopened, present.lesson)
        if present.lesson == self.lesson.code:
            return TeachingStep(after, messages)
        after, tapped = after.say_taps(msgspec.structs.replace(present, sheet=reopened), moment)
        return TeachingStep(after, [*messages, *tapped])
