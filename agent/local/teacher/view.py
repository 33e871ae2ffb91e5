"""This file says what the teacher's window and page show, as one tree ready for JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from agent.classroom import Classroom, ClassroomView
from agent.lessons import timetable
from agent.lessons.corrections import is_entered, marks_of, standing_sheet
from agent.lessons.lesson import RunningLesson
from agent.lessons.meant import SETTLE_S, meant_for, meant_for_roll
from agent.lessons.sheet import LessonSheet, SheetPupil
from agent.lessons.timetable import LessonProposal, ProposalReason
from agent.local.teacher import words
from agent.local.teacher.phase import LessonPhase, gaps, phase_of, present_devices
from agent.local.teacher.words import Letters
from agent.room import Moment
from hardware.camera.shutter import CameraLook
from protocol.correction import CorrectedMark
from protocol.formats import phrase
from protocol.guide import name_spelling
from protocol.messages import Part
from protocol.model import NO_ROOM, DeviceKind, Status, is_equipment
from protocol.words import N_, Translate

_MAX_GAPS: Final = 3
_WHY_NO_LIST: Final = frozenset({"class_refused", "room_refused"})
_CHIPS: Final = {
    Part.BOARD: frozenset({DeviceKind.BOARD, DeviceKind.PROJECTOR}),
    Part.CAMERA: frozenset({DeviceKind.CAMERA}),
}


def teacher_view(
    classroom: Classroom,
    view: ClassroomView,
    moment: Moment,
    say: Translate,
    *,
    undelivered: Iterable[str] = (),
    also: Iterable[str] = (),
    sharing: str = "",
    looks: Sequence[CameraLook] = (),
) -> dict[str, Any]:
    """Everything the teacher sees, in codes and in the language's words.

    undelivered: the events that still wait here. also: notices of what is round the classroom.
    sharing: the computers that go by this one's identity, too. looks: the pictures that are looked
    at now.
    """
    teaching = classroom.teaching
    phase = phase_of(classroom, view, moment)
    lesson = None if phase is LessonPhase.IDLE else teaching.lesson.present
    proposal, letters = teaching.proposal(moment), words.letters_of(teaching.plan.letters)
    return {
        **_room(classroom, moment, say),
        "phase": phase,
        "headline": say(words.HEADLINES[phase]),
        "subline": words.subline(lesson, proposal, say),
        **_buttons(classroom, phase, teaching.lesson.present, say),
        "meant": meant_for(teaching),
        "asks": teaching.guide.asks,
        "teachers": _teachers(classroom, teaching.lesson.present, moment),
        "settle_s": SETTLE_S,
        "proposal": _proposal(classroom, proposal, say),
        "chips": _chips(classroom, view, say),
        "gaps": _gaps(view, say),
        "roll": _roll(classroom, lesson, letters, say),
        "lessons": lesson_lines(classroom, moment, say),
        "logbook": _logbook(classroom, lesson, phase, letters, say),
        "undo": _undo(classroom, moment, say),
        "notices": _notices(classroom, proposal, moment, say, also=also, sharing=sharing),
        "faults": _faults(classroom, frozenset(undelivered), say),
        "camera": _camera(classroom, looks, say),
        "labels": {name: say(text) for name, text in words.LABELS.items()},
    }


def _room(classroom: Classroom, moment: Moment, say: Translate) -> dict[str, Any]:
    placement, room = classroom.placement, classroom.room.room
    found = classroom.rooms(moment) if placement.roaming else ()
    return {
        "room": room,
        "rooms": [choice.room for choice in found],
        "room_choice": [
            {"room": choice.room, "words": words.room_words(choice, say)} for choice in found
        ],
        "pick_room": placement.roaming and room == NO_ROOM,
        "roaming": placement.roaming,
    }


def _teachers(
    classroom: Classroom, lesson: RunningLesson | None, moment: Moment
) -> list[dict[str, Any]]:
    """Who may confirm, where the school asks: the timetable's teacher of this lesson first."""
    guide = classroom.teaching.guide
    if not guide.asks:
        return []
    expected = _expected(classroom, lesson, moment)
    first = sorted(guide.teachers, key=lambda key: key.teacher != expected)
    return [
        {"teacher": key.teacher, "name": key.name, "expected": key.teacher == expected}
        for key in first
    ]


def _expected(classroom: Classroom, lesson: RunningLesson | None, moment: Moment) -> str:
    """Whose a lesson is by the timetable of when it began, where the school asks; else empty."""
    guide = classroom.teaching.guide
    if lesson is None or lesson.substitute or not guide.asks:
        return ""
    name = name_spelling(lesson.teacher or _booked_teacher(classroom, lesson, moment))
    if not name:
        return ""
    return next((key.teacher for key in guide.teachers if name_spelling(key.name) == name), "")


