"""This file keeps the department's figures at hand: what is dear to count is counted seldom."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from typing import Final, NamedTuple

from sqlalchemy import Connection

from controller.database.plan_version import version_of
from controller.database.store import Store, StoreError
from controller.department import areas_store as areas
from controller.department import census
from controller.department.areas import Atlas, SchoolFacts
from controller.department.census import Twin
from controller.department.school_record import SchoolRecord
from controller.department.standing import (
    Overview,
    SchoolStanding,
    group_of,
    silence_of,
    told_of,
)
from controller.department.store import schools_of
from controller.department.tally import ByType, Told, added, less, together
from controller.department.tile import Tile, tile_of
from controller.feature import Program
from controller.inventory.store import newest_change
from controller.reconcile.kpi import Kpi
from protocol.model import Place, instant

KEPT_MS: Final = 300_000
REST_PER_COUNT: Final = 100  # a count rests as many times longer than it took: 1 % of a core
LOOK_EVERY_MS: Final = 30_000
MONTH: Final = timedelta(days=30)


class _Counted(NamedTuple):
    """What one pass over all items gave, and what it was made of."""

    key: tuple[int, int, str]
    at_ms: int
    rest_ms: float
    tallies: Mapping[str, ByType]
    doubles: Mapping[str, ByType]
    double_items: frozenset[tuple[str, str]]
    twins: tuple[Twin, ...]
    before: Mapping[str, Kpi]


@dataclass(slots=True)
class Department:
    """The figures of all schools within a scope. own: the department's own place in it.

    Asked from any thread; what several ask at once is counted once.
    """

    store: Store
    scope: Place
    own: Place
    zone: tzinfo
    now_ms: Callable[[], int]
    any_schools: bool = False
    elapsed_s: Callable[[], float] = time.perf_counter
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _tiling: threading.Lock = field(default_factory=threading.Lock)
    _counted: _Counted | None = None
    _tile: Tile | None = None
    _looked_ms: int = -LOOK_EVERY_MS
    _names: dict[str, str] = field(default_factory=dict)

    @property
    def province(self) -> str:
        """Whose schools they are."""
        return self.scope.province

    def look(self) -> None:
        """Find out which schools are known, for what every page shows. Raises StoreError."""
        now_ms = self.now_ms()
        if not 0 <= now_ms - self._looked_ms < LOOK_EVERY_MS:
            with self.store.view() as db:
                facts_by_code = areas.facts_of(db, self.province)
                records = schools_of(db, Place(self.province))
            reported_names = {record.code: record.name for record in records}
            listed_names = {code: facts.name for code, facts in facts_by_code.items() if facts.name}
            self._names = dict.fromkeys(facts_by_code, "") | reported_names | listed_names
            self.any_schools = bool(self._names.keys() - {self.own.school})
            self._looked_ms = now_ms

    def name_of(self, school: str) -> str:
        """The school's name, as of the last look; its code where it has told none."""
        return self._names.get(school) or school

    def overview(self, seen: frozenset[str] | None = None) -> Overview:
        """The department now: items as they were counted, silences as of this moment.

        seen: the schools that whoever asks may see; None for all.
        """
        now_ms = self.now_ms()
        day = self._day(now_ms)
        counted = self._at_hand(now_ms, day)
        with self.store.view() as db:
            atlas = areas.atlas_of(db, self.province)
            facts = areas.facts_of(db, self.province)
            records = {record.code: record for record in schools_of(db, Place(self.province))}
        then = self._month_ago(now_ms)
        standings = self._standings(counted, atlas, facts, records, now_ms)
        schools = tuple(sorted(standings, key=lambda standing: standing.urgency))
        return Overview(
            day=day,
            now_ms=now_ms,
            counted_ms=counted.at_ms,
            schools=schools,
            atlas=atlas,
            twins=_twins(counted.twins, schools),
            doubles=counted.double_items,
            before=_before_by_area(counted.before, atlas, then),
            whole=group_of(schools, told_of(counted.before, counted.before, then)),
        ).part(seen)

    def schools_in(self, area: str) -> frozenset[str]:
        """The codes of an area's schools, of those that merged into them too."""
        return frozenset(
            code for standing in self.overview().of_area(area) for code in standing.members
        )

    def tile(self, seen: frozenset[str] | None = None) -> Tile:
        """The twelve numbers, those of all schools computed at most every five minutes."""
        if seen is not None:
            return tile_of(self.overview(seen), self.zone)
        with self._tiling:
            now_ms = self.now_ms()
            if self._tile is None or not 0 <= now_ms - self._tile.as_of_ms < KEPT_MS:
                self._tile = tile_of(self.overview(), self.zone)
            return self._tile

    def _at_hand(self, now_ms: int, day: str) -> _Counted:
        """The items as counted; while one counts anew the others are told what was."""
        if (counted := self._counted) is not None and self._counting.locked():
            return counted
        with self._counting:
            return self._recounted(now_ms, day)

    def _recounted(self, now_ms: int, day: str) -> _Counted:
        """The items as counted; anew where areas changed, or items did and it is a while ago."""
        with self.store.view() as db:
            key = (version_of(db, self.own), newest_change(db, Place(self.province)), day)
        counted = self._counted
        if counted is not None:
            fresh = 0 <= now_ms - counted.at_ms < counted.rest_ms
            same_map = (counted.key[0], counted.key[2]) == (key[0], key[2])
            if counted.key == key or (fresh and same_map):
                return counted
        self._counted = self._count(key, now_ms, day)
        return self._counted

    def _count(self, key: tuple[int, int, str], now_ms: int, day: str) -> _Counted:
        began_s = self.elapsed_s()
        with self.store.view() as db:
            atlas = areas.atlas_of(db, self.province)
            tallies = census.tallies_of(db, self.province)
            codes = {*tallies, *areas.facts_of(db, self.province)}
            doubles, items = self._doubles(db, atlas.members_of(codes, day))
            twins = tuple(census.twins_of(db, self.province))
            before = census.figures_until(db, self.province, self._month_ago(now_ms))
        rest = {
            school: added(less(tally, doubles.get(school, {})).values()).kpi
            for school, tally in tallies.items()
            if atlas.heir_of(school, day) != school
        }
        if rest:  # also told where it cannot be kept; the next count tries again
            with contextlib.suppress(StoreError), self.store.locked(self.own) as db:
                census.note_rest(db, self.province, day, rest)
        rest_ms = min(KEPT_MS, (self.elapsed_s() - began_s) * 1000 * REST_PER_COUNT)
        return _Counted(key, now_ms, rest_ms, tallies, doubles, frozenset(items), twins, before)

    def _doubles(
        self, db: Connection, merged: Mapping[str, Sequence[str]]
    ) -> tuple[dict[str, ByType], set[tuple[str, str]]]:
        """What is counted for another school, over all that others merged into."""
        doubles: dict[str, ByType] = {}
        items: set[tuple[str, str]] = set()
        for members in merged.values():
            if len(members) > 1:
                sums, double_items = census.doubles_of(db, self.province, members)
                doubles |= sums
                items |= double_items
        return doubles, items

    def _standings(
        self,
        counted: _Counted,
        atlas: Atlas,
        facts: Mapping[str, SchoolFacts],
        records: Mapping[str, SchoolRecord],
        now_ms: int,
    ) -> Iterator[SchoolStanding]:
        codes = {*counted.tallies, *facts, *records}
        if self.own.school not in facts:
            codes.discard(self.own.school)
        day, then = self._day(now_ms), self._month_ago(now_ms)
        before = defaultdict[str, list[str]](list)
        for school in counted.before:
            before[atlas.heir_of(school, then)].append(school)
        for code, members in atlas.members_of(codes, day).items():
            doubles = [counted.doubles.get(member, {}) for member in members]
            lists = [counted.tallies.get(member, {}) for member in members]
            record = records.get(code)
            around = atlas.around(atlas.area_of(code, day), day)
            school_facts = facts.get(code, SchoolFacts(code=code))
            yield SchoolStanding(
                facts=school_facts,
                name=school_facts.name or (record.name if record else ""),
                area=around[0] if around else "",
                around=around,
                members=members,
                by_type=together(map(less, lists, doubles)),
                twice=added(tally for part in doubles for tally in part.values()).items,
                record=record,
                silence=silence_of(record, now_ms),
                before=told_of(counted.before, before.get(code, ()), then),
            )

    def _day(self, at_ms: int) -> str:
        return instant(at_ms).astimezone(self.zone).date().isoformat()

    def _month_ago(self, at_ms: int) -> str:
        return (instant(at_ms).astimezone(self.zone) - MONTH).date().isoformat()


