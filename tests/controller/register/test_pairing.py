"""Things keep their histories however a book lists them: by their codes, else by what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.register.book import Fault, Line
from controller.register.merging import UNASKED, Answers, Kept, Merged, MergeVerdict, merged
from controller.register.pairing import Known, paired

SAME: Final = Answers(same=True)
CLEARS: Final = Answers(blank_clears=True)
DESKS: Final = [
    Line(row=row, type="desk", name=name, room="P203")
    for row, name in enumerate(("Bàn GV", "Bàn HS", "Tủ"), start=1)
]
TABLETS: Final = [
    Line(row=row, asset_tag=f"MTB-0{row}", type="tablet", name="Máy tính bảng", room="P203")
    for row in (1, 2)
]
ALL: Final = frozenset({"asset_tag", "serial", "year", "cost_vnd", "condition", "room", "name"})


def brought(
    register: Sequence[Kept], lines: Sequence[Line], answers: Answers = UNASKED
) -> tuple[Merged, list[Kept]]:
    """What bringing lines in does, and the register after it."""
    told = merged(register, lines, answers=answers, now_ms=1, fields=[ALL] * len(lines))
    by_no = {each.no: each for each in register} | {each.no: each for each in told.writes}
    return told, [*by_no.values()]


def book(lines: Sequence[Line]) -> list[Kept]:
    """A register of these lines; each is known by its number for ever."""
    return brought([], lines)[1]


def bare(line: Line, **said: object) -> Line:
    """The line without its codes."""
    return replace(line, asset_tag="", serial="", **said)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize("room", ["203", "P.203", "Phòng 203", "phòng học  203", "p203"])
@pytest.mark.parametrize("known", ["P203", "Phòng 203"])
def test_a_room_in_another_writing_is_the_same_room(known: str, room: str) -> None:
    """It changes no line, and the register writes it as before; another room changes it."""
    register = book([replace(line, room=known) for line in TABLETS])
    told, after = brought(register, [replace(line, room=room) for line in TABLETS])
    assert (told.writes, after) == ((), register)
    moved, _ = brought(register, [replace(line, room="204") for line in TABLETS])
    assert [each.data.room for each in moved.writes] == ["204", "204"]


def test_a_second_rooms_list_changes_nothing_of_the_first() -> None:
    """Both are numbered from 1; it is asked whether they moved, and by itself they are new."""
    register = book(DESKS)
    other = [replace(line, room="P204") for line in DESKS]
    told, after = brought(register, other)
    assert after[:3] == register
    assert [each.data.room for each in after] == ["P203"] * 3 + ["P204"] * 3
    assert sorted(each.data.row for each in after) == [1, 2, 3, 4, 5, 6]
    assert [step.maybe for step in told.steps] == [(1,), (2,), (3,)]
    assert brought(after, other)[0].writes == ()
    moved, after = brought(register, other, SAME)
    assert (len(after), {each.data.room for each in after}) == (3, {"P204"})
    assert set(moved.verdicts) == {MergeVerdict.CHANGED}


def test_an_untagged_list_takes_no_tagged_thing() -> None:
    """Of another room: new. Of the same with fewer: asked. As many, all alike: the same."""
    register = book(TABLETS)
    other = [bare(line, room="P301") for line in TABLETS]
    assert brought(register, other)[1][:2] == register
    told, after = brought(register, [bare(TABLETS[1], condition="broken")])
    assert (len(after), [{*step.maybe} for step in told.steps]) == (3, [{1, 2}])
    told, after = brought(register, [bare(line, condition="broken") for line in TABLETS])
    assert [each.data.asset_tag for each in after] == ["MTB-01", "MTB-02"]
    assert {each.data.condition for each in after} == {"broken"}
    told, after = brought(
        register, [bare(TABLETS[0], condition="broken"), bare(TABLETS[1], condition="good")]
    )
    assert (len(after), told.doubtful) == (4, 2)  # which of them is broken, nobody says


def test_things_that_get_their_tags_stay_themselves() -> None:
    """As many as stood there without one."""
    register = book([bare(line) for line in TABLETS])
    told, after = brought(register, TABLETS)
    assert [(each.no, each.data.asset_tag) for each in after] == [(1, "MTB-01"), (2, "MTB-02")]
    assert told.doubtful == 0


def test_a_line_at_the_top_shifts_no_history() -> None:
    """All others are found by what they say, and take the book's new numbers."""
    register = book(DESKS)
    top = Line(row=1, type="board", name="Bảng", room="P203")
    below = [replace(line, row=line.row + 1) for line in DESKS]
    told, after = brought(register, [top, *below])
    assert [(each.no, each.data.name) for each in after] == [
        (1, "Bàn GV"),
        (2, "Bàn HS"),
        (3, "Tủ"),
        (4, "Bảng"),
    ]
    assert [each.data.row for each in after] == [2, 3, 4, 1]
    assert told.doubtful == 0


