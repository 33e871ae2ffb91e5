"""This file is one simulated room on a real line: outbox, relay, link, and the day going on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import assert_never

from protocol.link import Broker, Letter, Link
from protocol.messages import (
    Ack,
    AnyEvent,
    AnyState,
    ControllerState,
    MessageError,
    PlanGiven,
    Presence,
    Rebirth,
    Retell,
    down_from,
    to_bytes,
)
from protocol.model import Place
from protocol.outbox import Outbox, OutboxError
from protocol.relay import Relay
from protocol.topics import address_for, commands_to, controller_state, level_of, topic_of
from simulators.announce import Announcer
from simulators.day import Moved, PlayedDay, PlayedMoment
from simulators.devices.bodies import Bodies
from simulators.machine import PlayedMachine, measures_of
from simulators.room import PlayedRoom

_LOGGER = logging.getLogger(__name__)


def wall_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class PlayedClassroom:
    """A room's agent, played: what it says goes through its own outbox over its own line."""

    def __init__(
        self,
        room: PlayedRoom,
        day: PlayedDay,
        machine: PlayedMachine,
        *,
        place: Place,
        boot: str,
        broker: Broker,
        outbox: Outbox,
        announcer: Announcer | None,
        bodies: Bodies | None = None,
        beat_s: float,
        now_ms: Callable[[], int] = wall_ms,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._room = room
        self._day = day
        self._machine = machine
        self._place = place
        self._boot = boot
        self._outbox = outbox
        self._announcer = announcer
        self._bodies = bodies
        self._beat_s = beat_s
        self._now_ms = now_ms
        self._now_s = now_s
        self._started_s = now_s()
        self._birth_due = asyncio.Event()
        self._link = Link(
            broker,
            f"lophoc-{level_of(place.agent)}",
            filters=[commands_to(place), controller_state(place)],
            will=lambda session: self._presence(session, online=False),
            greeting=self._greeting,
        )
        self._relay = Relay(outbox, self._link, now_s=now_s)

    async def run(self) -> None:
        """Play until cancelled; then say goodbye."""
        async with asyncio.TaskGroup() as tasks:
            for work in (
                self._link.run,
                self._relay.run,
                self._listen,
                self._bear,
                self._beat,
                self._live,
            ):
                tasks.create_task(work(), name=f"{self._room.code}/{work.__name__.strip('_')}")

    def _presence(self, session: int, *, online: bool) -> Letter:
        presence = Presence(boot=self._boot, at_ms=self._now_ms(), session=session, online=online)
        topic = topic_of(address_for(self._place, presence))
        return Letter(topic, to_bytes(presence), retain=True)

    def _greeting(self, session: int) -> Sequence[Letter]:
        self._birth_due.set()
        return [self._presence(session, online=True)]

    async def _listen(self) -> None:
        while True:
            arrivals = await self._link.batch(100)
            for arrival in arrivals:
                await self._obey(arrival.payload)
            self._link.ack(arrivals)

    async def _obey(self, payload: bytes) -> None:
        try:
            message = down_from(payload)
        except MessageError as error:
            _LOGGER.warning("%s: a command that cannot be read: %s", self._room.code, error.flaw)
            return
        match message:
            case Ack():
                await self._relay.settle(message)
            case Rebirth():
                self._birth_due.set()
            case ControllerState():
                self._relay.hear(message)
            case PlanGiven() | Retell():
                pass  # a played room plays its own day, and is no school
            case _:
                assert_never(message)

    async def _bear(self) -> None:
        """A birth after every connect, and whenever one is asked for."""
        while True:
            await self._birth_due.wait()
            self._birth_due.clear()
            measures = measures_of(self._machine, self._uptime_s())
            report = self._outbox.report()
            await self._put(self._room.birth(self._link.session, self._now_ms(), measures, report))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            measures = measures_of(self._machine, self._uptime_s())
            await self._put(*self._room.beat(self._now_ms(), measures, self._outbox.report()))
            await self._tick()

    async def _live(self) -> None:
        for moment in self._day.moments():
            await asyncio.sleep(moment.wait_s)
            await self._put(*self._room.hear(moment.happening, self._now_ms()))
            self._show(moment)

    def _show(self, moment: PlayedMoment) -> None:
        """What comes, goes or fails does so on the network too."""
        if self._bodies is not None:
            self._bodies.show(moment.happening)
        if self._announcer is not None and isinstance(moment.happening, Moved):
            moved = moment.happening
            self._announcer.move(moved.device_id, present=moved.present)

    async def _put(self, *messages: AnyState | AnyEvent) -> None:
        if not messages:
            return
        try:
            await asyncio.to_thread(self._outbox.put, *messages)
        except OutboxError as error:
            _LOGGER.warning("%s: %s", self._room.code, error)
            return
        self._relay.wake()

    async def _tick(self) -> None:
        try:
            await asyncio.to_thread(self._outbox.tick, self._beat_s)
        except OutboxError as error:
            _LOGGER.warning("%s: %s", self._room.code, error)

    def _uptime_s(self) -> float:
        return self._now_s() - self._started_s
