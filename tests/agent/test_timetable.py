"""The lesson that a room should have now."""

from __future__ import annotations

import msgspec
import pytest

from agent.lessons.timetable import (
    LessonProposal,
    ProposalReason,
    alternatives,
    minutes,
    proposal,
    week_of,
)
from agent.room import Moment
from protocol.plan import Bell, Booking, ClassList, Holiday, Plan, Pupil, Term
from tests.agent.classrooms import moment

MONDAY = "2026-09-07"
PLAN = Plan(
    bells=(
        Bell(period=1, begins="07:15", ends="08:00"),
        Bell(period=2, begins="08:05", ends="08:50"),
        Bell(period=3, begins="09:20", ends="10:05"),
        Bell(period=1, begins="07:30", ends="08:10", weekdays=(7,)),
    ),
    terms=(
        Term(name="I", begins="2026-09-05", ends="2027-01-17"),
        Term(name="II", begins="2027-01-18", ends="2027-05-31"),
    ),
    holidays=(Holiday(name="Tết", begins="2027-02-01", ends="2027-02-14"),),
    timetable=(
        Booking(weekday=1, period=1, room="P203", classes=("10A1",), subject="Toán"),
        Booking(weekday=1, period=2, room="P203", classes=("10A1", "10A2"), weeks="even"),
        Booking(weekday=1, period=2, room="P203", classes=("11B2",), weeks="odd"),
        Booking(weekday=1, period=3, room="P204", classes=("10A3",)),
    ),
    classes=("10A1", "10A2", "10A3", "11B2"),
    lists=tuple(
        ClassList(code=code, pupils=(Pupil(number=1, student=f"hs-{code}"),))
        for code in ("10A1", "10A2", "11B2")
    ),
)


def at(clock: str, day: str = MONDAY) -> Moment:
    """A moment by the clock on the wall."""
    return moment(day=day)._replace(minute=minutes(clock))


@pytest.mark.parametrize(
    ("clock", "classes", "period"),
    [
        ("07:04", (), None),
        ("07:05", ("10A1",), 1),
        ("07:59", ("10A1",), 1),
        ("08:00", ("10A1", "10A2"), 2),
        ("08:52", ("10A1", "10A2"), 2),
        ("09:00", (), None),
        ("09:15", (), 3),
    ],
)
def test_the_timetable_tells_the_class(
    clock: str, classes: tuple[str, ...], period: int | None
) -> None:
    """Early comers mean the lesson to come; another room's booking is not ours."""
    found = proposal(PLAN, "P203", at(clock, "2026-09-07"))
    assert (found.classes, found.period) == (classes, period)


def test_odd_and_even_weeks_are_told_apart() -> None:
    """Week 1 is that of the first term's first day, though it was a Saturday."""
    assert proposal(PLAN, "P203", at("08:10", "2026-09-07")).classes == ("10A1", "10A2")
    assert proposal(PLAN, "P203", at("08:10", "2026-09-14")).classes == ("11B2",)


@pytest.mark.parametrize(
    ("day", "week"),
    [("2026-09-04", None), ("2026-09-05", 1), ("2026-09-07", 2), ("2026-09-14", 3)],
)
def test_school_weeks_are_counted_from_the_first_monday(day: str, week: int | None) -> None:
    """Weeks begin on Mondays."""
    from datetime import date  # noqa: PLC0415 - for this test alone

    assert week_of(PLAN, date.fromisoformat(day)) == week


@pytest.mark.parametrize("day", ["2027-02-01", "2027-02-08", "2026-08-31", "2027-06-07"])
def test_nothing_is_proposed_on_holidays_and_outside_terms(day: str) -> None:
    """These Mondays have no lessons."""
    assert proposal(PLAN, "P203", at("07:20", day)) == LessonProposal()


def test_sundays_have_their_own_bells_or_none() -> None:
    """A bell rings on its weekdays."""
    assert proposal(PLAN, "P203", at("07:35", "2026-09-13")).period == 1
    assert proposal(PLAN, "P203", at("07:20", "2026-09-13")).period == 1
    assert proposal(PLAN, "P203", at("08:20", "2026-09-13")).period is None


def test_without_timetable_the_only_class_or_the_last_one_is_proposed() -> None:
    """A primary school's room has one class all day."""
    bare = msgspec.structs.replace(PLAN, timetable=())
    one = msgspec.structs.replace(bare, lists=PLAN.lists[:1])
    assert proposal(one, "P203", at("07:20"))[:3] == (("10A1",), ProposalReason.ONLY, 1)
    recent = (("11B2",), ("10A1",))
    assert proposal(bare, "P203", at("07:20"), recent)[:2] == (("11B2",), ProposalReason.RECENT)
    assert proposal(bare, "P203", at("07:20")).why is ProposalReason.NONE
    assert proposal(Plan(), "P203", at("07:20")) == LessonProposal()


def test_another_class_is_one_tap_away() -> None:
    """Recent ones first, joint classes among them, the proposed one not."""
    assert alternatives(PLAN, "P203", ("10A1",), (("11B2",),)) == (
        ("11B2",),
        ("10A1", "10A2"),
        ("10A2",),
    )


@pytest.mark.parametrize(
    ("chosen", "classes", "why"),
    [
        ((), ("10A1", "10A2"), ProposalReason.TIMETABLE),
        (("10A2", "10A1", "10A2"), ("10A1", "10A2"), ProposalReason.TIMETABLE),
        (("10A2", "11B2", "10A2"), ("10A2", "11B2"), ProposalReason.NONE),
    ],
)
def test_classes_are_chosen_as_a_set(
    chosen: tuple[str, ...], classes: tuple[str, ...], why: ProposalReason
) -> None:
    """Those of the timetable in any order are its lesson, and none is there twice."""
    joint = LessonProposal(("10A1", "10A2"), ProposalReason.TIMETABLE, 3, "Toán", "Cô Lan")
    what = joint.for_classes(chosen)
    assert (what.classes, what.why, what.period) == (classes, why, 3)
    assert bool(what.subject and what.teacher) is (why is ProposalReason.TIMETABLE)


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01"])
def test_a_day_that_no_calendar_has_is_no_plan(day: str) -> None:
    """The plan is refused as a whole, before it is kept."""
    tree = {"terms": [{"name": "I", "begins": day, "ends": "2026-12-31"}]}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(tree, Plan)
