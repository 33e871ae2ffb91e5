"""Reports, persons, books and what is taken back, in any order: lines, repairs and faults agree."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.records import FaultRecord
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.book import Line
from controller.register.life import Said, Why
from controller.repairs import actions as mending
from controller.repairs import store as repairs
from controller.repairs.actions import handle_fault
from controller.repairs.repair import Repair, RepairOutcome, RepairState
from controller.repairs.store import faults_of
from protocol.errors import ActionError
from protocol.messages import Part
from protocol.model import Place
from tests.controller.fresh import fresh_store

SCHOOLS = itertools.count(1)
NOW = 1_793_600_000_000
WORDS = ("good", "broken", "repair", "awaiting_disposal", "disposed", "lost")

REPAIR = st.one_of(
    st.tuples(st.just("fault"), st.integers(0, 2), st.sampled_from([Part.BOARD, Part.CAMERA])),
    st.tuples(st.just("pick"), st.integers(0, 2), st.sampled_from([1, 2, 3])),
    st.tuples(st.just("start"), st.integers(0, 2), st.just("")),
    st.tuples(st.just("done"), st.integers(0, 2), st.sampled_from(RepairOutcome)),
)
DEED = REPAIR | st.one_of(
    st.tuples(st.just("handled"), st.integers(0, 2), st.just("")),
    st.tuples(st.just("undo"), st.integers(0, 2), st.just("")),
    st.tuples(st.just("say"), st.sampled_from([1, 2, 3]), st.sampled_from(WORDS)),
    st.tuples(st.just("unsay"), st.sampled_from([1, 2, 3]), st.just("")),
    st.tuples(st.just("book"), st.sampled_from([1, 2, 3]), st.sampled_from(["", *WORDS])),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One database; every example is a school of its own."""
    with fresh_store(tmp_path_factory.mktemp("any")) as opened:
        yield opened


class School:
    """A school to which things happen."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.place = Place("14", f"s{next(SCHOOLS)}")
        self.now_ms = NOW
        self.book = {1: "good", 2: "good", 3: ""}
        self.bring()

    def bring(self) -> None:
        """The whole book, as it is now."""
        kinds = {1: "board", 2: "camera", 3: "projector"}
        lines = [
            Line(row=row, asset_tag=f"T{row}", type=kinds[row], room="P1", condition=condition)
            for row, condition in self.book.items()
        ]
        with self.store.locked(self.place) as db:
            register.bring_in(db, self.place, lines, whole=True, now_ms=self.now_ms)

    def happen(self, deed: str, which: int, what: str) -> None:
        """One thing. Raises ActionError where it cannot be."""
        self.now_ms += 1
        event_id = f"{self.place.school}-{which}"
        if deed == "fault":
            place = self.place.of_agent("p1")
            told = FaultRecord(place=place, event_id=event_id, room="P1", part=Part(what),
                               at_ms=self.now_ms, received_ms=self.now_ms)  # fmt: skip
            self.store.write(keep_batch, [told], self.now_ms)
        elif deed == "handled":
            self.store.write(handle_fault, self.place, event_id, self.now_ms)
        elif deed == "book":
            self.book[which] = what
            self.bring()
        else:
            with self.store.locked(self.place) as db:
                self.do(db, deed, which, what)

    def do(self, db: Connection, deed: str, which: int, what: str) -> None:
        """What a person does."""
        said = Said("anh", self.now_ms)
        if deed in {"say", "unsay"}:
            kept = register.line_by_row(db, self.place, which)
            assert kept
            if deed == "unsay":
                lives.take_back(db, self.place, kept, said)
            else:
                life = lives.life_in(db, self.place, kept)
                steps = life.taken(what, Why.PERSON, who=said.who, at_ms=said.at_ms)
                lives.keep_steps(db, self.place, steps)
            return
        known = repairs.repair_of_event(db, self.place, f"{self.place.school}-{which}")
        number = known.no if known else -1
        if deed == "pick":
            kept = register.line_by_row(db, self.place, int(what))
            assert kept
            mending.pick(db, self.place, number, kept, said)
        elif deed == "start":
            mending.start(db, self.place, number, said)
        elif deed == "done":
            mending.finish(db, self.place, number, RepairOutcome(what), said)
        else:
            mending.undo(db, self.place, number, said)

    def repairs(self) -> list[Repair]:
        with self.store.view() as db:
            return repairs.repairs_of(db, self.place)

    def conditions(self) -> dict[int, str]:
        """How each line fares, by its row."""
        with self.store.view() as db:
            return {
                each.data.row: lives.life_in(db, self.place, each).condition
                for each in register.lines_of(db, self.place)
            }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deeds=st.lists(DEED, max_size=12))
def test_lines_repairs_and_faults_agree_whatever_happens(
    store: Store, deeds: list[tuple[str, int, str]]
) -> None:
    """A fault waits while its repair does; each has one; the same book again changes nothing."""
    school = School(store)
    for deed, which, what in deeds:
        before = (school.repairs(), school.conditions())
        try:
            school.happen(deed, which, what)
        except ActionError:
            assert (school.repairs(), school.conditions()) == before
        told = school.repairs()
        open_ones = {each.event_id for each in told if each.state is not RepairState.DONE}
        assert {each.event_id for each in store.read(faults_of, school.place)} == open_ones
        assert len({each.event_id for each in told}) == len(told)
        now = school.conditions()
        school.bring()
        assert school.conditions() == now


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deeds=st.lists(REPAIR))
def test_taking_every_deed_back_leaves_the_lines_as_the_book_has_them(
    store: Store, deeds: list[tuple[str, int, str]]
) -> None:
    """The newest first, as a person would."""
    school = School(store)
    done: list[int] = []
    for deed, which, what in deeds:
        moves = sum(len(each.moves) for each in school.repairs())
        try:
            school.happen(deed, which, what)
        except ActionError:
            continue
        if sum(len(each.moves) for each in school.repairs()) > moves:
            done.append(which)
    for which in reversed(done):
        with contextlib.suppress(ActionError):  # picking anew took the former pick back itself
            school.happen("undo", which, "")
    assert school.conditions() == {1: "good", 2: "good", 3: ""}
    assert all(each.line is None for each in school.repairs())
