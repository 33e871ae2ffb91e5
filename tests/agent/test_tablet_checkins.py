"""These tests are about what comes of a check-in, whatever is sent."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agent.tablets.cart import Cart, Slot
from agent.tablets.checkins import (
    GOOD,
    PASS_S,
    CheckInAnswer,
    CheckInAttempt,
    CheckInFlag,
    CheckInOutcome,
    CheckIns,
)
from agent.tablets.lesson import CheckInPhase, TabletLesson
from agent.tablets.page import number_of
from agent.tablets.tries import (
    A_TABLET,
    ALL_A_LESSON,
    AN_ADDRESS,
    AN_ADDRESS_A_LESSON,
    Tries,
)
from tests.agent.tablet_room import dice, lesson_of

KEYS = [f"{n:016x}" for n in range(120)]
LESSON = lesson_of("10A1")


def checkins(lesson: TabletLesson | None = LESSON, slots: tuple[Slot, ...] = ()) -> CheckIns:
    """Check-ins at 0 s."""
    bytes_of = dice()
    made = CheckIns(Cart(slots), lambda _length: next(bytes_of))
    made.follow(lesson, 0)
    return made


def attempt(
    at: CheckIns,
    tablet: int = 0,
    number: int = 1,
    *,
    now_s: float = 0,
    shown_s: float | None = None,
) -> CheckInAnswer:
    """A tablet sends the digits that were shown at a moment."""
    code = at.code
    digits = code.digits(now_s if shown_s is None else shown_s) if code else "0000"
    asked = CheckInAttempt(
        tablet=KEYS[tablet], address=f"10.0.0.{tablet}", number=(0, number), digits=digits
    )
    return at.check_in(asked, now_s)


def test_the_first_check_in_binds_and_the_same_again_says_so() -> None:
    """A replay within the window adds nothing."""
    ours = checkins()
    first, again = attempt(ours), attempt(ours, now_s=5)
    assert (first.outcome, again.outcome) == (CheckInOutcome.IN, CheckInOutcome.ALREADY)
    assert first.pupil == LESSON.pupils[0]
    assert ours.checked_in == {"10A1-01"}


def one_phone(at: CheckIns, count: int, now_s: float = 0) -> list[CheckInAnswer]:
    """One phone checks in one number after the other, and throws its cookie away each time."""
    code = at.code
    assert code
    asked = [
        CheckInAttempt(
            tablet=KEYS[number],
            address="10.0.0.9",
            browser="phone",
            number=(0, number),
            digits=code.digits(now_s),
        )
        for number in range(1, count + 1)
    ]
    return [at.check_in(each, now_s) for each in asked]


def test_one_phone_with_many_cookies_is_flagged_from_its_second_pupil_on() -> None:
    """And those before with it; a room of known tablets behind one address is not."""
    answers = one_phone(checkins(), 40)
    assert {each.outcome for each in answers} == {CheckInOutcome.IN}
    assert [each.flags for each in answers] == [(), *[(CheckInFlag.SAME_DEVICE,)] * 39]
    assert [each.companions for each in answers] == [(), ("10A1-01",), *[()] * 38]
    known = tuple(Slot(number=number, key=KEYS[number]) for number in range(1, 41))
    assert {each.flags for each in one_phone(checkins(slots=known), 40)} == {()}


def test_who_finds_no_place_is_told_so() -> None:
    """Not that the tablet is full."""
    ours = checkins(lesson_of("10A1", size=120))
    outcomes = [each.outcome for each in one_phone(ours, 100)]
    assert (outcomes[98], outcomes[99]) == (CheckInOutcome.IN, CheckInOutcome.NO_PLACE)


def test_a_second_pupil_on_a_tablet_is_flagged_and_a_third_refused() -> None:
    """A broken tablet is common; a whole bench on one is not."""
    ours = checkins()
    answers = [attempt(ours, 0, number) for number in (1, 2, 3)]
    assert [each.outcome for each in answers] == [
        CheckInOutcome.IN,
        CheckInOutcome.SHARED,
        CheckInOutcome.TABLET_FULL,
    ]
    assert answers[1].flags == (CheckInFlag.SHARED_TABLET,)
    assert len(ours.checked_in) == 2


def test_a_pupil_on_a_second_tablet_is_flagged() -> None:
    """The teacher decides who it was."""
    ours = checkins()
    attempt(ours, 0, 1)
    moved = attempt(ours, 1, 1)
    assert (moved.outcome, moved.flags) == (CheckInOutcome.MOVED, (CheckInFlag.SECOND_TABLET,))


@pytest.mark.parametrize(
    ("lesson", "phase", "outcome"),
    [
        (None, CheckInPhase.BEFORE, CheckInOutcome.NOT_YET),
        (lesson_of("10A1", size=0), CheckInPhase.NO_LIST, CheckInOutcome.NO_LIST),
    ],
)
def test_before_the_lesson_or_its_list_it_is_not_yet(
    lesson: TabletLesson | None, phase: CheckInPhase, outcome: CheckInOutcome
) -> None:
    """An early scan leaves nothing behind, and uses up no try."""
    ours = checkins(lesson)
    assert ours.phase is phase
    for _ in range(A_TABLET + 1):
        assert attempt(ours).outcome is outcome
    ours.follow(lesson_of("10A1", code="l2"), 0)
    assert attempt(ours).outcome is CheckInOutcome.IN


def test_a_new_lesson_has_a_new_secret_and_nobody_in() -> None:
    """The same tablet may be another child's in the next lesson; after the end it is over."""
    ours = checkins()
    attempt(ours)
    old = ours.code.digits(0) if ours.code else ""
    ours.follow(None, 10)
    assert (ours.phase, ours.code, attempt(ours, now_s=10).outcome) == (
        CheckInPhase.OVER,
        None,
        CheckInOutcome.OVER,
    )
    ours.follow(lesson_of("10A2", code="l2"), 20)
    assert ours.checked_in == frozenset()
    assert ours.code
    assert ours.code.digits(20) != old
    assert attempt(ours, 0, 9, now_s=20).outcome is CheckInOutcome.IN


