"""A fault opens one repair, about the line that it must be; what is done is seen on the line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection

from controller.database.store import Store, StoreError
from controller.features import keep_batch
from controller.fleet.fleet import Change
from controller.fleet.records import EventRecord, FaultRecord
from controller.inventory import store as assets
from controller.inventory.chosen import Chosen
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.book import Line
from controller.register.life import Said, Step, Why
from controller.register.merging import Kept
from controller.repairs import actions as mending
from controller.repairs import store as repairs
from controller.repairs.actions import handle_fault
from controller.repairs.repair import (
    Move,
    Repair,
    RepairDeed,
    RepairOutcome,
    RepairState,
    candidates,
    part_of,
)
from controller.repairs.store import faults_of
from protocol.errors import ActionError
from protocol.messages import Part
from protocol.model import Place
from tests.controller.web_school import ZONE
from tests.databases import Database

SCHOOL = Place("14", "00140708")
NOW = 1_793_600_000_000
SAID = Said("anh", NOW + 50)


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    with Store(database.url) as opened:
        yield opened


def line(row: int, kind: str = "board", room: str = "P203", condition: str = "good") -> Line:
    """A line of the book."""
    return Line(row=row, asset_tag=f"TS-{row}", type=kind, room=room, condition=condition)


def brought(store: Store, *lines: Line) -> None:
    """The book comes in."""
    with store.locked(SCHOOL) as db:
        register.bring_in(db, SCHOOL, lines, whole=True, now_ms=NOW)


def fault(event_id: str = "f1", part: Part = Part.BOARD, room: str = "P 203") -> FaultRecord:
    """A teacher pressed a picture."""
    place = SCHOOL.of_agent("may-p203")
    return FaultRecord(
        place=place, event_id=event_id, room=room, part=part, at_ms=NOW, received_ms=NOW + 5
    )


def told(store: Store, *faults: FaultRecord) -> list[Repair]:
    """The controller hears of faults; returns every repair."""
    store.write(keep_batch, faults, NOW + 10)
    return every(store)


def every(store: Store) -> list[Repair]:
    with store.view() as db:
        return repairs.repairs_of(db, SCHOOL)


def condition(store: Store, row: int = 1) -> str:
    """How a line fares."""
    with store.view() as db:
        kept = register.line_by_row(db, SCHOOL, row)
        assert kept is not None
        return lives.life_in(db, SCHOOL, kept).condition


def do(store: Store, deed: Callable[..., list[Change]], *values: Any, **more: Any) -> list[Change]:
    """A person does something with a repair."""
    with store.locked(SCHOOL) as db:
        return deed(db, SCHOOL, *values, **more)


def pick(store: Store, number: int, row: int) -> None:
    """A person says which line it is."""
    with store.locked(SCHOOL) as db:
        mending.pick(db, SCHOOL, number, _line(db, row), SAID)


def _line(db: Connection, row: int) -> Kept:
    kept = register.line_by_row(db, SCHOOL, row)
    assert kept is not None
    return kept


def test_the_one_line_that_it_must_be_becomes_broken(store: Store) -> None:
    """The room's only board; the repair waits for somebody to take it up."""
    brought(store, line(1), line(2, room="P204"), line(3, "camera"))
    (repair,) = told(store, fault())
    assert (repair.state, repair.line, repair.who) == (RepairState.REPORTED, 1, "may-p203")
    assert (repair.reported_ms, repair.opened_ms) == (NOW, NOW + 10)
    assert [condition(store, row) for row in (1, 2, 3)] == ["broken", "good", "good"]
    with store.view() as db:
        (book, step) = lives.steps_of(db, SCHOOL)[1]
    assert (book.why, step.why, step.repair) == (Why.BOOK, Why.FAULT, repair.no)


def test_the_same_event_twice_opens_one_repair(store: Store) -> None:
    """In one batch, in the next, and after it was dealt with."""
    brought(store, line(1))
    assert len(told(store, fault(), fault())) == 1
    assert len(told(store, fault())) == 1
    store.write(handle_fault, SCHOOL, "f1", NOW + 20)
    (repair,) = told(store, fault())
    assert repair.state is RepairState.DONE
    assert condition(store) == "good"