def _booked_teacher(classroom: Classroom, lesson: RunningLesson, moment: Moment) -> str:
    """Of a lesson that began before the school asked: only today's timetable is known here."""
    if lesson.period is None or lesson.day != moment.day:
        return ""
    booking = timetable.booking_at(
        classroom.teaching.plan, classroom.room.room, moment, lesson.period
    )
    return booking.teacher if booking and booking.classes == lesson.classes else ""


def _buttons(
    classroom: Classroom, phase: LessonPhase, lesson: RunningLesson | None, say: Translate
) -> dict[str, Any]:
    """The large button, and a small one beside it; after the end the large one saves the roll."""
    is_owed = lesson is not None and _is_owed(classroom, lesson)
    match phase:
        case LessonPhase.IDLE if lesson is not None and is_owed:
            other = _button("confirm", say)
            label = phrase(words.CONFIRM_OTHER, say, lesson=words.lesson_title(lesson, say))
            return {"button": _button("start", say), "also": other | {"label": label}}
        case LessonPhase.ENDED if is_owed:
            pair = "confirm", "start"
        case LessonPhase.IDLE | LessonPhase.ENDED:
            pair = "start", ""
        case LessonPhase.STARTING | LessonPhase.READY | LessonPhase.READY_WITH_GAPS:
            pair = "confirm", "end"
        case LessonPhase.RUNNING:
            pair = "end", ""
    action, also = pair
    return {"button": _button(action, say), "also": _button(also, say) if also else None}


def _button(action: str, say: Translate) -> dict[str, Any]:
    return {"action": action, "label": say(words.ACTIONS[action]), "enabled": True}


def _proposal(classroom: Classroom, proposal: LessonProposal, say: Translate) -> dict[str, Any]:
    teaching, room = classroom.teaching, classroom.room.room
    likely = timetable.alternatives(teaching.plan, room, proposal.classes, teaching.recent)
    return {
        "classes": list(proposal.classes),
        "why": say(words.PROPOSAL_REASONS[proposal.why]),
        "teacher": proposal.teacher,
        "others": [list(classes) for classes in likely],
        "all": list(teaching.plan.classes),
        "needs_class": not proposal.classes and bool(teaching.plan.classes),
        "substitute": False,
    }


def _chips(classroom: Classroom, view: ClassroomView, say: Translate) -> list[dict[str, Any]]:
    chips = []
    for part, kinds in _CHIPS.items():
        devices = [device for device in present_devices(view) if device.kind in kinds]
        state, text = words.chip_words(devices, say)
        if part is Part.CAMERA and classroom.camera_off:
            state, text = "absent", say(N_("switched off"))
        label = say(words.PARTS[part])
        chips.append({"part": part, "state": state, "label": label, "words": text})
    return [*chips, _tablets(classroom, view, say)]


def _tablets(classroom: Classroom, view: ClassroomView, say: Translate) -> dict[str, Any]:
    tablets = [
        device
        for device in view.devices
        if device.kind is DeviceKind.TABLET and is_equipment(device)
    ]
    working = [
        tablet
        for tablet in tablets
        if tablet.device_id in view.present_ids and tablet.status is Status.OK
    ]
    total = max(classroom.template.tablets, len(tablets))
    state = "absent" if not working else "ok" if len(working) == total else "warning"
    text = f"{len(working)}/{total}" if total else say(N_("none in use"))
    label = say(words.PARTS[Part.TABLET])
    return {"part": "tablets", "state": state, "label": label, "words": text}


def _gaps(view: ClassroomView, say: Translate) -> dict[str, Any] | None:
    lacking = gaps(view)
    if not lacking:
        return None
    sentence = words.gap_sentences((reason for _, reason in lacking[:_MAX_GAPS]), say)
    return {"sentence": sentence, "todo": words.todo(lacking[0][0], say)}


def _standing(classroom: Classroom, lesson: RunningLesson) -> LessonSheet | None:
    """A lesson's sheet as it counts: by the school's word where it has corrected a mark."""
    held = classroom.teaching.school
    return lesson.sheet and standing_sheet(lesson.sheet, lesson.lesson, held)


def _is_owed(classroom: Classroom, lesson: RunningLesson) -> bool:
    """Whether its roll waits for the teacher's word: nobody confirmed it, nor did the school."""
    sheet, held = lesson.sheet, classroom.teaching.school
    if sheet is None or sheet.is_confirmed:
        return False
    return not is_entered(sheet, lesson.lesson, held)


