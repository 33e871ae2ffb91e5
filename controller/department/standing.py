"""This file says how each school stands, each area, and the whole; what needs attention. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Final

import msgspec

from controller.areas.areas import NO_AREA, Area, Atlas, SchoolFacts
from controller.department.census import Twin
from controller.department.marks_store import ApartMark
from controller.department.school_record import SchoolRecord
from controller.department.tally import ByType, Tally, Told, added, together
from controller.inventory.chosen import Chosen
from controller.inventory.rested import Rest
from controller.reconcile.kpi import Kpi, figure_of
from controller.sheets.names import natural
from protocol.upward import SchoolFigures

DAY_MS: Final = 86_400_000
SILENT_MS: Final = DAY_MS
WEEK_SILENT_MS: Final = 7 * DAY_MS
LONG_SILENT_MS: Final = 21 * DAY_MS
AHEAD_MS: Final = 600_000  # a stamp of ours that lies further ahead is of a clock that was wrong


class Silence(StrEnum):
    """For how long a school has not been heard."""

    NONE = ""
    DAY = "day"  # more than one
    WEEK = "week"  # more than one
    WEEKS = "weeks"  # more than three
    NEVER = "never"


LONGEST: Final = frozenset({Silence.WEEKS, Silence.NEVER})
LONGER: Final = LONGEST | {Silence.WEEK}
SILENT: Final = LONGER | {Silence.DAY}


class Rested(StrEnum):
    """For how long at least the lists that something rests on were told no more."""

    DAY = "day"
    WEEK = "week"
    WEEKS = "weeks"


_RESTED: Final = {Rested.DAY: SILENT, Rested.WEEK: LONGER, Rested.WEEKS: LONGEST}


class Need(StrEnum):
    """What of a school needs attention, the most pressing first."""

    LONG_SILENT = "long_silent"
    NO_DATA = "no_data"
    SILENT = "silent"
    NO_REGISTER = "no_register"
    BELOW_TARGET = "below_target"
    MISSING = "missing"
    NOTHING = "nothing"


_ORDER: Final = {need: place for place, need in enumerate(Need)}


class SchoolGroup(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Figures of schools taken together.

    schools: how many are known; reported: how many of them ever told their list. silent: for more
    than a day; long_silent: of these for more than three weeks. oldest_ms, newest_ms: between
    which moments what is told was true; None where nobody told.
    """

    schools: int
    reported: int
    silent: int
    long_silent: int
    needing: int
    rest: Rest
    by_type: ByType
    oldest_ms: int | None
    newest_ms: int | None
    before: Told | None = None

    @cached_property
    def tally(self) -> Tally:
        """The sum over all types."""
        return added(self.by_type.values())

    @property
    def kpi(self) -> Kpi:
        """The figure; not determined where no school told of a line."""
        return self.tally.kpi