@pytest.mark.parametrize("answers", [UNASKED, CLEARS])
def test_a_refused_cell_changes_nothing(answers: Answers) -> None:
    """Not even where blanks clear; an error counts while nothing stands in its place."""
    full = Line(row=1, asset_tag="T1", type="board", serial="S1", year=2021, condition="good")
    refused = tuple(Fault(name, "code_is_date") for name in ("serial", "year", "condition"))
    line = Line(row=1, asset_tag="T1", type="board", cost_vnd=5, errors=refused)
    (step,) = brought(book([full]), [line], answers)[0].steps
    assert step.line == replace(full, cost_vnd=5)
    assert step.read.errors == refused
    (fresh,) = brought([], [line])[0].steps
    assert fresh.line.errors == refused


def test_a_blank_cell_clears_only_where_a_person_says_so() -> None:
    """And only in a column that the book has."""
    full = Line(row=1, asset_tag="T1", type="board", serial="S1", funding="NSNN")
    line = Line(row=1, asset_tag="T1", type="board")
    assert brought(book([full]), [line])[0].writes == ()
    assert brought(book([full]), [line], CLEARS)[1][0].data == replace(full, serial="")


def test_a_thing_that_left_without_codes_comes_back_as_itself() -> None:
    """Its history with it."""
    register = [replace(entry, removed_ms=5) for entry in book(DESKS)]
    told, after = brought(register, DESKS)
    assert [each.no for each in after if each.removed_ms is None] == [1, 2, 3]
    assert set(told.verdicts) == {MergeVerdict.NEW}


THINGS = st.lists(
    st.builds(
        Line,
        row=st.just(0),
        asset_tag=st.sampled_from(["", *(f"T{number}" for number in range(9))]),
        name=st.sampled_from(["Bàn", "Bảng", "Máy chiếu"]),
        type=st.just("thing"),
        room=st.sampled_from(["P1", "P2"]),
        model=st.sampled_from(["", "A", "B"]),
        funding=st.integers(0, 10**6).map(str),  # by which the model knows it, and nobody else
    ),
    max_size=10,
    unique_by=(lambda line: line.asset_tag or line.funding, lambda line: line.funding),
)


@given(things=THINGS, data=st.data())
def test_no_thing_gets_the_history_of_another(things: list[Line], data: st.DataObject) -> None:
    """Books of some of them in any order, renumbered, tags lost: only what is alike may be one."""
    register = book([replace(line, row=number) for number, line in enumerate(things, start=1)])
    by_no = {entry.no: entry.data for entry in register}
    chosen = data.draw(st.permutations(things)) if things else []
    lines = [
        replace(line, row=number, funding="", asset_tag=data.draw(tag_or_none(line)))
        for number, line in enumerate(chosen[: data.draw(st.integers(0, len(things)))], start=1)
    ]
    pairs = paired((Known(entry.no, entry.data) for entry in register), lines)
    found = [no for no in pairs.nos if no is not None]
    assert len(found) == len({*found})
    for line, no in zip(lines, pairs.nos, strict=True):
        if no is not None:
            known = by_no[no]
            assert (line.name, line.room) == (known.name, known.room)
            assert line.asset_tag in {"", known.asset_tag}
            assert not (line.model and known.model) or line.model == known.model
    tagged = {line.asset_tag for line in lines} - {""}
    assert tagged == {by_no[no].asset_tag for no in found} & tagged
    _, after = brought(register, lines)
    again, _ = brought(after, lines)
    assert again.writes == ()


def tag_or_none(line: Line) -> st.SearchStrategy[str]:
    """The tag, or a cell that lost it."""
    return st.sampled_from([line.asset_tag, ""])


def test_a_large_book_of_equal_things_is_paired_at_once() -> None:
    """As many looks as lines: a second import of 2,000 equal desks, and of as many tags lost."""
    lines = [replace(DESKS[0], row=row) for row in range(1, 2_001)]
    tagged = [replace(line, asset_tag=f"T{line.row}") for line in lines]
    for held, told in ((lines, lines), (tagged, lines), (lines, tagged)):
        register = [Known(line.row, line) for line in held]
        assert paired(register, told).nos == [line.row for line in lines]