def test_where_no_repair_can_be_opened_the_fault_is_not_kept_either(store: Store) -> None:
    """They stand or fall together, so that the agent sends it again."""
    brought(store, line(1))
    with store.locked(SCHOOL) as db:
        db.exec_driver_sql("DROP TABLE repair_moves")
    with pytest.raises(StoreError):
        store.write(keep_batch, [fault()], NOW)
    assert store.read(faults_of, SCHOOL) == []
    assert condition(store) == "good"


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [line(1), line(2, "projector")],
        [line(1, room="P204")],
        [line(1, condition="lost")],
        [line(1, condition="disposed")],
        [line(1, room="")],
    ],
)
def test_where_no_line_or_more_than_one_fits_it_is_undecided(
    store: Store, lines: list[Line]
) -> None:
    """Nothing is called broken on a guess."""
    brought(store, *lines)
    (repair,) = told(store, fault())
    assert repair.line is None
    assert {condition(store, each.row) for each in lines} <= {"good", "lost", "disposed"}


@pytest.mark.parametrize(
    ("part", "kinds"),
    [
        (Part.BOARD, {"board", "display", "projector", "tv"}),
        (Part.CAMERA, {"camera"}),
        (Part.TABLET, {"tablet"}),
        (Part.NETWORK, {"access_point", "router", "switch"}),
        (Part.POWER, set()),
        (Part.OTHER, set()),
    ],
)
def test_a_picture_is_about_these_types(part: Part, kinds: set[str]) -> None:
    """Electricity and other things are no line of the book."""
    types = [
        "access_point", "board", "camera", "desk", "display", "projector", "router", "switch",
        "tablet", "tv",
    ]  # fmt: skip
    lines = [Kept(no=no, data=line(no, kind)) for no, kind in enumerate(types, 1)]
    assert {each.data.type for each in candidates(lines, part, "P203")} == kinds
    assert all(part_of(kind) is part for kind in kinds)


def test_a_person_picks_the_line_and_picks_another(store: Store) -> None:
    """The first one fares as it did before."""
    brought(store, line(1), line(2, "projector"))
    (repair,) = told(store, fault())
    with store.view() as db:
        found = repairs.candidates_of(db, SCHOOL, [repair])[repair.no]
    assert [each.data.row for each in found] == [1, 2]
    pick(store, repair.no, 1)
    assert [condition(store, row) for row in (1, 2)] == ["broken", "good"]
    pick(store, repair.no, 2)
    assert [condition(store, row) for row in (1, 2)] == ["good", "broken"]
    do(store, mending.undo, repair.no, SAID)
    assert every(store)[0].line is None
    assert [condition(store, row) for row in (1, 2)] == ["good", "good"]


def test_a_repair_goes_its_way_and_every_step_back(store: Store) -> None:
    """Reported, under repair, done; with who and when; and the same way back."""
    brought(store, line(1))
    (repair,) = told(store, fault())
    do(store, mending.start, repair.no, SAID)
    assert (every(store)[0].state, condition(store)) == (RepairState.UNDER_REPAIR, "repair")
    changes = do(
        store, mending.finish, repair.no, RepairOutcome.AWAITING_DISPOSAL, SAID, note="cháy"
    )
    (done,) = every(store)
    assert done.done is not None
    assert (done.state, condition(store)) == (RepairState.DONE, "awaiting_disposal")
    assert (done.done.who, done.done.at_ms, done.done.note) == ("anh", NOW + 50, "cháy")
    assert [type(each) for each in changes] == [FaultRecord, EventRecord]
    assert store.read(faults_of, SCHOOL) == []
    (opened,) = do(store, mending.undo, repair.no, SAID)
    assert isinstance(opened, FaultRecord)
    assert opened.done_ms is None
    assert len(store.read(faults_of, SCHOOL)) == 1
    assert (every(store)[0].state, condition(store)) == (RepairState.UNDER_REPAIR, "repair")
    do(store, mending.undo, repair.no, SAID)
    assert (every(store)[0].state, condition(store)) == (RepairState.REPORTED, "broken")
    do(store, mending.undo, repair.no, SAID)
    assert (every(store)[0].line, condition(store)) == (None, "good")
    with pytest.raises(ActionError):
        do(store, mending.undo, repair.no, SAID)
    assert len(every(store)[0].moves) == 6


