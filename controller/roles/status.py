"""This file tells those who serve pages how the ingest is, by a row that it writes anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

import msgspec

from controller.database.handover import note_status, status_of
from controller.database.store import StoreError
from controller.feature import Program
from protocol.shapes import json_decoder
from protocol.state_log import StateLog

_LOGGER = logging.getLogger(__name__)

TELL_EVERY_S: Final = 3.0
LOST_AFTER_S: Final = 20.0


class IngestStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the ingest is. trouble: a code that screens have words for; empty for none.

    believed: whether the time at which it says so is sure.
    """

    trouble: str = ""
    believed: bool = True
    health: Mapping[str, object] = {}


_LOST: Final = IngestStatus(trouble="ingest_lost", health={"status": "degraded", "ingest": "lost"})
_status: Final = json_decoder(IngestStatus)


async def tell_status(program: Program) -> None:
    """Write it until cancelled."""
    trouble = StateLog(_LOGGER, "how it goes is told later")
    while True:
        now_ms = program.now_ms()
        now = IngestStatus(
            trouble=program.trouble(),
            believed=program.clock.believed,
            health=dict(program.health()),
        )
        body = msgspec.json.encode(now).decode()
        try:
            await asyncio.to_thread(program.store.write, note_status, body, now_ms)
            trouble.went_well()
        except StoreError as error:
            trouble.failed(error)
        await asyncio.sleep(TELL_EVERY_S)


class StatusRead:
    """What was read last; the ingest is lost where its row stands still, by this machine's time.

    The ingest alone hears who bears witness to the time: a worker goes by the time that it tells.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._row: tuple[int, str] | None = None
        self._changed_s: float | None = None
        self._status = _LOST
        program.trouble = lambda: self._status.trouble
        program.health = lambda: dict(self._status.health)

    async def run(self) -> None:
        """Read it until cancelled."""
        while True:
            try:
                row = await asyncio.to_thread(self._program.store.read, status_of)
            except StoreError:
                row = self._row
            self.take(row, asyncio.get_running_loop().time())
            await asyncio.sleep(TELL_EVERY_S)

    def take(self, row: tuple[int, str] | None, now_s: float) -> None:
        """Judge what stands there."""
        if row and row != self._row:
            self._row, self._changed_s = row, now_s
            told_ms, body = row
            self._program.clock.follow(told_ms, believed=_status.decode(body).believed)
        is_fresh = self._changed_s is not None and now_s - self._changed_s < LOST_AFTER_S
        self._status = _status.decode(self._row[1]) if self._row and is_fresh else _LOST
