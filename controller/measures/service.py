"""This file looks once a minute at what things measure, keeps it, sums it up, and lets it go."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Final

from controller.database.facts import fact_of, set_fact
from controller.database.store import StoreError
from controller.feature import Program
from controller.fleet.records import AgentRecord, DeviceRecord
from controller.incidents.service import Incidents
from controller.live.live import LiveView
from controller.measures.sampling import minutes_of, samples_of
from controller.measures.series import (
    DAY_MS,
    HOUR_MS,
    Point,
    SeriesKey,
    Tier,
    UpMinutes,
    UpPart,
    begin_of,
    put,
    slot_of,
)
from controller.measures.store import (
    HOURS_LOOKED_BACK,
    add_uptimes,
    blocks_at,
    drop_before,
    fold_hour,
    keep_blocks,
    raw_hours,
)
from protocol.model import instant
from protocol.state_log import StateLog

_LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 60.0
WRITE_EVERY: Final = 5  # looks
_FOLDED: Final = "measures_folded"  # the fact: until when hours are summed up


class Measures:
    """What is measured: the hour that goes on in memory, all else in the database."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._live = program.service(LiveView)
        self._hour_ms: int | None = None
        self._slots: dict[SeriesKey, list[Point | None]] = {}
        self._minutes: dict[UpPart, UpMinutes] = {}
        self._looks = 0
        self._trouble = StateLog(_LOGGER, "measures are kept later")

    async def run(self) -> None:
        """Look every minute, until cancelled."""
        await self._live.load()
        while True:
            try:
                await self.look()
                self._trouble.went_well()
            except StoreError as error:
                self._trouble.failed(error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Take one look, and write now and then. Raises StoreError."""
        now_ms = self._program.now_ms()
        agents, devices = self._live.agents(), self._live.devices()
        await asyncio.to_thread(self._look, now_ms, agents, devices)

    def _look(self, now_ms: int, agents: list[AgentRecord], devices: list[DeviceRecord]) -> None:
        hour_ms = begin_of(Tier.RAW, now_ms)
        if hour_ms != self._hour_ms:
            self.write()
            self._begin(hour_ms, now_ms)
        slot = slot_of(Tier.RAW, now_ms)
        for key, value in samples_of(agents, devices):
            self._slots[key] = put(self._slots.get(key, []), slot, Point(value, value, value))
        if self._program.service(Incidents).hours(now_ms).is_awake(now_ms):
            day = instant(now_ms).astimezone(self._program.zone).date().isoformat()
            for part, more in minutes_of(devices, day).items():
                before = self._minutes.get(part, UpMinutes(0, 0))
                whole = before.up_min + more.up_min, before.all_min + more.all_min
                self._minutes[part] = UpMinutes(*whole)
        self._looks += 1
        if self._looks % WRITE_EVERY == 0:
            self.write()

    def write(self) -> None:
        """Write what this hour holds so far. Raises StoreError."""
        program = self._program
        if self._hour_ms is not None and self._slots:
            program.store.write(
                keep_blocks, program.school, Tier.RAW, self._hour_ms, dict(self._slots)
            )
        if self._minutes:
            program.store.write(add_uptimes, program.school, dict(self._minutes))
            self._minutes.clear()

    def _begin(self, hour_ms: int, now_ms: int) -> None:
        """Begin an hour: take up what a run before measured of it, and sum up those that are over.

        Raises StoreError.
        """
        program = self._program
        self._hour_ms = hour_ms
        self._slots = program.store.read(blocks_at, program.school, Tier.RAW, hour_ms)
        with program.store.view() as db:
            told = fact_of(db, _FOLDED)
            since_ms = max(int(told or 0), hour_ms - HOURS_LOOKED_BACK)
            hours = raw_hours(db, program.school, since_ms, hour_ms)
        for each_ms in hours:
            program.store.write(fold_hour, program.school, each_ms)
            program.store.write(set_fact, _FOLDED, str(each_ms + HOUR_MS))
        self._forget(now_ms)

    def _forget(self, now_ms: int) -> None:
        """Let go what is older than its term, if the time is beyond doubt. Raises StoreError."""
        program, config = self._program, self._program.config
        if program.clock.vouch() is None:
            return
        horizons = {
            Tier.RAW: now_ms - config.measures_raw_hours * HOUR_MS,
            Tier.FINE: now_ms - config.measures_fine_days * DAY_MS,
            Tier.HOURLY: now_ms - config.measures_hourly_days * DAY_MS,
        }
        today = instant(now_ms).astimezone(program.zone).date()
        day = (today - timedelta(days=config.measures_hourly_days)).isoformat()
        if gone := program.store.write(drop_before, program.school, horizons, day):
            _LOGGER.info("old measures let go rows=%d", gone)
