"""This file plays a province: many schools tell one department of their items by the real wire.

Each school has its own outbox on disk, its own session and the relay that real schools use; some
dozen talk at the same time.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from protocol import __version__
from protocol.errors import LopHocError
from protocol.formats import phrase
from protocol.link import Arrival, Broker, Letter, Link, broker_from
from protocol.messages import Ack, ControllerState, MessageError, down_from, to_bytes
from protocol.model import Place
from protocol.outbox import Outbox
from protocol.relay import Relay
from protocol.topics import Address, Channel, commands_to, controller_state, level_of, topic_of
from protocol.upward import ItemsTold, ItemTold, SchoolPresence, SchoolTold, UseTold
from protocol.words import N_, Translate
from simulators.config import ProvinceConfig
from simulators.equipment import rooms_from
from simulators.estate import change_item, figures_of, items_of, school_code, school_name, uses_of

PAGE: Final = 100
WAITING: Final = 8
WEEKS: Final = 4


class ProvinceError(LopHocError):
    """The province cannot be played; `code` says why."""


class PlayedSchool:
    """One school that tells its department everything, and is done when all is acknowledged."""

    def __init__(self, number: int, config: ProvinceConfig, broker: Broker, folder: Path) -> None:
        self._number = number
        self._config = config
        self.code = school_code(number)
        self._place = Place(config.province, config.department, self.code)
        self._boot = uuid.uuid4().hex
        self._feed = f"played-{config.seed}-{self.code}"
        self._outbox = Outbox(folder / f"{self.code}.db", self._place, self._boot)
        self._link = Link(
            broker._replace(user=broker.user and self.code),
            "-".join(["lophoc", "sim", *map(level_of, (config.province, self.code))]),
            filters=(commands_to(self._place), controller_state(self._place)),
            will=lambda session: self._presence(session, online=False),
            greeting=lambda session: [self._presence(session, online=True)],
        )
        self._relay = Relay(self._outbox, self._link, now_s=time.monotonic)
        self._acknowledged = asyncio.Event()

    async def tell(self) -> int:
        """Tell everything; returns how many items were told when all of it is acknowledged."""
        with self._outbox:
            link = asyncio.create_task(self._link.run(), name=f"link {self.code}")
            carried = asyncio.create_task(self._relay.run(), name=f"relay {self.code}")
            listener = asyncio.create_task(self._listen(), name=f"listen {self.code}")
            try:
                return await self._fill()
            finally:
                for task in (carried, listener, link):
                    task.cancel()
                await asyncio.gather(carried, listener, link, return_exceptions=True)

    async def _fill(self) -> int:
        config, now_ms = self._config, _now_ms()
        items = items_of(self._number, config.rooms, config.tablets, config.seed, now_ms)
        count = len(items)
        await self._put_pages(items, 0)
        random = Random(f"{config.seed}/{self._number}/changes")  # noqa: S311 - play
        rooms = rooms_from("P101", config.rooms)
        if config.changes:
            chosen = random.sample(items, min(config.changes, len(items)))
            fresh = [
                change_item(item, len(items) + place, rooms, random)
                for place, item in enumerate(chosen, 1)
            ]
            await self._put_pages(fresh, len(items))
            count += len(fresh)
        today = datetime.fromtimestamp(now_ms / 1000, UTC).date()
        self._outbox.put(
            SchoolTold(
                boot=self._boot,
                at_ms=now_ms,
                name=school_name(self._number),
                version=__version__,
                day=today.isoformat(),
                feed=self._feed,
                newest=count,
                figures=figures_of(items, config.rooms),
            ),
            *(
                UseTold(boot=self._boot, at_ms=now_ms, week=week, lines=lines)
                for week, lines in uses_of(items, today, WEEKS, config.seed)
            ),
        )
        await self._room_for(0)
        return count

    async def _put_pages(self, items: Sequence[ItemTold], after: int) -> None:
        for start in range(0, len(items), PAGE):
            await self._room_for(WAITING)
            batch = items[start : start + PAGE]
            upto = batch[-1].change
            page = ItemsTold(
                boot=self._boot,
                at_ms=_now_ms(),
                id=f"items-{self.code}-{after}-{upto}",
                feed=self._feed,
                after=after,
                upto=upto,
                more=start + PAGE < len(items),
                items=tuple(batch),
            )
            self._outbox.put(page)
            after = upto

    async def _room_for(self, waiting: int) -> None:
        """Wait until no more than so many messages wait."""
        self._relay.wake()
        while self._outbox.report().pending > waiting:
            self._acknowledged.clear()
            await self._acknowledged.wait()

    async def _listen(self) -> None:
        while True:
            arrivals = await self._link.batch(100)
            for arrival in arrivals:
                await self._hear(arrival)
            self._link.ack(arrivals)

    async def _hear(self, arrival: Arrival) -> None:
        try:
            message = down_from(arrival.payload)
        except MessageError:
            return
        match message:
            case ControllerState():
                self._relay.hear(message)
            case Ack():
                await self._relay.settle(message)
                self._acknowledged.set()
            case _:
                pass  # it tells its list from the beginning anyway

    def _presence(self, session: int, *, online: bool) -> Letter:
        presence = SchoolPresence(boot=self._boot, at_ms=_now_ms(), session=session, online=online)
        topic = topic_of(Address(self._place, Channel.SCHOOL))
        return Letter(topic, to_bytes(presence), retain=True)


async def run(config: ProvinceConfig, say: Translate, stop: asyncio.Event) -> int:
    """Fill the department; returns how many items were told. Raises ProvinceError."""
    broker = _broker(config)
    began_s = time.monotonic()
    numbers = iter(range(1, config.schools + 1))
    done = [0, 0]

    async def play(folder: Path) -> None:
        for number in numbers:  # the players take the next school from one line
            if stop.is_set():
                return
            count = await PlayedSchool(number, config, broker, folder).tell()
            done[0] += 1
            done[1] += count
            _progress(say, done, config.schools, time.monotonic() - began_s)

    with tempfile.TemporaryDirectory(prefix="lophoc-province-") as folder:
        async with asyncio.TaskGroup() as group:
            players = [
                group.create_task(play(Path(folder)), name=f"player {player}")
                for player in range(config.at_once)
            ]
            ended = group.create_task(_end(stop, players), name="end")
            await asyncio.wait(players)
            ended.cancel()
    return done[1]


async def _end(stop: asyncio.Event, players: Sequence[asyncio.Task[None]]) -> None:
    await stop.wait()
    for player in players:
        player.cancel()


def _broker(config: ProvinceConfig) -> Broker:
    try:
        return broker_from(config.broker)
    except ValueError as error:
        raise ProvinceError(
            "broker_invalid", N_("The broker's address is wrong: {cause}."), cause=error
        ) from error


def _progress(say: Translate, done: Sequence[int], schools: int, elapsed_s: float) -> None:
    text = N_("{done} of {schools} schools, {items} items, {elapsed} s")
    finished, items = done
    line = phrase(text, say, done=finished, schools=schools, items=items, elapsed=round(elapsed_s))
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
