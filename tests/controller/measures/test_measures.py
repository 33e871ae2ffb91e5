"""What devices measure stays small, is drawn with its figures, and says what will fail next."""

from __future__ import annotations

import asyncio
import itertools
import math
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from controller.database.clock import GuardedClock
from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.bearers import bearers_of
from controller.fleet.store import devices_and_presences
from controller.measures.chart import DRAWN, ChartSpan, chart_of
from controller.measures.series import (
    BLOCK_MS,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    STEP_MS,
    Measure,
    Point,
    Tier,
    TimedPoint,
    begin_of,
    fold,
    folded,
    put,
    slot_of,
    timed,
)
from controller.measures.service import Measures
from controller.measures.store import drop_before, keep_blocks, series_of, uptimes_since
from controller.measures.wear import WearCode, wears_of
from protocol.messages import HostMeasures
from protocol.model import DeviceKind, DeviceMeasures, Status
from tests.controller.web_school import (
    NOW_MS,
    SCHOOL,
    Record,
    a_live,
    a_program,
    a_store,
    agent,
    asked,
    device,
    numbered,
)

VALUES = st.floats(-100, 10_000, allow_nan=False)
HOST = "host-6a1-01"


def point(value: float) -> Point:
    """Measured once."""
    return Point(value, value, value)


@given(st.lists(VALUES, min_size=1, max_size=40), st.integers(1, 7))
def test_points_fold_in_whatever_parts(values: list[float], size: int) -> None:
    """Into least, mean and most of all that was measured."""
    parts = [values[n : n + size] for n in range(0, len(values), size)]
    whole = fold(filter(None, (fold(map(point, part)) for part in parts)))
    assert whole
    assert (whole.low, whole.high, whole.times) == (min(values), max(values), len(values))
    assert math.isclose(whole.mean, sum(values) / len(values), abs_tol=1e-6)


@given(st.sampled_from(Tier), st.dictionaries(st.integers(0, 287), VALUES, min_size=1))
def test_a_block_holds_each_step_at_its_time(tier: Tier, values: dict[int, float]) -> None:
    """In whatever order they come; what lies between is unknown."""
    most = BLOCK_MS[tier] // STEP_MS[tier]
    values = {number % most: value for number, value in values.items()}
    begins_ms, slots = begin_of(tier, NOW_MS), list[Point | None]()
    for number, value in values.items():
        at_ms = begins_ms + number * STEP_MS[tier]
        assert (begin_of(tier, at_ms), slot_of(tier, at_ms)) == (begins_ms, number)
        slots = put(slots, number, point(value))
    found = {
        (each.at_ms - begins_ms) // STEP_MS[tier]: each.point.mean
        for each in timed(tier, begins_ms, slots)
    }
    assert found == values


def daily(*values: float) -> list[TimedPoint]:
    """A figure a day, the last of today."""
    first_ms = NOW_MS - (len(values) - 1) * DAY_MS
    return [TimedPoint(first_ms + n * DAY_MS, point(value)) for n, value in enumerate(values)]


@pytest.mark.parametrize(
    ("measure", "values", "code", "status", "days"),
    [
        (Measure.DISK, [50.0] * 30, None, None, None),
        (Measure.DISK, [50 + n for n in range(30)], WearCode.DISK_FULL, Status.WARNING, 18),
        (Measure.DISK, [67 + n for n in range(27)], WearCode.DISK_FULL, Status.CRITICAL, 4),
        (Measure.DISK, [98.0], WearCode.DISK_FULL, Status.CRITICAL, 0),
        (Measure.DISK, [91.0] * 3, WearCode.DISK_FULL, Status.WARNING, None),
        (Measure.DISK, [80 - n for n in range(30)], None, None, None),
        (Measure.WEAR, [29.0] * 9, None, None, None),
        (Measure.WEAR, [31.0] * 9, WearCode.BATTERY_WORN, Status.WARNING, None),
        (Measure.WEAR, [50.0], WearCode.BATTERY_WORN, Status.CRITICAL, 0),
        (Measure.LAMP, [2300.0], None, None, None),
        (Measure.LAMP, [2700.0 + 5 * n for n in range(11)], WearCode.LAMP_OLD, Status.WARNING, 50),
        (Measure.LAMP, [3100.0], WearCode.LAMP_OLD, Status.CRITICAL, 0),
        (Measure.WIFI, [-80.0], None, None, None),
        (Measure.WIFI, [-80.0] * 5, WearCode.WIFI_WEAK, Status.WARNING, None),
        (Measure.WIFI, [-80.0, -60.0, -60.0], None, None, None),
        (Measure.TEMPERATURE, [90.0], None, None, None),
        (Measure.TEMPERATURE, [90.0, 60.0, 88.0], WearCode.HOT, Status.WARNING, None),
        (Measure.TEMPERATURE, [90.0, 90.0, *[50.0] * 8], None, None, None),
    ],
)
def test_what_will_fail_and_by_when(
    measure: Measure, values: list[float], code: WearCode | None, status: Status, days: int | None
) -> None:
    """One figure is chance; a line that goes on is not."""
    found = wears_of({measure: daily(*values)}, NOW_MS)
    assert [(one.code, one.status, one.days) for one in found] == (
        [(code, status, days)] if code else []
    )


