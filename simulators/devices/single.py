"""This file runs one simulated device, or a network of them, at a terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from protocol.formats import phrase
from protocol.settings import SettingsError, password_in, unknown
from protocol.words import N_, Translate
from simulators.addresses import call_address, own_address, own_interfaces, settled_beside
from simulators.config import CameraConfig, FleetConfig, ProjectorConfig
from simulators.devices.pjlink import ProjectorFault, ProjectorMake
from simulators.devices.projector import FaultyProjector, Projector
from simulators.devices.switches import Name, Switches, faults_of, typed_lines
from simulators.equipment import mac_text, rooms_from
from simulators.errors import SimError
from simulators.running import Show, show_line

ALIASES: Final = {"401": "password"}
MAC_DIGITS: Final = 12
DEFAULT_PASSWORD: Final = "lop-hoc"  # noqa: S105 - of a camera that is none

CAMERA_IS: Final = N_("The camera {name} answers, also to a search by ONVIF:")
PROJECTOR_IS: Final = N_("The projector {name} answers at {host}:{port}, also to a search.")
FLEET_IS: Final = N_(
    "{count} {count:device is|devices are} announced by mDNS from {host}; Ctrl-C ends it."
)
NO_ADDRESS: Final = N_("This cannot be opened at {host}: {cause}.")
NO_ADDRESS_HINT: Final = N_("Choose an address of this computer and a port that is free.")


async def play_camera(
    config: CameraConfig, say: Translate, stop: asyncio.Event, *, show: Show = show_line
) -> None:
    """Run one camera until `stop` is set. Raises SettingsError, SimError where a port is taken."""
    from simulators.devices.camera import CameraFault, OnvifCamera  # noqa: PLC0415 - heavy
    from simulators.devices.camera_words import CameraMake, endpoint_of  # noqa: PLC0415 - likewise

    faults = faults_of(config.faults, CameraFault, ALIASES)
    mac = mac_digits(config.mac) if config.mac else ""
    make = CameraMake(
        name=config.name,
        serial=mac.upper() or CameraMake().serial,
        mac=mac,
        endpoint=endpoint_of(mac or config.name),
    )
    password = password_in(config.password_file)
    host = config.host or own_address()
    one = OnvifCamera(
        make,
        host=host,
        host_6=await settled_beside(host),
        http_port=config.http_port,
        rtsp_port=config.rtsp_port,
        seed=config.seed,
        user=config.user,
        password=password or DEFAULT_PASSWORD,
        **(_class_with(config.cards) if config.cards else {}),
    )

    switches = Switches(CameraFault, one.switch, say, ALIASES)
    async with _open(one, host):
        show(phrase(CAMERA_IS, say, name=config.name))
        for url in (one.snapshot_url, one.mjpeg_url, one.stream_url):
            show(f"  {url}")
        asks = frozenset({CameraFault.PASSWORD}) if password else frozenset()
        await _run_switches(switches, faults | asks, stop, show)


def _class_with(cards: int) -> dict[str, Any]:
    """A camera's own picture: a class that holds up so many cards."""
    from simulators.devices.cards import FULL_HD, picture_of  # noqa: PLC0415 - loads OpenCV

    return {"size": FULL_HD, "picture": picture_of(range(1, cards + 1))}


async def play_projector(
    config: ProjectorConfig, say: Translate, stop: asyncio.Event, *, show: Show = show_line
) -> None:
    """Run one projector until `stop` is set. Raises SettingsError, SimError."""
    faults = faults_of(config.faults, ProjectorFault)
    host = config.host or own_address()
    digits = mac_digits(config.mac)
    try:
        called_at = call_address(host, own_interfaces())
    except ValueError as error:
        raise _no_address(host, error) from error
    one = Projector(
        ProjectorMake(name=config.name, mac=mac_text(digits), serial=digits.upper()),
        host=host,
        port=config.port,
        udp_port=config.port,
        answers_to=0,
        password=password_in(config.password_file),
        called_at=called_at,
    )
    switches = Switches(ProjectorFault, FaultyProjector(one).switch, say)
    async with _open(one, host):
        show(phrase(PROJECTOR_IS, say, name=config.name, host=one.host, port=str(one.port)))
        await _run_switches(switches, faults, stop, show)


async def play_fleet(
    config: FleetConfig, say: Translate, stop: asyncio.Event, *, show: Show = show_line
) -> None:
    """Announce a network of devices until `stop` is set. Raises SettingsError, SimError."""
    from simulators.devices.fleet import TYPES, FleetFault, PlayedFleet, spoilt  # noqa: PLC0415 - needs zeroconf
    from simulators.devices.fleet import fleet as voices_of  # noqa: PLC0415 - likewise

    faults = faults_of(config.faults, FleetFault)
    host = config.host or own_address()
    types = [f"{name}.local." for name in _types(config.types, TYPES)]
    voices = voices_of(rooms_from("P101", config.rooms), config.devices)
    voices = tuple(voice for voice in voices if not types or voice.service.type in types)
    if config.device_host:
        voices = tuple(replace(voice, addresses=(config.device_host,)) for voice in voices)
    spoken = PlayedFleet(spoilt(voices, faults, config.seed), [host])
    async with _open(spoken.announce(), host):
        show(phrase(FLEET_IS, say, count=len(voices), host=host))
        await stop.wait()


def _types(text: str, allowed: Collection[str]) -> list[str]:
    """The types of service named between commas. Raises SettingsError."""
    types = [name.strip() for name in text.split(",") if name.strip()]
    for name in types:
        if name not in allowed:
            raise unknown("type_unknown", N_("No such type: {name}."), name[:80], allowed)
    return types


def mac_digits(text: str) -> str:
    """A MAC address as 12 hex digits. Raises SettingsError."""
    digits = text.strip().lower().replace(":", "").replace("-", "")
    if len(digits) != MAC_DIGITS or not set(digits) <= set("0123456789abcdef"):
        raise SettingsError(
            "setting_invalid",
            N_("The setting {name} cannot be {value}: {cause}."),
            name="mac",
            value=repr(text[:40]),
            cause="00:40:8c:11:22:33",
        )
    return digits


@asynccontextmanager
async def _open(device: AbstractAsyncContextManager[object], host: str) -> AsyncIterator[None]:
    """Hold it open. Raises SimError where it cannot be opened."""
    async with AsyncExitStack() as open_now:
        try:
            await open_now.enter_async_context(device)
        except (OSError, RuntimeError) as error:  # RuntimeError: of zeroconf, without an address
            raise _no_address(host, error) from error
        yield


def _no_address(host: str, error: Exception) -> SimError:
    cause = getattr(error, "strerror", "") or str(error) or type(error).__name__
    return SimError("no_address", NO_ADDRESS, NO_ADDRESS_HINT, host=host, cause=cause)


async def _run_switches(
    switches: Switches[Name], faults: frozenset[Name], stop: asyncio.Event, show: Show
) -> None:
    """Switch these faults on, then do what is typed, until `stop` is set."""
    for fault in sorted(faults):
        await switches.turn(fault, on=True)
    for line in [*(await switches.obey("faults") if faults else []), *switches.help()]:
        show(line)
    async with asyncio.TaskGroup() as tasks:
        hearing = tasks.create_task(_obey_lines(switches, show), name="typed lines")
        await stop.wait()
        hearing.cancel()


async def _obey_lines(switches: Switches[Name], show: Show) -> None:
    async for line in typed_lines(sys.stdin.fileno()):
        for answer in await switches.obey(line):
            show(answer)
