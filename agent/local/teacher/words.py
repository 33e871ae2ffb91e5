"""This file says in words what the teacher is shown: codes and values in, sentences out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from agent.equipment.switch import CameraSwitch, SwitchedBy
from agent.lessons.lesson import RunningLesson
from agent.lessons.rooms import RoomChoice
from agent.lessons.sheet import LessonSheet, SheetEntry, SheetPupil, Suggestion
from agent.lessons.teaching import ReportedFault, Undoable
from agent.lessons.timetable import LessonProposal, ProposalReason
from agent.local.teacher.phase import LessonPhase, is_warming
from hardware.camera.shutter import CameraLook, CameraUse
from protocol.correction import CorrectedMark, reason_words
from protocol.formats import clock, moment_in_text, phrase, short_day
from protocol.messages import Part, Proof
from protocol.model import AttendanceStatus, Device, DeviceKind, Reason, Status, worst
from protocol.words import N_, PROOF_WORDS, Translate, sentence, status_word

Letters = Mapping[AttendanceStatus, str]

HEADLINES: Final[Mapping[LessonPhase, str]] = {
    **dict.fromkeys(LessonPhase, N_("In lesson")),
    LessonPhase.IDLE: N_("Ready for the lesson"),
    LessonPhase.ENDED: N_("Lesson over"),
}
ACTIONS: Final[Mapping[str, str]] = {
    "start": N_("Start the lesson"),
    "confirm": N_("Confirm attendance"),
    "end": N_("End the lesson"),
}
CONFIRM_OTHER: Final = N_("Confirm {lesson}")
PROPOSAL_REASONS: Final[Mapping[ProposalReason, str]] = {
    ProposalReason.TIMETABLE: N_("By the timetable"),
    ProposalReason.ONLY: N_("This room's class"),
    ProposalReason.RECENT: N_("The class that was here last"),
    ProposalReason.NONE: N_("Choose the class"),
}
MARKS: Final[Mapping[AttendanceStatus, tuple[str, str]]] = {
    AttendanceStatus.PRESENT: ("", N_("Present")),
    AttendanceStatus.ABSENT_EXCUSED: ("P", N_("Absent with leave")),
    AttendanceStatus.ABSENT_UNEXCUSED: ("K", N_("Absent without leave")),
    AttendanceStatus.LATE: ("M", N_("Came late")),
    AttendanceStatus.LEFT_EARLY: ("S", N_("Left early")),
}
_FLAGS: Final[Mapping[str, str]] = {
    "shared_tablet": N_("Another pupil used the same tablet"),
    "second_tablet": N_("Checked in on two tablets"),
    "same_device": N_("Another pupil checked in from the same device"),
    "copied_card": N_("The same card was seen twice at once"),
    "check_card": N_("Two cards moved together"),
}
_ENTRY_REASONS: Final[Mapping[str, str]] = {
    "confirmed": N_("confirmed"),
    "corrected": N_("corrected"),
    "undone": N_("undone"),
}
_ACTORS: Final[Mapping[str, str]] = {
    "teacher": N_("teacher"),
    "substitute": N_("substitute teacher"),
    "agent": N_("this computer"),
}
PARTS: Final[Mapping[Part, str]] = {
    Part.BOARD: N_("Board"),
    Part.CAMERA: N_("Camera"),
    Part.TABLET: N_("Tablets"),
    Part.NETWORK: N_("Network"),
    Part.POWER: N_("Electricity"),
    Part.OTHER: N_("Something else"),
}
_TODO: Final[Mapping[DeviceKind | None, str]] = {
    DeviceKind.BOARD: N_("Please switch the board on and wait for a minute."),
    DeviceKind.PROJECTOR: N_("Please switch the projector on and wait for a minute."),
    DeviceKind.CAMERA: N_("Please check the camera's cable and plug."),
    DeviceKind.TABLET: N_("Please open the charging cart and hand the tablets out."),
    DeviceKind.NETWORK: N_("Please check the plug of the access point."),
}
_TODO_ELSE: Final = N_("The lesson goes on without it; press Report a fault if it stays so.")
LABELS: Final[Mapping[str, str]] = {
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
_CAMERA_OFF_BEFORE: Final[Mapping[SwitchedBy, str]] = {
    SwitchedBy.ROOM: N_("The camera is switched off in this room."),
    SwitchedBy.SCHOOL: N_("The school has switched the camera off."),
    SwitchedBy.SETTINGS: N_("The camera is switched off in this computer's settings."),
}
_CAMERA_OFF: Final[Mapping[SwitchedBy, str]] = {
    SwitchedBy.ROOM: N_("The camera is off since {since}: somebody in this room switched it off."),
    SwitchedBy.SCHOOL: N_("The camera is off since {since}: the school did it ({name})."),
    SwitchedBy.SETTINGS: N_("The camera is switched off in this computer's settings."),
}
_CAMERA_USES: Final[Mapping[CameraUse, str]] = {
    CameraUse.CHECK: N_("Since {since} the picture is looked at: whether the camera works."),
    CameraUse.CARDS: N_("Since {since} the picture is looked at: for the class's cards."),
    CameraUse.DOOR: N_("Since {since} the picture is looked at: for cards at the door."),
    CameraUse.COMMAND: N_("Since {since} the picture is looked at: somebody tries the camera."),
}
UNDONE: Final[Mapping[Undoable, str]] = {
    Undoable.START: N_("The lesson has started."),
    Undoable.CONFIRM: N_("Attendance is confirmed."),
    Undoable.END: N_("The lesson has ended."),
    Undoable.CORRECTION: N_("The correction is recorded."),
}
# By code, the gravest first: how grave, and the sentence.
NOTICES: Final[Mapping[str, tuple[str, str]]] = {
    "disk": ("warning", N_("The disk takes no new records: free some space now.")),
    "unconfirmed": ("warning", N_("Attendance is not confirmed: {lessons}.")),
    "class_refused": (
        "warning",
        N_(
            "The school's server gives this room no list of the class: it opened as many other"
            " classes today as one room may. The lesson goes on; please tell the office."
        ),
    ),
    "room_refused": (
        "warning",
        N_(
            "The school's server gives this computer no class list here: it was in too many rooms"
            " today. The lesson goes on; please tell the office."
        ),
    ),
    "no_list": ("info", N_("The class list is not on this computer; the lesson goes on.")),
    "bell": ("info", N_("The bell has rung: press Start the lesson.")),
    "password_refused": (
        "warning",
        N_("The school's server refuses this computer's password; please tell the office."),
    ),
    "other_school": (
        "warning",
        N_("Only another school's server answers here: is this computer's school code right?"),
    ),
    "not_believed": (
        "warning",
        N_("What answers here is not your school's server; please tell the office."),
    ),
    "identity_shared": (
        "warning",
        N_(
            "Another computer goes by this one's identity: {others}. Both go on, and nothing is"
            " lost; please ask the office for a code, and enter it on LopHoc's page on one of them."
        ),
    ),
    "not_enrolled": (
        "warning",
        N_("This computer has not joined the school yet: enter the code on LopHoc's page."),
    ),
    "invited": (
        "info",
        N_("This computer is invited to join the school by a code: enter it on LopHoc's page."),
    ),
    "offline": ("info", N_("No line to the school's server; everything is kept here.")),
}


# By code, what should be looked at before a roll is confirmed.
_CHECKS: Final[Mapping[str, str]] = {
    "seen_away": N_("Marked absent, but seen by tablet or card: {pupils}."),
    "unseen": N_("Not seen by tablet or card: {pupils}."),
    "flagged": N_("Please look at: {pupils}."),
}
BY_SCHOOL: Final = N_("by the school's word")
_CORRECTED: Final = N_("the school corrected {n} {n:mark|marks}")
_SCHOOL_SAYS: Final = N_(
    "The school's word counts: {mark} ({why}, {when}). This room says: {room}."
)
_SCHOOL_ENTERED: Final = N_("The school's word counts: {mark} ({why}, {when}).")
_DOUBTED: Final = N_("Cards that may be two pupils': {cards}.")
_EITHER: Final = N_(" or ")
_CONFIRMED_BY: Final = N_("Confirmed at {time} by {name}.")
_CONFIRMED_UNPROVEN: Final = N_("Confirmed at {time} by {name}, without a PIN.")
_MAX_NAMED: Final = 5
_MAX_DOUBTS: Final = 3
_MAX_TITLES: Final = 3


def check_words(code: str, students: Sequence[str], sheet: LessonSheet, say: Translate) -> str:
    """Which pupils should be looked at, and why."""
    names = [pupil_words(sheet.pupil(one), sheet) for one in students[:_MAX_NAMED]]
    return phrase(_CHECKS[code], say, pupils=_listed(names, len(students), say))


def doubt_words(numbers: Sequence[int], sheet: LessonSheet, say: Translate) -> str:
    """Which cards may be of several pupils, and of whom."""
    cards = []
    for number in numbers[:_MAX_DOUBTS]:
        pupils = [pupil_words(one, sheet) for one in sheet.candidates(number)]
        cards.append(f"{number} ({say(_EITHER).join(pupils)})")
    return phrase(_DOUBTED, say, cards=_listed(cards, len(numbers), say))


def pupil_words(pupil: SheetPupil, sheet: LessonSheet) -> str:
    """A pupil in a sentence: by name, else by number; with class and number where two are so."""
    name = pupil.name or str(pupil.number)
    alike = [other for other in sheet.pupils if (other.name or str(other.number)) == name]
    if len(alike) == 1:
        return name
    of_class = [other for other in alike if other.class_code == pupil.class_code]
    parts = [pupil.class_code] if len(of_class) < len(alike) else []
    parts += [str(pupil.number)] if len(of_class) > 1 else []
    return f"{name} ({' · '.join(parts)})" if parts else name


def _listed(names: list[str], count: int, say: Translate) -> str:
    rest = count - len(names)
    more = [phrase(N_("{count} more"), say, count=rest)] if rest else []
    return ", ".join([*names, *more])


def room_words(choice: RoomChoice, say: Translate) -> str:
    """What is known of a room that may be chosen: who learns there now, and that it was used."""
    now = [" + ".join(choice.now.classes)] if choice.now else []
    return " · ".join([*now, *([say(N_("used recently"))] if choice.is_recent else [])])


def lesson_title(lesson: RunningLesson, say: Translate, today: str = "") -> str:
    """A lesson among others: its class, subject and period, and its day where it is another."""
    parts = _lesson_parts(lesson, say)
    if today and lesson.day and lesson.day != today:
        parts.append(short_day(date.fromisoformat(lesson.day), say))
    if lesson.period is None:
        parts.append(clock(lesson.since_ms, None, say))
    return " · ".join(parts)


def lesson_titles(lessons: Sequence[RunningLesson], today: str, say: Translate) -> str:
    """Several lessons in a sentence."""
    titles = [lesson_title(lesson, say, today) for lesson in lessons[:_MAX_TITLES]]
    if rest := len(lessons) - len(titles):
        titles.append(phrase(N_("{count} more"), say, count=rest))
    return "; ".join(titles)


def lesson_state(
    sheet: LessonSheet | None, say: Translate, *, corrected: int = 0, by_school: bool = False
) -> str:
    """How a lesson's roll stands, in few words.

    corrected: on how many marks the school's word stands. by_school: on all of them, and the room
    has not confirmed.
    """
    if by_school:
        return say(N_("entered by the school"))
    changed = phrase(_CORRECTED, say, n=corrected) if corrected else ""
    return " · ".join(filter(None, (_roll_state(sheet, say), changed)))


def _roll_state(sheet: LessonSheet | None, say: Translate) -> str:
    if sheet is None:
        return say(N_("no class list"))
    if sheet.confirmed_ms is None:
        return say(N_("not confirmed"))
    return phrase(N_("Confirmed at {time}."), say, time=clock(sheet.confirmed_ms, None, say))


def school_words(mark: CorrectedMark, room: AttendanceStatus | None, say: Translate) -> str:
    """Whose mark counts, why, since when, and what the room says; None where it says nothing."""
    text = _SCHOOL_SAYS if room else _SCHOOL_ENTERED
    return phrase(
        text,
        say,
        mark=say(MARKS[mark.status][1]),
        why=say(reason_words(mark.reason)),
        when=moment_in_text(mark.at_ms, None, say),
        room=say(MARKS[room][1]) if room else "",
    )


def subline(lesson: RunningLesson | None, proposal: LessonProposal, say: Translate) -> str:
    """What is taught and when: of the lesson, or of the one that is proposed."""
    shown_lesson = lesson or RunningLesson(
        lesson="-",
        since_ms=0,
        classes=proposal.classes,
        period=proposal.period,
        subject=proposal.subject,
        began_min=proposal.begins_min,
        bell_min=proposal.ends_min,
    )
    parts = _lesson_parts(shown_lesson, say)
    if shown_lesson.began_min is not None and shown_lesson.bell_min is not None:
        parts.append(f"{_clock(shown_lesson.began_min)} - {_clock(shown_lesson.bell_min)}")
    return " · ".join(parts) or say(PROPOSAL_REASONS[ProposalReason.NONE])


def logbook_line(
    lesson: RunningLesson, sheet: LessonSheet, letters: Letters, say: Translate
) -> str:
    """The line that the teacher copies into the class logbook, after the lesson."""
    parts = _lesson_parts(lesson, say)
    parts.append(phrase(N_("attendance {counts}"), say, counts=sheet.counts().text))
    away = [
        f"{pupil_words(pupil, sheet)} ({letters[status]})"
        for pupil in sheet.pupils
        if (status := sheet.status_of(pupil.student)) is not AttendanceStatus.PRESENT
    ]
    if away:
        parts.append(", ".join(away))
    return " · ".join(parts)


def letters_of(own: Mapping[AttendanceStatus, str]) -> Letters:
    """How the school writes each mark. own: where it writes one otherwise than most."""
    return {status: own.get(status, letter) for status, (letter, _) in MARKS.items()}


def chip_words(devices: list[Device], say: Translate) -> tuple[str, str]:
    """A part of the room as a state and in words."""
    if not devices:
        return "absent", say(N_("not seen"))
    if any(map(is_warming, devices)):
        return "warning", say(N_("warming up"))
    status = worst([device.status for device in devices])
    return str(status), say(N_("ready")) if status is Status.OK else status_word(status, say)


def gap_sentences(reasons: Iterable[Reason], say: Translate) -> str:
    """What is missing."""
    return " ".join(sentence(reason, say) for reason in reasons)


def todo(kind: DeviceKind | None, say: Translate) -> str:
    """What to do first where this kind of device is missing."""
    return say(_TODO.get(kind, _TODO_ELSE))


def confirmation(sheet: LessonSheet, say: Translate) -> str:
    """Whether the roll is confirmed, and since when."""
    if sheet.confirmed_ms is None:
        return say(N_("Nothing is recorded before you confirm."))
    at = clock(sheet.confirmed_ms, None, say)
    if not sheet.confirmer:
        return phrase(N_("Confirmed at {time}."), say, time=at)
    name, proof = sheet.confirmer
    text = _CONFIRMED_BY if proof is Proof.PIN else _CONFIRMED_UNPROVEN
    return phrase(text, say, time=at, name=name or say(_ACTORS["teacher"]))


def sighting_words(suggestion: Suggestion | None, *, unseen: bool, say: Translate) -> str:
    """How a pupil was seen by a machine, where any was."""
    if suggestion:
        return " · ".join(filter(None, (suggestion.tablet, clock(suggestion.at_ms, None, say))))
    return say(N_("not seen by tablet or card")) if unseen else ""


def flag_words(flag: str, say: Translate) -> str:
    """What is odd about a suggestion."""
    return say(_FLAGS[flag]) if flag in _FLAGS else flag


def entry_words(entry: SheetEntry, letters: Letters, say: Translate) -> str:
    """One change of a confirmed mark: when, what, who and why."""
    what = letters[entry.status] or say(MARKS[entry.status][1])
    who = say(_ACTORS.get(entry.actor, entry.actor))
    why = say(_ENTRY_REASONS.get(entry.why, entry.why))
    parts = [f"{clock(entry.at_ms, None, say)} {what}", who, why]
    if entry.by:
        name, proof = entry.by
        parts = [parts[0], name or who, why, say(PROOF_WORDS[proof])]
    return " · ".join(parts)


def fault_words(fault: ReportedFault, *, delivered: bool, say: Translate) -> str:
    """A reported fault, and whether the school has it."""
    text = N_("Received: {part}, {time}") if delivered else N_("Kept, will be sent: {part}, {time}")
    at = clock(fault.at_ms, None, say)
    return phrase(text, say, part=say(PARTS[fault.part]), time=at)


def camera_label(*, off: bool, locked: bool, say: Translate) -> str:
    """What the camera's switch would do."""
    if locked:
        return say(N_("Camera off by settings"))
    return say(N_("Camera on")) if off else say(N_("Camera off"))


def camera_words(switch: CameraSwitch, looks: Sequence[CameraLook], say: Translate) -> str:
    """How the camera stands: off by whose word and since when, or what it is looked at for."""
    if switch.off:
        text = _CAMERA_OFF[switch.by] if switch.since_ms else _CAMERA_OFF_BEFORE[switch.by]
        since = moment_in_text(switch.since_ms, None, say)
        return phrase(text, say, since=since, name=switch.name)
    lines = [_look_words(look, say) for look in looks]
    return " ".join(lines) or say(N_("Nobody looks at the camera's picture now."))


def _look_words(look: CameraLook, say: Translate) -> str:
    return phrase(_CAMERA_USES[look.use], say, since=clock(look.since_ms, None, say))


def _lesson_parts(lesson: RunningLesson, say: Translate) -> list[str]:
    parts = [" + ".join(lesson.classes)] if lesson.classes else []
    if lesson.subject:
        parts.append(lesson.subject)
    if lesson.period is not None:
        parts.append(phrase(N_("Period {number}"), say, number=lesson.period))
    if lesson.substitute:
        parts.append(say(N_("Substitute lesson")))
    return parts


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
