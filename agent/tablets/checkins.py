"""This file decides what comes of a check-in: who is in, on which tablet, who is refused. Pure."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from agent.tablets.cart import Cart, name_of
from agent.tablets.code import SECRET_BYTES, CodeVerdict, RollingCode
from agent.tablets.lesson import ANY_CLASS, CheckInPhase, TabletLesson, TabletPupil
from agent.tablets.tries import Tries

PASS_S: Final = 60.0  # from scanning the code to touching one's number
PUPILS_A_TABLET: Final = 2

_PASSES: Final = 256


class CheckInOutcome(StrEnum):
    """What comes of a check-in; the first four are good news."""

    IN = "in"
    SHARED = "shared"
    MOVED = "moved"
    ALREADY = "already"
    NOT_YET = "not_yet"
    OVER = "over"
    NO_LIST = "no_list"
    NO_CODE = "no_code"
    NO_NUMBER = "no_number"
    TWO_PUPILS = "two_pupils"
    WRONG_CODE = "wrong_code"
    OLD_CODE = "old_code"
    NOT_ON_ROSTER = "not_on_roster"
    TOO_MANY_TRIES = "too_many_tries"
    NO_MORE_TRIES = "no_more_tries"
    TYPING_OFF = "typing_off"
    TABLET_FULL = "tablet_full"
    NO_PLACE = "no_place"


GOOD: Final = frozenset(
    {CheckInOutcome.IN, CheckInOutcome.SHARED, CheckInOutcome.MOVED, CheckInOutcome.ALREADY}
)
_CLOSED: Final = {
    CheckInPhase.BEFORE: CheckInOutcome.NOT_YET,
    CheckInPhase.OVER: CheckInOutcome.OVER,
    CheckInPhase.NO_LIST: CheckInOutcome.NO_LIST,
}
_FAILED: Final = {CheckInOutcome.WRONG_CODE, CheckInOutcome.OLD_CODE, CheckInOutcome.NOT_ON_ROSTER}


class CheckInFlag(StrEnum):
    """What the teacher should look at."""

    SHARED_TABLET = "shared_tablet"
    SECOND_TABLET = "second_tablet"
    SAME_DEVICE = "same_device"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInAttempt:
    """What a tablet sent. tablet: its key. digits: as typed. number: class's place and number.

    Its place is ANY_CLASS for a bare number. browser: what it calls itself, or a digest of it.
    order: of the classes that the page showed, for the place counts in them; "" is not compared.
    token: from the QR code. Neither digits nor token: the tablet may hold a pass.
    """

    tablet: str
    address: str
    browser: str = ""
    number: tuple[int, int] | None = None
    order: str = ""
    digits: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInAnswer:
    """What came of it. slot: the tablet's number, 0 where it has none.

    companions: who came in before from what is one device with this, and is flagged for it now.
    """

    outcome: CheckInOutcome
    pupil: TabletPupil | None = None
    slot: int = 0
    flags: tuple[CheckInFlag, ...] = ()
    companions: tuple[str, ...] = ()


class Newcomers:
    """One lesson's pupils on tablets that were never here before.

    A cookie is no tablet: who throws it away is a new one each time, but comes from one address
    and calls itself the same. Tablets that were here before are not doubted, so that a room behind
    one address (NAT) has its flags in its first lesson only.
    """

    def __init__(self) -> None:
        self._tablets: set[str] = set()
        self._pupils: dict[tuple[str, str], dict[str, str]] = {}
        self._doubted: set[str] = set()

    def join(self, attempt: CheckInAttempt, student: str, *, is_new: bool) -> tuple[str, ...]:
        """Take a pupil in; who is doubted from now on: this one, and who was not before."""
        if is_new:
            self._tablets.add(attempt.tablet)
        if attempt.tablet not in self._tablets:
            return ()
        pupils = self._pupils.setdefault((attempt.address, attempt.browser), {})
        others = [other for other, tablet in pupils.items() if tablet != attempt.tablet]
        pupils[student] = attempt.tablet
        if not set(others) - {student}:
            return ()
        fresh = [student, *(other for other in others if other not in self._doubted)]
        self._doubted.update(fresh)
        return tuple(dict.fromkeys(fresh))


class CheckIns:
    """One lesson's check-ins. random: gives so many bytes that nobody can guess.

    All times are steady seconds. `follow` tells which lesson runs, before anything is asked.
    lesson, code: the running lesson and its code; None while none runs.
    """

    def __init__(self, cart: Cart, random: Callable[[int], bytes]) -> None:
        self._cart = cart
        self._random = random
        self.lesson: TabletLesson | None = None
        self.code: RollingCode | None = None
        self._had_lesson = False
        self._tries = Tries()
        self._passes = OrderedDict[str, float]()
        self._slots: dict[str, set[int]] = {}
        self._homes: dict[str, str] = {}  # by tablet, from where the first of this lesson came
        self._newcomers = Newcomers()
        self.refusals = Counter[str]()

    @property
    def phase(self) -> CheckInPhase:
        """Whether pupils can check in."""
        if self.lesson is None:
            return CheckInPhase.OVER if self._had_lesson else CheckInPhase.BEFORE
        return CheckInPhase.OPEN if self.lesson.pupils else CheckInPhase.NO_LIST

    @property
    def checked_in(self) -> frozenset[str]:
        """The pupils who are in."""
        return frozenset(self._slots)

    def pupils_on(self, slot: int) -> list[TabletPupil]:
        """Who is in on a tablet, in the roll's order."""
        pupils = self.lesson.pupils if self.lesson else ()
        return [pupil for pupil in pupils if slot in self._slots.get(pupil.student, ())]

    def follow(self, lesson: TabletLesson | None, now_s: float) -> None:
        """Take in which lesson runs; a new one has a new secret, and nobody in it yet."""
        before = self.lesson.id if self.lesson else None
        self.lesson = lesson
        if lesson is None:
            self._forget()
            return
        self._had_lesson = True
        if lesson.id != before:
            self._forget()
            self._cart.begin_lesson(resumed=bool(lesson.seated))
            self.code = RollingCode(secret=self._random(SECRET_BYTES), begun_s=now_s)
            numbers = {name_of(slot.number): slot.number for slot in self._cart.slots()}
            for student, name in lesson.seated.items():
                self._slots[student] = {numbers[name]} if name in numbers else set()

    def admit(self, attempt: CheckInAttempt, now_s: float) -> CheckInOutcome | None:
        """Give a tablet that scanned the code a pass; None, or why it gets none."""
        outcome = self._objection(attempt, now_s)
        if outcome is None:
            self._passes[attempt.tablet] = now_s
            self._passes.move_to_end(attempt.tablet)
            if len(self._passes) > _PASSES:
                self._passes.popitem(last=False)
            return None
        return self._refuse(outcome, attempt, now_s).outcome

    def has_pass(self, tablet: str, now_s: float) -> bool:
        """Whether a tablet needs no code for the moment."""
        since_s = self._passes.get(tablet)
        return since_s is not None and now_s - since_s < PASS_S

    def check_in(self, attempt: CheckInAttempt, now_s: float) -> CheckInAnswer:
        """Decide; a pupil who is in from now on must be suggested, else `release` takes it back."""
        if attempt.number is None and self.phase is CheckInPhase.OPEN:
            return self._refuse(CheckInOutcome.NO_NUMBER, attempt, now_s)
        outcome = self._objection(attempt, now_s)
        if outcome is not None or self.lesson is None or attempt.number is None:
            return self._refuse(outcome or CheckInOutcome.NOT_YET, attempt, now_s)
        match self._pupils_meant(attempt, self.lesson):
            case [pupil]:
                return self._seat(pupil, attempt, now_s)
            case []:
                return self._refuse(CheckInOutcome.NOT_ON_ROSTER, attempt, now_s)
            case _:
                return self._refuse(CheckInOutcome.TWO_PUPILS, attempt, now_s)

    def is_copied(self, attempt: CheckInAttempt) -> bool:
        """Whether another device goes by this cookie, as restored browsers do.

        It comes from elsewhere than the one that is in by it, and for another pupil.
        """
        slot = self._cart.find(attempt.tablet)
        is_elsewhere = self._homes.get(attempt.tablet, attempt.address) != attempt.address
        if slot is None or self.lesson is None or not is_elsewhere:
            return False
        return not set(self.pupils_on(slot.number)) & {*self._pupils_meant(attempt, self.lesson)}

    def part(self, attempt: CheckInAttempt, tablet: str) -> CheckInAttempt:
        """The attempt of a device that goes by a cookie of its own from now on; with its pass."""
        if attempt.tablet in self._passes:
            self._passes[tablet] = self._passes.pop(attempt.tablet)
        return replace(attempt, tablet=tablet)

    def _pupils_meant(self, attempt: CheckInAttempt, lesson: TabletLesson) -> list[TabletPupil]:
        """Who may be meant; a page of other classes, of a lesson before, names a number only."""
        if attempt.number is None:
            return []
        place, number = attempt.number
        is_ours = attempt.order in {"", lesson.order}
        return lesson.pupils_at(place if is_ours else ANY_CLASS, number)

    def release(self, answer: CheckInAnswer) -> None:
        """Take a check-in back that could not be kept."""
        if answer.pupil is not None and (slots := self._slots.get(answer.pupil.student)):
            slots.discard(answer.slot)
            if not slots:
                del self._slots[answer.pupil.student]

    def count(self, reason: str) -> None:
        """Count a refusal; the reasons are few and our own."""
        self.refusals[reason] += 1

    def _seat(self, pupil: TabletPupil, attempt: CheckInAttempt, now_s: float) -> CheckInAnswer:
        is_new = self._cart.find(attempt.tablet) is None
        slot = self._cart.seat(attempt.tablet, reserved=set().union(*self._slots.values()))
        if slot is None:
            return self._refuse(CheckInOutcome.NO_PLACE, attempt, now_s)
        rest = [other for other in self.pupils_on(slot.number) if other != pupil]
        elsewhere = pupil.student in self._slots
        if slot.number in self._slots.get(pupil.student, ()):
            self._passes.pop(attempt.tablet, None)
            return CheckInAnswer(outcome=CheckInOutcome.ALREADY, pupil=pupil, slot=slot.number)
        if len(rest) >= PUPILS_A_TABLET:
            return self._refuse(CheckInOutcome.TABLET_FULL, attempt, now_s)
        self._passes.pop(attempt.tablet, None)
        self._slots.setdefault(pupil.student, set()).add(slot.number)
        self._homes.setdefault(attempt.tablet, attempt.address)
        doubted = self._newcomers.join(attempt, pupil.student, is_new=is_new)
        moved = CheckInOutcome.MOVED if elsewhere else CheckInOutcome.IN
        return CheckInAnswer(
            outcome=CheckInOutcome.SHARED if rest else moved,
            pupil=pupil,
            slot=slot.number,
            flags=tuple(
                [CheckInFlag.SHARED_TABLET] * bool(rest)
                + [CheckInFlag.SECOND_TABLET] * elsewhere
                + [CheckInFlag.SAME_DEVICE] * bool(doubted)
            ),
            companions=tuple(other for other in doubted if other != pupil.student),
        )

    def _objection(self, attempt: CheckInAttempt, now_s: float) -> CheckInOutcome | None:
        """Why an attempt is not let in; None if it is."""
        if self.code is None or self.phase in _CLOSED:
            return _CLOSED.get(self.phase, CheckInOutcome.NOT_YET)
        if self._tries.is_out(attempt.address):
            return CheckInOutcome.NO_MORE_TRIES
        if self._tries.must_wait(attempt.tablet, attempt.address, now_s):
            return CheckInOutcome.TOO_MANY_TRIES
        if attempt.token:
            return _OUTCOMES[self.code.judge_token(attempt.token, now_s)]
        if not attempt.digits:
            return None if self.has_pass(attempt.tablet, now_s) else CheckInOutcome.NO_CODE
        if self._tries.must_all_wait(now_s):
            return CheckInOutcome.TYPING_OFF
        return _OUTCOMES[self.code.judge_digits(attempt.digits, now_s)]

    def _refuse(
        self, outcome: CheckInOutcome, attempt: CheckInAttempt, now_s: float
    ) -> CheckInAnswer:
        self.count(outcome)
        # Nobody guesses a token: an old one is a page that was opened again.
        if outcome in _FAILED and not (attempt.token and outcome is CheckInOutcome.OLD_CODE):
            self._tries.fail(attempt.tablet, attempt.address, now_s)
        return CheckInAnswer(outcome=outcome)

    def _forget(self) -> None:
        self.code = None
        self._tries = Tries()
        self._passes.clear()
        self._slots.clear()
        self._homes.clear()
        self._newcomers = Newcomers()


_OUTCOMES: Final = {
    CodeVerdict.RIGHT: None,
    CodeVerdict.OLD: CheckInOutcome.OLD_CODE,
    CodeVerdict.WRONG: CheckInOutcome.WRONG_CODE,
}
