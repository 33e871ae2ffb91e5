"""This file holds what a school has in its books against what its teachers meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from protocol.model import AttendanceStatus
from tests.days.desks import Desk, WrongError
from tests.days.meaning import TaughtLesson, cells, totals
from tests.days.school import School

if TYPE_CHECKING:
    from tests.days.play import Play

SINCE, UNTIL = "2000-01-01", "2099-12-31"


def judge(play: Play) -> None:
    """Every confirmed mark once, every unconfirmed tap still there, every figure right."""
    for desk in play.desks:
        _judge_lessons(desk, play.school)
        _judge_log(desk, play.school)
    for code in play.lists:
        _judge_sheet(play, code)


def claim(holds: object, what: str) -> None:
    """Raises WrongError."""
    if not holds:
        raise WrongError(what)


def _judge_lessons(desk: Desk, school: School) -> None:
    """No lesson more or less, each roll as it was meant, and the taps of the others."""
    stored = {
        one.lesson: one for one in school.lessons(SINCE, UNTIL) if one.place == desk.room.place
    }
    claim(stored.keys() == desk.lessons.keys(), f"lessons {stored.keys() ^ desk.lessons.keys()}")
    for code, lesson in desk.lessons.items():
        record, marks = stored[code], school.marks(desk.room.place, code)
        claim((record.how == "undone") == lesson.undone, f"{code}: undone is {record.how}")
        claim((record.how is None) == lesson.running, f"{code} ended {record.how}")
        if lesson.undone:
            continue
        claim(record.confirmed == lesson.confirmed, f"{code}: confirmed is {record.confirmed}")
        claim(not lesson.sure or record.day == lesson.day, f"{code}: {record.day}, {lesson.day}")
        roll = {student: str(mark.status) for student, mark in marks.marks.items()}
        claim(
            roll == lesson.roll(),
            f"{code}: roll {_other(roll, lesson.roll())} of {_history(school, code)}",
        )
        tapped = {student: str(mark.status) for student, mark in marks.tapped.items()}
        claim(
            _said(tapped, lesson) == lesson.tapped(),
            f"{code}: tapped {tapped}, meant {lesson.tapped()}",
        )
        counts = Counter(lesson.roll().values())
        told = Counter[str]()
        for by_status in record.counts.values():
            told.update({str(status): count for status, count in by_status.items()})
        claim(told == counts, f"{code}: counts {told}, meant {counts}")
        claim(
            {one: str(mark.class_code) for one, mark in marks.marks.items()} == lesson.codes(),
            f"{code}: classes",
        )
        claim(record.room == lesson.room, f"{code}: in {record.room}, was in {lesson.room}")


def _history(school: School, code: str) -> list[str]:
    """What the log has of a lesson, in the order of its arrival, for a failure's words."""
    rolls, marks = school.log()
    lines = [
        (one.no, f"{one.at_ms} {'reopened' if one.reopened else 'roll'}")
        for one in rolls
        if one.lesson == code
    ]
    lines += [
        (one.no, f"{one.at_ms} {one.student} {one.status} {one.why}")
        for one in marks
        if one.lesson == code
    ]
    return [line for _, line in sorted(lines)]


def _said(tapped: dict[str, str], lesson: TaughtLesson) -> dict[str, str]:
    """What was tapped, without pupils who have left the list since they were told of.

    Nor with those of whom nobody knows whether "present" was tapped where it stood already.
    """
    known = {*dict(lesson.listed)} - (lesson.dubious - {*lesson.word})
    return {student: status for student, status in tapped.items() if student in known}


