"""What came in is taken back whole, once, and only while nothing else came over it."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from controller.database.store import Store
from controller.roster.import_store import IMPORTS_KEPT, imports_of
from controller.roster.importing import import_lists, import_schedule, undo_import
from controller.roster.members import members_of
from controller.roster.plan import Lists, Schedule, SchoolClass
from controller.roster.store import classes_of, forget_pupil, plan_of
from controller.roster.undoing import Origin
from protocol.errors import ActionError
from protocol.plan import Bell, Booking, Holiday, Pupil
from tests.controller.people import READER
from tests.controller.web_school import SCHOOL, a_store, asked
from tests.databases import sqlite_in

DAY, LATER = "2026-09-07", "2026-09-08"
AT = datetime(2026, 9, 7, 10, 30, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
LATER_AT = AT + timedelta(days=1)
CODES, STUDENTS, ROOMS = ("6A1", "6A2"), ("s1", "s2", "s3"), ("", "P1", "P2")
SIZES = st.tuples(*(st.integers(0, 3) for _ in STUDENTS))


def the_class(code: str, room: str, students: list[str]) -> SchoolClass:
    """A class, its pupils numbered in this order."""
    pupils = tuple(
        Pupil(number=number, student=student, name=f"Em {student}")
        for number, student in enumerate(students, 1)
    )
    return SchoolClass(code=code, room=room, pupils=pupils)


@st.composite
def some_lists(draw: Any) -> Lists:
    """Lists of one or both classes; a pupil is in one at most."""
    order = draw(st.permutations(STUDENTS))
    cut, end = sorted((draw(st.integers(0, 3)), draw(st.integers(0, 3))))
    both = [
        the_class(CODES[0], draw(st.sampled_from(ROOMS)), list(order[:cut])),
        the_class(CODES[1], draw(st.sampled_from(ROOMS)), list(order[cut:end])),
    ]
    chosen = draw(st.sampled_from([both, both[:1], both[1:]]))
    return Lists(classes=tuple(chosen), whole_school=draw(st.booleans()))


BELLS = st.lists(
    st.builds(
        Bell, period=st.integers(1, 2), begins=st.just("07:00"), weekdays=st.just((1, 2)),
        ends=st.sampled_from(["07:45", "08:00"]),
    ),
    max_size=2, unique_by=lambda bell: bell.period,
).map(tuple)  # fmt: skip
TIMETABLE = st.lists(
    st.builds(
        Booking, room=st.sampled_from(ROOMS[1:]), weekday=st.integers(1, 2), period=st.just(1),
        classes=st.sampled_from(CODES).map(lambda code: (code,)),
        subject=st.sampled_from(["Toán", "Văn"]),
    ),
    max_size=2, unique_by=lambda one: (one.room, one.weekday),
).map(tuple)  # fmt: skip
HOLIDAYS = st.sampled_from(
    [(), (Holiday(begins="2026-09-02", ends="2026-09-02", name="Quốc khánh"),)]
)
SCHEDULES = st.builds(
    Schedule,
    bells=st.none() | BELLS,
    timetable=st.none() | TIMETABLE,
    holidays=st.none() | HOLIDAYS,
    grace_min=st.none() | st.integers(5, 7),
)
STEPS = st.lists(
    st.tuples(st.just("lists"), some_lists())
    | st.tuples(st.just("schedule"), SCHEDULES)
    | st.tuples(st.just("undo"), st.integers(0, 3))
    | st.tuples(st.just("forget"), st.sampled_from(STUDENTS)),
    max_size=9,
)


PARTS = ("classes", "bells", "timetable", "holidays", "grace_min")
State = dict[str, Any]  # a part's name: what it holds, in no order


class Known(NamedTuple):
    """What the model remembers of an import: the parts it spoke of, as they were and became."""

    was: State
    became: State


def now(db: Connection) -> State:
    """The plan as it stands."""
    plan = plan_of(db, SCHOOL)
    held = {name: getattr(plan, name) for name in PARTS}
    return {name: {*part} if isinstance(part, tuple) else part for name, part in held.items()}


def forgotten(state: State, student: str) -> State:
    """The same as if the pupil had never been there."""
    classes = {
        SchoolClass(
            code=one.code,
            room=one.room,
            pupils=tuple(pupil for pupil in one.pupils if pupil.student != student),
        )
        for one in state.get("classes", ())
    }
    return state | ({"classes": classes} if "classes" in state else {})


@settings(deadline=None)
@given(STEPS)
def test_a_stack_of_plans_says_the_same(steps: list[tuple[str, Any]]) -> None:
    """Imports, erasures and undoing at random, held against whole states that a list remembers."""
    with tempfile.TemporaryDirectory() as folder, Store(sqlite_in(Path(folder))) as store:
        known: dict[int, Known] = {}
        undone: set[int] = set()
        for at_min, (deed, value) in enumerate(steps, 1):
            with store.locked(SCHOOL) as db:
                origin = Origin("hieu-pho", AT + timedelta(minutes=at_min), "tkb.xlsx")
                known = step(db, (deed, value, origin), known, undone)
                listed = imports_of(db, SCHOOL)
            assert [one.no for one in listed] == sorted(known, reverse=True)[:IMPORTS_KEPT]
            assert {one.no for one in listed if one.undone_ms is not None} == undone


def step(
    db: Connection, taken: tuple[str, Any, Origin], known: dict[int, Known], undone: set[int]
) -> dict[int, Known]:
    """One step, and what the model knows after it."""
    before, (deed, value, origin) = now(db), taken
    if deed == "undo":
        undo(db, (len(known) - value, origin.at), known, undone)
        return known
    if deed == "forget":
        forget_pupil(db, SCHOOL, value)
        assert now(db) == forgotten(before, value)
        return {
            no: Known(forgotten(one.was, value), forgotten(one.became, value))
            for no, one in known.items()
        }
    if deed == "lists":
        spoken, changed = {"classes"}, import_lists(db, SCHOOL, value, origin)
    else:
        spoken = {name for name in PARTS[1:] if getattr(value, name) is not None}
        changed = import_schedule(db, SCHOOL, value, origin)
    after = now(db)
    assert changed == (before != after)
    fresh = Known(*({name: state[name] for name in spoken} for state in (before, after)))
    return known | ({len(known) + 1: fresh} if changed else {})


def undo(
    db: Connection, meant: tuple[int, datetime], known: dict[int, Known], undone: set[int]
) -> None:
    """Take an import back where the model lets it; else nothing changes."""
    (number, at), before = meant, now(db)
    record = known.get(number)
    is_as_left = record is not None and before.items() >= record.became.items()
    if record is None or (number not in undone and not is_as_left):
        with pytest.raises(ActionError):
            undo_import(db, SCHOOL, max(number, 0), at)
        assert now(db) == before
        return
    undo_import(db, SCHOOL, number, at)
    assert now(db) == (before if number in undone else before | record.was)
    undone.add(number)


def test_who_is_undone_was_never_on_a_sheet_of_that_day(tmp_path: Path) -> None:
    """Memberships end and begin with what is taken back, by day."""
    first, then = the_class("6A1", "P1", ["s1", "s2"]), the_class("6A1", "P1", ["s1", "s3"])
    with Store(sqlite_in(tmp_path)) as store, store.locked(SCHOOL) as db:
        origin, later = (Origin("a", at, "lop.xlsx") for at in (AT, LATER_AT))
        import_lists(db, SCHOOL, Lists(classes=(first,)), origin)
        import_lists(db, SCHOOL, Lists(classes=(then,)), later)
        undo_import(db, SCHOOL, 2, LATER_AT)
        assert classes_of(db, SCHOOL) == (first,)
        assert {one.student for one in members_of(db, SCHOOL, "6A1", LATER, LATER)} == {"s1", "s2"}
        assert {one.student for one in members_of(db, SCHOOL, "6A1", DAY, DAY)} == {"s1", "s2"}


def test_an_erased_pupil_stands_in_no_import(tmp_path: Path) -> None:
    """Nor comes back by one that is undone."""
    with Store(sqlite_in(tmp_path)) as store, store.locked(SCHOOL) as db:
        origin = Origin("a", AT, "lop.xlsx")
        for students in (["s1", "s2"], ["s1", "s2", "s3"]):
            lists = Lists(classes=(the_class("6A1", "P1", students),))
            import_lists(db, SCHOOL, lists, origin)
        forget_pupil(db, SCHOOL, "s2")
        states = [state for one in imports_of(db, SCHOOL) for state in (one.was, one.became)]
        assert "Em s2" not in str([state.classes for state in states])
        undo_import(db, SCHOOL, 2, AT)
        (school_class,) = classes_of(db, SCHOOL)
        assert [pupil.student for pupil in school_class.pupils] == ["s1"]


def test_the_page_lists_and_undoes_and_a_second_press_does_nothing(tmp_path: Path) -> None:
    """For administrators; what came over it is told in words."""
    with a_store(tmp_path) as store:
        with store.locked(SCHOOL) as db:
            for code in CODES:
                lists = Lists(classes=(the_class(code, "P1", ["s1"]),))
                import_lists(db, SCHOOL, lists, Origin("hieu-pho", AT, f"{code}.xlsx"))
        assert asked(store, "/lists/imports", host=READER).status_code == 403
        assert "6A2.xlsx" in asked(store, "/lists/imports").text
        overtaken = asked(store, "/lists/imports/1/undo", method="POST", data={})
        assert "mới hơn trước" in asked(store, overtaken.headers["location"]).text
        for _ in range(2):
            assert asked(store, "/lists/imports/2/undo", method="POST", data={}).status_code == 303
            assert [one.code for one in store.read(classes_of, SCHOOL)] == ["6A1"]
        assert "Đã hoàn tác." in asked(store, "/lists/imports").text
        unknown = asked(store, "/lists/imports/77/undo", method="POST", data={})
        assert "failed=import_unknown" in unknown.headers["location"]