def _roll(
    classroom: Classroom, lesson: RunningLesson | None, letters: Letters, say: Translate
) -> dict[str, Any] | None:
    if lesson is None or lesson.sheet is None:
        return None
    sheet, school = lesson.sheet, marks_of(classroom.teaching.school, lesson.lesson)
    counts = standing_sheet(sheet, lesson.lesson, classroom.teaching.school).counts()
    return {
        "title": f"{say(words.LABELS['attendance'])} {' + '.join(lesson.classes)}",
        "counts": counts._asdict(),
        "text": counts.text,
        "confirmed": sheet.is_confirmed,
        "confirmed_words": words.confirmation(sheet, say),
        "asks": sheet.is_confirmed and classroom.teaching.guide.asks,
        "checks": [] if sheet.is_confirmed else _checks(sheet, say),
        "doubts": [] if sheet.is_confirmed else _doubts(sheet),
        "marks": [
            {"status": status, "letter": letter, "label": say(words.MARKS[status][1])}
            for status, letter in letters.items()
        ],
        "lines": [
            _pupil(sheet, pupil, letters, say) | _by_school(sheet, school.get(pupil.student), say)
            for pupil in sheet.pupils
        ],
    }


def _checks(sheet: LessonSheet, say: Translate) -> list[dict[str, Any]]:
    """What should be looked at before confirming: where machines and the roll do not agree."""
    students = [pupil.student for pupil in sheet.pupils]
    found = {
        "seen_away": [student for student in students if sheet.is_seen_away(student)],
        "unseen": [student for student in students if sheet.is_unseen(student)],
        "flagged": [student for student in students if sheet.flags_of(student)],
    }
    checks = [
        {"code": code, "students": who, "sentence": words.check_words(code, who, sheet, say)}
        for code, who in found.items()
        if who
    ]
    return [*_doubted(sheet, say), *checks]


def _doubted(sheet: LessonSheet, say: Translate) -> list[dict[str, Any]]:
    """The cards of which the teacher has still to say whose they are."""
    numbers = [doubt.number for doubt in sheet.all_doubts if doubt.is_open]
    if not numbers:
        return []
    who = [pupil.student for number in numbers for pupil in sheet.candidates(number)]
    sentence = words.doubt_words(numbers, sheet, say)
    return [{"code": "doubted", "students": who, "sentence": sentence, "screen": "doubts"}]


def _doubts(sheet: LessonSheet) -> list[dict[str, Any]]:
    """Each card that may be of several pupils: of whom, and whose it is by the teacher's word."""
    return [
        {
            "number": doubt.number,
            "repeated": doubt.repeated,
            "chosen": doubt.chosen,
            "candidates": [
                {
                    "student": pupil.student,
                    "class_code": pupil.class_code,
                    "name": words.pupil_words(pupil, sheet),
                }
                for pupil in sheet.candidates(doubt.number)
            ],
        }
        for doubt in sheet.all_doubts
    ]


def lesson_lines(classroom: Classroom, moment: Moment, say: Translate) -> list[dict[str, Any]]:
    """Today's lessons, those that nobody confirmed or the school corrected; the latest first."""
    lesson, held = classroom.lesson, classroom.teaching.school
    running = [lesson.running] if lesson.running else []
    ended = (
        ended.lesson
        for ended in lesson.all_ended()
        if ended.is_shown(moment) or marks_of(held, ended.lesson.lesson)
    )
    return [_lesson_line(classroom, one, moment, say) for one in (*running, *ended)]


def _lesson_line(
    classroom: Classroom, lesson: RunningLesson, moment: Moment, say: Translate
) -> dict[str, Any]:
    sheet, held = lesson.sheet, classroom.teaching.school
    standing, corrected = _standing(classroom, lesson), marks_of(held, lesson.lesson)
    by_school = sheet is not None and is_entered(sheet, lesson.lesson, held)
    return {
        "lesson": lesson.lesson,
        "day": lesson.day,
        "title": words.lesson_title(lesson, say, today=moment.day),
        "running": lesson.lesson == classroom.lesson.code,
        "text": standing.counts().text if standing else "",
        "confirmed": sheet is not None and sheet.is_confirmed,
        "entered": by_school,
        "corrected": len(corrected),
        "has_roll": sheet is not None,
        "words": words.lesson_state(sheet, say, corrected=len(corrected), by_school=by_school),
        "meant": meant_for_roll(classroom.teaching, lesson),
        "expected": _expected(classroom, lesson, moment),
    }


def lesson_tree(
    classroom: Classroom, lesson: str, moment: Moment, say: Translate
) -> dict[str, Any] | None:
    """One lesson's line and roll, to be confirmed or corrected; None where it is not here."""
    found = classroom.lesson.find(lesson)
    if found is None:
        return None
    letters = words.letters_of(classroom.teaching.plan.letters)
    return {
        **_lesson_line(classroom, found, moment, say),
        "roll": _roll(classroom, found, letters, say),
    }


