"""This file keeps the department's figures at hand: counted at most every five minutes."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta, tzinfo
from typing import Final, NamedTuple

from controller.database.plan_version import version_of
from controller.database.store import Store, StoreError
from controller.department import areas_store as areas
from controller.department import census as department
from controller.department.areas import Atlas, SchoolFacts
from controller.department.census import Heard, Twin
from controller.department.standing import (
    Overview,
    Standing,
    group_of,
    silence_of,
    told_of,
)
from controller.department.tally import ByType, Told, added, less, together
from controller.department.tile import Tile, tile_of
from controller.feature import Program
from controller.reconcile.kpi import Kpi
from protocol.model import Place, instant

KEPT_MS: Final = 300_000
LOOK_EVERY_MS: Final = 30_000
MONTH: Final = timedelta(days=30)


class _Counted(NamedTuple):
    """What one pass over all items gave, and what it was made of."""

    key: tuple[int, int, str]
    at_ms: int
    tallies: Mapping[str, ByType]
    doubles: Mapping[str, ByType]
    double_items: frozenset[tuple[str, str]]
    twins: tuple[Twin, ...]
    before: Mapping[str, Kpi]


class _Known(NamedTuple):
    """What is known of schools beside their items."""

    atlas: Atlas
    facts: Mapping[str, SchoolFacts]
    heard: Mapping[str, Heard]


class Department:
    """The figures of all schools within a scope. own: the department's own place in it.

    Asked from any thread; what several ask at once is counted once.
    """

    def __init__(
        self, store: Store, scope: Place, own: Place, zone: tzinfo, now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._scope = scope
        self._own = own
        self._zone = zone
        self._now_ms = now_ms
        self._counting = threading.Lock()
        self._tiling = threading.Lock()
        self._counted: _Counted | None = None
        self._tile: Tile | None = None
        self._looked_ms = -LOOK_EVERY_MS
        self._names: dict[str, str] = {}
        self.any_schools = False

    @property
    def province(self) -> str:
        """Whose schools they are."""
        return self._scope.province

    @property
    def store(self) -> Store:
        """Where the items are."""
        return self._store

    def look(self) -> None:
        """Find out which schools are known, for what every page shows. Raises StoreError."""
        now_ms = self._now_ms()
        if not 0 <= now_ms - self._looked_ms < LOOK_EVERY_MS:
            with self._store.view() as db:
                facts_by_code = areas.facts_of(db, self.province)
                reported_names = {
                    contact.code: contact.name for contact in department.heard_of(db, self.province)
                }
            listed_names = {code: facts.name for code, facts in facts_by_code.items() if facts.name}
            self._names = dict.fromkeys(facts_by_code, "") | reported_names | listed_names
            self.any_schools = bool(self._names.keys() - {self._own.school})
            self._looked_ms = now_ms

    def name_of(self, school: str) -> str:
        """The school's name, as of the last look; its code where it has told none."""
        return self._names.get(school) or school

    def overview(self) -> Overview:
        """The department now: items as they were counted, silences as of this moment."""
        now_ms = self._now_ms()
        day = self._day(now_ms)
        counted = self._at_hand(now_ms, day)
        with self._store.view() as db:
            records = _Known(
                areas.atlas_of(db, self.province),
                areas.facts_of(db, self.province),
                {contact.code: contact for contact in department.heard_of(db, self.province)},
            )
        schools = self._schools(counted, records, day, now_ms)
        then = self._month_ago(now_ms)
        return Overview(
            day=day,
            now_ms=now_ms,
            counted_ms=counted.at_ms,
            schools=schools,
            atlas=records.atlas,
            twins=_twins(counted.twins, schools),
            doubles=counted.double_items,
            before=_before_by_area(counted.before, records.atlas, then),
            whole=group_of(schools, told_of(counted.before, counted.before, then)),
        )

    def schools_in(self, area: str) -> frozenset[str]:
        """The codes of an area's schools, of those that merged into them too."""
        return frozenset(
            code for standing in self.overview().of_area(area) for code in standing.members
        )

    def tile(self) -> Tile:
        """The twelve numbers, computed at most every five minutes."""
        with self._tiling:
            now_ms = self._now_ms()
            if self._tile is None or not 0 <= now_ms - self._tile.as_of_ms < KEPT_MS:
                self._tile = tile_of(self.overview(), self._zone)
            return self._tile

    def _at_hand(self, now_ms: int, day: str) -> _Counted:
        """The items as counted; while one counts anew the others are told what was."""
        if (counted := self._counted) is not None and self._counting.locked():
            return counted
        with self._counting:
            return self._recounted(now_ms, day)

    def _recounted(self, now_ms: int, day: str) -> _Counted:
        """The items as counted; anew where areas changed, or items did and it is a while ago."""
        with self._store.view() as db:
            newest = department.newest_change(db)
            key = (version_of(db, self._own), newest, day)
        counted = self._counted
        if counted is not None:
            fresh = 0 <= now_ms - counted.at_ms < KEPT_MS
            same_map = (counted.key[0], counted.key[2]) == (key[0], key[2])
            if counted.key == key or (fresh and same_map):
                return counted
        self._counted = self._count(key, now_ms, day)
        return self._counted

    def _count(self, key: tuple[int, int, str], now_ms: int, day: str) -> _Counted:
        with self._store.view() as db:
            atlas = areas.atlas_of(db, self.province)
            tallies = department.tallies_of(db, self.province)
            codes = {*tallies, *areas.facts_of(db, self.province)}
            doubles: dict[str, ByType] = {}
            items: set[tuple[str, str]] = set()
            for members in atlas.members_of(codes, day).values():
                if len(members) > 1:
                    sums, double_items = department.doubles_of(db, self.province, members)
                    doubles |= sums
                    items |= double_items
            twins = tuple(department.twins_of(db, self.province))
            before = department.figures_until(db, self.province, self._month_ago(now_ms))
        rest = {
            school: added(less(tally, doubles.get(school, {})).values()).kpi
            for school, tally in tallies.items()
            if atlas.heir_of(school, day) != school
        }
        if rest:  # also told where it cannot be kept; the next count tries again
            with contextlib.suppress(StoreError), self._store.locked(self._own) as db:
                department.note_rest(db, self.province, day, rest)
        return _Counted(key, now_ms, tallies, doubles, frozenset(items), twins, before)

    def _schools(
        self, counted: _Counted, records: _Known, day: str, now_ms: int
    ) -> tuple[Standing, ...]:
        atlas, facts, contacts = records
        codes = {*counted.tallies, *facts, *contacts}
        if self._own.school not in facts:
            codes.discard(self._own.school)
        then = self._month_ago(now_ms)
        before = defaultdict[str, list[str]](list)
        for school in counted.before:
            before[atlas.heir_of(school, then)].append(school)
        standings = []
        for code, members in atlas.members_of(codes, day).items():
            doubles = [counted.doubles.get(member, {}) for member in members]
            lists = [counted.tallies.get(member, {}) for member in members]
            contact = contacts.get(code)
            around = atlas.around(atlas.area_of(code, day), day)
            school_facts = facts.get(code, SchoolFacts(code=code))
            standings.append(
                Standing(
                    facts=school_facts,
                    name=school_facts.name or (contact.name if contact else ""),
                    area=around[0] if around else "",
                    around=around,
                    members=members,
                    by_type=together(map(less, lists, doubles)),
                    twice=added(tally for part in doubles for tally in part.values()).items,
                    heard=contact,
                    silence=silence_of(contact, now_ms),
                    before=told_of(counted.before, before.get(code, ()), then),
                )
            )
        return tuple(sorted(standings, key=lambda standing: standing.urgency))

    def _day(self, at_ms: int) -> str:
        return instant(at_ms).astimezone(self._zone).date().isoformat()

    def _month_ago(self, at_ms: int) -> str:
        return (instant(at_ms).astimezone(self._zone) - MONTH).date().isoformat()


