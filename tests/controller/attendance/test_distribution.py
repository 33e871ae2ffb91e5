"""Each agent is given the plan that it should hold, when it holds another, and not too often."""

from __future__ import annotations

from typing import Any

import pytest

from controller.attendance.distribution import EVERY_MS, Distribution
from controller.fleet.records import AgentRecord
from controller.roster.plan import SchoolClass, SchoolPlan, plan_for
from protocol.model import Place
from protocol.plan import Booking, Plan, Pupil, digest_of

SCHOOL = SchoolPlan(
    version=1,
    classes=tuple(
        SchoolClass(code=code, pupils=(Pupil(number=1, student=f"s-{code}"),))
        for code in ("10A1", "10A2")
    ),
    timetable=(Booking(weekday=1, period=1, room="P203", classes=("10A1",)),),
)
RIGHT = digest_of(plan_for("P203", SCHOOL))


def agent(**changes: Any) -> AgentRecord:
    told = {"room": "P203", "online": True, "schema": 3, "boot": "b1", "rev": 1}
    return AgentRecord(place=Place("14", "1", "p203"), **{**told, **changes})


def due(
    handout: Distribution, record: AgentRecord, now_ms: int = 0, classes: tuple[str, ...] = ()
) -> list[str]:
    return [digest_of(plan) for _, plan in handout.due([record], lambda _: classes, now_ms)]


@pytest.mark.parametrize(
    ("school", "told", "sent"),
    [
        (SCHOOL, {}, [RIGHT]),
        (SCHOOL, {"plan": RIGHT}, []),
        (SCHOOL, {"plan": "00"}, [RIGHT]),
        (SCHOOL, {"online": False}, []),
        (SCHOOL, {"schema": 2}, []),
        (SCHOOL, {"rev": 0}, []),
        (SCHOOL, {"room": "P204", "plan": RIGHT}, [digest_of(plan_for("P204", SCHOOL))]),
        (SchoolPlan(), {}, []),
        (SchoolPlan(), {"plan": RIGHT}, []),  # another database: nobody has planned in it
        (SchoolPlan(version=2), {"plan": RIGHT}, [digest_of(plan_for("P203", SchoolPlan()))]),
    ],
)
def test_a_plan_goes_to_whom_it_is_due(
    school: SchoolPlan, told: dict[str, Any], sent: list[str]
) -> None:
    """By what the agent says that it holds."""
    assert due(Distribution(school), agent(**told)) == sent


def test_an_unknown_plan_is_not_an_empty_one() -> None:
    """Before the school's plan was read nobody is told to let go of the lists that are here."""
    assert due(Distribution(), agent(plan=RIGHT)) == []


def test_it_is_not_sent_again_at_once_nor_without_a_new_word() -> None:
    """A plan on its way is waited for; a word that it was not taken sends it anew."""
    handout = Distribution(SCHOOL)
    assert due(handout, agent(), 0) == [RIGHT]
    assert due(handout, agent(rev=2), EVERY_MS - 1) == []
    assert due(handout, agent(), EVERY_MS) == []
    assert due(handout, agent(rev=2), EVERY_MS) == [RIGHT]


def test_a_new_import_goes_out_at_the_next_look() -> None:
    """The old fingerprint is no longer the right one."""
    handout = Distribution(SCHOOL)
    due(handout, agent(), 0)
    changed = SchoolPlan(version=2, classes=SCHOOL.classes[:1], timetable=SCHOOL.timetable)
    handout.take(changed)
    assert due(handout, agent(plan=RIGHT), EVERY_MS) == [digest_of(plan_for("P203", changed))]


def test_a_class_from_elsewhere_brings_its_list() -> None:
    """Its teacher chose it by hand."""
    found = Distribution(SCHOOL).due([agent(plan=RIGHT)], lambda _: ("10A2",), 0)
    ((_, plan),) = found
    assert isinstance(plan, Plan)
    assert {each.code for each in plan.lists} == {"10A1", "10A2"}
