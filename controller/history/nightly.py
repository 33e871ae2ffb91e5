"""This file has each day's figures kept and its files written, once a day, when it is night.

A server that is off at night does it when it is on again. By a clock that is doubted nothing is
kept: a wrong day would stay.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Final

import msgspec

from controller.database.store import StoreError
from controller.feature import Level, Program
from controller.history.dated import has_room, lacking
from controller.history.parquet import can_write
from controller.history.service import History
from protocol.backoff import Backoff
from protocol.model import instant
from protocol.process import running_module
from protocol.state_log import StateLog

_LOGGER = logging.getLogger(__name__)
_WORKER: Final = "controller.history.worker"
LOOK_EVERY_S: Final = 300.0
NIGHT_FROM: Final = 1  # o'clock, by the department's time: schools have told what the day was
AGAIN_CAP_S: Final = 6 * 3600.0
LONGEST_S: Final = 3600.0
STOP_PATIENCE_S: Final = 3.0


def is_time(now: datetime, newest: str) -> bool:
    """Whether figures of this day are due. newest: the day that was kept last, "" for none."""
    return now.date().isoformat() != newest and now.hour >= NIGHT_FROM


class Nightly:
    """The job of a department."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._history: History = program.service(History)
        self._backoff = Backoff(LOOK_EVERY_S, AGAIN_CAP_S)
        self._from_s = 0.0
        self._lacking = "", ""  # of which day, and why
        self._trouble = StateLog(_LOGGER, "figures of the day are kept later")

    async def run(self) -> None:
        """Do what is due until cancelled."""
        while True:
            try:
                await self.look()
                self._trouble.went_well()
            except (StoreError, OSError) as error:
                self._trouble.failed(error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Keep today's figures if it is time, and write what is lacking of the newest day.

        Raises StoreError, OSError.
        """
        day = await asyncio.to_thread(self._kept_day)
        if day and asyncio.get_running_loop().time() >= self._from_s:
            await self._write(day)

    def _kept_day(self) -> str:
        """The day whose files are to be there; "" for none."""
        program = self._program
        if Level.DEPARTMENT not in program.levels() or not program.clock.believed:
            return ""
        now = instant(program.now_ms()).astimezone(program.zone)
        days = self._history.days()
        newest = days[-1] if days else ""
        if is_time(now, newest):
            return self._history.keep_today()
        return newest if newest == now.date().isoformat() else ""

    async def _write(self, day: str) -> None:
        data = self._program.config.data
        if not await asyncio.to_thread(lacking, data, day, has_parquet=can_write()):
            return
        trouble = "" if await asyncio.to_thread(has_room, data) else "no_room"
        if not trouble and not await self._work(day):
            trouble = "not_written"
        await asyncio.to_thread(self._history.note_standing, day, trouble)
        before, self._lacking = self._lacking, (day, trouble)
        if trouble:
            if before != (day, trouble):
                _LOGGER.warning("no files of %s: %s", day, trouble)
            wait_s = self._backoff.next_s()
            self._from_s = asyncio.get_running_loop().time() + wait_s
        else:
            self._backoff.reset()

    async def _work(self, day: str) -> bool:
        """Have a process of its own write them; False if it ended badly, or never."""
        order = await asyncio.to_thread(self._history.order, day)
        try:
            async with (
                running_module(_WORKER, STOP_PATIENCE_S) as worker,
                asyncio.timeout(LONGEST_S),
            ):
                await worker.communicate(msgspec.msgpack.encode(order))
        except TimeoutError:
            return False
        return worker.returncode == 0
