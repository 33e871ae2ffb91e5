"""This file holds an inspection as the department keeps it, and how each item of it stands; pure.

What counts is when an answer arrived here, by the department's clock; a school's may be wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from controller.inspection.sample import DrawnUnit, SampleUnit
from protocol.inspection import AskedItem, Evidence, InspectionAnswer, Outcome
from protocol.messages import MAX_BYTES, InspectionGiven, to_bytes
from protocol.model import Place
from protocol.upward import InspectionTold

HOUR_MS: Final = 3_600_000
DEFAULT_HOURS: Final = 48
MAX_HOURS: Final = 24 * 60
MAX_SIZE: Final = 2000
CLOCK_OFF_MS: Final = 120_000
ROOM_LEFT_BYTES: Final = 8192  # for the proof, and for texts that a later version adds
_TEXT: Final = 80


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """One inspection. inspection: its name on the wire; no: by which people speak of it.

    of_school, of_area, type: what the frame was made of, empty for all. size: how many units were
    wanted; frame_size, frame_digest: of what. who, withdrawn_by: accounts of the department.
    """

    inspection: str
    no: int
    title: str = ""
    unit: SampleUnit = SampleUnit.ITEMS
    of_school: str = ""
    of_area: str = ""
    type: str = ""
    seed: str = ""
    size: int = 0
    frame_size: int = 0
    frame_digest: str = ""
    asked_ms: int
    due_ms: int
    who: str = ""
    withdrawn_ms: int | None = None
    withdrawn_by: str = ""

    @property
    def number(self) -> int:
        """Of the newest word on it."""
        return 1 if self.withdrawn_ms is None else 2

    def is_over(self, now_ms: int) -> bool:
        """Whether its deadline has passed."""
        return now_ms > self.due_ms


class AskedSchool(msgspec.Struct, frozen=True, kw_only=True):
    """What a school is asked for, and what it said of it last.

    held: the number of the word that it holds, 0 while it has answered none. first_ms, arrived_ms:
    when its first and last word came here; received_ms, finished_ms, told_ms: by the school's
    clock, told_ms of the last word. refused: why all of it is; refused_ms: when that came first, by
    ours.
    """

    place: Place
    inspection: str
    items: tuple[AskedItem, ...] = ()
    held: int = 0
    first_ms: int = 0
    arrived_ms: int = 0
    received_ms: int = 0
    told_ms: int = 0
    finished_ms: int = 0
    refused: str = ""
    refused_ms: int = 0

    @property
    def clock_offset_ms(self) -> int:
        """How far the school's clock was ahead as it spoke last; a cut line makes it less."""
        return self.told_ms - self.arrived_ms if self.arrived_ms else 0

    @property
    def is_clock_ahead(self) -> bool:
        """Whether its clock is surely wrong: nothing arrives before it was said."""
        return self.clock_offset_ms > CLOCK_OFF_MS


class ArrivedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer as it came. arrival: 1, 2, 3 ... of the item; arrived_ms: by our clock."""

    place: Place
    inspection: str
    no: int
    arrival: int
    outcome: str
    evidence: str = ""
    reason: str = ""
    room: str = ""
    condition: str = ""
    at_ms: int = 0
    arrived_ms: int = 0

    @property
    def said(self) -> tuple[str, str, str, str, str, int]:
        """What it says, without when it came."""
        parts = (self.outcome, self.evidence, self.reason, self.room, self.condition)
        return (*parts, self.at_ms)


class Draw(NamedTuple):
    """A new inspection. frame: the units that could be drawn, by school; sample: those drawn."""

    inspection: Inspection
    schools: Sequence[AskedSchool]
    frame: Mapping[str, Sequence[str]]
    sample: Sequence[DrawnUnit]


class ItemStanding(StrEnum):
    """How an asked item stands. waiting: no answer yet; missing: none by the deadline."""

    FOUND = "found"
    RELOCATED = "relocated"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    REMOVED = "removed"
    MISSING = "missing"
    WAITING = "waiting"


EXCEPTIONS: Final = (
    ItemStanding.NOT_FOUND,
    ItemStanding.MISSING,
    ItemStanding.REFUSED,
    ItemStanding.RELOCATED,
    ItemStanding.REMOVED,
)


class InspectedItem(NamedTuple):
    """An asked item and its answer. late: it came after the deadline.

    in_time: the answer that stood at the deadline, where a later one replaced it or took it back.
    """

    school: str
    asked: AskedItem
    standing: ItemStanding
    answer: ArrivedAnswer | None = None
    late: bool = False
    in_time: ArrivedAnswer | None = None

    @property
    def standing_in_time(self) -> ItemStanding | None:
        """How it stood at the deadline, where it stands otherwise by what came later."""
        return _of(self.in_time.outcome) if self.in_time else None

    @property
    def lacks_reason(self) -> bool:
        """Whether a person says so by hand and not why."""
        answer = self.answer
        return bool(answer and answer.evidence == Evidence.HAND and not answer.reason)

    @property
    def is_odd(self) -> bool:
        """Whether an officer should look at it."""
        return self.standing in EXCEPTIONS or self.late or self.lacks_reason


class Inspected(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """An inspection as it stands at a moment."""

    inspection: Inspection
    schools: tuple[AskedSchool, ...]
    items: tuple[InspectedItem, ...]
    now_ms: int

    @cached_property
    def counts(self) -> Mapping[ItemStanding, int]:
        """How many items stand so."""
        return Counter(item.standing for item in self.items)

    @property
    def answered(self) -> int:
        """How many items have an answer."""
        return sum(item.answer is not None for item in self.items)

    @property
    def late(self) -> int:
        """How many answers came after the deadline."""
        return sum(item.late for item in self.items)

    @property
    def odd(self) -> tuple[InspectedItem, ...]:
        """What an officer should look at, in order."""
        return tuple(item for item in self.items if item.is_odd)

    @property
    def is_complete(self) -> bool:
        """Whether all is answered."""
        return self.answered == len(self.items)

    def of_school(self, school: str) -> Inspected:
        """The part of one school."""
        return msgspec.structs.replace(
            self,
            schools=tuple(one for one in self.schools if one.place.school == school),
            items=tuple(item for item in self.items if item.school == school),
        )

    def part(self, sees: Callable[[str], bool]) -> Inspected:
        """What somebody sees who may see some schools."""
        return msgspec.structs.replace(
            self,
            schools=tuple(one for one in self.schools if sees(one.place.school)),
            items=tuple(item for item in self.items if sees(item.school)),
        )


def inspected(
    inspection: Inspection,
    schools: Sequence[AskedSchool],
    answers: Iterable[ArrivedAnswer],
    now_ms: int,
) -> Inspected:
    """How each item stands now, school by school, in the order in which it was asked for."""
    history: dict[tuple[str, int], list[ArrivedAnswer]] = {}
    for answer in sorted(answers, key=lambda one: one.arrival):
        history.setdefault((answer.place.school, answer.no), []).append(answer)
    items = tuple(
        _standing(
            school, asked, history.get((school.place.school, asked.no), ()), inspection, now_ms
        )
        for school in schools
        for asked in school.items
    )
    return Inspected(inspection=inspection, schools=tuple(schools), items=items, now_ms=now_ms)


def _standing(
    school: AskedSchool,
    asked: AskedItem,
    history: Sequence[ArrivedAnswer],
    inspection: Inspection,
    now_ms: int,
) -> InspectedItem:
    code, due_ms = school.place.school, inspection.due_ms
    last = history[-1] if history else None
    late = last is not None and last.arrived_ms > due_ms
    in_time = _at(due_ms, history) if late else None
    if last is not None and last.outcome != Outcome.OPEN:
        return InspectedItem(code, asked, _of(last.outcome), last, late, in_time)
    if school.refused:
        is_late = school.refused_ms > due_ms
        return InspectedItem(code, asked, ItemStanding.REFUSED, late=is_late, in_time=in_time)
    is_over = inspection.is_over(now_ms)
    nothing = ItemStanding.MISSING if is_over else ItemStanding.WAITING
    return InspectedItem(code, asked, nothing, in_time=in_time)


def _at(at_ms: int, history: Sequence[ArrivedAnswer]) -> ArrivedAnswer | None:
    """The answer that stood then; None where none had come, or it was taken back."""
    stood = next((one for one in reversed(history) if one.arrived_ms <= at_ms), None)
    return stood if stood is not None and stood.outcome != Outcome.OPEN else None


def _of(outcome: str) -> ItemStanding:
    """An outcome that only a newer school knows was at least no sight of the thing."""
    known = outcome in {*ItemStanding} - {ItemStanding.WAITING, ItemStanding.MISSING}
    return ItemStanding(outcome) if known else ItemStanding.NOT_FOUND


def news(
    place: Place, told: InspectionTold, standing: Mapping[int, ArrivedAnswer], now_ms: int
) -> list[ArrivedAnswer]:
    """Which answers are other than what stands.

    What a school no longer says stays: it may have been put back to a copy from before.
    """
    fresh = []
    for answer in told.answers:
        before = standing.get(answer.no)
        arrived = _arrived(place, told.inspection, answer, before, now_ms)
        if before is None or before.said != arrived.said:
            fresh.append(arrived)
    return fresh


def _arrived(
    place: Place,
    inspection: str,
    answer: InspectionAnswer,
    before: ArrivedAnswer | None,
    now_ms: int,
) -> ArrivedAnswer:
    return ArrivedAnswer(
        **msgspec.structs.asdict(answer),
        place=place,
        inspection=inspection,
        arrival=before.arrival + 1 if before else 1,
        arrived_ms=now_ms,
    )


def heard(school: AskedSchool, told: InspectionTold, now_ms: int) -> AskedSchool:
    """The school after its word came."""
    return msgspec.structs.replace(
        school,
        held=told.number,
        first_ms=school.first_ms or now_ms,
        arrived_ms=now_ms,
        received_ms=told.received_ms,
        told_ms=told.at_ms,
        finished_ms=told.finished_ms,
        refused=told.refused,
        refused_ms=(school.refused_ms or now_ms) if told.refused else 0,
    )


def given(inspection: Inspection, school: AskedSchool, boot: str, now_ms: int) -> InspectionGiven:
    """The word that the school is told."""
    is_withdrawn = inspection.withdrawn_ms is not None
    return InspectionGiven(
        boot=boot,
        at_ms=now_ms,
        inspection=inspection.inspection,
        number=inspection.number,
        withdrawn=is_withdrawn,
        title=inspection.title,
        asked_ms=inspection.asked_ms,
        due_ms=inspection.due_ms,
        items=() if is_withdrawn else school.items,
    )


def fits(inspection: Inspection, school: AskedSchool) -> bool:
    """Whether what the school is asked for goes into one message."""
    message = given(inspection, school, "-" * 64, inspection.asked_ms)
    return len(to_bytes(message)) + ROOM_LEFT_BYTES <= MAX_BYTES


def clipped(text: str) -> str:
    """As much of a text as a sheet shows."""
    return text[:_TEXT]
