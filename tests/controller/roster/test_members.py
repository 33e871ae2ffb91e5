"""A new class list changes what comes: neither who a class was, nor who is in it unheard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.database.engine import engine_at, url_from
from controller.database.migrating import bring_up
from controller.database.scope import codes_of
from controller.database.store import Store
from controller.roster.changes import ClassChange, changes_of
from controller.roster.members import members_of
from controller.roster.plan import Lists, SchoolClass
from controller.roster.roll import Roll
from controller.roster.sheet import read_sheets
from controller.roster.store import forget_pupil, keep_lists
from controller.roster.tables import pupils
from controller.sheets.cells import Worksheet
from controller.sheets.text import Cell
from protocol.model import Place
from protocol.plan import Pupil
from tests.controller.fresh import fresh_store
from tests.databases import Database

SCHOOL = Place("14", "00140708")
DAYS = [f"2026-09-{day:02}" for day in range(1, 15)]
Numbers = dict[str, int]


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    with Store(database.url) as opened:
        yield opened


def a_class(numbers: Numbers, code: str = "10A1") -> SchoolClass:
    pupils = (Pupil(number=number, student=student) for student, number in numbers.items())
    return SchoolClass(code=code, pupils=tuple(sorted(pupils, key=lambda one: one.number)))


def test_last_months_sheet_stays_as_it_was(store: Store) -> None:
    """Who left stands on it, with the number of then; who is new does not."""
    lists = Lists(classes=(a_class({"A": 1, "B": 2, "C": 3}),))
    store.write(keep_lists, SCHOOL, lists, day="2026-09-05")
    store.write(keep_lists, SCHOOL, Lists(classes=(a_class({"C": 1, "D": 2}),)), day="2026-10-10")
    september = store.read(members_of, SCHOOL, "10A1", "2026-09-07", "2026-09-30")
    assert [(one.number, one.student) for one in september] == [(1, "A"), (2, "B"), (3, "C")]
    november = store.read(members_of, SCHOOL, "10A1", "2026-11-01", "2026-11-30")
    assert [(one.number, one.student) for one in november] == [(1, "C"), (2, "D")]
    october = store.read(members_of, SCHOOL, "10A1", "2026-10-01", "2026-10-31")
    assert {one.student for one in october} == {"A", "B", "C", "D"}
    store.write(forget_pupil, SCHOOL, "A")
    september = store.read(members_of, SCHOOL, "10A1", "2026-09-07", "2026-09-30")
    assert [one.student for one in september] == ["B", "C"]


lists_of_days = st.dictionaries(
    st.sampled_from(DAYS[:-1]),
    st.permutations(["A", "B", "C", "D"]).map(
        lambda order: {student: number for number, student in enumerate(order[:3], start=1)}
    ),
    min_size=1,
    max_size=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(plans=lists_of_days, twice=st.booleans())
def test_each_day_shows_the_list_of_that_day(
    tmp_path_factory: pytest.TempPathFactory, plans: dict[str, Numbers], *, twice: bool
) -> None:
    """Against a plain calendar; a list that is brought in twice, or first wrong, is one."""
    with fresh_store(tmp_path_factory.mktemp("members")) as store:
        for day in sorted(plans):
            for numbers in [{"X": 1}, plans[day]] if twice else [plans[day]]:
                store.write(keep_lists, SCHOOL, Lists(classes=(a_class(numbers),)), day=day)
        for day in DAYS:
            known = [plans[earlier] for earlier in sorted(plans) if earlier <= day]
            shown = store.read(members_of, SCHOOL, "10A1", day, day)
            assert {one.student: one.number for one in shown} == (known[-1] if known else {})


HEAD: list[Cell] = ["STT", "Lớp", "Mã học sinh"]


def rolled(*rows: list[Cell]) -> Roll:
    roll = Roll()
    read_sheets([Worksheet("", [HEAD, *rows])], "list.csv", roll, names=False)
    return roll


@pytest.mark.parametrize(
    "code", ["10A1", "10 a1", ""], ids=["its class", "its writing", "no class"]
)
def test_a_refused_row_takes_nobody_out_of_a_class(code: str) -> None:
    """It may be the very pupil who then is missing; that is told. A free number stays."""
    known = (a_class({"HS1": 1, "HS2": 2, "HS3": 3}), a_class({"HS8": 1, "HS9": 2}, "10A2"))
    roll = rolled([1.0, "10A1", "HS3"], [2.0, code, "001122334455"], [1.0, "10A2", "HS9"])
    first, second = roll.classes(names=False, known=known)
    assert {one.student: one.number for one in first.pupils} == {"HS3": 1, "HS1": 3, "HS2": 2}
    assert {one.student for one in second.pupils} == ({"HS9"} if code else {"HS8", "HS9"})
    assert {one.code for one in roll.notices} == {"nobody_left"}


def test_without_a_refused_row_who_is_not_in_the_list_has_left() -> None:
    """And who moved to another class of the file is in that one alone."""
    known = (a_class({"HS1": 1, "HS2": 2}), a_class({"HS9": 1}, "10A2"))
    roll = rolled([1.0, "10A1", "HS1"], [1.0, "10A2", "HS2"], [2.0, "10A2", ""])
    first, second = roll.classes(names=False, known=known)
    assert [one.student for one in first.pupils] == ["HS1"]
    assert {one.student for one in second.pupils} == {"HS2", "HS9"}


def test_what_changes_is_told_by_numbers_and_much_is_asked_about() -> None:
    """No id and no name: a report is passed on."""
    before = (a_class({"A": 1, "B": 2, "C": 3}), a_class({"X": 1}, "9B"))
    (one,) = changes_of(before, (a_class({"C": 3, "D": 4}),))
    assert one == ClassChange("10A1", 3, joined=(4,), left=(1, 2))
    assert one.asks
    assert one.said(str) == "10A1: joining: 1 (numbers 4); leaving: 2 (numbers 1, 2)."
    assert changes_of(before, before) == []
    (gone,) = changes_of(before, before[:1], whole=True)
    assert (gone.code, gone.left, gone.asks) == ("9B", (1,), False)
    (moved,) = changes_of(before, (a_class({"A": 2, "B": 1, "C": 3}),))
    assert (moved.renumbered, moved.asks) == (((1, 2), (2, 1)), True)


def test_who_was_in_a_class_before_this_was_kept_always_was(tmp_path: Path) -> None:
    """As far as anybody knows: the sheet of any day shows them."""
    url = f"sqlite:///{tmp_path}/a.db"
    engine = engine_at(url_from(url))
    with engine.begin() as db:
        bring_up(db, "0028")
        row = {"class": "10A1", "student": "A", "number": 1, **codes_of(SCHOOL)}
        db.execute(pupils.insert(), row)
    engine.dispose()
    with Store(url) as store:
        (member,) = store.read(members_of, SCHOOL, "10A1", "2020-01-01", "2020-01-01")
        assert (member.student, member.number, member.since) == ("A", 1, "")
