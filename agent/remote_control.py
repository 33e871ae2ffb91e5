"""This file reaches out to devices: switches projectors with the lesson, wakes what sleeps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import Final
from uuid import uuid4

from agent.equipment.addresses import TypedAddress
from agent.equipment.logins import DeviceLogins
from agent.equipment.ownership import mark_of
from agent.local.surroundings import DeviceActions
from agent.store import ClassroomStore
from hardware.network.interfaces import broadcasts
from hardware.network.own import OwnNetworks
from hardware.readings import Report, Sighting

_LOGGER = logging.getLogger(__name__)

# A lamp cools for one to three minutes before it follows; a person at the door waits less long.
LESSON_PATIENCE_S: Final = 200.0
DOOR_PATIENCE_S: Final = 15.0
WAKE_PATIENCE_S: Final = 20.0


class RemoteControl:
    """What can be done to the room's devices.

    report: takes what they said when it was done. own: the networks in which they are reached.
    changed: called where a login is another one.
    """

    def __init__(
        self,
        store: ClassroomStore,
        logins: DeviceLogins,
        report: Report,
        own: OwnNetworks | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._logins = logins
        self._report = report
        self._own = own or OwnNetworks()
        self._changed = changed

    @property
    def actions(self) -> DeviceActions:
        """For the door: read an address, switch a device, wake one."""
        return DeviceActions(
            typed=typed_from, switch=self.switch, wake=self.wake, login=self.keep_login
        )

    async def keep_login(self, device_id: str, user: str, password: str) -> None:
        """Keep a device's own login, which says that it is this room's.

        An empty password takes it away. Raises KeyError, NamelessDevice, OSError.
        """
        await self._store.do(
            lambda room, at_ms: room.change_devices(
                lambda devices, then_ms: devices.claim(device_id, then_ms, ours=True), at_ms
            )
        )
        mark = mark_of(self._store.classroom.devices.claims_of(device_id))
        await asyncio.to_thread(self._logins.keep, mark, user, password)
        self._changed()

    async def follow_lessons(self, *, switch: bool) -> None:
        """Switch projectors and boards on with the lesson, and off after it; never returns."""
        on = False
        async with aclosing(self._store.steps()) as steps:
            async for classroom in steps:
                running = classroom.lesson.running is not None
                if switch and running is not on:
                    await self._switch_all(on=running)
                on = running

    async def switch(self, device_id: str, on: bool) -> bool:  # noqa: FBT001 - as the door calls it
        """Switch a device that speaks PJLink; whether it followed. Raises KeyError."""
        return await self._switch(self._projector(device_id), on=on, patience_s=DOOR_PATIENCE_S)

    async def wake(self, device_id: str) -> bool:
        """Send a wake-up to a device whose MAC is known; whether it answered. Raises KeyError."""
        from hardware.network.wake import wake_and_verify  # noqa: PLC0415 - seldom wanted

        sightings = self._store.classroom.devices.sightings_of(device_id)
        keys = [key for sighting in sightings for key in (sighting.key, *sighting.aliases)]
        mac = next((key.removeprefix("mac:") for key in keys if key.startswith("mac:")), None)
        at = next(
            ((sighting.address, sighting.port) for sighting in sightings if sighting.address), None
        )
        if mac is None or at is None:
            raise KeyError(device_id)
        woken = await wake_and_verify(
            mac,
            partial(_answers, *at),
            lambda: broadcasts(self._own.networks()),
            within_s=WAKE_PATIENCE_S,
        )
        return woken.is_verified

    async def _switch_all(self, *, on: bool) -> None:
        projectors = [
            sighting
            for sighting in self._store.classroom.devices.traces.sightings()
            if _is_projector(sighting)
        ]
        patience = LESSON_PATIENCE_S if on else DOOR_PATIENCE_S
        followed = await asyncio.gather(
            *(self._switch(projector, on=on, patience_s=patience) for projector in projectors)
        )
        for projector, did in zip(projectors, followed, strict=True):
            _LOGGER.info("projector switched on=%s followed=%s key=%s", on, did, projector.key)

    def _projector(self, device_id: str) -> Sighting:
        sightings = self._store.classroom.devices.sightings_of(device_id)
        projector = next(filter(_is_projector, sightings), None)
        if projector is None:
            raise KeyError(device_id)
        return projector

    async def _switch(self, projector: Sighting, *, on: bool, patience_s: float) -> bool:
        from hardware.pjlink.switch import switch  # noqa: PLC0415 - heavy, and seldom wanted

        keys = self._store.classroom.devices.keys_at(projector.key)
        reading = await switch(
            projector.address,
            projector.port,
            lambda: self._logins.pjlink(keys, projector.address),
            on=on,
            key=projector.key,
            within_s=patience_s,
        )
        self._report(reading)
        return not reading.reason


def _is_projector(sighting: Sighting) -> bool:
    return sighting.source == "pjlink" and sighting.present


async def _answers(address: str, port: int) -> bool:
    from hardware.network.probe import ask  # noqa: PLC0415 - seldom wanted

    return (await ask(address, port)).alive


def typed_from(text: str) -> TypedAddress:
    """Read an address that was typed or scanned; its passwords are not kept. Raises ValueError."""
    from hardware.network.place import place_of, secretless  # noqa: PLC0415 - seldom wanted

    place = place_of(text)
    return TypedAddress(
        token=uuid4().hex,
        host=place.host,
        port=place.port,
        scheme=place.scheme,
        path=secretless(place.path),
    )