def test_what_was_suggested_before_a_restart_still_binds() -> None:
    """The tablet is known again by its slot; the secret is a new one."""
    slots = (Slot(number=7, key=KEYS[0], used=1),)
    ours = checkins(lesson_of("10A1", seated={"10A1-01": "Máy 07", "10A1-02": ""}), slots)
    assert ours.checked_in == {"10A1-01", "10A1-02"}
    assert attempt(ours, 0, 1).outcome is CheckInOutcome.ALREADY
    assert attempt(ours, 0, 3).outcome is CheckInOutcome.SHARED
    assert attempt(ours, 1, 2).outcome is CheckInOutcome.MOVED


def test_refusals_are_counted_by_their_reason() -> None:
    """An old code, a guess, a stranger: each says so, and none is in."""
    ours = checkins()
    wrong = CheckInAttempt(tablet=KEYS[1], address="a", number=(0, 1), token="f" * 20)
    assert ours.check_in(wrong, 0).outcome is CheckInOutcome.WRONG_CODE
    assert attempt(ours, 2, 1, now_s=31, shown_s=0).outcome is CheckInOutcome.OLD_CODE
    assert attempt(ours, 3, 43).outcome is CheckInOutcome.NOT_ON_ROSTER
    assert ours.check_in(CheckInAttempt(tablet=KEYS[4], address="b", number=(0, 1)), 0).outcome is (
        CheckInOutcome.NO_CODE
    )
    assert ours.checked_in == frozenset()
    assert ours.refusals == dict.fromkeys(
        (
            CheckInOutcome.WRONG_CODE,
            CheckInOutcome.OLD_CODE,
            CheckInOutcome.NOT_ON_ROSTER,
            CheckInOutcome.NO_CODE,
        ),
        1,
    )


def test_joint_classes_are_told_apart_by_the_class() -> None:
    """Number 5 is in both."""
    ours = checkins(lesson_of("10A1", "10A2", size=5))
    digits = ours.code.digits(0) if ours.code else ""
    asked = CheckInAttempt(tablet=KEYS[0], address="a", number=(1, 5), digits=digits)
    answer = ours.check_in(asked, 0)
    assert answer.pupil
    assert answer.pupil.student == "10A2-05"


def test_a_scan_lets_one_tablet_in_for_a_minute_once() -> None:
    """A child may look for its number; the pass serves no other tablet, and no second child."""
    ours = checkins()
    token = ours.code.token(0) if ours.code else ""
    scan = CheckInAttempt(tablet=KEYS[0], address="a", token=token)
    mine = CheckInAttempt(tablet=KEYS[0], address="a", number=(0, 1))
    assert ours.admit(scan, 29) is None
    other = CheckInAttempt(tablet=KEYS[1], address="b", number=(0, 2))
    assert ours.check_in(other, 29).outcome is CheckInOutcome.NO_CODE
    assert ours.check_in(mine, 29 + PASS_S).outcome is CheckInOutcome.NO_CODE
    assert ours.admit(scan, 30) is CheckInOutcome.OLD_CODE
    assert ours.check_in(mine, 28 + PASS_S).outcome is CheckInOutcome.IN
    next_one = CheckInAttempt(tablet=KEYS[0], address="a", number=(0, 2))
    assert ours.check_in(next_one, 29 + PASS_S - 1).outcome is CheckInOutcome.NO_CODE


