"""This file plays a province: many schools tell one department of their items by the real wire.

Each school has its own outbox on disk, its own session and the relay that real schools use; some
dozen talk at the same time.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from protocol import __version__
from protocol.clock import wall_ms
from protocol.formats import phrase
from protocol.link import Broker, Letter, broker_from
from protocol.messages import to_bytes
from protocol.model import DeviceKind, Place
from protocol.outbox import Outbox
from protocol.topics import address_for, level_of, topic_of
from protocol.upward import ItemsTold, ItemTold, SchoolChain, SchoolPresence, SchoolTold, UseTold
from protocol.words import N_, Translate
from simulators.config import ProvinceConfig
from simulators.equipment import rooms_from
from simulators.errors import SimError
from simulators.estate import figures_of, items_of, move_item, school_code, school_name, uses_of
from simulators.running import show_line, until_stopped
from simulators.wire import Wire

PAGE: Final = 100
WAITING: Final = 8
WEEKS: Final = 4


OFF_CLOCK: Final = 5  # the clock of this school is three days behind
OFF_MS: Final = -3 * 86_400_000
FORKED: Final = 7  # on this school's server an old copy is put back


class PlayedSchool:
    """One school that tells its department everything, and is done when all is acknowledged.

    is_copy: it speaks out of an old copy of itself, which knows nothing of what was told since.
    """

    def __init__(
        self,
        number: int,
        config: ProvinceConfig,
        broker: Broker,
        folder: Path,
        *,
        is_copy: bool = False,
    ) -> None:
        self._number = number
        self._config = config
        self.code = school_code(number)
        place = Place(config.province, config.department, self.code)
        self._boot = uuid.uuid4().hex
        self._feed = f"played-{config.seed}-{self.code}"
        name = f"{self.code}-copy.db" if is_copy else f"{self.code}.db"
        self._outbox = Outbox(folder / name, place, self._boot)
        chain = SchoolChain(boot=self._boot, at_ms=self._now_ms(), feed=self._feed)
        begun = Letter(topic_of(address_for(place, chain)), to_bytes(chain))
        self._wire = Wire(
            broker._replace(user=broker.user and self.code),
            "-".join(["lophoc", "sim", *map(level_of, (config.province, self.code))]),
            self._outbox,
            place=place,
            boot=self._boot,
            presence=SchoolPresence,
            now_ms=self._now_ms,
            preface=[begun] if is_copy else (),
        )

    def _now_ms(self) -> int:
        """What the school takes for the time."""
        return wall_ms() + (OFF_MS if self._number == OFF_CLOCK else 0)

    async def tell(self) -> int:
        """Tell everything; returns how many items were told when all of it is acknowledged."""
        with self._outbox:
            wire = asyncio.create_task(self._wire.run(), name=f"wire {self.code}")
            try:
                return await self._fill()
            finally:
                wire.cancel()
                await asyncio.gather(wire, return_exceptions=True)

    async def _fill(self) -> int:
        config, now_ms = self._config, wall_ms()
        items = items_of(self._number, config.rooms, config.tablets, config.seed, now_ms)
        changed = self._changed(items)
        await self._put_pages(items, 0)
        await self._put_pages(changed, len(items))
        count = len(items) + len(changed)
        today = datetime.fromtimestamp(now_ms / 1000, UTC).date()
        school = SchoolTold(
            boot=self._boot,
            at_ms=now_ms,
            name=school_name(self._number),
            version=__version__,
            day=today.isoformat(),
            feed=self._feed,
            newest=count,
            figures=figures_of(items, config.rooms),
        )
        uses = [
            UseTold(boot=self._boot, at_ms=now_ms, week=week, lines=lines)
            for week, lines in uses_of(items, today, WEEKS, config.seed)
        ]
        self._outbox.put(school, *uses)
        await self._room_for(0)
        return count

    def _changed(self, items: Sequence[ItemTold]) -> list[ItemTold]:
        """Some of the items, told again because something in them has changed."""
        config = self._config
        random = Random(f"{config.seed}/{self._number}/changes")  # noqa: S311 - play
        rooms = rooms_from("P101", config.rooms)
        chosen = random.sample(items, min(config.changes, len(items)))
        boards = [item for item in items if item.device is DeviceKind.BOARD]
        if chosen and boards and boards[0] not in chosen:  # what a school misses most
            chosen[0] = boards[0]
        first = len(items) + 1
        now_ms = wall_ms()
        return [move_item(item, at, rooms, random, now_ms) for at, item in enumerate(chosen, first)]

    async def _put_pages(self, items: Sequence[ItemTold], after: int) -> None:
        for start in range(0, len(items), PAGE):
            await self._room_for(WAITING)
            batch = items[start : start + PAGE]
            upto = batch[-1].change
            page = ItemsTold(
                boot=self._boot,
                at_ms=wall_ms(),
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
        self._wire.relay.wake()
        while self._outbox.report().pending > waiting:
            self._wire.settled.clear()
            await self._wire.settled.wait()


async def play_province(config: ProvinceConfig, say: Translate, stop: asyncio.Event) -> None:
    """Fill the department. Raises SimError."""
    broker = _broker(config)
    began_s = time.monotonic()
    numbers = iter(range(1, config.schools + 1))
    done = [0, 0]

    async def play(folder: Path) -> None:
        for number in numbers:  # the players take the next school from one line
            count = await PlayedSchool(number, config, broker, folder).tell()
            if number == FORKED:
                await PlayedSchool(number, config, broker, folder, is_copy=True).tell()
            done[0] += 1
            done[1] += count
            _progress(say, done, config.schools, time.monotonic() - began_s)

    async def play_all(folder: Path) -> None:
        async with asyncio.TaskGroup() as players:
            for player in range(config.at_once):
                players.create_task(play(folder), name=f"player {player}")

    with tempfile.TemporaryDirectory(prefix="lophoc-province-") as folder:
        await until_stopped(stop, play_all(Path(folder)))


def _broker(config: ProvinceConfig) -> Broker:
    try:
        return broker_from(config.broker)
    except ValueError as error:
        raise SimError(
            "broker_invalid", N_("The broker's address is wrong: {cause}."), cause=error
        ) from error


def _progress(say: Translate, done: Sequence[int], schools: int, elapsed_s: float) -> None:
    text = N_(
        "{done} of {schools} {schools:school|schools}, {items} {items:item|items}, {elapsed} s"
    )
    finished, items = done
    line = phrase(text, say, done=finished, schools=schools, items=items, elapsed=round(elapsed_s))
    show_line(line)
