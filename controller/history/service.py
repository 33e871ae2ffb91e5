"""This file keeps the figures of today, has the day's files written, and compares days."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from controller.database.handover import note_status, status_of
from controller.database.store import Store
from controller.department.choosing import area_in, school_in
from controller.department.overview import Department, department_of
from controller.department.standing import Overview
from controller.feature import Program
from controller.history import store as kept
from controller.history.dated import FOLDER, DatedFile, files_in
from controller.history.day import Counts, DayFigures, SchoolDay
from controller.history.trend import (
    Narrowing,
    Trend,
    TrendBy,
    TrendFigure,
    TrendSpan,
    dates_of,
    trend_of,
)
from controller.history.worker import FilesOrder
from controller.inventory.apart import order_of_pull
from controller.inventory.chosen import Chosen
from controller.inventory.feed import Feed, Format, feed_of
from controller.inventory.filters import Filters, chooser_of
from controller.people.person import Person
from protocol.shapes import json_decoder

PATH: Final = "/history"
_STATUS: Final = "history"
_ALL: Final = 1 << 53  # more than any feed is long


class TrendAsked(NamedTuple):
    """What is compared, by what, over which time."""

    figure: TrendFigure = TrendFigure.MANAGED_PCT
    by: TrendBy = TrendBy.WHOLE
    span: TrendSpan = TrendSpan.MONTH


class FilesStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How the nightly files are. trouble: why the last try failed, a code; "" for none.

    server, folder: where they were written, for a program that does not see them.
    """

    day: str = ""
    trouble: str = ""
    server: str = ""
    folder: str = ""


_standing: Final = json_decoder(FilesStanding)


def figures_of(overview: Overview) -> DayFigures:
    """The figures of all schools as the pages tell them."""
    atlas = overview.atlas
    around = {code for school in overview.schools for code in school.around}
    named = ((code, atlas.areas.get(code)) for code in sorted(around))
    return DayFigures(
        day=overview.day,
        as_of_ms=overview.counted_ms,
        areas={code: area.label if area else code for code, area in named},
        schools=tuple(
            SchoolDay(
                code=school.code,
                name=school.label,
                around=school.around,
                silence=school.silence.value,
                types={
                    type_: Counts(*(getattr(tally, name) for name in Counts._fields))
                    for type_, tally in school.by_type.items()
                },
            )
            for school in sorted(overview.schools, key=lambda one: one.code)
        ),
    )


def narrowing(filters: Filters, overview: Overview, *, is_all: bool) -> Narrowing:
    """What filters narrow a comparison to. is_all: see Narrowing. Raises HttpError."""
    return Narrowing(
        heirs=overview.heirs(),
        is_all=is_all,
        school=school_in(overview, filters.school) if filters.school else "",
        area=area_in(overview, filters.area) if filters.area else "",
        type=filters.type,
    )


def compared(store: Store, province: str, part: Narrowing, asked: TrendAsked) -> Trend:
    """The comparison of the days that are kept. Raises StoreError."""
    with store.view() as db:
        dates = dates_of(kept.days_of(db, province), asked.span)
        return trend_of(kept.figures_on(db, province, dates), part, asked.figure, asked.by)


class History:
    """The department's past, as pages and programs see it."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._store = program.store
        self._province = program.school.province
        self._data = program.config.data
        self._department: Department = program.service(department_of)
        self._chooser = program.service(chooser_of)
        self._feed: Feed = program.service(feed_of)

    def days(self) -> list[str]:
        """The days of which figures are kept, in order. Raises StoreError."""
        return self._store.read(kept.days_of, self._province)

    def files(self) -> list[DatedFile]:
        """The dated files, the newest day first."""
        return files_in(self._data)

    def keep_today(self) -> str:
        """Keep the figures of now as today's; returns the day, "" where no school is known yet.

        Raises StoreError.
        """
        figures = figures_of(self._department.overview())
        if not figures.schools:
            return ""
        self._store.write(kept.keep_day, self._province, figures)
        return figures.day

    def order(self, day: str) -> FilesOrder:
        """What writes a day's files. Raises StoreError."""
        spell = self._feed.begin("")
        pull = order_of_pull(self._feed, spell, Chosen(), _ALL, Format.NDJSON)
        return FilesOrder(data=str(self._data), province=self._province, day=day, pull=pull)

    def standing(self) -> FilesStanding:
        """How the last try to write files went. Raises StoreError."""
        row = self._store.read(status_of, _STATUS)
        return _standing.decode(row[1]) if row else FilesStanding()

    def elsewhere(self) -> FilesStanding | None:
        """Where the newest files lie, if they were written and cannot be seen from here.

        Pages may be served by a process on another machine, or with another data folder. Raises
        StoreError.
        """
        standing = self.standing()
        is_written = bool(standing.day and standing.server and not standing.trouble)
        is_here = any(file.day == standing.day for file in self.files())
        return standing if is_written and not is_here else None

    def note_standing(self, day: str, trouble: str) -> None:
        """Say for all processes how it went, and where the files are. Raises StoreError."""
        standing = FilesStanding(
            day=day,
            trouble=trouble,
            server=socket.gethostname(),
            folder=str((self._data / FOLDER).absolute()),
        )
        body = msgspec.json.encode(standing).decode()
        self._store.write(note_status, body, self._program.now_ms(), _STATUS)

    def trend(self, filters: Filters, asked: TrendAsked, person: Person) -> Trend:
        """A comparison over days of what the person may see. Raises HttpError, StoreError."""
        self._chooser.chosen(Filters(type=filters.type), person)
        overview = self._department.overview(person.schools)
        part = narrowing(filters, overview, is_all=person.schools is None)
        return compared(self._store, self._province, part, asked)

    def schools_today(self, person: Person) -> frozenset[str]:
        """The schools that count today, of what the person may see. Raises StoreError."""
        overview = self._department.overview(person.schools)
        return frozenset(school.code for school in overview.schools)

    def areas(self, person: Person) -> Mapping[str, str]:
        """The areas that may be chosen, by code. Raises StoreError."""
        overview = self._department.overview(person.schools)
        return {area.code: area.label for area, _ in overview.areas()}
