"""This file says what the teacher's window and page show, in words, as one tree ready for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from agent.classroom import Classroom, View
from agent.lessons import timetable
from agent.lessons.lesson import Running
from agent.lessons.sheet import Entry, OnRoll, Sheet
from agent.lessons.teaching import Undoable
from agent.lessons.timetable import Proposal, Why
from agent.room import Moment
from protocol.formats import clock
from protocol.health import ReasonCode
from protocol.kit import missing
from protocol.messages import Ending, Part
from protocol.model import NO_ROOM, AttendanceStatus, Device, DeviceKind, Reason, Status, worst
from protocol.words import N_, Translate, kind_word, sentence, status_word

STARTING_S: Final = 90.0  # a projector that warms up longer has a fault


class Phase(StrEnum):
    """Where the lesson is."""

    IDLE = "idle"
    STARTING = "starting"
    READY = "ready"
    READY_WITH_GAPS = "ready_with_gaps"
    RUNNING = "running"
    ENDED = "ended"


_HEADLINES: Final[Mapping[Phase, str]] = {
    Phase.IDLE: N_("Ready for the lesson"),
    Phase.STARTING: N_("In lesson"),
    Phase.READY: N_("In lesson"),
    Phase.READY_WITH_GAPS: N_("In lesson"),
    Phase.RUNNING: N_("In lesson"),
    Phase.ENDED: N_("Lesson over"),
}

_ACTIONS: Final[Mapping[str, str]] = {
    "start": N_("Start the lesson"),
    "confirm": N_("Confirm attendance"),
    "end": N_("End the lesson"),
}

_WHYS: Final[Mapping[Why, str]] = {
    Why.TIMETABLE: N_("By the timetable"),
    Why.ONLY: N_("This room's class"),
    Why.RECENT: N_("The class that was here last"),
    Why.NONE: N_("Choose the class"),
}

_MARKS: Final[Mapping[AttendanceStatus, tuple[str, str]]] = {
    AttendanceStatus.PRESENT: ("", N_("Present")),
    AttendanceStatus.ABSENT_EXCUSED: ("P", N_("Absent with leave")),
    AttendanceStatus.ABSENT_UNEXCUSED: ("K", N_("Absent without leave")),
    AttendanceStatus.LATE: ("M", N_("Came late")),
    AttendanceStatus.LEFT_EARLY: ("S", N_("Left early")),
}

_FLAGS: Final[Mapping[str, str]] = {
    "shared_tablet": N_("Another pupil used the same tablet"),
    "second_tablet": N_("Checked in on two tablets"),
    "copied_card": N_("The same card was seen twice at once"),
    "check_card": N_("Two cards moved together"),
}

_WHYS_SAID: Final[Mapping[str, str]] = {
    "confirmed": N_("confirmed"),
    "corrected": N_("corrected"),
    "undone": N_("taken back"),
}

_ACTORS: Final[Mapping[str, str]] = {
    "teacher": N_("teacher"),
    "substitute": N_("substitute teacher"),
    "agent": N_("this computer"),
}

_PARTS: Final[Mapping[Part, str]] = {
    Part.BOARD: N_("Board"),
    Part.CAMERA: N_("Camera"),
    Part.TABLET: N_("Tablets"),
    Part.NETWORK: N_("Network"),
    Part.POWER: N_("Electricity"),
    Part.OTHER: N_("Something else"),
}

_TODO: Final[Mapping[DeviceKind, str]] = {
    DeviceKind.BOARD: N_("Please switch the board on and wait for a minute."),
    DeviceKind.PROJECTOR: N_("Please switch the projector on and wait for a minute."),
    DeviceKind.CAMERA: N_("Please check the camera's cable and plug."),
    DeviceKind.TABLET: N_("Please open the charging cart and hand the tablets out."),
    DeviceKind.NETWORK: N_("Please check the plug of the access point."),
}
_TODO_ELSE: Final = N_("The lesson goes on without it; press Report a fault if it stays so.")

_LABELS: Final[Mapping[str, str]] = {
    "attendance": N_("Attendance"),
    "report_fault": N_("Report a fault"),
    "other_class": N_("Another class"),
    "substitute": N_("Substitute lesson"),
    "room": N_("Room"),
    "logbook": N_("Line for the class logbook"),
    "copy": N_("Copy"),
    "close": N_("Close"),
    "board_page": N_("Open the board page"),
    "needs_a_look": N_("Only those to look at"),
    "all_pupils": N_("All pupils"),
    "history": N_("What was changed"),
    "yes": N_("Yes"),
    "no": N_("No"),
}

_NOTICES: Final[Mapping[str, tuple[str, str]]] = {
    "disk": ("warning", N_("The disk takes no new records: free some space now.")),
    "unconfirmed": ("warning", N_("The last lesson's attendance is not confirmed.")),
    "no_list": ("info", N_("The class list is not on this computer; the lesson goes on.")),
    "bell": ("info", N_("The bell has rung: press Start the lesson.")),
    "offline": ("info", N_("No line to the school's server; everything is kept here.")),
}

_KINDS: Final[Mapping[str, tuple[str, frozenset[DeviceKind]]]] = {
    "board": (N_("Board"), frozenset({DeviceKind.BOARD, DeviceKind.PROJECTOR})),
    "camera": (N_("Camera"), frozenset({DeviceKind.CAMERA})),
}


def teacher_view(
    classroom: Classroom,
    view: View,
    moment: Moment,
    say: Translate,
    *,
    undelivered: Iterable[str] = (),
    also: Iterable[str] = (),
) -> dict[str, Any]:
    """Everything the teacher sees, in codes and in the language's words.

    undelivered: the events that still wait here. also: notices of what is round the classroom.
    """
    teaching = classroom.teaching
    present, phase = teaching.lesson.present, phase_of(classroom, view, moment)
    proposed = teaching.proposal(moment)
    return {
        "room": classroom.room.room,
        "rooms": list(classroom.placement.candidates()),
        "pick_room": classroom.placement.roaming and classroom.room.room == NO_ROOM,
        "roaming": classroom.placement.roaming,
        "phase": phase,
        "headline": say(_HEADLINES[phase]),
        "subline": _subline(present, proposed, say),
        **_buttons(phase, present, say),
        "proposal": _proposal(classroom, proposed, say),
        "chips": _chips(classroom, view, say),
        "gaps": _gaps(view, say),
        "roll": _roll(classroom, present, say),
        "logbook": logbook(present, phase, letters(classroom), say),
        "undo": _undo(classroom, moment, say),
        "notices": _notices(classroom, proposed, moment, say, also),
        "faults": _faults(classroom, frozenset(undelivered), say),
        "camera": {
            "off": classroom.camera_off,
            "label": say(N_("Camera on") if classroom.camera_off else N_("Camera off")),
            "words": say(
                N_("The camera is switched off in this room.")
                if classroom.camera_off
                else N_("The camera is only looked at to see whether it works.")
            ),
        },
        "labels": {name: say(text) for name, text in _LABELS.items()},
    }


def phase_of(classroom: Classroom, view: View, moment: Moment) -> Phase:
    """Where the lesson is: ready until its roll is confirmed, with gaps where something lacks."""
    lesson = classroom.lesson
    if lesson.running is None:
        return Phase.ENDED if lesson.ended else Phase.IDLE
    if lesson.sheet is None or lesson.sheet.confirmed:
        return Phase.RUNNING
    age_s = (moment.at_ms - lesson.running.since_ms) / 1000
    if 0 <= age_s < STARTING_S and any(_is_warming(each) for each in _here(view)):
        return Phase.STARTING
    return Phase.READY_WITH_GAPS if _lacking(view) else Phase.READY


def letters(classroom: Classroom) -> dict[AttendanceStatus, str]:
    """How the school writes each mark."""
    own = classroom.teaching.plan.letters
    return {status: own.get(status, letter) for status, (letter, _) in _MARKS.items()}


def logbook(
    present: Running | None, phase: Phase, written: Mapping[AttendanceStatus, str], say: Translate
) -> str | None:
    """The line that the teacher copies into the class logbook, after the lesson."""
    if present is None or present.sheet is None or phase is not Phase.ENDED:
        return None
    sheet = present.sheet
    if not sheet.confirmed:
        return None
    parts = _named(present, say)
    parts.append(say(N_("attendance {counts}")).replace("{counts}", sheet.counts().text))
    away = [
        f"{each.name or each.number} ({written[status]})"
        for each in sheet.pupils
        if (status := sheet.status_of(each.student)) is not AttendanceStatus.PRESENT
    ]
    if away:
        parts.append(", ".join(away))
    return " · ".join(parts)


def _named(present: Running, say: Translate) -> list[str]:
    parts = [" + ".join(present.classes)] if present.classes else []
    if present.subject:
        parts.append(present.subject)
    if present.period is not None:
        parts.append(say(N_("Period {number}")).replace("{number}", str(present.period)))
    if present.substitute:
        parts.append(say(N_("Substitute lesson")))
    return parts


def _subline(present: Running | None, proposed: Proposal, say: Translate) -> str:
    shown = present or Running(
        lesson="-",
        since_ms=0,
        classes=proposed.classes,
        period=proposed.period,
        subject=proposed.subject,
        began_min=proposed.begins_min,
        bell_min=proposed.ends_min,
    )
    parts = _named(shown, say)
    if shown.began_min is not None and shown.bell_min is not None:
        parts.append(f"{_clock(shown.began_min)} - {_clock(shown.bell_min)}")
    return " · ".join(parts) or say(_WHYS[Why.NONE])


def _buttons(phase: Phase, present: Running | None, say: Translate) -> dict[str, Any]:
    match phase:
        case Phase.IDLE | Phase.ENDED:
            action = "start"
        case Phase.STARTING | Phase.READY | Phase.READY_WITH_GAPS:
            action = "confirm"
        case Phase.RUNNING:
            action = "end"
    also = {"confirm": "end"}.get(action)
    if phase is Phase.ENDED and present and present.sheet and not present.sheet.confirmed:
        also = "confirm"
    return {
        "button": {"action": action, "label": say(_ACTIONS[action]), "enabled": True},
        "also": {"action": also, "label": say(_ACTIONS[also]), "enabled": True} if also else None,
    }


def _proposal(classroom: Classroom, proposed: Proposal, say: Translate) -> dict[str, Any]:
    teaching = classroom.teaching
    likely = timetable.others(teaching.plan, classroom.room.room, proposed.classes, teaching.recent)
    return {
        "classes": list(proposed.classes),
        "why": say(_WHYS[proposed.why]),
        "teacher": proposed.teacher,
        "others": [list(each) for each in likely],
        "all": list(teaching.plan.classes),
        "substitute": False,
    }


def _chips(classroom: Classroom, view: View, say: Translate) -> list[dict[str, Any]]:
    chips = []
    for part, (label, kinds) in _KINDS.items():
        found = [each for each in _here(view) if each.kind in kinds]
        off = part == "camera" and classroom.camera_off
        state, words = _chip(found, say)
        if off:
            state, words = "absent", say(N_("switched off"))
        chips.append({"part": part, "state": state, "label": say(label), "words": words})
    return [*chips, _tablets(classroom, view, say)]


def _chip(found: list[Device], say: Translate) -> tuple[str, str]:
    if not found:
        return "absent", say(N_("not seen"))
    if any(_is_warming(each) for each in found):
        return "warning", say(N_("warming up"))
    status = worst([each.status for each in found])
    return str(status), say(N_("ready")) if status is Status.OK else status_word(status, say)


def _tablets(classroom: Classroom, view: View, say: Translate) -> dict[str, Any]:
    known = [each for each in view.devices if each.kind is DeviceKind.TABLET]
    here = [each for each in known if each.device_id in view.here and each.status is Status.OK]
    wanted = max(classroom.template.tablets, len(known))
    state = "absent" if not here else "ok" if len(here) == wanted else "warning"
    words = f"{len(here)}/{wanted}" if wanted else say(N_("none in use"))
    return {"part": "tablets", "state": state, "label": say(N_("Tablets")), "words": words}


def _gaps(view: View, say: Translate) -> dict[str, Any] | None:
    lacking = _lacking(view)
    if not lacking:
        return None
    sentences = [sentence(reason, say) for _, reason in lacking[:3]]
    kind = lacking[0][0]
    todo = _TODO.get(kind, _TODO_ELSE) if kind else _TODO_ELSE
    return {"sentence": " ".join(sentences), "todo": say(todo)}


def _lacking(view: View) -> list[tuple[DeviceKind | None, Reason]]:
    """What a lesson goes without, the board first."""
    order = (DeviceKind.BOARD, DeviceKind.PROJECTOR, DeviceKind.CAMERA, DeviceKind.NETWORK)
    lacks: list[tuple[DeviceKind | None, Reason]] = [
        (line.kind, Reason(ReasonCode.KIT_MISSING, line.kind))
        for line in missing(view.kit)
        if line.kind is not None
    ]
    lacks += [
        (each.kind, each.reasons[0])
        for each in _here(view)
        if each.status is Status.CRITICAL and each.reasons and each.kind is not DeviceKind.HOST
    ]
    return sorted(lacks, key=lambda each: order.index(each[0]) if each[0] in order else len(order))


def _roll(classroom: Classroom, present: Running | None, say: Translate) -> dict[str, Any] | None:
    if present is None or present.sheet is None:
        return None
    sheet, written = present.sheet, letters(classroom)
    counts = sheet.counts()
    return {
        "title": f"{say(_LABELS['attendance'])} {' + '.join(present.classes)}",
        "counts": counts._asdict(),
        "text": counts.text,
        "confirmed": sheet.confirmed,
        "confirmed_words": _confirmed_words(sheet, say),
        "marks": [
            {"status": status, "letter": written[status], "label": say(label)}
            for status, (_, label) in _MARKS.items()
        ],
        "lines": [_line(sheet, each, written, say) for each in sheet.pupils],
    }


def _confirmed_words(sheet: Sheet, say: Translate) -> str:
    if sheet.confirmed_ms is None:
        return say(N_("Nothing is recorded before you confirm."))
    return say(N_("Confirmed at {time}.")).replace("{time}", clock(sheet.confirmed_ms, None, say))


def _line(
    sheet: Sheet, pupil: OnRoll, written: Mapping[AttendanceStatus, str], say: Translate
) -> dict[str, Any]:
    suggestion = sheet.suggestions.get(pupil.student)
    unseen = sheet.unseen(pupil.student)
    words, flags = "", suggestion.flags if suggestion else ()
    if suggestion:
        words = " · ".join(filter(None, (suggestion.tablet, clock(suggestion.at_ms, None, say))))
    elif unseen:
        words = say(N_("not seen by tablet or card"))
    return {
        "student": pupil.student,
        "class_code": pupil.class_code,
        "number": pupil.number,
        "name": pupil.name or pupil.student,
        "status": sheet.status_of(pupil.student),
        "by": sheet.method_of(pupil.student),
        "suggested": "seen" if suggestion else "unseen" if unseen else None,
        "words": words,
        "flags": list(flags),
        "flag_words": [say(_FLAGS[each]) if each in _FLAGS else each for each in flags],
        "history": [_said(each, written, say) for each in sheet.said.get(pupil.student, ())],
    }


def _said(entry: Entry, written: Mapping[AttendanceStatus, str], say: Translate) -> str:
    what = written[entry.status] or say(_MARKS[entry.status][1])
    who = say(_ACTORS.get(entry.actor, entry.actor))
    why = say(_WHYS_SAID.get(entry.why, entry.why))
    return f"{clock(entry.at_ms, None, say)} {what} · {who} · {why}"


def _undo(classroom: Classroom, moment: Moment, say: Translate) -> dict[str, Any] | None:
    undoable = classroom.teaching.undoable
    if undoable is None or moment.steady_s >= undoable.until_s:
        return None
    words = {
        Undoable.START: N_("The lesson has started."),
        Undoable.CONFIRM: N_("Attendance is confirmed."),
        Undoable.END: N_("The lesson has ended."),
        Undoable.CORRECTION: N_("The correction is recorded."),
    }[undoable.what]
    left_s = round(undoable.until_s - moment.steady_s, 1)
    return {"what": undoable.what, "label": say(N_("Undo")), "words": say(words), "left_s": left_s}


def _notices(
    classroom: Classroom, proposed: Proposal, moment: Moment, say: Translate, also: Iterable[str]
) -> list[dict[str, str]]:
    lesson, found = classroom.lesson, set(also)
    ended, running = lesson.ended, lesson.running
    sheet = ended.lesson.sheet if ended and ended.how is Ending.BELL else None
    if sheet is not None and not sheet.confirmed:
        found.add("unconfirmed")
    if running and running.classes and running.sheet is None:
        found.add("no_list")
    begun = proposed.begins_min is not None and moment.minute >= proposed.begins_min
    taught = ended is not None and ended.lesson.began_min == proposed.begins_min
    if not running and proposed.why is Why.TIMETABLE and begun and not taught:
        found.add("bell")
    return [
        {"code": code, "level": level, "sentence": say(text)}
        for code, (level, text) in _NOTICES.items()
        if code in found
    ]


def _faults(classroom: Classroom, waiting: frozenset[str], say: Translate) -> dict[str, Any]:
    return {
        "parts": [{"part": part, "label": say(label)} for part, label in _PARTS.items()],
        "sent": [
            {
                "part": each.part,
                "delivered": each.event_id not in waiting,
                "sentence": say(
                    N_("Kept, will be sent: {part}, {time}")
                    if each.event_id in waiting
                    else N_("Received: {part}, {time}")
                )
                .replace("{part}", say(_PARTS[each.part]))
                .replace("{time}", clock(each.at_ms, None, say)),
            }
            for each in reversed(classroom.teaching.faults)
        ],
    }


def questions(classroom: Classroom, say: Translate) -> list[dict[str, Any]]:
    """What only a person can tell of devices."""
    known = classroom.devices.known
    return [
        {
            "device_id": device_id,
            "name": known[device_id].device.name,
            "kind": kind,
            "question": f"{kind_word(DeviceKind(kind), say)}?",
            "yes": say(_LABELS["yes"]),
            "no": say(_LABELS["no"]),
        }
        for device_id, kind in classroom.devices.questions().items()
        if device_id in known
    ]


def _here(view: View) -> list[Device]:
    return [each for each in view.devices if each.device_id in view.here]


def _is_warming(device: Device) -> bool:
    return device.measures is not None and device.measures.power == "warming"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