def _pupil(
    sheet: LessonSheet, pupil: SheetPupil, letters: Letters, say: Translate
) -> dict[str, Any]:
    suggestion, unseen = sheet.suggestions.get(pupil.student), sheet.is_unseen(pupil.student)
    flags = sheet.flags_of(pupil.student)
    entries = sheet.entries.get(pupil.student, ())
    return {
        "student": pupil.student,
        "class_code": pupil.class_code,
        "number": pupil.number,
        "name": pupil.name or pupil.student,
        "status": sheet.status_of(pupil.student),
        "by": sheet.method_of(pupil.student),
        "suggested": "seen" if suggestion else "unseen" if unseen else None,
        "words": words.sighting_words(suggestion, unseen=unseen, say=say),
        "flags": list(flags),
        "flag_words": [words.flag_words(flag, say) for flag in flags],
        "history": [words.entry_words(entry, letters, say) for entry in entries],
    }


def _by_school(sheet: LessonSheet, mark: CorrectedMark | None, say: Translate) -> dict[str, Any]:
    """What counts where the school corrected the mark. room: what the room itself says."""
    if mark is None:
        return {"school": None}
    room = sheet.status_of(mark.student)
    is_said = sheet.is_confirmed or mark.student in sheet.taps
    sentence = words.school_words(mark, room if is_said else None, say)
    school = {"room": room, "short": say(words.BY_SCHOOL), "words": sentence}
    return {"status": mark.status, "school": school}


def _logbook(
    classroom: Classroom,
    lesson: RunningLesson | None,
    phase: LessonPhase,
    letters: Letters,
    say: Translate,
) -> str | None:
    sheet = _standing(classroom, lesson) if lesson and phase is LessonPhase.ENDED else None
    if lesson is None or sheet is None or not sheet.is_confirmed:
        return None
    return words.logbook_line(lesson, sheet, letters, say)


def _undo(classroom: Classroom, moment: Moment, say: Translate) -> dict[str, Any] | None:
    offer = classroom.teaching.undoable
    if offer is None or moment.steady_s >= offer.until_s:
        return None
    return {
        "what": offer.what,
        "lesson": offer.lesson,
        "label": say(N_("Undo")),
        "words": say(words.UNDONE[offer.what]),
        "asks": classroom.teaching.asks_to_undo(offer.what),
        "left_s": round(offer.until_s - moment.steady_s, 1),
    }


def _notices(
    classroom: Classroom,
    proposal: LessonProposal,
    moment: Moment,
    say: Translate,
    *,
    also: Iterable[str],
    sharing: str,
) -> list[dict[str, str]]:
    codes = {*also, *_lesson_notices(classroom, proposal, moment)}
    if codes & _WHY_NO_LIST:
        codes.discard("no_list")
    owed = words.lesson_titles(_owed(classroom, moment), moment.day, say)
    return [
        {"code": code, "level": level, "sentence": phrase(text, say, lessons=owed, others=sharing)}
        for code, (level, text) in words.NOTICES.items()
        if code in codes
    ]


def _lesson_notices(
    classroom: Classroom, proposal: LessonProposal, moment: Moment
) -> Iterable[str]:
    ended, running = classroom.lesson.ended, classroom.lesson.running
    if _owed(classroom, moment):
        yield "unconfirmed"
    if running and running.classes and running.sheet is None:
        yield "no_list"
    rung = proposal.begins_min is not None and moment.minute >= proposal.begins_min
    over = ended is not None and ended.lesson.began_min == proposal.begins_min
    is_due = not running or classroom.teaching.is_next_due(moment)
    if is_due and proposal.why is ProposalReason.TIMETABLE and rung and not over:
        yield "bell"


def _owed(classroom: Classroom, moment: Moment) -> list[RunningLesson]:
    """The lessons whose roll should have been confirmed by now, the latest first."""
    running = classroom.lesson.running
    is_over = running is not None and classroom.teaching.is_next_due(moment)
    ended = (one.lesson for one in classroom.lesson.all_ended())
    owed = [lesson for lesson in ended if _is_owed(classroom, lesson)]
    if running and is_over and _is_owed(classroom, running):
        return [running, *owed]
    return owed


def _faults(classroom: Classroom, waiting: frozenset[str], say: Translate) -> dict[str, Any]:
    return {
        "parts": [{"part": part, "label": say(label)} for part, label in words.PARTS.items()],
        "sent": [
            {
                "part": fault.part,
                "delivered": (delivered := fault.event_id not in waiting),
                "sentence": words.fault_words(fault, delivered=delivered, say=say),
            }
            for fault in reversed(classroom.teaching.faults)
        ],
    }


def _camera(classroom: Classroom, looks: Sequence[CameraLook], say: Translate) -> dict[str, Any]:
    switch, locked = classroom.camera, classroom.camera_locked
    return {
        "off": switch.off,
        "locked": locked,
        "looking": bool(looks),
        "label": words.camera_label(off=switch.off, locked=locked, say=say),
        "words": words.camera_words(switch, looks, say),
    }
