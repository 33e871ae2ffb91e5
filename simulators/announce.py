"""This file announces simulated boards, cameras and tablets on the real network, by mDNS."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from socket import inet_aton
from typing import Final, NamedTuple

from zeroconf import Error
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from hardware.readings import Kind, Sighting
from simulators.addresses import LOOPBACK, own_interfaces
from simulators.equipment import device_id_of, host_of, mac_of

_LOGGER = logging.getLogger(__name__)

# Boards and cameras come first where not everything may be announced.
_TURN: Final = {Kind.BOARD: 0, Kind.CAMERA: 1, Kind.TABLET: 2}
AT_ONCE: Final = 20  # one answer packet's worth; more at once would only be multicast noise
MAX_WAITING: Final = 1000


class PlayedService(NamedTuple):
    """What a device says of itself by mDNS (RFC 6763): type, instance and host name, port, TXT."""

    type: str
    instance: str
    host: str
    port: int
    txt: Mapping[str, str]


def service_of(sighting: Sighting) -> PlayedService | None:
    """The service that such a device announces; None where it announces nothing."""
    mac, host = mac_of(sighting), host_of(sighting.serial)
    match sighting.kind, sighting.vendor:
        case Kind.TABLET, _:
            txt = {"rpMd": sighting.model, "rpVr": "510.71.1"}
            return PlayedService("_companion-link._tcp.local.", sighting.name, host, 49152, txt)
        case _ if not mac:
            return None
        case Kind.BOARD, "Promethean":  # Android inside; this type is longer than RFC 6335 allows
            txt = {"bt": mac}
            return PlayedService("_androidtvremote2._tcp.local.", sighting.name, host, 6466, txt)
        case Kind.BOARD, vendor:
            txt = {"deviceid": mac, "manufacturer": vendor, "model": sighting.model}
            return PlayedService("_airplay._tcp.local.", sighting.name, host, 7000, txt)
        case Kind.CAMERA, "Axis":
            txt = {"macaddress": mac.replace(":", "")}
            return PlayedService("_axis-video._tcp.local.", sighting.name, host, 80, txt)
        case _:
            return None


def choose_services(sightings: Iterable[Sighting], limit: int) -> dict[str, PlayedService]:
    """Device ids with their services, at most `limit`: boards first, then cameras, tablets."""
    ordered = sorted(sightings, key=lambda sighting: _TURN.get(sighting.kind, len(_TURN)))
    pairs = ((device_id_of(sighting), service_of(sighting)) for sighting in ordered)
    announced = [(device_id, service) for device_id, service in pairs if service is not None]
    return dict(announced[:limit])


class Announcer:
    """Speaks for all devices of this process; one responder, as one host should have."""

    def __init__(self, services: Mapping[str, PlayedService]) -> None:
        self._services = dict(services)
        self._moves: asyncio.Queue[tuple[str, bool]] = asyncio.Queue(MAX_WAITING)
        self._speaking = False

    def move(self, device_id: str, *, present: bool) -> None:
        """The device came, or went: it will be announced, or say goodbye."""
        if self._speaking and device_id in self._services and not self._moves.full():
            self._moves.put_nowait((device_id, present))

    async def run(self) -> None:
        """Announce until cancelled, then say goodbye for all; without a network, return."""
        try:
            responder = AsyncZeroconf()
        except (OSError, RuntimeError) as error:  # RuntimeError: no interface has an address
            _LOGGER.warning("no network for mDNS (%s): nothing is announced", error)
            return
        self._speaking = True
        try:
            await self._speak(responder)
        finally:
            self._speaking = False
            await responder.async_close()
            _LOGGER.info("mDNS: all devices said goodbye")

    async def _speak(self, responder: AsyncZeroconf) -> None:
        own = [interface.packed for interface in own_interfaces()] or [inet_aton(LOOPBACK)]
        infos = {name: info_of(service, own) for name, service in self._services.items()}
        everything = list(infos.values())
        for start in range(0, len(everything), AT_ONCE):
            await announce(responder, everything[start : start + AT_ONCE])
        _LOGGER.info("mDNS: %d devices announced", len(everything))
        while True:
            device_id, present = await self._moves.get()
            if present:
                await announce(responder, [infos[device_id]])
            else:
                await withdraw(responder, infos[device_id])


async def announce(responder: AsyncZeroconf, infos: Sequence[AsyncServiceInfo]) -> None:
    """Announce services at once, under whatever type and name; a failure is logged."""
    try:
        spoken = [
            await responder.async_register_service(info, cooperating_responders=True, strict=False)
            for info in infos
        ]
        await asyncio.gather(*spoken)
    except (OSError, Error) as error:
        _LOGGER.warning("mDNS announcement failed: %s", error or type(error).__name__)


async def withdraw(responder: AsyncZeroconf, info: AsyncServiceInfo) -> None:
    """Say goodbye for a service; a failure is logged."""
    try:
        await (await responder.async_unregister_service(info))
    except (OSError, Error, KeyError) as error:
        _LOGGER.warning("mDNS goodbye failed: %s", error or type(error).__name__)


def info_of(
    service: PlayedService, addresses: Sequence[bytes], txt: bytes | None = None
) -> AsyncServiceInfo:
    """A service as zeroconf takes it. txt: a TXT record as it goes out, in place of its own."""
    return AsyncServiceInfo(
        service.type,
        f"{service.instance}.{service.type}",
        port=service.port,
        properties=dict(service.txt) if txt is None else txt,
        server=f"{service.host}.",
        addresses=list(addresses),
    )