def _before_by_area(figures: Mapping[str, Kpi], atlas: Atlas, day: str) -> dict[str, Told]:
    """What each area had on an earlier day: of the schools that were in it on that day."""
    by_area = defaultdict[str, list[str]](list)
    for school in figures:
        for area in atlas.around(atlas.area_of(school, day), day):
            by_area[area].append(school)
    past_by_area = {area: told_of(figures, schools, day) for area, schools in by_area.items()}
    return {area: past for area, past in past_by_area.items() if past}


def _twins(twins: tuple[Twin, ...], schools: tuple[Standing, ...]) -> tuple[Twin, ...]:
    """Those of schools that count by themselves: what merged is one school."""
    heirs = {member: school.code for school in schools for member in school.members}
    distinct = []
    for twin in twins:
        listed = {heirs[school] for school in twin.listed if school in heirs}
        sighted = {heirs[school] for school in twin.seen if school in heirs} - listed
        if len(listed | sighted) > 1:
            distinct.append(Twin(twin.serial_key, tuple(sorted(listed)), tuple(sorted(sighted))))
    return tuple(distinct)


def department_of(program: Program) -> Department:
    """The program's department."""
    store, scope, own = program.store, program.scope, program.school
    return Department(store, scope, own, program.zone, program.now_ms)
