"""This file is one simulated room on a real line: its outbox filled by the day going on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from protocol.clock import wall_ms
from protocol.messages import AnyEvent, AnyState, HostMeasures
from protocol.outbox import Outbox, OutboxError
from simulators.announce import Announcer
from simulators.day import Moved, PlayedDay, PlayedMoment
from simulators.devices.bodies import Bodies
from simulators.machine import PlayedMachine, measures_of
from simulators.room import PlayedRoom
from simulators.wire import Wire

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class PlayedClassroom:
    """A room's agent, played: what it says goes through its own outbox over its own line."""

    room: PlayedRoom
    day: PlayedDay
    machine: PlayedMachine
    outbox: Outbox
    wire: Wire
    announcer: Announcer
    bodies: Bodies
    beat_s: float
    started_s: float = field(default_factory=time.monotonic)

    async def run(self) -> None:
        """Play until cancelled; then say goodbye."""
        async with asyncio.TaskGroup() as tasks:
            for work in (self.wire.run, self._bear, self._beat, self._live):
                tasks.create_task(work(), name=f"{self.room.code}/{work.__name__.strip('_')}")

    async def _bear(self) -> None:
        """A birth after every connect, and whenever one is asked for."""
        while True:
            await self.wire.birth_due.wait()
            self.wire.birth_due.clear()
            session, report = self.wire.link.session, self.outbox.report()
            await self._put(self.room.birth(session, wall_ms(), self._measures(), report))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.beat_s)
            report = self.outbox.report()
            await self._put(*self.room.beat(wall_ms(), self._measures(), report))
            await self._store(lambda: self.outbox.tick(self.beat_s))

    async def _live(self) -> None:
        for moment in self.day.moments():
            await asyncio.sleep(moment.wait_s)
            await self._put(*self.room.hear(moment.happening, wall_ms()))
            self._show(moment)

    def _show(self, moment: PlayedMoment) -> None:
        """What comes, goes or fails does so on the network too."""
        moved = moment.happening
        self.bodies.show(moved)
        if isinstance(moved, Moved):
            self.announcer.move(moved.device_id, present=moved.present)

    async def _put(self, *messages: AnyState | AnyEvent) -> None:
        if messages and await self._store(lambda: self.outbox.put(*messages)):
            self.wire.relay.wake()

    async def _store(self, write: Callable[[], None]) -> bool:
        """Do it in a thread; False where the outbox cannot be written."""
        try:
            await asyncio.to_thread(write)
        except OutboxError as error:
            _LOGGER.warning("%s: %s", self.room.code, error)
            return False
        return True

    def _measures(self) -> HostMeasures:
        return measures_of(self.machine, time.monotonic() - self.started_s)
