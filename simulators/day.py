"""This file invents a room's day: what happens, and how long to wait for it. Pure and seeded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from hardware.readings import Kind, Sighting
from protocol.health import Limits, ReasonCode
from protocol.model import AttendanceStatus, Method, Reason, Status
from simulators.equipment import device_id_of
from simulators.people import day_rng, pupils_of

LESSON_MOMENTS: Final = (40, 80)
BREAK_MOMENTS: Final = (4, 10)
MARKS_A_PACE: Final = 10  # a roll is called faster than things break
MENDED_SHARE: Final = 0.5  # so often the next thing to happen is a repair
LATE_SHARE: Final = 0.05  # so often a pupil still missing comes in


class Moved(NamedTuple):
    """A device came or went."""

    device_id: str
    present: bool


class Judged(NamedTuple):
    """A device that is there fares differently; no reason means that it works."""

    device_id: str
    status: Status
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class LessonBegan:
    """The teacher started a lesson."""


@dataclass(frozen=True, slots=True)
class LessonOver:
    """The teacher ended it."""


@dataclass(frozen=True, slots=True)
class PlayedMark:
    """The teacher's tap for a pupil; after the roll was called, a correction."""

    student: str
    status: AttendanceStatus
    method: Method


@dataclass(frozen=True, slots=True)
class RollCalled:
    """The teacher confirmed the roll."""


Happening = Moved | Judged | LessonBegan | LessonOver | PlayedMark | RollCalled


_ANY_FAULT: Final = ((Status.CRITICAL, Reason(ReasonCode.SIMULATED_FAULT)),)
_FAULTS: Final = {
    Kind.CAMERA: (
        (Status.CRITICAL, Reason(ReasonCode.PICTURE_FROZEN)),
        (Status.WARNING, Reason(ReasonCode.PICTURE_COVERED)),
        (Status.WARNING, Reason(ReasonCode.PICTURE_BLURRED)),
    ),
    Kind.PROJECTOR: (
        (Status.CRITICAL, Reason(ReasonCode.PART_FAN)),
        (Status.WARNING, Reason(ReasonCode.PART_FILTER)),
    ),
}


class PlayedMoment(NamedTuple):
    """What happens next, and how long after the moment before."""

    wait_s: float
    happening: Happening


_MARKS: Final = {
    AttendanceStatus.PRESENT: 92,
    AttendanceStatus.ABSENT_EXCUSED: 4,
    AttendanceStatus.ABSENT_UNEXCUSED: 4,
}


class PlayedDay:
    """One room's walk through a day without end; the same seed walks the same way."""

    def __init__(
        self,
        room: str,
        equipment: Sequence[Sighting],
        seed: int,
        *,
        pace_s: float,
        lessons: bool = True,
        attendance: bool = True,
    ) -> None:
        self._rng = day_rng(room, seed)
        self._pace_s = pace_s
        self._lessons = lessons
        pupils = pupils_of(room, self._rng) if attendance else ()
        self._roll = tuple(pupil.student for pupil in pupils)
        kinds = {device_id_of(sighting): sighting.kind for sighting in equipment}
        self._kinds = kinds
        self._tablets = [name for name in kinds if kinds[name] is Kind.TABLET]
        self._fixtures = [name for name in kinds if kinds[name] not in {Kind.TABLET, Kind.HOST}]
        self._gone: set[str] = set()
        self._ailing: set[str] = set()
        self._missing: list[str] = []
        self._in_lesson = False
        self._bell_in = self._rng.randint(1, BREAK_MOMENTS[0])

    def moments(self) -> Iterator[PlayedMoment]:
        """All that happens, for as long as it is asked."""
        while True:
            yield from self._bell()
            happening = self._late() or self._repair() or self._trouble()
            yield PlayedMoment(self._wait_s(), happening)

    def _wait_s(self) -> float:
        return self._pace_s * self._rng.uniform(0.5, 1.5)

    def _bell(self) -> Iterator[PlayedMoment]:
        """The bell ends what goes on, after a number of moments."""
        if not self._lessons:
            return
        self._bell_in -= 1
        if self._bell_in > 0:
            return
        self._in_lesson = not self._in_lesson
        if self._in_lesson:
            self._bell_in = self._rng.randint(*LESSON_MOMENTS)
            yield PlayedMoment(self._wait_s(), LessonBegan())
            yield from self._call_roll()
        else:
            self._bell_in = self._rng.randint(*BREAK_MOMENTS)
            self._missing = []
            yield PlayedMoment(self._wait_s(), LessonOver())

    def _call_roll(self) -> Iterator[PlayedMoment]:
        for student in self._roll:
            [status] = self._rng.choices(list(_MARKS), list(_MARKS.values()))
            method = self._rng.choice((Method.MANUAL, Method.TABLET))
            if status is not AttendanceStatus.PRESENT:
                self._missing.append(student)
                method = Method.MANUAL  # nobody who is away touches a tablet
            yield PlayedMoment(self._wait_s() / MARKS_A_PACE, PlayedMark(student, status, method))
        if self._roll:
            yield PlayedMoment(self._wait_s() / MARKS_A_PACE, RollCalled())

    def _late(self) -> PlayedMark | None:
        if not self._missing or self._rng.random() >= LATE_SHARE:
            return None
        student = self._missing.pop(self._rng.randrange(len(self._missing)))
        return PlayedMark(student, AttendanceStatus.LATE, Method.MANUAL)

    def _repair(self) -> Happening | None:
        """Somebody mends a fixture: switches it on again, plugs it in."""
        broken = [fixture for fixture in self._fixtures if fixture in self._gone | self._ailing]
        if not broken or self._rng.random() >= MENDED_SHARE:
            return None
        return self._mend(self._rng.choice(broken))

    def _trouble(self) -> Happening:
        chances: list[tuple[Callable[[str], Happening], list[str], int]] = [
            (self._turn, self._tablets, 70),
            (self._fail, self._tablets, 15),
            (self._turn, self._fixtures, 10),
            (self._fail, self._fixtures, 5),
        ]
        possible = [chance for chance in chances if chance[1]]
        [(happen, among, _)] = self._rng.choices(possible, [weight for *_, weight in possible])
        return happen(self._rng.choice(among))

    def _turn(self, device_id: str) -> Happening:
        """On or off; what is away comes back, so few are away at any time."""
        back = [tablet for tablet in self._tablets if tablet in self._gone]
        if device_id in self._gone:
            return self._come(device_id)
        if back and self._rng.random() < MENDED_SHARE:
            return self._come(self._rng.choice(back))
        self._gone.add(device_id)
        self._ailing.discard(device_id)
        return Moved(device_id, present=False)

    def _fail(self, device_id: str) -> Happening:
        """It ails from now on, a tablet by its battery; what ailed or was away is well again."""
        if device_id in self._gone | self._ailing:
            return self._mend(device_id)
        self._ailing.add(device_id)
        kind = self._kinds[device_id]
        if kind is not Kind.TABLET:
            return Judged(device_id, *self._rng.choice(_FAULTS.get(kind, _ANY_FAULT)))
        limit = Limits().battery_warning_percent
        level = float(self._rng.randint(9, int(limit)))
        return Judged(device_id, Status.WARNING, Reason(ReasonCode.BATTERY_LOW, level, limit))

    def _mend(self, device_id: str) -> Happening:
        return self._come(device_id) if device_id in self._gone else self._recover(device_id)

    def _come(self, device_id: str) -> Moved:
        self._gone.discard(device_id)
        return Moved(device_id, present=True)

    def _recover(self, device_id: str) -> Judged:
        self._ailing.discard(device_id)
        return Judged(device_id, Status.OK)