def _before_by_area(figures: Mapping[str, Kpi], atlas: Atlas, day: str) -> dict[str, Told]:
    """What each area had on an earlier day: of the schools that were in it on that day."""
    by_area = defaultdict[str, list[str]](list)
    for school in figures:
        for area in atlas.around(atlas.area_of(school, day), day):
            by_area[area].append(school)
    past_by_area = {area: told_of(figures, schools, day) for area, schools in by_area.items()}
    return {area: past for area, past in past_by_area.items() if past}


def _twins(twins: tuple[Twin, ...], schools: tuple[SchoolStanding, ...]) -> tuple[Twin, ...]:
    """Those of schools that count by themselves: what merged is one school."""
    heirs = {member: school.code for school in schools for member in school.members}
    distinct = []
    for twin in twins:
        listed = {heirs[school] for school in twin.listed if school in heirs}
        sighted = {heirs[school] for school in twin.sighted if school in heirs} - listed
        if len(listed | sighted) > 1:
            distinct.append(Twin(twin.serial_key, tuple(sorted(listed)), tuple(sorted(sighted))))
    return tuple(distinct)


def department_of(program: Program) -> Department:
    """The program's census."""
    store, scope, own = program.store, program.scope, program.school
    return Department(store, scope, own, program.zone, program.now_ms)