@given(st.lists(st.tuples(st.integers(0, 47), VALUES), max_size=48), st.sampled_from(Measure))
def test_a_chart_stands_within_its_frame_and_breaks_where_nothing_is_known(
    some: list[tuple[int, float]], measure: Measure
) -> None:
    """Its figures are those of the table."""
    step_ms = DRAWN[ChartSpan.DAY].step_ms
    points = [TimedPoint(n * step_ms, point(value)) for n, value in sorted(dict(some).items())]
    chart = chart_of(measure, points, 0, ChartSpan.DAY)
    drawn = [
        (float(x), float(y))
        for line in chart.lines
        for x, y in re.findall(r"([\d.]+),([\d.]+)", line)
    ]
    drawn += chart.dots
    assert len(drawn) == len(points) == len(chart.points)
    assert all(44 <= x <= 720 and 0 <= y <= 160 for x, y in drawn)
    gaps = sum(b.at_ms - a.at_ms > step_ms for a, b in itertools.pairwise(points))
    assert len(chart.lines) + len(chart.dots) == (gaps + 1 if points else 0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A room whose computer and projector tell figures, and one that nobody hears."""
    told = HostMeasures(temperature_c=55.0, disk_used_percent=91.0, wifi_signal_dbm=-60.0)
    lamp = DeviceMeasures(power="on", lamp_hours=2650)
    records: list[Record] = [
        agent("6A1", measures=told),
        device("6A1", DeviceKind.HOST, sources=("host",), vendor="Dell", model="X1"),
        device("6A1", DeviceKind.PROJECTOR, measures=lamp, vendor="Epson", model="EB"),
        agent("6A2", measures=told, online=False, status=Status.UNKNOWN),
        device("6A2", DeviceKind.HOST, sources=("host",), status=Status.UNKNOWN),
    ]
    with a_store(tmp_path, records) as opened:
        yield opened


class Time:
    """A clock that is set, and vouched for or not."""

    def __init__(self, store: Store) -> None:
        self.now_ms = NOW_MS
        self.store = store

    def measuring(self) -> Measures:
        """A service as a start of the controller makes it."""
        live = a_live(self.store, lambda: self.now_ms / 1000)
        asyncio.run(live.load())
        program = a_program(self.store, live, now_ms=lambda: self.now_ms)
        return Measures(program)

    def pass_by(self, measures: Measures, minutes: int) -> None:
        """Look each minute for so long."""
        for _ in range(minutes):
            asyncio.run(measures.look())
            self.now_ms += MINUTE_MS


def test_what_is_measured_outlives_a_start_and_is_summed_up_once(store: Store) -> None:
    """What was written before a power cut stays; an hour that is over is folded, twice alike."""
    time = Time(store)
    first = time.measuring()
    time.pass_by(first, 7)
    second = time.measuring()  # the two minutes that were not written are gone
    time.pass_by(second, 70)
    second.write()
    raw = series_of_all(store, Tier.RAW)
    (host,) = {thing for thing, measure in raw if measure is Measure.DISK}
    assert {measure.value for thing, measure in raw if thing == host} == {
        "temperature_c",
        "disk_used_percent",
        "wifi_signal_dbm",
    }
    assert len(raw[host, Measure.DISK]) == 77 - 2
    fine = series_of_all(store, Tier.FINE)[host, Measure.DISK]
    hourly = series_of_all(store, Tier.HOURLY)[host, Measure.DISK]
    first_hour = [p for p in raw[host, Measure.DISK] if p.at_ms < begin_of(Tier.RAW, time.now_ms)]
    assert sum(each.point.times for each in fine) == sum(each.point.times for each in hourly)
    assert sum(each.point.times for each in hourly) == len(first_hour)
    assert fine == folded(first_hour, begin_of(Tier.RAW, NOW_MS), STEP_MS[Tier.FINE])


def series_of_all(store: Store, tier: Tier) -> dict[tuple[str, Measure], list[TimedPoint]]:
    """All that is kept."""
    return store.read(partial(series_of, bearers={}), SCHOOL, tier, 0)


def test_only_minutes_of_school_count_as_up_or_not(store: Store) -> None:
    """By room, maker and model; what nobody hears is not up."""
    time = Time(store)
    measures = time.measuring()
    time.pass_by(measures, 10)
    measures.write()
    rooms = store.read(uptimes_since, SCHOOL, "room", "")
    assert {name: (one.up_min, one.all_min) for name, one in rooms.items()} == {
        "6A1": (20, 20),
        "6A2": (0, 10),
    }
    time.now_ms += 15 * HOUR_MS  # at night
    time.pass_by(measures, 10)
    measures.write()
    assert store.read(uptimes_since, SCHOOL, "room", "") == rooms


def test_each_tier_is_let_go_by_its_own_term(store: Store) -> None:
    """A block goes when its last step is older than the term."""
    for tier in Tier:
        for blocks_ago in range(4):
            begins_ms = begin_of(tier, NOW_MS) - blocks_ago * BLOCK_MS[tier]
            keep = {("x", Measure.DISK): [point(1.0)]}
            store.write(keep_blocks, SCHOOL, tier, begins_ms, keep)
    horizons = {tier: begin_of(tier, NOW_MS) - BLOCK_MS[tier] for tier in Tier}
    assert store.write(drop_before, SCHOOL, horizons, "") == 3 * 2
    left = {tier: len(series_of_all(store, tier)["x", Measure.DISK]) for tier in Tier}
    assert left == dict.fromkeys(Tier, 2)


def test_nothing_goes_while_nobody_vouches_for_the_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that jumped ahead would take all."""
    long_ago_ms = begin_of(Tier.RAW, NOW_MS) - 60 * HOUR_MS
    keep = {("x", Measure.DISK): [point(1.0)]}
    store.write(keep_blocks, SCHOOL, Tier.RAW, long_ago_ms, keep)
    for vouched, is_there in ((None, True), (NOW_MS, False)):
        monkeypatch.setattr(GuardedClock, "vouch", lambda _, vouched=vouched: vouched)
        asyncio.run(Time(store).measuring().look())
        assert (("x", Measure.DISK) in series_of_all(store, Tier.RAW)) == is_there


def test_a_device_shows_its_figures_as_a_chart_and_as_a_table(store: Store) -> None:
    """The same ones; a device that tells none says so; one that is none is a page of its own."""
    time = Time(store)
    measures = time.measuring()
    time.now_ms -= 3 * HOUR_MS
    time.pass_by(measures, 130)
    measures.write()
    raw = series_of_all(store, Tier.RAW)
    host = next(thing for thing, measure in raw if measure is Measure.DISK)
    text = asked(store, f"/devices/{host}/measures?lang=en").text
    assert text.count("<polyline") == 3
    assert "Disk used (%)" in text
    assert "91" in text
    projector = next(thing for thing, measure in raw if measure is Measure.LAMP)
    assert (
        "The lamp is near its end"
        in asked(store, f"/devices/{projector}/measures?span=month&lang=en").text
    )
    assert asked(store, "/devices/nobody/measures").status_code == 404
    text = asked(store, "/wear?lang=en").text
    assert "The disk will be full" in text
    assert "Epson EB" in text


def test_a_device_of_a_new_id_goes_on_with_what_was_measured_of_it(store: Store) -> None:
    """Its chart, what it foretells and its old address; what two were called is neither's."""
    at_ms = NOW_MS - 40 * DAY_MS
    lamps = [point(2650.0 + day) for day in range(39) for _ in range(24)]
    for begins_ms in range(begin_of(Tier.HOURLY, at_ms), NOW_MS, BLOCK_MS[Tier.HOURLY]):
        some, lamps = lamps[: 28 * 24], lamps[28 * 24 :]
        store.write(keep_blocks, SCHOOL, Tier.HOURLY, begins_ms, {("mac-1", Measure.LAMP): some})
    (one,) = (name for name in store.read(bearers_of_all).values() if name.startswith("projector"))
    assert "near its end" not in asked(store, "/wear?lang=en").text
    lamp = DeviceMeasures(power="on", lamp_hours=2650)
    told = device("6A1", DeviceKind.PROJECTOR, measures=lamp, aliases=("mac-1",))
    assert told.device_id == one
    twin = device("6A2", DeviceKind.PROJECTOR, 2, aliases=("mac-1",))
    for records, goes_on in (([told], True), ([told, twin], False)):
        store.write(keep_batch, numbered(records), NOW_MS)
        assert ("near its end" in asked(store, "/wear?lang=en").text) == goes_on
        page = asked(store, f"/devices/{one}/measures?span=year&lang=en").text
        assert ("<polyline" in page) == goes_on
        old = asked(store, "/devices/mac-1/measures?span=year&lang=en")
        assert (old.status_code, "<polyline" in old.text) == (
            (200, True) if goes_on else (404, False)
        )


def bearers_of_all(db: Connection) -> dict[str, str]:
    """Whose each id is."""
    return bearers_of(devices_and_presences(db, SCHOOL))
