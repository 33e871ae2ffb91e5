"""This file is one played agent as a program of its own, which may be killed at any moment.

It says what its list has: each step is written down, put into a real outbox, carried by the real
relay, and noted as kept. Started again it goes on behind the last step of its list. SIGURG makes
it say more at once than a room says in a day.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec

from protocol.clock import wall_ms
from protocol.link import Broker
from protocol.messages import Birth, Health, Presence
from protocol.model import Place, Status
from protocol.outbox import Outbox, OutboxError, mend
from protocol.shapes import from_json
from simulators.ledger.deeds import DeedList, Ended, Settled, Step, deeds_of, lines_of
from simulators.ledger.rooms import DeedRoom, Said, deed_of
from simulators.wire import Wire

OUTBOX: Final = "outbox.db"
PASSES: Final = 75  # what the disk is to blame for mends itself (sysexits.h, EX_TEMPFAIL)
BEAT_S: Final = 60.0
AGAIN_S: Final = 0.3
ARCHIVE_BYTES: Final = 8 << 20  # the agents share a disk of 96 MB
FLOOD_SIGNAL: Final = signal.SIGURG  # ends no program that does not listen yet

_LOGGER = logging.getLogger(__name__)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Who plays, where, and how much. place: province, school and agent."""

    place: tuple[str, str, str]
    room: str
    port: int
    folder: str
    list: str
    seed: int
    steps: int
    pace_s: float


class LedgerAgent:
    """The agent's tasks around one outbox."""

    def __init__(self, order: Order, outbox: Outbox, deeds: DeedList, boot: str) -> None:
        place = Place(*order.place)
        listed = deeds_of(place.agent, lines_of(Path(order.list)))
        self._order = order
        self._outbox = outbox
        self._deeds = deeds
        self._boot = boot
        self._room = DeedRoom(place.agent, order.room, order.seed, boot)
        self._room.remember(listed)
        self._number = max((one.step for one in listed), default=0)
        self._putting = asyncio.Lock()  # a birth never overtakes a state that it does not hold
        self._wire = Wire(
            Broker("127.0.0.1", order.port),
            f"lophoc-{place.agent}",
            outbox,
            place=place,
            boot=boot,
            presence=Presence,
        )

    async def run(self) -> None:
        """Play until cancelled."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            flood = lambda: tasks.create_task(self._say(self._room.flood))  # noqa: E731
            loop.add_signal_handler(FLOOD_SIGNAL, flood)
            for work in (self._wire.run, self._bear, self._play, self._beat):
                tasks.create_task(work())

    async def _play(self) -> None:
        while self._number < self._order.steps:
            await self._say(self._room.step)
            await asyncio.sleep(self._order.pace_s)
        self._deeds.write(Ended())

    async def _say(self, draw: Callable[[int, int], list[Said]]) -> None:
        """Write a step down, put it, note what came of it."""
        async with self._putting:
            self._number += 1
            number, said = self._number, draw(self._number, wall_ms())
            self._deeds.write(Step(number=number, deeds=tuple(map(deed_of, said))))
            kept = await self._put(said)
            self._deeds.write(Settled(number=number, kept=kept))
            if kept:
                self._room.take(said)
        self._wire.relay.wake()

    async def _put(self, said: Sequence[Said | Birth | Health]) -> bool:
        try:
            await asyncio.to_thread(self._outbox.put, *said)
        except OutboxError as error:
            _LOGGER.warning("refused: %s", error.code)
            return False
        return True

    async def _bear(self) -> None:
        """Say all that is known whenever it is due; a birth that was refused stays owed."""
        while True:
            await self._wire.birth_due.wait()
            self._wire.birth_due.clear()
            async with self._putting:
                kept = await self._put([self._birth()])
            if kept:
                self._wire.relay.wake()
            else:
                self._wire.birth_due.set()
                await asyncio.sleep(AGAIN_S)

    async def _beat(self) -> None:
        """Say again and again that all is as it was told."""
        while True:
            await asyncio.sleep(BEAT_S / 3)
            health = Health(
                boot=self._boot, at_ms=wall_ms(), status=Status.OK, seen=tuple(self._room.devices)
            )
            await self._put([health])
            self._wire.relay.wake()

    def _birth(self) -> Birth:
        return Birth(
            boot=self._boot,
            at_ms=wall_ms(),
            session=self._wire.link.session,
            room=self._order.room,
            beat_s=BEAT_S,
            status=Status.OK,
            devices=tuple(self._room.devices.values()),
        )


async def play(order: Order) -> None:
    """Play one agent until it is asked to end. Raises OutboxError."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    path, boot = Path(order.folder) / OUTBOX, uuid4().hex
    path.parent.mkdir(parents=True, exist_ok=True)
    mend(path, path.with_name(f"{OUTBOX}.damaged-{boot}"))
    with (
        Outbox(path, Place(*order.place), boot, archive_bytes=ARCHIVE_BYTES) as outbox,
        DeedList(Path(order.list)) as deeds,
    ):
        playing = asyncio.create_task(LedgerAgent(order, outbox, deeds, boot).run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        playing.cancel()
        await asyncio.wait({playing})
        await asyncio.get_running_loop().shutdown_default_executor()
        if not playing.cancelled():
            playing.result()


def main() -> int:
    """Play what the one argument orders; returns the exit code."""
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(message)s")
    order = from_json(sys.argv[1], Order)
    try:
        asyncio.run(play(order))
    except OutboxError as error:
        _LOGGER.warning("%s", error)
        return 3 if error.code == "outbox_damaged" else PASSES
    return 0


if __name__ == "__main__":
    sys.exit(main())
