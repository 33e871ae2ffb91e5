"""These tests say what a person may change of lines by hand, and that all of it comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from controller.database.store import Store
from controller.register import store as register
from controller.register.book import Line
from controller.register.by_hand import (
    WRITTEN,
    HandChange,
    Refused,
    added,
    corrected,
    fared,
    moved,
    retired,
    written_line,
)
from controller.register.import_store import changes_in, imports_of
from controller.register.life import Said
from controller.register.life_store import standing_of, steps_of
from controller.register.merging import Kept
from controller.register.vocabulary import Condition
from protocol.errors import ActionError
from tests.controller.book_school import bring_in, line, now_ms
from tests.controller.web_school import SCHOOL, a_store

WHO = "van-phong"
BOOK = [line(row, asset_tag=f"TS-{row:03}", serial=f"VS{row:05}") for row in range(1, 6)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with a book of five lines."""
    with a_store(tmp_path) as opened:
        bring_in(opened, BOOK)
        yield opened


def kept(store: Store) -> dict[int, tuple[Line, bool]]:
    """The lines by their own number, and whether each counts."""
    with store.view() as db:
        return {one.no: (one.data, one.removed_ms is None) for one in register.lines_of(db, SCHOOL)}


def conditions(store: Store) -> dict[int, str]:
    """What was said of how lines fare, and stands; what the book itself says left out."""
    with store.view() as db:
        return {no: step.condition for no, step in standing_of(db, SCHOOL).items()}


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"year": "hai mươi"}, "year"),
        ({"room": "P101, P102"}, "room"),
        ({"asset_tag": "x" * 100}, "asset_tag"),
        ({"cost_vnd": "nhiều"}, "cost_vnd"),
        ({"quantity": "2,5"}, "quantity"),
        ({"serial": "1,23E+14"}, "serial"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_field(form: dict[str, str], field: str) -> None:
    """By the very rules by which a book is read; the others are not written either."""
    refused = written_line(BOOK[0], {"model": "X", **form})
    assert isinstance(refused, Refused)
    assert [*refused.faults] == [field]


@given(st.dictionaries(st.sampled_from(WRITTEN), st.text(max_size=210)))
def test_whatever_a_form_holds_makes_a_line_or_is_refused(form: dict[str, str]) -> None:
    """Fields that the form lacks stay."""
    after = written_line(BOOK[0], form)
    if isinstance(after, Line):
        for name in {*WRITTEN} - {*form} - {"quantity", "cost_vnd"}:
            assert getattr(after, name) == getattr(BOOK[0], name)


def test_the_form_of_a_line_as_it_is_changes_nothing() -> None:
    """Whoever opens the form and presses Keep has changed nothing."""
    same = {name: str(getattr(BOOK[1], name) or "") for name in WRITTEN}
    assert written_line(BOOK[1], same) == BOOK[1]


def test_a_tag_is_one_lines(store: Store) -> None:
    """Neither a correction nor a new line takes another's."""
    with store.view() as db:
        lines = register.lines_of(db, SCHOOL)
    twice = written_line(lines[0].data, {"asset_tag": "ts-002"})
    assert isinstance(twice, Line)
    with pytest.raises(ActionError, match="another line"):
        corrected(lines, lines[0], twice, 1)
    with pytest.raises(ActionError, match="another line"):
        added(lines, twice, 1)
    with pytest.raises(ActionError, match="what it is"):
        added(lines, Line(row=0), 1)


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(("correct", "add", "room", "condition", "retire")),
        st.sets(st.integers(0, 7), min_size=1, max_size=4),
        st.sampled_from(("P301", "P302", "")),
        st.sampled_from(Condition),
    ),
    min_size=1,
    max_size=6,
)


def change_of(
    db: Connection, deed: str, lines: list[Kept], room: str, condition: Condition
) -> HandChange:
    """What a press does to lines that count."""
    stamp, every = Said(WHO, now_ms()), register.lines_of(db, SCHOOL)
    match deed:
        case "correct":
            after = written_line(lines[0].data, {"model": f"M {room}", "room": room})
            assert isinstance(after, Line)
            return corrected(every, lines[0], after, stamp.at_ms)
        case "add":
            return added(every, Line(row=0, type="desk", room=room), stamp.at_ms)
        case "room":
            return moved(lines, room, stamp.at_ms)
        case "condition":
            return fared(lines, steps_of(db, SCHOOL), condition, stamp)
        case _:
            return retired(lines, stamp.at_ms)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DEEDS)
def test_every_change_by_hand_is_taken_back_whole(
    tmp_path_factory: pytest.TempPathFactory,
    deeds: list[tuple[str, set[int], str, Condition]],
) -> None:
    """One after the other, the last first: the book is what it was, word for word."""
    with a_store(tmp_path_factory.mktemp("hand")) as store:
        bring_in(store, BOOK)
        stack = []
        for deed, places, room, condition in deeds:
            before = kept(store), conditions(store)
            with store.locked(SCHOOL) as db:
                there = [one for one in register.lines_of(db, SCHOOL) if one.removed_ms is None]
                lines = [there[at] for at in sorted(places) if at < len(there)]
                if not lines:
                    continue
                try:
                    change = change_of(db, deed, lines, room, condition)
                except ActionError:
                    continue
                no = register.change_by_hand(db, SCHOOL, change, Said(WHO, now_ms()))
            if no is not None:
                stack.append((no, before))
        for no, (lines_before, conditions_before) in reversed(stack):
            with store.locked(SCHOOL) as db:
                record = register.undo_import(db, SCHOOL, no, Said(WHO, now_ms()))
            assert record is not None
            assert record.remaining == ()
            now = {no: told for no, told in kept(store).items() if no in lines_before}
            assert now == lines_before
            assert not any(counts for no, (_, counts) in kept(store).items() if no not in now)
            said = conditions(store)
            assert {no: said[no] for no in conditions_before} == conditions_before


def test_a_serial_that_was_twice_in_the_book_may_be_so_again(tmp_path: Path) -> None:
    """Taking one of the two out, and that back, asks nobody."""
    with a_store(tmp_path) as store:
        bring_in(store, [line(1, serial="SAME"), line(2, asset_tag="TS-2", serial="SAME")])
        with store.locked(SCHOOL) as db:
            second = [one for one in register.lines_of(db, SCHOOL) if one.data.row == 2]
            at_ms = now_ms() + 60_000
            no = register.change_by_hand(db, SCHOOL, retired(second, at_ms), Said(WHO, at_ms))
            record = register.undo_import(db, SCHOOL, no or 0, Said(WHO, at_ms))
        assert record is not None
        assert record.remaining == ()


def test_what_a_hand_changes_drives_no_book_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Books and changes by hand are counted apart, so that both can be taken back."""
    monkeypatch.setattr("controller.register.import_store.IMPORTS_KEPT", 1)
    monkeypatch.setattr("controller.register.import_store.BY_HAND_KEPT", 2)
    for room in ("P1", "P2", "P3"):
        with store.locked(SCHOOL) as db:
            change = moved(register.lines_of(db, SCHOOL), room, now_ms())
            register.change_by_hand(db, SCHOOL, change, Said(WHO, now_ms()))
    with store.view() as db:
        assert [one.no for one in imports_of(db, SCHOOL)] == [4, 3]
        assert changes_in(db, SCHOOL, 2) == []
