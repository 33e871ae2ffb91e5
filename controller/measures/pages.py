"""This file serves what was measured of a device, what will fail next, and how things were up."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.fleet.bearers import bearers_of
from controller.fleet.records import DeviceRecord
from controller.fleet.store import all_devices, devices_and_presences
from controller.measures.chart import DRAWN, HEIGHT, LEFT, WIDTH, ChartSpan, chart_of
from controller.measures.series import (
    DAY_MS,
    Measure,
    SeriesKey,
    Tier,
    TimedPoint,
    UpMinutes,
    folded,
)
from controller.measures.store import series_of, uptimes_since
from controller.measures.wear import Wear, wears_of
from controller.measures.words import MEASURE_WORDS, SPAN_WORDS, UP_WORDS, MeasureWords
from controller.people.person import Permission, Person
from controller.repairs.figures import RepairFigure, term_of
from controller.repairs.store import figures_of
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import instant
from protocol.words import N_

WEAR_MS: Final = 60 * DAY_MS  # what rules look back on
UP_DAYS: Final = 30
ROWS: Final = 200


class WearRow(NamedTuple):
    """A device and what of it will fail."""

    device: DeviceRecord
    wear: Wear


class UpRow(NamedTuple):
    """How things of a name were up. repair: of a model, what its repairs say."""

    name: str
    minutes: UpMinutes
    repair: RepairFigure | None = None

    @property
    def share(self) -> float:
        """In percent."""
        return 100 * self.minutes.up_min / self.minutes.all_min if self.minutes.all_min else 0.0


def pages(program: Program) -> FeatureRouter:
    """The measures of a device, and of all what they tell."""
    router = FeatureRouter()
    screens, measured = program.service(PageRenderer), program.service(MeasureSections)

    @router.get("/devices/{device_id}/measures")
    @needs(Permission.ROOMS)
    async def of_device(
        request: Request, device_id: str, span: ChartSpan = ChartSpan.DAY
    ) -> Response:
        device = await run_in_threadpool(measured.device, device_id, person_of(request))
        if device is None:
            unknown = HttpError(404, "device_unknown", N_("There is no such device."), "/")
            return screens.error(request, unknown)
        values = await run_in_threadpool(measured.section, device.device_id, span)
        words = screens.words_as(request, MeasureWords)
        return screens.page(request, "measures.html", words=words, device=device, **values)

    @router.get("/wear")
    @needs(Permission.SCHOOL)
    async def wear(request: Request) -> Response:
        rows = await run_in_threadpool(measured.wears)
        ups = await run_in_threadpool(measured.ups)
        return screens.page(
            request,
            "wear.html",
            words=screens.words_as(request, MeasureWords),
            rows=rows[:ROWS],
            more=max(0, len(rows) - ROWS),
            ups=ups,
            up_words=UP_WORDS,
            days=UP_DAYS,
        )

    return router


class MeasureSections:
    """Reads what was measured, for pages of measures and for others that show a part of them."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def device(self, device_id: str, person: Person) -> DeviceRecord | None:
        """The device, if it is one that the person sees. Raises StoreError."""
        devices = self._program.store.read(devices_and_presences, self._program.school)
        bearer = bearers_of(devices).get(device_id)
        found = (one for one in devices if one.device_id == bearer)
        return next((one for one in found if person.has_room(one.room)), None)

    def section(self, device_id: str, span: ChartSpan) -> dict[str, Any]:
        """What `measures_part.html` shows: a chart of each measure. Raises StoreError."""
        program, now_ms = self._program, self._program.now_ms()
        drawn = DRAWN[span]
        begins_ms = now_ms - drawn.length_ms
        begins_ms -= begins_ms % drawn.step_ms
        with program.store.view() as db:
            names = bearers_of(devices_and_presences(db, program.school))
            of_it = partial(series_of, db, program.school, bearers=names, thing=device_id)
            series = of_it(drawn.tier, begins_ms)
            long = of_it(Tier.HOURLY, now_ms - WEAR_MS)
        charts = [
            chart_of(measure, folded(points, begins_ms, drawn.step_ms), begins_ms, span)
            for (_, measure), points in sorted(series.items())
            if points
        ]
        return {
            "device_id": device_id,
            "charts": charts,
            "measure_words": MEASURE_WORDS,
            "spans": SPAN_WORDS,
            "span": span,
            "wears": wears_of(_daily(long), now_ms),
            "size": (WIDTH, HEIGHT, LEFT),
            "begins_ms": begins_ms,
        }

    def wears(self) -> list[WearRow]:
        """What will fail next in the school, the soonest first. Raises StoreError."""
        program, now_ms = self._program, self._program.now_ms()
        with program.store.view() as db:
            names = bearers_of(devices_and_presences(db, program.school))
            since_ms = now_ms - WEAR_MS
            series = series_of(db, program.school, Tier.HOURLY, since_ms, bearers=names)
            devices = {one.device_id: one for one in all_devices(db, program.school)}
        things: dict[str, dict[SeriesKey, list[TimedPoint]]] = {}
        for key, points in series.items():
            things.setdefault(key[0], {})[key] = points
        rows = [
            WearRow(devices[thing], wear)
            for thing, own in things.items()
            if thing in devices
            for wear in wears_of(_daily(own), now_ms)
        ]
        return sorted(rows, key=_soonest)

    def ups(self) -> dict[str, list[UpRow]]:
        """How long things were up in the last days, the worst first, by part. Raises StoreError."""
        program, now_ms = self._program, self._program.now_ms()
        today = instant(now_ms).astimezone(program.zone).date()
        day = (today - timedelta(days=UP_DAYS - 1)).isoformat()
        with program.store.view() as db:
            found = {part: uptimes_since(db, program.school, part, day) for part in UP_WORDS}
            repairs = figures_of(db, program.school, *term_of(365, now_ms)).by_model
        return {
            part: sorted(
                (
                    UpRow(name, up, repairs.get(name) if part == "model" else None)
                    for name, up in ups.items()
                ),
                key=lambda row: (row.share, row.name),
            )[:ROWS]
            for part, ups in found.items()
        }


def _daily(series: dict[SeriesKey, list[TimedPoint]]) -> dict[Measure, list[TimedPoint]]:
    """By the same days on every page, however far back its charts go."""
    return {measure: folded(points, 0, DAY_MS) for (_, measure), points in series.items()}


def _soonest(row: WearRow) -> tuple[bool, int, str, str]:
    days = row.wear.days
    return days is None, days or 0, row.device.room, row.device.device_id
