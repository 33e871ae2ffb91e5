"""How a line of the register fares: which step may follow which, and what taking back leaves."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from controller.register.book import Line
from controller.register.life import FOLLOWS, LineLife, Step, Why, brought, life_of
from controller.register.merging import Kept, merged
from controller.register.vocabulary import Condition
from protocol.errors import ActionError

GOOD, BROKEN, REPAIR = Condition.GOOD, Condition.BROKEN, Condition.REPAIR
AWAITING, DISPOSED, LOST = Condition.AWAITING_DISPOSAL, Condition.DISPOSED, Condition.LOST
numbers = itertools.count(1)


def kept(condition: str = "good", no: int = 1) -> Kept:
    """A line as the book has it."""
    data = Line(row=no, asset_tag=f"TS-{no}", type="board", condition=condition)
    return Kept(no=no, data=data, added_ms=10, changed_ms=10)


def numbered(steps: tuple[Step, ...]) -> list[Step]:
    """Steps as they are once they are kept."""
    return [replace(each, no=next(numbers)) for each in steps]


def lived(*words: str, book: str = "good") -> LineLife:
    """The life of a line of which a person said these things in turn."""
    steps: list[Step] = []
    for at_ms, word in enumerate(words, 100):
        life = LineLife(1, steps, book=book, book_ms=10)
        steps += numbered(life.taken(word, Why.PERSON, who="anh", at_ms=at_ms, note="đính chính"))
    return LineLife(1, steps, book=book, book_ms=10)


def test_before_the_first_step_the_book_s_word_counts() -> None:
    """Nothing else is known of the line."""
    assert LineLife(1, book="broken").condition == "broken"
    assert LineLife(1).condition == ""


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        (GOOD, {BROKEN, REPAIR, AWAITING, LOST}),
        (BROKEN, {GOOD, REPAIR, AWAITING, LOST}),
        (REPAIR, {GOOD, BROKEN, AWAITING, LOST}),
        (AWAITING, {GOOD, BROKEN, REPAIR, DISPOSED, LOST}),
        (LOST, {GOOD, BROKEN, DISPOSED}),
        (DISPOSED, set()),
    ],
)
def test_a_person_may_say_only_what_can_follow(now: Condition, allowed: set[Condition]) -> None:
    """A thing in use is not disposed of at once; a lost one is found, or written off."""
    life = LineLife(1, book=now)
    assert set(life.may_become()) == allowed
    for each in set(Condition) - {now}:
        if each in allowed:
            assert life.taken(each, Why.PERSON, at_ms=1)[-1].condition == each
        else:
            with pytest.raises(ActionError):
                life.taken(each, Why.PERSON, at_ms=1)


def test_what_is_disposed_is_only_put_right_and_with_a_reason() -> None:
    """A wrong line was written off: the note says so."""
    life = LineLife(1, book="disposed")
    with pytest.raises(ActionError) as refused:
        life.taken(GOOD, Why.PERSON, at_ms=1)
    assert refused.value.code == "condition_final"
    assert life.taken(GOOD, Why.PERSON, at_ms=1, note="nhầm dòng")[-1].note == "nhầm dòng"


def test_the_same_condition_is_a_step_only_with_something_new() -> None:
    """A quality or a note is worth keeping; a second press of the same button is not."""
    with pytest.raises(ActionError):
        LineLife(1, book="good").taken(GOOD, Why.PERSON, at_ms=1)
    assert LineLife(1, book="good").taken(GOOD, Why.PERSON, at_ms=1, quality_pct=60)
    with pytest.raises(ActionError):
        LineLife(1, book="good").taken(GOOD, Why.PERSON, at_ms=1, quality_pct=101)


@pytest.mark.parametrize("now", [BROKEN, REPAIR, AWAITING, DISPOSED, LOST])
def test_a_fault_changes_only_what_was_in_use(now: Condition) -> None:
    """What is being repaired does not become merely broken by another report."""
    assert LineLife(1, book=now).taken(BROKEN, Why.FAULT, at_ms=1) == ()
    assert LineLife(1, book="good").taken(BROKEN, Why.FAULT, at_ms=1)


def test_taking_back_restores_what_was_before_down_to_the_book() -> None:
    """Three steps, three times back, and then nothing more."""
    life = lived("broken", "repair", "good")
    for now in ("repair", "broken", "good"):
        life = LineLife(1, [*life.history, *numbered((life.undone("bình", 900),))], book="good")
        assert life.condition == now
        assert (life.history[-1].who, life.history[-1].condition) == ("bình", now)
    with pytest.raises(ActionError) as refused:
        life.undone("bình", 900)
    assert refused.value.code == "nothing_to_undo"


def test_the_first_step_keeps_the_books_word_before_it() -> None:
    """Who reads the history sees where it began."""
    assert [(each.condition, each.why) for each in lived("broken").history] == [
        ("good", Why.BOOK),
        ("broken", Why.PERSON),
    ]


def test_a_clock_that_goes_back_hides_no_step_and_a_late_stocktake_tells_of_its_own_time() -> None:
    """A person's word is the newest when it is said; a scan that was made before it is not."""
    life = lived("broken")
    early = numbered(life.taken(REPAIR, Why.PERSON, at_ms=3))
    assert LineLife(1, [*life.history, *early]).condition == "repair"
    scan = numbered(life.taken(GOOD, Why.STOCKTAKE, at_ms=50, quality_pct=80))
    late = LineLife(1, [*life.history, *scan])
    assert late.condition == "broken"
    assert late.history[-1].quality_pct == 80


