"""This file keeps the department's figures at hand: what is dear to count is counted seldom."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from typing import Final, NamedTuple

import msgspec

from controller.areas import store as areas
from controller.areas.areas import Atlas, SchoolFacts
from controller.database.handover import note_status, status_of
from controller.database.plan_version import version_of
from controller.database.store import Store, StoreError
from controller.department import census
from controller.department.census import Twin
from controller.department.clocks import clocks_of
from controller.department.marks_store import ApartMark, apart_marks
from controller.department.school_record import SchoolRecord
from controller.department.standing import (
    Overview,
    SchoolStanding,
    group_of,
    rest_of,
    silence_of,
    told_of,
)
from controller.department.store import schools_of
from controller.department.tally import ByType, Told, added, together
from controller.department.tile import Tile, tile_of
from controller.feature import Program
from controller.inventory import counting
from controller.inventory.chosen import Chosen
from controller.inventory.rested import Rest
from controller.inventory.store import newest_change, refresh
from controller.reconcile.kpi import Kpi
from controller.web.refusals import PendingError
from protocol.model import Place, instant
from protocol.shapes import json_decoder
from protocol.state_log import StateLog
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

KEPT_MS: Final = 300_000
DEAR_S: Final = 1.0
FEW_CHANGES: Final = 200_000  # half of a department of 300 schools: a second or two
PATIENCE_S: Final = 2.0
AGAIN_S: Final = 5
REST_PER_COUNT: Final = 100  # a count rests as many times longer than it took: 1 % of a core
LOOK_EVERY_MS: Final = 30_000
MONTH: Final = timedelta(days=30)


_Key = tuple[int, int, str]  # version of areas and lists of schools, newest change, local day


class _Counted(NamedTuple):
    """What one pass over all items gave, and what it was made of.

    until_ms: until when it stays so by time alone, None for ever. tallies: of what counts, by the
    school whose list it is; doubles: of what does not, by the school that has it already.
    """

    key: _Key
    at_ms: int
    rest_ms: float
    until_ms: int | None
    tallies: Mapping[str, ByType]
    doubles: Mapping[str, ByType]
    twins: tuple[Twin, ...]
    apart: tuple[ApartMark, ...]
    before: Mapping[str, Kpi]

    @property
    def is_dear(self) -> bool:
        """Whether it took so long that nobody should wait for it, and all processes share it."""
        return self.rest_ms >= DEAR_S * 1000 * REST_PER_COUNT

    def is_good(self, key: _Key, now_ms: int) -> bool:
        """Whether it is as of now, or dear enough to rest a while: of the same map and day."""
        fresh = 0 <= now_ms - self.at_ms < self.rest_ms
        same_map = (self.key[0], self.key[2]) == (key[0], key[2])
        stands = self.at_ms <= now_ms <= (self.until_ms or now_ms)
        return (self.key == key and stands) or (fresh and same_map)

    def is_told_meanwhile(self, now_ms: int) -> bool:
        """Whether it may be told, as of when it was counted, until it is counted anew."""
        return self.is_dear and self.at_ms <= now_ms


_counted: Final = json_decoder(_Counted)


@dataclass(slots=True)
class Department:
    """The figures of all schools within a scope. own: the department's own place in it.

    few_changes: how many there may have been of items so that a first count is waited for.
    Asked from any thread; what several ask at once is counted once.
    """

    store: Store
    scope: Place
    own: Place
    zone: tzinfo
    now_ms: Callable[[], int]
    any_schools: bool = False
    elapsed_s: Callable[[], float] = time.perf_counter
    few_changes: int = FEW_CHANGES
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _tiling: threading.Lock = field(default_factory=threading.Lock)
    _counted: _Counted | None = None
    _tile: Tile | None = None
    _beside: threading.Thread | None = None
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

    def overview(
        self, seen: frozenset[str] | None = None, chosen: Chosen | None = None
    ) -> Overview:
        """The department now: items as they were counted, silences as of this moment.

        seen: the schools that whoever asks may see; None for all. chosen: of which items alone.
        """
        now_ms = self.now_ms()
        day = self._day(now_ms)
        if not self._is_large():  # there it takes long, and is done before what is counted beside
            refresh(self.store, self.own, self.zone, now_ms)
        counted = self._at_hand(now_ms, day)
        if chosen is not None and chosen.chooses_items:
            counted = self._chosen(counted, chosen, now_ms)
        with self.store.view() as db:
            atlas = areas.atlas_of(db, self.province)
            facts = areas.facts_of(db, self.province)
            records = {record.code: record for record in schools_of(db, Place(self.province))}
            offs = clocks_of(db, self.province)
        then = self._month_ago(now_ms)
        standings = self._standings(counted, atlas, facts, records, now_ms)
        timed = (
            msgspec.structs.replace(standing, off_ms=offs.get(standing.code, 0))
            for standing in standings
        )
        schools = tuple(sorted(timed, key=lambda standing: standing.urgency))
        return Overview(
            chosen=chosen,
            day=day,
            now_ms=now_ms,
            counted_ms=counted.at_ms,
            schools=schools,
            atlas=atlas,
            twins=counted.twins,
            retired=atlas.retired(day),
            apart=counted.apart,
            before=_before_by_area(counted.before, atlas, then),
            whole=group_of(schools, told_of(counted.before, counted.before, then)),
        ).part(seen)

    def rest(self, counts: Mapping[str, int]) -> Rest:
        """How many of things rest on silent schools. counts: by the school whose list has them."""
        self.look()
        if not self.any_schools:
            return Rest()
        with self.store.view() as db:
            records = {record.code: record for record in schools_of(db, Place(self.province))}
        now_ms = self.now_ms()
        return rest_of(
            (count, silence_of(records.get(code), now_ms)) for code, count in counts.items()
        )

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

    def _chosen(self, counted: _Counted, chosen: Chosen, now_ms: int) -> _Counted:
        """What is chosen of it, counted now; nobody noted how much that was a month ago."""
        where = msgspec.structs.replace(chosen, school="", schools=None).where(now_ms)
        with self.store.view() as db:
            return counted._replace(
                at_ms=now_ms,
                tallies=census.tallies_of(db, self.province, now_ms, where),
                twins=tuple(census.twins_of(db, self.province, where)),
                before={},
            )

    def _at_hand(self, now_ms: int, day: str) -> _Counted:
        """The items as counted; while one counts anew the others are told what was.

        Raises PendingError where nothing was counted yet, and it takes long.
        """
        if self._counting.acquire(timeout=self._patience_s()):
            try:
                is_waited_for = self._recount(now_ms, day)
            finally:
                self._counting.release()
            if is_waited_for and self._beside is not None:
                self._beside.join(PATIENCE_S)
        if self._counted is None:
            raise PendingError(
                "figures_pending",
                N_("The equipment of all schools is being counted for the first time."),
                AGAIN_S,
            )
        return self._counted

    def _key(self, day: str) -> _Key:
        with self.store.view() as db:
            return version_of(db, self.own), newest_change(db, Place(self.province)), day

    def _is_large(self) -> bool:
        with self.store.view() as db:
            return newest_change(db, Place(self.province)) > self.few_changes

    def _patience_s(self) -> float:
        """How long to wait for who counts just now: for what is cheap to its end."""
        if self._counted is not None:
            return 0
        is_dear = self._beside is not None and self._beside.is_alive()
        return PATIENCE_S if is_dear else -1

    def _recount(self, now_ms: int, day: str) -> bool:
        """Count where areas changed, or items did and it is a while ago: what is dear, beside.

        Returns whether to wait a little for that: where there is nothing to tell, and for who
        changed areas, who looks at once at what became of it.
        """
        key = self._key(day)
        counted = self._counted = self._counted or self._kept()
        if counted is not None and counted.is_good(key, now_ms):
            return False
        is_dear = (
            key[1] > self.few_changes if counted is None else counted.is_told_meanwhile(now_ms)
        )
        if is_dear:
            self._count_beside(now_ms, day)
        else:
            self._counted = self._count(key, now_ms, day)
        return is_dear and (counted is None or counted.key[0] != key[0])

    def _kept(self) -> _Counted | None:
        """What another process of this database counted last; only what is dear is kept."""
        with self.store.view() as db:
            row = status_of(db, self._name)
        with contextlib.suppress(msgspec.DecodeError):  # another version counted otherwise
            return _counted.decode(row[1]) if row else None
        return None

    @property
    def _name(self) -> str:
        return f"census/{self.province}"

    def _count_beside(self, now_ms: int, day: str) -> None:
        """Count anew while what was counted is told; what another process counted will do."""

        def count() -> None:
            with self._counting, contextlib.suppress(StoreError):
                refresh(self.store, self.own, self.zone, now_ms)
                key = self._key(day)
                kept = self._kept()
                is_good = kept is not None and kept.is_good(key, now_ms)
                self._counted = kept if is_good else self._count(key, now_ms, day)

        if self._beside is None or not self._beside.is_alive():
            self._beside = threading.Thread(target=count, name="census", daemon=True)
            self._beside.start()

    def _count(self, key: tuple[int, int, str], now_ms: int, day: str) -> _Counted:
        began_s = self.elapsed_s()
        with self.store.view() as db:
            atlas = areas.atlas_of(db, self.province)
            tallies = census.tallies_of(db, self.province, now_ms)
            doubles = census.doubles_of(db, self.province, now_ms)
            until_ms = counting.until_ms(db, self.province, now_ms)
            twins = tuple(census.twins_of(db, self.province))
            apart = tuple(apart_marks(db, self.province))
            before = census.figures_until(db, self.province, self._month_ago(now_ms))
        rest = {
            school: added(tally.values()).kpi
            for school, tally in tallies.items()
            if atlas.heir_of(school, day) != school
        }
        if rest:  # also told where it cannot be kept; the next count tries again
            with contextlib.suppress(StoreError), self.store.locked(self.own) as db:
                census.note_rest(db, self.province, day, rest)
        rest_ms = min(KEPT_MS, (self.elapsed_s() - began_s) * 1000 * REST_PER_COUNT)
        counted = _Counted(key, now_ms, rest_ms, until_ms, tallies, doubles, twins, apart, before)
        if counted.is_dear:
            body = msgspec.json.encode(counted).decode()
            with contextlib.suppress(StoreError):  # then each process counts by itself
                self.store.write(note_status, body, now_ms, self._name)
        return counted

    def _standings(
        self,
        counted: _Counted,
        atlas: Atlas,
        facts: Mapping[str, SchoolFacts],
        records: Mapping[str, SchoolRecord],
        now_ms: int,
    ) -> Iterator[SchoolStanding]:
        codes = {*counted.tallies, *facts, *records, *atlas.merged}
        day, then = self._day(now_ms), self._month_ago(now_ms)
        before = defaultdict[str, list[str]](list)
        for school in counted.before:
            before[atlas.heir_of(school, then)].append(school)
        for code, members in atlas.members_of(codes, day).items():
            lists = [counted.tallies.get(member, {}) for member in members]
            told = tuple(records[member] for member in members if member in records)
            record = records.get(code)
            around = atlas.around(atlas.area_of(code, day), day)
            school_facts = facts.get(code, SchoolFacts(code=code))
            yield SchoolStanding(
                facts=school_facts,
                name=school_facts.name or (record.name if record else ""),
                area=around[0] if around else "",
                around=around,
                members=members,
                by_type=together(lists),
                twice=added(counted.doubles.get(code, {}).values()).items,
                record=record,
                records=told,
                rest=rest_of(
                    (added(part.values()).declared, silence_of(records.get(member), now_ms))
                    for member, part in zip(members, lists, strict=True)
                ),
                silence=silence_of(max(told, key=_heard_ms, default=None), now_ms),
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


def _heard_ms(record: SchoolRecord) -> int:
    return record.heard_ms


def department_of(program: Program) -> Department:
    """The program's census."""
    store, scope, own = program.store, program.scope, program.school
    return Department(store, scope, own, program.zone, program.now_ms)


async def keep_counted(program: Program) -> None:
    """Count again and again, until cancelled, so that nobody waits for what is dear to count."""
    department = program.service(department_of)
    trouble, is_begun = StateLog(_LOGGER, "counted later"), False
    while True:
        try:
            await asyncio.to_thread(department.overview)
            trouble.went_well()
        except StoreError as error:
            trouble.failed(error)
        except PendingError:
            if not is_begun:
                _LOGGER.info("counting all items for the first time")
            is_begun = True
        await asyncio.sleep(KEPT_MS / 1000)
