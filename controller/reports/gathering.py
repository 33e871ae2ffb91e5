"""This file gathers the figures of a pack as they are now, by the schools that count today.

What a merged school's book holds is told under the school that took it over.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select

from controller.database.scope import in_province
from controller.department.standing import Overview, SchoolStanding
from controller.forecast.forecast import Forecast, ItemGroup
from controller.forecast.life_table import LifeTable
from controller.forecast.store import forecast_on, groups_in
from controller.inspection import store as inspections
from controller.inventory.counting import IS_LINE, counted, is_verified
from controller.inventory.tables import assets
from controller.reconcile.evidence import SeenBy
from controller.register.vocabulary import CONDITION_WORDS, OUT_OF_USE, Condition, type_word
from controller.reports.report import (
    REPORTS,
    SPECS,
    AreaFigure,
    Figure,
    Pack,
    Period,
    ReportTable,
    Row,
    totalled,
)
from controller.use.report import SchoolUse
from controller.use.store import use_report
from protocol.model import Place
from protocol.words import translator

_say: Final = translator("vi")
_DAY_MS: Final = 86_400_000
_MODELS: Final = 200
_SHOWS: Final = frozenset({"board", "display", "projector"})
_COMPUTES: Final = frozenset({"laptop", "desktop", "computer"})
_AGES: Final = ((2, "0-2"), (5, "3-5"), (8, "6-8"))
_OLDER: Final = "9+"


class Sources(NamedTuple):
    """What the figures are made of. name_day: a moment as a local day."""

    overview: Overview
    period: Period
    life: LifeTable
    today: date
    now_ms: int
    name_day: Callable[[int], str]


def gathered(db: Connection, province: str, sources: Sources, department: str) -> Pack:
    """A pack of the figures of now."""
    overview = sources.overview
    gathering = _Gathering(db, province, sources)
    tables = (gathering.table(spec.code) for spec in REPORTS)
    return Pack(
        period=sources.period,
        day=sources.today.isoformat(),
        made_ms=sources.now_ms,
        department=department,
        schools=overview.whole.schools,
        reported=overview.whole.reported,
        silent=overview.whole.silent,
        oldest_ms=overview.whole.oldest_ms,
        newest_ms=overview.whole.newest_ms,
        tables=tuple(tables),
        areas=tuple(
            AreaFigure(
                code=area.code,
                label=area.label,
                schools=group.schools,
                reported=group.reported,
                declared=group.kpi.declared,
                managed_pct=group.kpi.digital_managed_pct,
            )
            for area, group in sorted(overview.areas(), key=lambda pair: pair[0].code)
        ),
    )


class _Gathering:
    """The reports one by one, over what several of them need."""

    def __init__(self, db: Connection, province: str, sources: Sources) -> None:
        self._db = db
        self._province = province
        self._sources = sources
        self._schools = sorted(sources.overview.schools, key=lambda one: one.code)
        self._heirs = sources.overview.heirs()
        self._groups = groups_in(db, Place(province))

    def table(self, code: str) -> ReportTable:
        """One report."""
        rows, shares = _MAKERS[code](self)
        is_known = code not in _UNKNOWN
        total = totalled(SPECS[code], rows, shares) if is_known else ()
        return ReportTable(code=code, rows=tuple(rows), total=total)

    def inventory(self) -> _Made:
        """R01."""
        counts = Counter[tuple[str, str, str, str]]()
        for group in self._own_groups():
            age = _age(group.year, self._sources.today.year)
            counts[self._heirs[group.school], group.type, group.condition, age] += group.items
        rows = [
            (*self._named(school), type_word(type_, _say), _condition(condition), age, count)
            for (school, type_, condition, age), count in sorted(counts.items())
        ]
        return rows, {}

    def records(self) -> _Made:
        """R02."""
        rows = [
            (
                *_name(school),
                school.tally.declared,
                school.tally.complete,
                school.tally.verified,
                school.tally.managed,
                school.tally.kpi.digital_managed_pct,
            )
            for school in self._schools
            if school.reported
        ]
        return rows, {"managed_pct": self._sources.overview.whole.kpi.digital_managed_pct}

    def kits(self) -> _Made:
        """R03."""
        query = select(assets.c.counted_for, assets.c.room_key, assets.c.type).where(
            in_province(assets, self._province),
            counted(),
            IS_LINE,
            assets.c.room_key != "",
            assets.c.condition != Condition.DISPOSED.value,
        )
        rooms = defaultdict[str, dict[str, set[str]]](lambda: defaultdict(set))
        for school, room, type_ in self._db.execute(query.distinct()):
            if school in self._heirs:
                rooms[self._heirs[school]][room].add(type_)
        rows = [
            (*_name(one), len(own), full := sum(map(_is_kit, own.values())), _share(full, len(own)))
            for one in self._schools
            if (own := rooms.get(one.code))
        ]
        return rows, {"complete_pct": _whole_share(rows, 3, 2)}

    def use(self) -> _Made:
        """R04."""
        period = self._sources.period
        report = use_report(
            self._db, Place(self._province), period.first, period.last, self._sources.overview.day
        )
        by_school = defaultdict[str, list[SchoolUse]](list)
        for one in report.schools:
            if one.school in self._heirs:
                by_school[self._heirs[one.school]].append(one)
        rows: list[Row] = []
        for school in self._schools:
            if used := by_school.get(school.code):
                counts = (sum(getattr(one, name) for one in used) for name in _USE)
                rows.append((*_name(school), *counts, _hours(used)))
        every = [one for used in by_school.values() for one in used]
        return rows, {"hours_week": _hours(every)}

    def exceptions(self) -> _Made:
        """R05."""
        twins = Counter(
            self._heirs.get(code, code)
            for twin in self._sources.overview.twins
            for code in twin.schools
        )
        rows = [
            (
                *_name(school),
                school.tally.missing,
                school.tally.never_seen,
                school.tally.moved,
                twins[school.code],
                school.tally.unregistered,
            )
            for school in self._schools
            if school.reported
        ]
        return rows, {}

    def forecast(self) -> _Made:
        """R06."""
        told: Forecast = forecast_on(
            self._db, Place(self._province), self._sources.life, self._sources.today
        )
        sums = defaultdict[str, list[int]](lambda: [0] * 5)
        for share in told.by_school:
            code = share.key[-1]
            soon, next_ = share.soon, sum(due.count for due in share.years)
            parts = (share.overdue.count, next_, share.unknown, soon.cost_vnd, soon.unpriced)
            sums[code] = [a + b for a, b in zip(sums[code], parts, strict=True)]
        rows: list[Row] = [
            (*_name(one), *sums[one.code]) for one in self._schools if one.code in sums
        ]
        return rows, {}

    def models(self) -> _Made:
        """R07."""
        items = assets.c
        keys = (items.type, items.maker, items.model, items.condition)
        query = select(*keys, func.sum(items.quantity)).where(
            in_province(assets, self._province), counted(), IS_LINE
        )
        counts = defaultdict[tuple[str, str], list[int]](lambda: [0, 0])
        for type_, maker, model, condition, count in self._db.execute(query.group_by(*keys)):
            if condition not in _GONE:
                own = counts[type_, " ".join(filter(None, (maker, model)))]
                own[0] += int(count)
                own[1] += int(count) if condition in OUT_OF_USE else 0
        worst = sorted(counts.items(), key=lambda pair: (-pair[1][1], -pair[1][0], pair[0]))
        rows = [
            (type_word(type_, _say), model, count, out, _share(count - out, count))
            for (type_, model), (count, out) in worst[:_MODELS]
        ]
        every, out = (sum(own[at] for own in counts.values()) for at in (0, 1))
        return rows, {"available_pct": _share(every - out, every)}

    def connection(self) -> _Made:
        """R08."""
        rows: list[Row] = []
        for school in self._schools:
            record = school.record
            heard = record.heard_ms if record else 0
            days = (self._sources.now_ms - heard) // _DAY_MS if record else None
            day = self._sources.name_day(heard) if record else ""
            behind, version = (record.behind, record.version) if record else (None, "")
            rows.append((*_name(school), day, days, behind, version))
        return rows, {}

    def tablets(self) -> _Made:
        """R09."""
        counts = defaultdict[str, list[int]](lambda: [0, 0])
        for group in self._own_groups():
            if group.type == "tablet" and group.condition not in _GONE:
                own = counts[self._heirs[group.school]]
                own[0] += group.items
                own[1] += 0 if group.condition in OUT_OF_USE else group.items
        rows = [
            (*_name(one), *counts[one.code], _share(counts[one.code][1], counts[one.code][0]))
            for one in self._schools
            if one.code in counts
        ]
        return rows, {"working_pct": _whole_share(rows, 3, 2)}

    def attendance(self) -> _Made:
        """R10: nothing of it leaves a school."""
        return [], {}

    def incidents(self) -> _Made:
        """R11."""
        counts = Counter[tuple[str, str]]()
        for group in self._own_groups():
            counts[self._heirs[group.school], group.condition] += group.items
        kinds = (Condition.BROKEN, Condition.REPAIR, Condition.AWAITING_DISPOSAL)
        rows = [
            (
                *_name(school),
                school.record.live.faults_open if school.record else None,
                *(counts[school.code, kind] for kind in kinds),
            )
            for school in self._schools
            if school.reported
        ]
        return rows, {}

    def stocktakes(self) -> _Made:
        """R12."""
        query = (
            select(assets.c.counted_for, func.sum(assets.c.quantity))
            .where(
                in_province(assets, self._province),
                counted(),
                IS_LINE,
                assets.c.by == SeenBy.PERSON_SCAN.value,
                is_verified(self._sources.now_ms),
            )
            .group_by(assets.c.counted_for)
        )
        scanned = Counter[str]()
        for school, count in self._db.execute(query):
            scanned[self._heirs.get(school, school)] += int(count)
        asked, answered = self._inspected()
        rows = [
            (
                *_name(school),
                school.tally.declared,
                scanned[school.code],
                _share(scanned[school.code], school.tally.declared),
                asked[school.code],
                answered[school.code],
            )
            for school in self._schools
            if school.reported
        ]
        return rows, {"scanned_pct": _whole_share(rows, 3, 2)}

    def _inspected(self) -> tuple[Counter[str], Counter[str]]:
        """How many items each school was asked for in the period, and how many are answered."""
        asked, answered = Counter[str](), Counter[str]()
        period = self._sources.period
        for inspection in inspections.inspections_of(self._db, self._province):
            if not period.first <= self._sources.name_day(inspection.asked_ms) <= period.last:
                continue
            told = inspections.inspected_of(
                self._db, self._province, inspection, self._sources.now_ms
            )
            for item in told.items:
                school = self._heirs.get(item.school, item.school)
                asked[school] += 1
                answered[school] += item.answer is not None
        return asked, answered

    def _own_groups(self) -> Iterable[ItemGroup]:
        return (group for group in self._groups if group.school in self._heirs)

    def _named(self, code: str) -> tuple[str, str]:
        return code, next((one.label for one in self._schools if one.code == code), code)


_Made = tuple[Sequence[Row], Mapping[str, float | None]]
_USE: Final = ("boards", "low", "unknown")
_GONE: Final = frozenset({Condition.DISPOSED, Condition.LOST})
_UNKNOWN: Final = frozenset({"R10"})
_MAKERS: Final[Mapping[str, Callable[[_Gathering], _Made]]] = {
    "R01": _Gathering.inventory,
    "R02": _Gathering.records,
    "R03": _Gathering.kits,
    "R04": _Gathering.use,
    "R05": _Gathering.exceptions,
    "R06": _Gathering.forecast,
    "R07": _Gathering.models,
    "R08": _Gathering.connection,
    "R09": _Gathering.tablets,
    "R10": _Gathering.attendance,
    "R11": _Gathering.incidents,
    "R12": _Gathering.stocktakes,
}


def _name(school: SchoolStanding) -> tuple[str, str]:
    return school.code, school.label


def _condition(code: str) -> str:
    return _say(CONDITION_WORDS[Condition(code)]) if code in CONDITION_WORDS else code


def _age(year: int | None, this_year: int) -> str:
    if not year:
        return ""
    age = max(0, this_year - year)
    return next((word for most, word in _AGES if age <= most), _OLDER)


def _is_kit(types: set[str]) -> bool:
    shows, computes = not types.isdisjoint(_SHOWS), not types.isdisjoint(_COMPUTES)
    return shows and computes and {"camera", "access_point"} <= types


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _whole_share(rows: Sequence[Row], part: int, whole: int) -> float | None:
    return _share(_added(rows, part), _added(rows, whole))


def _added(rows: Sequence[Row], at: int) -> int:
    figures: list[Figure] = [row[at] for row in rows]
    return sum(figure for figure in figures if isinstance(figure, int))


def _hours(used: Sequence[SchoolUse]) -> float | None:
    """Hours a week of a board, on average over the boards of which that is known."""
    known = [(one.used_week_min, one.boards - one.unknown) for one in used]
    weighed = [(minutes, boards) for minutes, boards in known if minutes is not None and boards]
    boards = sum(count for _, count in weighed)
    minutes = sum(week * count for week, count in weighed)
    return round(minutes / boards / 60, 1) if boards else None