def test_the_same_book_again_undoes_no_repair_and_another_word_is_a_step() -> None:
    """Only a cell that is really another counts; an empty one says nothing."""
    before = {1: kept("good")}
    steps = {1: list(lived("broken", "repair").history)}
    assert brought(before, [kept("good")], steps, now_ms=500) == ()
    assert brought(before, [kept("")], steps, now_ms=500) == ()
    assert brought({1: kept("")}, [kept("good")], steps, now_ms=500) == ()
    (step,) = brought(before, [kept("awaiting_disposal")], steps, who="anh", now_ms=500)
    assert (step.condition, step.why, step.who) == ("awaiting_disposal", Why.BOOK, "anh")
    assert brought({}, [kept("good")], {}, now_ms=500) == ()


def test_a_book_that_agrees_with_a_fault_leaves_the_line_with_its_repair() -> None:
    """So that the repair's end makes it good again."""
    life = life_of(kept("good"))
    steps = {1: numbered(life.taken(BROKEN, Why.FAULT, at_ms=20, repair=7))}
    (step,) = brought({1: kept("good")}, [kept("broken")], steps, now_ms=500)
    assert (step.condition, step.repair) == ("broken", 7)


class Lives(RuleBasedStateMachine):
    """Persons, faults, scans and books speak of a line in any order, and take words back."""

    @initialize(condition=st.sampled_from(["", *Condition]))
    def begin(self, condition: str) -> None:
        self.now_ms = 100
        self.numbers = itertools.count(1)
        self.register = [kept(condition)]
        self.steps: list[Step] = []
        self.words: list[str] = []  # those that stand, after the book's first

    def life(self) -> LineLife:
        return life_of(self.register[0], self.steps)

    def keep(self, steps: tuple[Step, ...]) -> None:
        self.steps += [replace(each, no=next(self.numbers)) for each in steps]
        if steps:
            self.words.append(steps[-1].condition)

    @rule(
        condition=st.sampled_from([*Condition]),
        why=st.sampled_from([Why.PERSON, Why.FAULT, Why.STOCKTAKE]),
        later_ms=st.integers(-50, 50),
        note=st.sampled_from(["", "vì"]),
    )
    def speak(self, condition: Condition, why: Why, later_ms: int, note: str) -> None:
        """Somebody says how it is; the clock may go back, but a scan here is made now."""
        self.now_ms += abs(later_ms) + 1
        at_ms = self.now_ms if why is Why.STOCKTAKE else self.now_ms + 2 * min(later_ms, 0)
        before = self.life().condition
        try:
            steps = self.life().taken(condition, why, at_ms=at_ms, note=note)
        except ActionError:
            assert why is Why.PERSON
            assert condition == before or condition not in FOLLOWS[before]
            return
        if why is Why.PERSON and not note:
            assert condition in FOLLOWS[before]
        self.keep(steps)
        self.now_ms = max(self.now_ms, *(each.at_ms for each in self.steps), 0)

    @rule(condition=st.sampled_from(["", *Condition]))
    def bring(self, condition: str) -> None:
        """A book comes, the same or another."""
        self.now_ms += 1
        line = replace(self.register[0].data, condition=condition)
        told = merged(self.register, [line], now_ms=self.now_ms)
        before = {each.no: each for each in self.register}
        steps = brought(before, told.writes, {1: self.steps}, now_ms=self.now_ms)
        if line == self.register[0].data or not condition:
            assert steps == ()
        elif steps:
            assert steps[-1].condition == condition
        self.register = list(told.writes) or self.register
        self.keep(steps)

    @rule()
    def take_back(self) -> None:
        """The newest word is taken back."""
        self.now_ms += 1
        life = self.life()
        try:
            step = life.undone("anh", self.now_ms)
        except ActionError:
            newest = life.newest
            assert newest is None or newest is life.history[0]
            return
        newest = life.newest
        assert newest is not None
        assert step.undoes == newest.no
        self.steps.append(replace(step, no=next(self.numbers)))
        self.words.pop()
        assert self.life().condition == step.condition

    @invariant()
    def holds(self) -> None:
        """No step is taken back twice, none that is not there; the newest that stands counts."""
        if not hasattr(self, "steps"):
            return
        life = self.life()
        undone = [each.undoes for each in life.history if each.undoes is not None]
        assert len(undone) == len(set(undone))
        assert set(undone) <= {each.no for each in life.history if each.undoes is None}
        stamps = [each.at_ms for each in life.standing]
        assert stamps == sorted(stamps)
        standing = [each.condition for each in life.standing]
        assert standing[len(standing) - len(self.words) :] == self.words
        if self.words:
            assert life.condition == self.words[-1]


TestLives = Lives.TestCase


@given(st.lists(st.sampled_from([*Condition]), max_size=6))
def test_taking_all_back_leaves_the_line_as_it_was(words: list[Condition]) -> None:
    """However long the history grew."""
    life = LineLife(1, book="good", book_ms=5)
    steps: list[Step] = []
    taken = 0
    for at_ms, word in enumerate(words, 10):
        life = LineLife(1, steps, book="good", book_ms=5)
        steps += numbered(life.taken(word, Why.STOCKTAKE, at_ms=at_ms))
        taken += 1
    for _ in range(taken):
        steps += numbered((LineLife(1, steps, book="good").undone("anh", 900),))
    assert LineLife(1, steps, book="good").condition == "good"