def test_the_button_that_a_fault_is_dealt_with_ends_its_repair(store: Store) -> None:
    """And what it had made broken works again; taking that back makes both wait again."""
    brought(store, line(1))
    (repair,) = told(store, fault())
    assert len(store.write(handle_fault, SCHOOL, "f1", NOW + 20)) == 2
    assert (every(store)[0].state, condition(store)) == (RepairState.DONE, "good")
    assert store.write(handle_fault, SCHOOL, "f1", NOW + 21) == []
    do(store, mending.undo, repair.no, SAID)
    assert (every(store)[0].state, condition(store)) == (RepairState.REPORTED, "broken")
    assert len(store.write(handle_fault, SCHOOL, "f1", NOW + 60)) == 2


def test_dealing_with_a_fault_makes_nothing_good_that_it_did_not_make_broken(store: Store) -> None:
    """The book, or a person, called it broken."""
    brought(store, line(1, condition="broken"), line(2, "camera"))
    told(store, fault(), fault("f2", Part.CAMERA))
    with store.locked(SCHOOL) as db:
        life = lives.life_in(db, SCHOOL, _line(db, 2))
        lives.keep_steps(db, SCHOOL, life.taken("lost", Why.PERSON, at_ms=NOW + 15))
    store.write(handle_fault, SCHOOL, "f1", NOW + 20)
    store.write(handle_fault, SCHOOL, "f2", NOW + 20)
    assert [condition(store, row) for row in (1, 2)] == ["broken", "lost"]


def test_what_a_person_called_broken_before_the_report_stays_so(store: Store) -> None:
    """The report was not what broke it: who said so says when it works again."""
    brought(store, line(1))
    with store.locked(SCHOOL) as db:
        life = lives.life_in(db, SCHOOL, _line(db, 1))
        lives.keep_steps(db, SCHOOL, life.taken("broken", Why.PERSON, at_ms=NOW + 1))
    told(store, fault())
    store.write(handle_fault, SCHOOL, "f1", NOW + 20)
    assert condition(store) == "broken"


def test_two_reports_of_one_board_are_both_dealt_with_before_it_is_good(store: Store) -> None:
    """The first repair's end does not hide the second one's fault."""
    brought(store, line(1))
    told(store, fault())
    assert [each.line for each in told(store, fault("f2"))] == [1, 1]
    store.write(handle_fault, SCHOOL, "f1", NOW + 20)
    assert condition(store) == "broken"
    store.write(handle_fault, SCHOOL, "f2", NOW + 21)
    assert condition(store) == "good"


def test_undoing_a_move_leaves_alone_what_was_said_of_the_line_since(store: Store) -> None:
    """A person's later word is newer."""
    brought(store, line(1))
    (repair,) = told(store, fault())
    with store.locked(SCHOOL) as db:
        life = lives.life_in(db, SCHOOL, _line(db, 1))
        lives.keep_steps(db, SCHOOL, life.taken("lost", Why.PERSON, at_ms=NOW + 15))
    do(store, mending.undo, repair.no, SAID)
    assert condition(store) == "lost"


def test_importing_the_same_book_undoes_no_repair_and_another_word_does(store: Store) -> None:
    """As the book is brought in again every week."""
    book = [line(1), line(2, "camera")]
    brought(store, *book)
    told(store, fault())
    brought(store, *book)
    assert condition(store) == "broken"
    brought(store, line(1, condition=""), book[1])
    brought(store, *book)
    assert condition(store) == "broken"
    brought(store, line(1, condition="awaiting_disposal"), book[1])
    assert condition(store) == "awaiting_disposal"
    with store.locked(SCHOOL) as db:
        lives.take_back(db, SCHOOL, _line(db, 1), Said("anh", NOW + 90))
    assert condition(store) == "broken"


