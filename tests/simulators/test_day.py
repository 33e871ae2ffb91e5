"""What happens in a simulated room's day."""

from __future__ import annotations

import re
from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.readings import Kind
from protocol.model import AttendanceStatus, Method, Status
from simulators import people
from simulators.day import (
    Judged,
    LessonBegan,
    LessonOver,
    Moved,
    PlayedDay,
    PlayedMark,
    PlayedMoment,
    RollCalled,
)
from simulators.equipment import device_id_of, equipment_of

EQUIPMENT = equipment_of("P101", 1, 10)


def walk(seed: int = 1, count: int = 2_000, **choices: bool) -> list[PlayedMoment]:
    """The first moments of a day at a pace of two seconds."""
    return list(islice(PlayedDay("P101", EQUIPMENT, seed, pace_s=2.0, **choices).moments(), count))


def test_the_same_seed_walks_the_same_day() -> None:
    """And another seed another one."""
    assert walk(1) == walk(1)
    assert walk(1) != walk(2)


@settings(max_examples=30)
@given(st.integers())
def test_only_what_is_away_comes_and_only_what_is_there_goes(seed: int) -> None:
    """No device comes twice in a row, and one that is away has no battery to run low."""
    present = {device_id_of(each) for each in EQUIPMENT}
    for moment in walk(seed, 500):
        match moment.happening:
            case Moved(device_id, present=True):
                assert device_id not in present
                present.add(device_id)
            case Moved(device_id, present=False):
                present.remove(device_id)
            case Judged(device_id):
                assert device_id in present


def test_the_computer_itself_never_goes() -> None:
    """It is what reports."""
    host = device_id_of(EQUIPMENT[0])
    touched = {
        moment.happening.device_id
        for moment in walk()
        if isinstance(moment.happening, Moved | Judged)
    }
    assert host not in touched
    assert len(touched) > 10


def test_few_fixtures_are_away_or_ailing_at_a_time() -> None:
    """Things are mended: at the end of a long day most of the room works."""
    fixtures = {
        device_id_of(each) for each in EQUIPMENT if each.kind not in {Kind.HOST, Kind.TABLET}
    }
    broken: set[str] = set()
    shares = []
    for moment in walk(count=5_000):
        match moment.happening:
            case Moved(device_id, present) if device_id in fixtures:
                (broken.discard if present else broken.add)(device_id)
            case Judged(device_id, status) if device_id in fixtures:
                (broken.discard if status is Status.OK else broken.add)(device_id)
        shares.append(len(broken) / len(fixtures))
    assert 0 < sum(shares) / len(shares) < 0.4


def test_lessons_begin_and_end_by_turns() -> None:
    """The roll is called in between, every pupil once before anybody is late."""
    turns = [
        type(moment.happening)
        for moment in walk()
        if isinstance(moment.happening, LessonBegan | LessonOver)
    ]
    assert turns[:4] == [LessonBegan, LessonOver, LessonBegan, LessonOver]


def test_only_the_missing_come_late() -> None:
    """And nobody is marked outside a lesson."""
    marks: dict[str, AttendanceStatus] = {}
    in_lesson = False
    late = 0
    for moment in walk(count=6_000):
        match moment.happening:
            case LessonBegan() | LessonOver():
                in_lesson = isinstance(moment.happening, LessonBegan)
                marks = {}
            case PlayedMark(student, AttendanceStatus.LATE, method):
                late += 1
                assert in_lesson
                assert method is Method.MANUAL
                assert "absent" in marks[student]
                marks[student] = AttendanceStatus.LATE
            case PlayedMark(student, status):
                assert in_lesson
                assert student not in marks
                marks[student] = status
    assert late > 0


def test_who_is_away_was_marked_by_hand() -> None:
    """An absent pupil touches no tablet."""
    for moment in walk(count=3_000):
        match moment.happening:
            case PlayedMark(_, AttendanceStatus.ABSENT_EXCUSED, method):
                assert method is Method.MANUAL
            case PlayedMark(_, AttendanceStatus.ABSENT_UNEXCUSED, method):
                assert method is Method.MANUAL


@pytest.mark.parametrize(
    ("choices", "absent"),
    [
        ({"lessons": False}, (LessonBegan, LessonOver, PlayedMark, RollCalled)),
        ({"attendance": False}, (PlayedMark, RollCalled)),
    ],
)
def test_lessons_and_attendance_can_be_left_out(
    choices: dict[str, bool], absent: tuple[type, ...]
) -> None:
    """Nothing of them happens then."""
    assert not [each for each in walk(**choices) if isinstance(each.happening, absent)]


def test_the_pace_is_kept() -> None:
    """On average it is the time between two changes; the roll is called ten times as fast."""
    waits = [each.wait_s for each in walk() if not isinstance(each.happening, PlayedMark)]
    assert 1.8 < sum(waits) / len(waits) < 2.2
    calls = [each.wait_s for each in walk() if isinstance(each.happening, PlayedMark)]
    assert min(calls) < 0.3


def test_a_bare_room_has_no_tablets_to_turn() -> None:
    """The walk goes on with what there is."""
    bare = equipment_of("P101", 1, 0)
    assert len(list(islice(PlayedDay("P101", bare, 1, pace_s=1.0).moments(), 200))) == 200


def test_rolls_hold_invented_pupils_of_their_own_room() -> None:
    """35 to 45 opaque ids, and no pupil sits in two rooms."""
    names = [f"P{floor}{number:02}" for floor in (1, 2) for number in (1, 10)]
    rolls = [people.pupils_of(name, Random(1)) for name in names]
    pupils = [pupil.student for roll in rolls for pupil in roll]
    assert len(set(pupils)) == len(pupils)
    assert all(35 <= len(roll) <= 45 for roll in rolls)
    assert all(re.fullmatch(r"hs-\d{4,}", pupil) for pupil in pupils)
    library = people.pupils_of("Thư viện", Random(1))
    assert all(re.fullmatch(r"hs-\d{5}", pupil.student) for pupil in library)