def _judge_log(desk: Desk, school: School) -> None:
    """Each word once, in one chain, by the means by which it was given."""
    rolls, marks = school.log()
    rolls = [one for one in rolls if one.place == desk.room.place]
    marks = [one for one in marks if one.place == desk.room.place]
    before = [one.before for one in (*rolls, *marks)]
    claim(len(before) == len(set(before)), "the log is not one chain")
    known = {one.hash for one in (*rolls, *marks)} | {""}
    claim(sum(link not in known for link in before) <= 1, "the log has a gap")
    for code, lesson in desk.lessons.items():
        own = [one for one in rolls if one.lesson == code]
        confirms = [one for one in own if not one.reopened]
        claim(len(confirms) == lesson.confirms, f"{code}: {len(confirms)} rolls")
        rooms = {one.room for one in (*own, *marks) if one.lesson == code}
        claim(rooms <= {lesson.room}, f"{code}: was in {lesson.room}, told of {rooms}")
        proofs = Counter((one.teacher or "", str(one.proof or "")) for one in confirms)
        claim(proofs == Counter(lesson.proofs), f"{code}: by {proofs}, was by {lesson.proofs}")
        claim(len(own) - len(confirms) == lesson.reopened, f"{code}: reopened {len(own)}")
        reopened = [one for one in own if one.reopened]
        changes = [one for one in marks if one.lesson == code and one.why != "tapped"]
        for what, records, meant in (
            ("reopened", reopened, lesson.reopened_by),
            ("changed", changes, lesson.changed_by),
        ):
            by = Counter((one.teacher or "", str(one.proof or "")) for one in records)
            claim(by == Counter(meant), f"{code}: {what} by {by}, was by {meant}")
        said = [
            (one.student, str(one.status))
            for one in marks
            if one.lesson == code and one.why != "tapped"
        ]
        claim(sorted(said) == sorted(lesson.corrections), f"{code}: {said}, {lesson.corrections}")
        if lesson.confirms == 1 and lesson.confirmed:
            _judge_methods(
                lesson, {str(line.student): str(line.method) for line in confirms[0].lines}
            )


def _judge_methods(lesson: TaughtLesson, told: dict[str, str]) -> None:
    corrected = {student for student, _ in lesson.corrections}
    for student, method in told.items():
        if student not in lesson.dubious | corrected:
            meant = lesson.method(student)
            claim(method == meant, f"{lesson.code}: {student} by {method}, meant {meant}")


def _judge_sheet(play: Play, class_code: str) -> None:
    """The month as the school's book has it."""
    held = [one for desk in play.desks for one in desk.lessons.values()]
    lessons = [*held, *(one for one in play.missed.values() if one.office)]
    if any(not one.sure for one in lessons):
        lessons_unsure = {one for lesson in lessons if not lesson.sure for one in lesson.classes}
        if class_code in lessons_unsure:
            return
    planned = dict.fromkeys(play.days, ("morning", "afternoon")) if class_code != "6D" else {}
    meant = cells(class_code, play.days, play.members, lessons, planned)
    sheet = play.school.sheet(class_code, play.days[0], play.days[-1], play.at()).sheet
    shown = {
        line.student: [tuple(c and str(c) for c in day) for day in line.halves]
        for line in sheet.lines
    }
    claim(len(shown) == len(sheet.lines), f"{class_code}: a pupil stands twice")
    claim(shown == meant, f"{class_code}: sheet {_other(shown, meant)}")
    for line in sheet.lines:
        sums = {str(status): line.count(status) for status in AttendanceStatus}
        claim(
            {k: v for k, v in sums.items() if v} == dict(totals(meant[line.student])),
            f"{class_code}: sums of {line.student} {sums}",
        )


def judge_missed(
    told: Sequence[tuple[str, int, str]],
    lessons: Sequence[TaughtLesson],
    day: str,
    bells: Sequence[str],
) -> None:
    """A class of which nobody told that day has missed every period, and none has two of one."""
    slots = [(code, period) for code, period, _ in told]
    claim(len(slots) == len(set(slots)), f"missed twice: {told}")
    learned = {code for one in lessons if one.day == day for code in one.all_classes()}
    missed = Counter(code for code, _ in slots if code not in learned)
    for code, count in missed.items():
        claim(count == len(bells), f"{code} missed {count} periods")


def _other(shown: Mapping[str, object], meant: Mapping[str, object]) -> str:
    return "; ".join(
        f"{one}: {shown.get(one)}, meant {meant.get(one)}"
        for one in sorted(shown.keys() | meant.keys())
        if shown.get(one) != meant.get(one)
    )
