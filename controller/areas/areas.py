"""This file knows which area a school belongs to on a day, and what merged into what; pure.

Days are local dates yyyy-mm-dd, so that they sort as text; "" lies before all days. There is no
district level any more, so an area is whatever the department says, inside another one or not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Final

import msgspec

from protocol.errors import LopHocError
from protocol.words import N_

NO_AREA: Final = "-"  # asks for the schools that lie in none
MAX_DEPTH: Final = 32  # areas inside areas; a circle ends there


class AreaError(LopHocError):
    """What is told of areas or schools cannot be; `code` says why, `hint` what to do."""


class MergerKind(StrEnum):
    """What merges."""

    SCHOOL = "school"
    AREA = "area"


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """An area that stands from `since` until the day before `until`; empty: without end.

    kind: a word such as xã or phường. parent: the code of the area around it, empty for none.
    """

    code: str
    name: str = ""
    kind: str = ""
    parent: str = ""
    since: str = ""
    until: str = ""

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name or self.code


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """From this day a school belongs to an area, until the next such day; area "": to none."""

    school: str
    area: str
    since: str = ""


class Merger(msgspec.Struct, frozen=True, kw_only=True):
    """From this day `old` is part of `new`; new "": it is retired, and counts no more."""

    old: str
    new: str
    since: str
    what: MergerKind = MergerKind.SCHOOL
    no: int = 0
    who: str = ""
    at_ms: int = 0
    undone_ms: int | None = None


class SchoolFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the department knows of a school. sites: its điểm trường."""

    code: str
    name: str = ""
    level: str = ""
    sites: tuple[str, ...] = ()


class Atlas:
    """All areas, memberships and mergers that stand, asked by day."""

    def __init__(
        self,
        areas: Iterable[Area] = (),
        memberships: Iterable[Membership] = (),
        mergers: Iterable[Merger] = (),
    ) -> None:
        self.areas: Mapping[str, Area] = {area.code: area for area in areas}
        self._memberships = sorted(memberships, key=lambda membership: membership.since)
        self.mergers = tuple(merger for merger in mergers if merger.undone_ms is None)

    @property
    def schools(self) -> frozenset[str]:
        """Those that are in an area on some day, by themselves or by what they merged into."""
        merged = (merger.old for merger in self.mergers if merger.what is MergerKind.SCHOOL)
        return frozenset((*self._of_school, *merged))

    def only(self, codes: Container[str]) -> Atlas:
        """The same, of these areas alone."""
        areas = (area for code, area in self.areas.items() if code in codes)
        return Atlas(areas, self._memberships, self.mergers)

    def heir_of(self, school: str, day: str) -> str:
        """The school that a school's items count for on that day; "" where it is retired."""
        return self._heir(MergerKind.SCHOOL, school, day)

    def area_of(self, school: str, day: str) -> str:
        """The area that a school, or the one it merged into, is in on that day; "" for none."""
        area = ""
        for membership in self._of_school.get(self.heir_of(school, day), ()):
            if membership.since <= day:
                area = membership.area
        return self._heir(MergerKind.AREA, area, day)

    def area_now(self, area: str, day: str) -> str:
        """The area that one which merged is part of on that day; itself where it did not."""
        return self._heir(MergerKind.AREA, area, day) or area

    def around(self, area: str, day: str) -> tuple[str, ...]:
        """The area and all those that it lies in, the innermost first."""
        codes: list[str] = []
        code = self._heir(MergerKind.AREA, area, day)
        while code and code not in codes and len(codes) < MAX_DEPTH:
            codes.append(code)
            parent = self.areas[code].parent if code in self.areas else ""
            code = self._heir(MergerKind.AREA, parent, day)
            code = code if code in self.areas else ""  # such as the province's, which is all
        return tuple(codes)

    def standing(self, day: str) -> tuple[Area, ...]:
        """The areas of that day, by name."""
        merged = {
            merger.old
            for merger in self.mergers
            if merger.what is MergerKind.AREA and merger.since <= day
        }
        areas = (
            area
            for area in self.areas.values()
            if area.since <= day and (not area.until or day < area.until)
        )
        unmerged = (area for area in areas if area.code not in merged)
        return tuple(sorted(unmerged, key=lambda area: (area.label, area.code)))

    def members_of(self, schools: Iterable[str], day: str) -> Mapping[str, tuple[str, ...]]:
        """By each school that counts on that day: itself first, then who merged into it, by code.

        A school that others merged into counts also where it is not among the schools.
        """
        by_heir = defaultdict[str, set[str]](set)
        for school in {*schools}:
            if heir := self.heir_of(school, day):
                by_heir[heir].add(school)
        return {heir: (heir, *sorted(by_heir[heir] - {heir})) for heir in sorted(by_heir)}

    @property
    def merged(self) -> frozenset[str]:
        """The schools that a standing merger names, by whatever day it holds."""
        schools = [one for one in self.mergers if one.what is MergerKind.SCHOOL]
        return frozenset({*(one.old for one in schools), *(one.new for one in schools)} - {""})

    def retired(self, day: str) -> Mapping[str, str]:
        """The schools that count nowhere on that day, and since when."""
        schools = [one for one in self.mergers if one.what is MergerKind.SCHOOL]
        return {one.old: one.since for one in schools if not self.heir_of(one.old, day)}

    def check(self, merger: Merger) -> None:
        """Raises AreaError if the merger cannot be, beside those that stand."""
        last = max((other.since for other in self.mergers), default="")
        beside = [other for other in self.mergers if other.what is merger.what]
        if any(other.old == merger.old for other in beside):
            raise AreaError(
                "merged_already",
                N_("{old} has merged or was retired already."),
                N_("Take that back first; its number is in the history."),
                old=merger.old,
            )
        late = max(last, merger.since)
        if merger.old == self._heir(merger.what, merger.new, late) or merger.old == merger.new:
            raise AreaError(
                "merger_circular",
                N_("{old} cannot merge into what merged into it."),
                old=merger.old,
            )

    @cached_property
    def _of_school(self) -> Mapping[str, tuple[Membership, ...]]:
        by_school = defaultdict[str, list[Membership]](list)
        for membership in self._memberships:
            by_school[membership.school].append(membership)
        return {school: tuple(memberships) for school, memberships in by_school.items()}

    @cached_property
    def _next(self) -> Mapping[tuple[MergerKind, str], Merger]:
        return {(merger.what, merger.old): merger for merger in self.mergers}

    def _heir(self, what: MergerKind, code: str, day: str) -> str:
        codes: set[str] = set()
        while (step := self._next.get((what, code))) and step.since <= day and code not in codes:
            codes.add(code)
            code = step.new
        return code