def test_a_person_opens_a_repair_of_a_line(store: Store) -> None:
    """It is broken from then on, by a person's word."""
    brought(store, line(1, "desk", condition=""))
    with store.locked(SCHOOL) as db:
        opened = repairs.open_by_person(db, SCHOOL, _line(db, 1), Said("anh", NOW))
        again = repairs.open_by_person(db, SCHOOL, _line(db, 1), Said("anh", NOW))
    assert (opened.line, opened.event_id, opened.state) == (1, None, RepairState.REPORTED)
    assert (opened.part, opened.who, opened.reported_ms) == (Part.OTHER, "anh", NOW)
    assert again.no > opened.no
    assert condition(store) == "broken"
    assert do(store, mending.finish, opened.no, RepairOutcome.GOOD, SAID) == []
    assert condition(store) == "broken"
    do(store, mending.finish, again.no, RepairOutcome.GOOD, SAID)
    assert condition(store) == "good"


@pytest.mark.parametrize(
    ("deeds", "code"),
    [
        ((mending.start, mending.start), "repair_started"),
        ((lambda *a: mending.finish(*a[:3], RepairOutcome.GOOD, a[3]),) * 2, "repair_done"),
    ],
)
def test_what_cannot_be_done_now_is_refused(
    store: Store, deeds: tuple[Any, Any], code: str
) -> None:
    """And the repair stays as it is."""
    (repair,) = told(store, fault())
    do(store, deeds[0], repair.no, SAID)
    before = every(store)
    with pytest.raises(ActionError) as refused:
        do(store, deeds[1], repair.no, SAID)
    assert refused.value.code == code
    assert every(store) == before
    with pytest.raises(ActionError):
        do(store, mending.start, 99, SAID)


def test_no_other_line_is_picked_while_one_is_being_repaired(store: Store) -> None:
    """A line that is picked once somebody is at it is under repair at once."""
    brought(store, line(1), line(2, "projector"))
    (repair,) = told(store, fault())
    do(store, mending.start, repair.no, SAID)
    pick(store, repair.no, 1)
    assert condition(store) == "repair"
    with pytest.raises(ActionError):
        pick(store, repair.no, 1)
    pick(store, repair.no, 2)
    assert [condition(store, row) for row in (1, 2)] == ["good", "repair"]
    started = Repair(no=1, moves=(Move(no=1, repair=1, deed=RepairDeed.PICK, line=1),
                                  Move(no=2, repair=1, deed=RepairDeed.START)))  # fmt: skip
    with pytest.raises(ActionError) as refused:
        started.moved(RepairDeed.PICK, *SAID, line=2)
    assert refused.value.code == "repair_started"


def test_another_school_s_lines_and_repairs_are_not_touched(store: Store) -> None:
    """Both have a room P203 and a line 1."""
    other = Place("14", "00140709")
    brought(store, line(1))
    with store.locked(other) as db:
        register.bring_in(db, other, [line(1)], whole=True, now_ms=NOW)
    told(store, fault())
    with store.view() as db:
        assert repairs.repairs_of(db, other) == []
        assert lives.steps_of(db, other) == {}
        standing = lives.standing_of(db, SCHOOL)
    assert {no: step.condition for no, step in standing.items()} == {1: "broken"}


def test_what_counted_then_is_told_of_the_past(store: Store) -> None:
    """A step that came later is left out."""
    brought(store, line(1))
    told(store, fault())
    with store.view() as db:
        then: dict[int, Step] = lives.standing_of(db, SCHOOL, NOW + 9)
        now: dict[int, Step] = lives.standing_of(db, SCHOOL, NOW + 10)
    assert [then[1].condition, now[1].condition] == ["good", "broken"]


def test_the_inventory_hears_of_a_condition(store: Store) -> None:
    """A report, and its end, are changes that the feed tells."""
    brought(store, line(1))

    def told() -> tuple[int, list[str]]:
        with store.locked(SCHOOL) as db:
            assets.bring_up(db, SCHOOL, ZONE, NOW)
            newest = assets.newest_change(db, SCHOOL)
            items = assets.items(db, SCHOOL, Chosen(), now_ms=NOW)
        return newest, [each.condition for each in items]

    first, conditions = told()
    assert conditions == ["good"]
    store.write(keep_batch, [fault()], NOW - 5)
    second, conditions = told()
    assert (conditions, second > first) == (["broken"], True)
    store.write(handle_fault, SCHOOL, "f1", NOW - 4)
    third, conditions = told()
    assert (conditions, third > second) == (["good"], True)
