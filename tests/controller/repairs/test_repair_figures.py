"""The figures of repairs: open ones, how long they take, how available equipment was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.register.book import Line
from controller.register.life import Step, Why
from controller.register.merging import Kept
from controller.register.vocabulary import Condition
from controller.repairs.figures import HOUR_MS, RepairFigure, repair_figures
from controller.repairs.repair import Move, Repair, RepairDeed

TERM = 100 * HOUR_MS


def kept(no: int, kind: str = "board", model: str = "IFP6550", **told: int) -> Kept:
    """A line of the book."""
    data = Line(row=no, type=kind, maker="ViewSonic", model=model, condition="good")
    return Kept(no=no, data=data, **told)


def step(no: int, condition: str, hour: int, line: int = 1, undoes: int | None = None) -> Step:
    """A person's word."""
    why = Why.UNDONE if undoes else Why.PERSON
    at_ms = hour * HOUR_MS
    return Step(no=no, line=line, condition=condition, why=why, at_ms=at_ms, undoes=undoes)


def repair(no: int, hour: int, done: int | None = None, line: int | None = 1) -> Repair:
    """A repair that was reported in one hour and done in another."""
    moves = [Move(no=10 * no, repair=no, deed=RepairDeed.PICK, line=line)] if line else []
    if done is not None:
        moves.append(Move(no=10 * no + 1, repair=no, deed=RepairDeed.DONE, at_ms=done * HOUR_MS))
    return Repair(no=no, reported_ms=hour * HOUR_MS, moves=tuple(moves))


def all_of(lines: list[Kept], steps: list[Step], *repairs: Repair) -> RepairFigure:
    """The school's figure of hours 0 to 100."""
    by_line = {each.no: [one for one in steps if one.line == each.no] for each in lines}
    return repair_figures(repairs, lines, by_line, since_ms=0, until_ms=TERM).all


def test_open_ones_are_counted_and_the_hours_of_those_that_are_done() -> None:
    """From the report to the end; one that ended after the term was open at its end."""
    told = all_of(
        [kept(1)], [], repair(1, 10, 20), repair(2, 10, 40), repair(3, 50), repair(4, 99, 101)
    )
    assert (told.open, told.reported, told.done, told.mean_hours) == (2, 4, 2, 20.0)
    assert all_of([kept(1)], []).mean_hours is None
    assert all_of([kept(1)], [], repair(1, 101)) == all_of([kept(1)], [])


def test_an_item_is_available_while_it_works() -> None:
    """Broken from hour 20 on, under repair, good from hour 60 on."""
    steps = [step(1, "broken", 20), step(2, "repair", 30), step(3, "good", 60)]
    assert all_of([kept(1)], steps).availability_pct == 60.0
    assert all_of([kept(1), kept(2)], steps).availability_pct == 80.0
    assert all_of([kept(1)], [*steps, step(4, "broken", 60, undoes=3)]).availability_pct == 20.0


def test_what_is_disposed_or_lost_is_in_use_no_more() -> None:
    """Its later time counts for nothing; a line that left counts until then."""
    lost = [step(1, "broken", 20), step(2, "lost", 40)]
    assert all_of([kept(1)], lost).availability_pct == 50.0
    assert all_of([kept(1, removed_ms=40 * HOUR_MS)], lost[:1]).availability_pct == 50.0
    assert all_of([kept(1, added_ms=10 * HOUR_MS)], lost[:1]).availability_pct == 11.1
    gone = replace(kept(1), data=replace(kept(1).data, condition="disposed"))
    assert all_of([gone], []).availability_pct is None
    assert all_of([kept(1, removed_ms=0)], []).lines == 0


def test_a_model_is_called_by_its_maker_once() -> None:
    """Also where the book writes the maker into the model."""
    told = repair_figures([], [kept(1, model="VIEWSONIC IFP7550")], {}, since_ms=0, until_ms=TERM)
    assert [*told.by_model] == ["VIEWSONIC IFP7550"]


def test_types_and_models_have_figures_of_their_own() -> None:
    """A repair of which no line is known counts for the school alone."""
    lines = [kept(1), kept(2, "camera", "DS-2"), kept(3, "desk", "")]
    told = repair_figures(
        [repair(1, 1), repair(2, 1, 3, line=2), repair(3, 1, line=None)],
        lines,
        {1: [step(1, "broken", 50)]},
        since_ms=0,
        until_ms=TERM,
    )
    assert [*told.by_type] == ["board", "camera", "desk"]
    assert [*told.by_model] == ["ViewSonic DS-2", "ViewSonic IFP6550"]
    assert told.by_model["ViewSonic IFP6550"].availability_pct == 50.0
    assert (told.by_type["board"].open, told.by_type["camera"].mean_hours) == (1, 2.0)
    assert (told.all.open, told.all.lines) == (2, 3)


@given(
    st.lists(st.tuples(st.sampled_from([*Condition]), st.integers(-50, 150)), max_size=8),
    st.integers(0, 99),
)
def test_availability_is_a_share_whatever_the_history(
    words: list[tuple[Condition, int]], added: int
) -> None:
    """Counted hour by hour it is the same."""
    steps = [step(no, word, hour) for no, (word, hour) in enumerate(words, 1)]
    told = all_of([kept(1, added_ms=added * HOUR_MS)], steps).availability_pct
    up = down = 0
    for hour in range(added, 100):
        known = sorted((each for each in steps if each.at_ms <= hour * HOUR_MS),
                       key=lambda each: (each.at_ms, each.no))  # fmt: skip
        now = known[-1].condition if known else ""
        if not [each for each in steps if each.at_ms < TERM]:
            now = "good"
        up += now in {"", "good"}
        down += now in {"broken", "repair", "awaiting_disposal"}
    assert told == (round(100 * up / (up + down), 1) if up + down else None)
