"""This file runs a whole simulated school, or one room of it, in one process."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Coroutine, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from hardware.readings import Kind, Sighting
from protocol.clock import wall_ms
from protocol.link import broker_from
from protocol.messages import Presence
from protocol.model import Place
from protocol.outbox import Outbox
from protocol.settings import SettingsError
from protocol.topics import level_of
from protocol.words import N_, Translate
from simulators.announce import Announcer, choose_services
from simulators.classroom import PlayedClassroom
from simulators.config import SimConfig
from simulators.day import PlayedDay
from simulators.devices.bodies import Bodies
from simulators.equipment import answering, equipment_of, rooms_from
from simulators.machine import machine_of
from simulators.past import past_events
from simulators.room import PlayedRoom
from simulators.running import until_stopped
from simulators.wire import Wire

_LOGGER = logging.getLogger(__name__)


class Furnished(NamedTuple):
    """A room's code and what stands in it."""

    room: str
    equipment: tuple[Sighting, ...]


def school_of(config: SimConfig) -> list[Furnished]:
    """The rooms of the school, furnished; the first ones with devices that answer."""
    return _furnish(config, rooms_from(config.first_room, config.rooms))


def responders(config: SimConfig, rooms: Sequence[Furnished], kind: Kind) -> list[Sighting]:
    """The devices of this kind, Kind.CAMERA or Kind.PROJECTOR, that answer by themselves."""
    return [
        sighting
        for furnished in rooms[: _bodies(config, kind)]
        for sighting in furnished.equipment
        if sighting.kind is kind
    ]


def room_of(config: SimConfig) -> list[Furnished]:
    """The one room of `lophoc-sim classroom`."""
    return _furnish(config, [config.room or config.first_room])


async def play_school(config: SimConfig, _say: Translate, stop: asyncio.Event) -> None:
    """Play the school until `stop` is set. Raises SettingsError, OutboxError."""
    _check(config)
    await run(config, school_of(config), stop)


async def play_classroom(config: SimConfig, _say: Translate, stop: asyncio.Event) -> None:
    """Play the one room until `stop` is set. Raises SettingsError, OutboxError."""
    _check(config)
    await run(config, room_of(config), stop)


def _check(config: SimConfig) -> None:
    """Refuse what would only fail later: an address or code that no broker or topic takes."""
    try:
        broker_from(config.broker)
        for code in (config.province, config.school, config.first_room, config.room or "-"):
            level_of(code)
    except ValueError as error:
        raise SettingsError(
            "setting_invalid", N_("A setting is wrong: {cause}."), cause=error
        ) from error


async def run(config: SimConfig, rooms: Sequence[Furnished], stop: asyncio.Event) -> None:
    """Play these rooms until `stop` is set. Raises OutboxError if an outbox cannot be opened."""
    equipment = [sighting for furnished in rooms for sighting in furnished.equipment]
    limit = config.mdns_devices if config.mdns else 0
    announcer = Announcer(choose_services(equipment, limit))
    bodies = Bodies(
        responders(config, rooms, Kind.CAMERA),
        responders(config, rooms, Kind.PROJECTOR),
        config.seed,
    )
    with ExitStack() as held:
        folder, network = _folder(config, held), (announcer, bodies)
        classrooms = [_classroom(config, one, network, folder, held) for one in rooms]
        works = [classroom.run() for classroom in classrooms]
        works += [announcer.run()] if limit else []
        works += [bodies.run()] if bodies.any else []
        _LOGGER.info("%d rooms, %d devices, %s", len(rooms), len(equipment), config.school)
        await until_stopped(stop, _run_all(works))
        # A put may still be on its way in a thread; its outbox closes after it.
        await asyncio.get_running_loop().shutdown_default_executor()
    _LOGGER.info("%d rooms closed", len(rooms))


async def _run_all(works: Sequence[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for work in works:
            tasks.create_task(work)


def _folder(config: SimConfig, held: ExitStack) -> Path:
    """Where the outboxes lie; a temporary one is gone with what is held."""
    if not config.data:
        temporary = tempfile.TemporaryDirectory(prefix="lophoc-sim-", ignore_cleanup_errors=True)
        return Path(held.enter_context(temporary))
    folder = Path(config.data)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _furnish(config: SimConfig, rooms: Sequence[str]) -> list[Furnished]:
    return [Furnished(room, _equipment(config, room, number)) for number, room in enumerate(rooms)]


def _equipment(config: SimConfig, room: str, number: int) -> tuple[Sighting, ...]:
    equipment = equipment_of(room, config.seed, config.tablets)
    for kind in (Kind.CAMERA, Kind.PROJECTOR):
        if number < _bodies(config, kind):
            equipment = answering(equipment, kind, room, config.seed)
    return equipment


def _bodies(config: SimConfig, kind: Kind) -> int:
    """How many of the first rooms have such a device that answers."""
    if not config.mdns:
        return 0
    return config.cameras if kind is Kind.CAMERA else config.projectors


def _classroom(
    config: SimConfig,
    furnished: Furnished,
    network: tuple[Announcer, Bodies],
    folder: Path,
    outboxes: ExitStack,
) -> PlayedClassroom:
    code, equipment = furnished
    boot, announcer, bodies = uuid4().hex, *network
    place = Place(config.province, config.school, f"sim-{code.lower()}")
    outbox = outboxes.enter_context(Outbox(folder / f"{level_of(code)}.db", place, boot))
    broker, client = broker_from(config.broker), f"lophoc-{level_of(place.agent)}"
    room = PlayedRoom(code, equipment, boot=boot, beat_s=config.beat_s, started_ms=wall_ms())
    if config.past_weeks:
        outbox.put(*past_events(room, equipment, config.seed, config.past_weeks, wall_ms()))
    return PlayedClassroom(
        room=room,
        day=_day(config, furnished),
        machine=machine_of(code, config.seed),
        outbox=outbox,
        wire=Wire(broker, client, outbox, place=place, boot=boot, presence=Presence),
        announcer=announcer,
        bodies=bodies,
        beat_s=config.beat_s,
    )


def _day(config: SimConfig, furnished: Furnished) -> PlayedDay:
    lessons, attendance = config.lessons, config.attendance
    return PlayedDay(
        *furnished, config.seed, pace_s=config.pace, lessons=lessons, attendance=attendance
    )
