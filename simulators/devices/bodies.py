"""This file gives some of a school's devices a body: a camera, a projector that really answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from itertools import chain, cycle, islice
from typing import Final, NamedTuple

from hardware.readings import Sighting
from protocol.health import ReasonCode
from simulators.addresses import call_address, own_interfaces
from simulators.day import Happening, Judged, Moved
from simulators.devices.pjlink import ProjectorFault, ProjectorMake
from simulators.devices.projector import PORT, FaultyProjector, Projector
from simulators.devices.switches import Switches
from simulators.equipment import device_id_of, mac_of

_LOGGER = logging.getLogger(__name__)

MAX_WAITING: Final = 1000
# Names of CameraFault; the class is loaded with the first camera.
_CAMERA: Final = {
    ReasonCode.PICTURE_FROZEN: "freeze",
    ReasonCode.PICTURE_COVERED: "covered",
    ReasonCode.PICTURE_BLURRED: "blurred",
}
_PROJECTOR: Final = {
    ReasonCode.PART_FAN: ProjectorFault.FAN,
    ReasonCode.PART_FILTER: ProjectorFault.FILTER_WARNING,
}
_OFF: Final = "off"


class Body(NamedTuple):
    """A device that can be opened, and how its faults are set: these names, and no others."""

    name: str
    device: AbstractAsyncContextManager[object]
    ail: Callable[[frozenset[str]], Awaitable[None]]


class Bodies:
    """The bodies of one school, on this computer's own addresses and on loopback alone."""

    def __init__(
        self, cameras: Iterable[Sighting], projectors: Iterable[Sighting], seed: int
    ) -> None:
        self._cameras = tuple(filter(mac_of, cameras))
        self._projectors = tuple(filter(mac_of, projectors))
        self._seed = seed
        self._open: dict[str, Body] = {}
        self._news: asyncio.Queue[tuple[str, frozenset[str]]] = asyncio.Queue(MAX_WAITING)

    @property
    def any(self) -> bool:
        """Whether there is any to open."""
        return bool(self._cameras or self._projectors)

    def show(self, happening: Happening) -> None:
        """What happens to a device in the play happens to its body, if it has one."""
        if not isinstance(happening, Moved | Judged) or happening.device_id not in self._open:
            return
        if not self._news.full():
            self._news.put_nowait((happening.device_id, faults_of(happening)))

    async def run(self) -> None:
        """Open them, and let them ail until cancelled; what cannot be opened is left out."""
        async with AsyncExitStack() as stack:
            for device_id, body in self._make_bodies():
                try:
                    await stack.enter_async_context(body.device)
                except OSError as error:
                    _LOGGER.warning("%s is left out: %s", body.name, error.strerror or error)
                    continue
                self._open[device_id] = body
                _LOGGER.info("%s answers", body.name)
            try:
                await self._ail()
            finally:
                self._open.clear()

    async def _ail(self) -> None:
        while True:
            device_id, faults = await self._news.get()
            body = self._open[device_id]
            try:
                await body.ail(faults)
            except OSError as error:
                _LOGGER.warning("%s cannot be switched: %s", body.name, error.strerror or error)

    def _make_bodies(self) -> Iterator[tuple[str, Body]]:
        interfaces = own_interfaces()
        if not interfaces:
            _LOGGER.warning("no network: no camera and no projector answers by itself")
            return
        addresses = [str(interface.ip) for interface in interfaces]
        for camera, address in zip(self._cameras, cycle(addresses)):
            yield device_id_of(camera), _camera(camera, address, self._seed)
        # PJLink has one port: beyond our own addresses they stand on loopback.
        loopback = (f"127.0.0.{number}" for number in range(2, 255))
        hosts = islice(chain(addresses, loopback), 250)
        for projector, host in zip(self._projectors, hosts, strict=False):
            called_at = call_address(host, interfaces)
            yield device_id_of(projector), _projector(projector, host, called_at)


def faults_of(happening: Moved | Judged) -> frozenset[str]:
    """The names of the faults that a body has from now on; none while it works. Pure."""
    if isinstance(happening, Moved):
        return frozenset() if happening.present else frozenset({_OFF})
    if happening.reason is None:
        return frozenset()
    code = ReasonCode(happening.reason.code)
    return frozenset(str(table[code]) for table in (_CAMERA, _PROJECTOR) if code in table)


def _camera(sighting: Sighting, host: str, seed: int) -> Body:
    from simulators.devices.camera import CameraFault, OnvifCamera  # noqa: PLC0415 - heavy
    from simulators.devices.camera_words import CameraMake, endpoint_of  # noqa: PLC0415 - likewise

    mac = mac_of(sighting).replace(":", "")
    make = CameraMake(
        name=sighting.name,
        vendor=sighting.vendor,
        model=sighting.model,
        serial=sighting.serial,
        mac=mac,
        endpoint=endpoint_of(mac),
    )
    one = OnvifCamera(make, host=host, seed=seed)

    async def ail(faults: frozenset[str]) -> None:
        one.faults = {CameraFault(fault) for fault in faults}

    return Body(f"{sighting.name} ({host}, ONVIF)", one, ail)


def _projector(sighting: Sighting, host: str, called_at: str) -> Body:
    one = Projector(
        ProjectorMake(
            name=sighting.name,
            maker=sighting.vendor,
            model=sighting.model,
            mac=mac_of(sighting),
            serial=sighting.serial,
        ),
        host=host,
        port=PORT,
        udp_port=PORT,
        answers_to=0,
        called_at=called_at,
    )
    switches = Switches(ProjectorFault, FaultyProjector(one).switch, str)

    async def ail(faults: frozenset[str]) -> None:
        for fault in ProjectorFault:
            await switches.turn(fault, on=fault in faults)

    return Body(f"{sighting.name} ({host}, PJLink)", one, ail)