def test_after_five_wrong_tries_even_the_right_code_waits() -> None:
    """For a minute, and only that tablet."""
    ours = checkins()
    bad = CheckInAttempt(tablet=KEYS[0], address="10.0.0.0", number=(0, 1), digits="x")
    outcomes = [ours.check_in(bad, 0).outcome for _ in range(A_TABLET + 1)]
    assert outcomes == [CheckInOutcome.WRONG_CODE] * A_TABLET + [CheckInOutcome.TOO_MANY_TRIES]
    assert attempt(ours, 0, now_s=59).outcome is CheckInOutcome.TOO_MANY_TRIES
    assert attempt(ours, 1, 2, now_s=59).outcome is CheckInOutcome.IN
    assert attempt(ours, 0, now_s=60).outcome is CheckInOutcome.IN


def test_a_tablet_that_throws_its_cookie_away_has_no_more_tries() -> None:
    """Its address counts too: some a minute, and some more a lesson."""
    tries, now_s = Tries(), 0.0
    for number in range(AN_ADDRESS):
        assert not tries.must_wait(f"t{number}", "a", now_s)
        tries.fail(f"t{number}", "a", now_s)
    assert tries.must_wait("new", "a", now_s)
    assert not tries.must_wait("new", "b", now_s)
    for number in range(AN_ADDRESS_A_LESSON - AN_ADDRESS):
        now_s += 60
        assert not tries.must_wait("new", "a", now_s), number
        tries.fail(f"u{number}", "a", now_s)
    assert tries.must_wait("new", "a", now_s + 3600)


def test_a_swarm_of_guessers_switches_the_digits_off_but_not_the_scan() -> None:
    """However many addresses they take, there is one end to guessing in a lesson."""
    ours = checkins()
    for number in range(ALL_A_LESSON):
        guess = CheckInAttempt(tablet=f"{number}", address=f"{number}", number=(0, 1), digits="x")
        ours.check_in(guess, number * 2.0)
    now_s = 10_000.0
    assert attempt(ours, 0, now_s=now_s).outcome is CheckInOutcome.TYPING_OFF
    token = ours.code.token(now_s) if ours.code else ""
    scanned = CheckInAttempt(tablet=KEYS[0], address="a", number=(0, 1), token=token)
    assert ours.check_in(scanned, now_s).outcome is CheckInOutcome.IN


def test_what_could_not_be_kept_is_taken_back() -> None:
    """The child may try again, and is not said to be in."""
    ours = checkins()
    ours.release(attempt(ours))
    assert ours.checked_in == frozenset()
    assert attempt(ours).outcome is CheckInOutcome.IN