class SchoolStanding(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One school that counts. members: itself, then who merged into it.

    area: the innermost's code; around: it and those around it. twice: items of those that merged
    which stand in another list too and are counted once. record: None where it was never heard;
    records: its own and those of who merged into it. rest: what of it schools tell no more.
    off_ms: by how much its clock is ahead of ours; 0 where it is right.
    """

    facts: SchoolFacts
    name: str
    area: str
    around: tuple[str, ...]
    members: tuple[str, ...]
    by_type: ByType
    twice: int
    record: SchoolRecord | None
    records: tuple[SchoolRecord, ...]
    rest: Rest
    silence: Silence
    before: Told | None = None
    off_ms: int = 0

    @property
    def code(self) -> str:
        """The school's code."""
        return self.facts.code

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name or self.code

    @cached_property
    def tally(self) -> Tally:
        """The sum over all types."""
        return added(self.by_type.values())

    @property
    def reported(self) -> bool:
        """Whether anything is known of its items."""
        return bool(self.records) or bool(self.by_type)

    @property
    def need(self) -> Need:
        """What of it needs attention first."""
        kpi = self.tally.kpi
        return next(
            need
            for need, holds in (
                (Need.LONG_SILENT, self.silence is Silence.WEEKS),
                (Need.NO_DATA, not self.reported),
                (Need.SILENT, self.silence in {Silence.DAY, Silence.WEEK}),
                (Need.NO_REGISTER, kpi.digital_managed_pct is None),
                (Need.BELOW_TARGET, not kpi.meets_target),
                (Need.MISSING, self.tally.missing > 0),
                (Need.NOTHING, True),
            )
            if holds
        )

    @property
    def urgency(self) -> tuple[int, float, int, str, str]:
        """By which schools are sorted, the most pressing first."""
        pct = self.tally.kpi.digital_managed_pct
        return (_ORDER[self.need], pct or 0.0, -self.tally.missing, self.label, self.code)


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The department at one moment. counted_ms: as of when items were counted; chosen: which.

    schools: what needs attention first. retired: those that count nowhere any more, and since when.
    apart: marks that live in several schools. before: what areas had about a month ago, by code.
    """

    chosen: Chosen | None = None
    day: str
    now_ms: int
    counted_ms: int
    schools: tuple[SchoolStanding, ...]
    atlas: Atlas
    twins: tuple[Twin, ...]
    apart: tuple[ApartMark, ...]
    retired: Mapping[str, str]
    before: Mapping[str, Told]
    whole: SchoolGroup

    def of_area(self, area: str) -> list[SchoolStanding]:
        """The schools in an area and in those inside it; of "" all, of NO_AREA those in none.

        Of an area that has merged: those of what it is part of.
        """
        if area == NO_AREA:
            return [school for school in self.schools if not school.around]
        area = self.area_now(area)
        return [school for school in self.schools if not area or area in school.around]

    def area(self, code: str) -> SchoolGroup:
        """An area's figures, those of the areas inside it among them."""
        return group_of(self.of_area(code), self.before.get(self.area_now(code)))

    def area_now(self, code: str) -> str:
        """The area that one which merged is part of today; itself where it did not."""
        return self.atlas.area_now(code, self.day)

    def areas(self) -> list[tuple[Area, SchoolGroup]]:
        """Every area that stands or holds a school, what needs attention first."""
        held = {code for school in self.schools for code in school.around}
        by_code = {area.code: area for area in self.atlas.standing(self.day)}
        by_code |= {code: self.atlas.areas.get(code, Area(code=code)) for code in held}
        groups = [(area, self.area(code)) for code, area in by_code.items()]
        return sorted(groups, key=lambda pair: (*_area_urgency(pair[1]), natural(pair[0].label)))

    def part(self, codes: frozenset[str] | None) -> Overview:
        """What somebody sees who may see these schools; None for all of them.

        An area is compared with what it had only where all its schools are theirs.
        """
        if codes is None:
            return self
        schools = tuple(school for school in self.schools if school.code in codes)
        held = {code for school in schools for code in school.around}
        whole = {code for code in held if all(one.code in codes for one in self.of_area(code))}
        before = {code: told for code, told in self.before.items() if code in whole}
        alike = (code for code in before if len(self.of_area(code)) == len(schools))
        return msgspec.structs.replace(
            self,
            schools=schools,
            atlas=self.atlas.only({one for one in self.atlas.areas if self.area_now(one) in held}),
            retired={code: day for code, day in self.retired.items() if code in codes},
            twins=tuple(twin for twin in self.twins if codes.issuperset(twin.schools)),
            apart=tuple(mark for mark in self.apart if codes.issuperset(mark.schools)),
            before=before,
            whole=group_of(schools, before.get(next(alike, ""))),
        )

    def school(self, code: str) -> SchoolStanding | None:
        """The school that a code's items count for; None for an unknown one, or a retired one."""
        heir = self.heirs().get(code, "")
        return next((school for school in self.schools if school.code == heir), None)

    def heirs(self) -> Mapping[str, str]:
        """By every school's code the school that it counts for."""
        return {member: school.code for school in self.schools for member in school.members}


def _area_urgency(group: SchoolGroup) -> tuple[int, int, float]:
    pct = group.kpi.digital_managed_pct
    return (-group.long_silent, 0 if pct is not None else 1, pct or 0.0)


def group_of(schools: Sequence[SchoolStanding], before: Told | None = None) -> SchoolGroup:
    """The schools taken together."""
    as_of = [record.as_of_ms for school in schools for record in school.records]
    return SchoolGroup(
        schools=len(schools),
        reported=sum(school.reported for school in schools),
        silent=sum(school.silence in SILENT - {Silence.NEVER} for school in schools),
        long_silent=sum(school.silence is Silence.WEEKS for school in schools),
        rest=Rest(*map(sum, zip(Rest(), *(school.rest for school in schools), strict=True))),
        needing=sum(school.need is not Need.NOTHING for school in schools),
        by_type=together(school.by_type for school in schools),
        oldest_ms=min(as_of, default=None),
        newest_ms=max(as_of, default=None),
        before=before,
    )


def silence_of(record: SchoolRecord | None, now_ms: int) -> Silence:
    """For how long a school has not been heard."""
    if record is None:
        return Silence.NEVER
    silent_ms = age_ms(record.heard_ms, now_ms)
    if silent_ms > LONG_SILENT_MS:
        return Silence.WEEKS
    if silent_ms > WEEK_SILENT_MS:
        return Silence.WEEK
    return Silence.DAY if silent_ms > SILENT_MS else Silence.NONE


def age_ms(arrived_ms: int, now_ms: int) -> int:
    """How long ago something arrived by our clock.

    What arrived by a clock of ours that ran ahead is of nobody knows when: it is never fresh.
    """
    age = now_ms - arrived_ms
    return age if age >= -AHEAD_MS else SILENT_MS + 1


def rest_of(things: Iterable[tuple[int, Silence]]) -> Rest:
    """What rests on silent schools, of how many things each list has and how silent it is."""
    parts = [
        (count if silence in SILENT else 0, count if silence in LONGER else 0,
         count if silence in LONGEST else 0)
        for count, silence in things
    ]  # fmt: skip
    return Rest(*map(sum, zip(Rest(), *parts, strict=True)))


def silent_lists(overview: Overview, rested: Rested) -> frozenset[str]:
    """The schools whose own lists are so old, of those that merged into others too."""
    codes: set[str] = set()
    for school in overview.schools:
        records = {record.code: record for record in school.records}
        codes |= {
            member
            for member in school.members
            if silence_of(records.get(member), overview.now_ms) in _RESTED[rested]
        }
    return frozenset(codes)


def live_of(schools: Iterable[SchoolStanding], within_ms: int, now_ms: int) -> SchoolFigures:
    """The present of the schools that told it within that time, added up.

    A school that merged still tells of its rooms; what it told last stands for them.
    """
    fresh = [
        record.live
        for school in schools
        for record in school.records
        if age_ms(record.as_of_ms, now_ms) <= within_ms
    ]
    names = SchoolFigures.__struct_fields__
    return SchoolFigures(**{name: sum(getattr(live, name) for live in fresh) for name in names})


def told_of(figures: Mapping[str, Kpi], codes: Iterable[str], day: str) -> Told | None:
    """What these schools had together on an earlier day; None where none had told by then."""
    kpis = [figures[code] for code in codes if code in figures]
    if not kpis:
        return None
    counts = map(sum, zip(*(kpi.counts for kpi in kpis), strict=True))
    return Told(day, len(kpis), figure_of(*counts))
