"""This file runs a whole simulated school, or one room of it, in one process."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from hardware.readings import Sighting
from protocol.link import broker_from
from protocol.model import Place
from protocol.outbox import Outbox
from protocol.topics import level_of
from simulators.announce import Announcer, chosen
from simulators.classroom import Classroom, wall_ms
from simulators.config import SimConfig
from simulators.day import Day
from simulators.equipment import equipment_of, rooms_from
from simulators.machine import machine_of
from simulators.room import Room

_LOGGER = logging.getLogger(__name__)


class Furnished(NamedTuple):
    """A room's code and what stands in it."""

    room: str
    equipment: tuple[Sighting, ...]


def school_of(config: SimConfig) -> list[Furnished]:
    """The rooms of the school, furnished."""
    return _furnished(config, rooms_from(config.first_room, config.rooms))


def room_of(config: SimConfig) -> list[Furnished]:
    """The one room of `lophoc-sim classroom`."""
    return _furnished(config, [config.room or config.first_room])


async def run(config: SimConfig, rooms: Sequence[Furnished], stop: asyncio.Event) -> None:
    """Play these rooms until `stop` is set. Raises OutboxError if an outbox cannot be opened."""
    equipment = [each for furnished in rooms for each in furnished.equipment]
    limit = config.mdns_devices if config.mdns else 0
    announcer = Announcer(chosen(equipment, limit)) if limit else None
    with _folder(config) as folder, ExitStack() as outboxes:
        classrooms = [_classroom(config, each, announcer, folder, outboxes) for each in rooms]
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(classroom.run(), name=furnished.room)
                for classroom, furnished in zip(classrooms, rooms, strict=True)
            ]
            if announcer is not None:
                running.append(tasks.create_task(announcer.run(), name="announcer"))
            _LOGGER.info("%d rooms, %d devices, %s", len(rooms), len(equipment), config.school)
            await stop.wait()
            for task in running:
                task.cancel()
        # A put may still be on its way in a thread; its outbox closes after it.
        await asyncio.get_running_loop().shutdown_default_executor()
    _LOGGER.info("%d rooms closed", len(rooms))


def _furnished(config: SimConfig, rooms: Sequence[str]) -> list[Furnished]:
    return [Furnished(room, equipment_of(room, config.seed, config.tablets)) for room in rooms]


def _classroom(
    config: SimConfig,
    furnished: Furnished,
    announcer: Announcer | None,
    folder: Path,
    outboxes: ExitStack,
) -> Classroom:
    room, equipment = furnished
    boot = uuid4().hex
    place = Place(config.province, config.school, f"sim-{room.lower()}")
    outbox = outboxes.enter_context(Outbox(folder / f"{level_of(room)}.db", place, boot))
    return Classroom(
        Room(
            room,
            equipment,
            boot=boot,
            beat_s=config.beat_s,
            started_ms=wall_ms(),
            new_id=lambda: uuid4().hex,
        ),
        Day(
            room,
            equipment,
            config.seed,
            pace_s=config.pace,
            lessons=config.lessons,
            attendance=config.attendance,
        ),
        machine_of(room, config.seed),
        place=place,
        boot=boot,
        broker=broker_from(config.broker),
        outbox=outbox,
        announcer=announcer,
        beat_s=config.beat_s,
    )


@contextmanager
def _folder(config: SimConfig) -> Iterator[Path]:
    if config.data:
        folder = Path(config.data)
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="lophoc-sim-", ignore_cleanup_errors=True) as temporary:
        yield Path(temporary)