class AnyRoom(RuleBasedStateMachine):
    """Any children, guessers and replays, in any order; the check-ins are watched from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s, self.lessons = 0.0, 1
        self.checkins = checkins()
        self.shown: list[tuple[float, str, str]] = []
        self.rightly: set[tuple[str, str]] = set()
        self.failed: dict[str, list[float]] = {}

    @rule(seconds=st.sampled_from([1.0, 7.0, 14.9, 15.0, 29.9, 30.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule()
    def look_at_the_board(self) -> None:
        code = self.checkins.code
        if code is not None:
            self.shown.append((self.now_s, code.digits(self.now_s), code.token(self.now_s)))

    @rule(
        tablet=st.integers(0, 3),
        number=st.integers(0, 44),
        which=st.integers(0, 99),
        scanned=st.booleans(),
    )
    def send_what_was_seen(self, tablet: int, number: int, which: int, *, scanned: bool) -> None:
        if not self.shown:
            return
        at_s, digits, token = self.shown[which % len(self.shown)]
        asked = CheckInAttempt(
            tablet=KEYS[tablet],
            address=f"a{tablet}",
            number=(0, number),
            digits="" if scanned else digits,
            token=token if scanned else "",
        )
        self._send(asked, fresh=self.now_s - at_s < 30 and at_s >= self.begun_s)

    @rule(tablet=st.integers(0, 3), number=st.integers(1, 42), text=st.text(max_size=6))
    def guess(self, tablet: int, number: int, text: str) -> None:
        code = self.checkins.code
        if code is None or text in {
            code.digits(self.now_s),
            code.digits(max(code.begun_s, self.now_s - 15)),
        }:
            return
        asked = CheckInAttempt(
            tablet=KEYS[tablet], address=f"a{tablet}", number=(0, number), digits=text
        )
        self._send(asked, fresh=False)

    @rule()
    def end_and_begin(self) -> None:
        self.lessons += 1
        self.checkins.follow(None, self.now_s)
        self.checkins.follow(lesson_of("10A1", code=f"l{self.lessons}"), self.now_s)
        self.rightly.clear()
        self.failed.clear()

    @property
    def begun_s(self) -> float:
        return self.checkins.code.begun_s if self.checkins.code else float("inf")

    def _send(self, asked: CheckInAttempt, *, fresh: bool) -> None:
        tries = self.failed.setdefault(asked.tablet, [])
        spent = len([each for each in tries if self.now_s - each < 60]) >= A_TABLET
        answer = self.checkins.check_in(asked, self.now_s)
        if answer.outcome in GOOD:
            assert fresh
            assert not spent
            assert answer.pupil
            self.rightly.add((answer.pupil.student, asked.tablet))
        elif answer.outcome in {
            CheckInOutcome.WRONG_CODE,
            CheckInOutcome.OLD_CODE,
            CheckInOutcome.NOT_ON_ROSTER,
        }:
            assert not spent
            if not (asked.token and answer.outcome is CheckInOutcome.OLD_CODE):
                tries.append(self.now_s)

    @invariant()
    def only_right_codes_bind(self) -> None:
        assert self.checkins.checked_in == {student for student, _ in self.rightly}

    @invariant()
    def no_tablet_has_three(self) -> None:
        for key in KEYS[:4]:
            assert len([1 for _, tablet in self.rightly if tablet == key]) <= 2


TestAnyRoom = AnyRoom.TestCase
TestAnyRoom.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_bare_number_of_two_classes_is_given_to_nobody() -> None:
    """In a class alone it is that pupil's; two who have it touch it under their own class."""
    joint = lesson_of("10A1", "10A2", size=3)
    for lesson, outcome in ((LESSON, CheckInOutcome.IN), (joint, CheckInOutcome.TWO_PUPILS)):
        ours = checkins(lesson)
        code = ours.code
        assert code
        asked = CheckInAttempt(
            tablet=KEYS[1], address="10.0.0.9", number=number_of("2"), digits=code.digits(0)
        )
        assert ours.check_in(asked, 0).outcome is outcome
        assert len(ours.checked_in) == (outcome is CheckInOutcome.IN)


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_number_of_another_page_is_never_another_class_s(*, is_ours: bool) -> None:
    """The tablet slept since the joint lesson before: its second class is now the first."""
    before, now = lesson_of("10A1", "10A2", size=3), lesson_of("10A2", "10A1", size=3)
    for shown in (now,) if is_ours else (before, lesson_of("10A2", size=3)):
        ours = checkins(now)
        assert ours.code
        asked = CheckInAttempt(
            tablet=KEYS[1],
            address="10.0.0.9",
            number=(0, 2),
            order=shown.order,
            digits=ours.code.digits(0),
        )
        answer = ours.check_in(asked, 0)
        assert answer.outcome is (CheckInOutcome.IN if is_ours else CheckInOutcome.TWO_PUPILS)
        assert ours.checked_in == (frozenset({"10A2-02"}) if is_ours else frozenset())


def test_who_goes_by_anothers_cookie_is_told_from_elsewhere_and_for_another_pupil() -> None:
    """As browsers that were restored from one copy: the first stays, and so does a new address."""
    ours = checkins()
    attempt(ours, 0, 1)

    def from_elsewhere(number: int, address: str) -> bool:
        asked = CheckInAttempt(tablet=KEYS[0], address=address, number=(0, number))
        return ours.is_copied(asked)

    assert from_elsewhere(2, "10.0.0.7")
    assert not from_elsewhere(2, "10.0.0.0")  # two who share a tablet
    assert not from_elsewhere(1, "10.0.0.7")  # the tablet got another address
    ours.follow(lesson_of("10A1", code="l2"), 60)
    assert not from_elsewhere(2, "10.0.0.7")  # nobody is in by it yet
