"""This file says which senses to use and what each may ask of the room; it names the hardware."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from agent.classroom import Classroom
from agent.senses import Start
from hardware.readings import HostReading, Report, Sighting
from protocol.kit import Program

if TYPE_CHECKING:
    from agent.config import AgentConfig
    from agent.finder import Finder

_LOOPBACK: Final = "127.0.0.1"


class Source(NamedTuple):
    """A sense by name, and how it is started; a start never returns."""

    name: str
    start: Start


class Machine(NamedTuple):
    """This computer: its name, a hash that tells it from others, itself as a device.

    read: its vitals now. programs: the programs the school wants, and whether they are here.
    Both may wait for the machine: to be called in a thread.
    """

    hostname: str
    id: str
    sighting: Sighting
    read: Callable[[], HostReading]
    programs: Callable[[], dict[str, Program]]


class Passwords(NamedTuple):
    """What the room's devices ask for; never shown."""

    camera_user: str = ""
    camera: str = ""
    pjlink: str = ""

    def __repr__(self) -> str:
        return "Passwords(...)"


class Around(NamedTuple):
    """What senses ask of the agent, at the moment when they need it.

    report: takes what they saw. agent: this agent's id. controller: where the school's server listens, if that is known.
    """

    config: AgentConfig
    machine: str
    report: Report
    agent: str
    classroom: Callable[[], Classroom]
    controller: Callable[[], tuple[str, int] | None]
    finder: Finder | None = None
    passwords: Passwords = Passwords()


def this_machine(disk: Path, programs: tuple[str, ...] = ()) -> Machine:
    """Look at this computer; disk: a path on the file system whose free space counts."""
    from hardware.host.machine import HostSense, identify, identity_sighting  # noqa: PLC0415 - heavy
    from hardware.host.software import Software, Wanted  # noqa: PLC0415

    identity = identify()
    sense = HostSense(disk)
    software = Software([Wanted.parse(name) for name in programs])
    return Machine(
        hostname=identity.hostname,
        id=identity.machine,
        sighting=identity_sighting(identity),
        read=lambda: sense.read(time.time(), time.monotonic()),
        programs=lambda: {
            name: Program(each.installed, each.running)
            for name, each in zip(programs, software.read(), strict=True)
        },
    )


def sources(around: Around) -> Iterator[Source]:
    """The senses that the settings ask for."""
    config = around.config
    if config.usb:
        yield Source("usb", partial(_usb, around))
    if config.mdns or around.finder is not None:
        yield Source("mdns", partial(_mdns, around))
    if config.onvif:
        yield Source("onvif", partial(_onvif, around))
    if config.pjlink:
        yield Source("pjlink", partial(_pjlink, around))
    yield Source("typed", partial(_typed, around))
    if config.cameras:
        yield Source("camera", partial(_cameras, around))
    if config.line:
        yield Source("line", partial(_line, around))
        yield Source("uplink", partial(_uplink, around))


async def _usb(around: Around) -> None:
    from hardware.usb import watch as usb  # noqa: PLC0415 - only where it is wanted

    await usb.watch(around.report, host=around.machine)


async def _pjlink(around: Around) -> None:
    from hardware.network import pjlink  # noqa: PLC0415 - only where it is wanted

    def typed() -> list[pjlink.Entry]:
        places = around.classroom().typed
        return [pjlink.Entry(each.token, each.host, each.port) for each in places]

    await pjlink.watch(around.report, password=lambda: around.passwords.pjlink, typed=typed)


async def _line(around: Around) -> None:
    from hardware.host.line import watch_line  # noqa: PLC0415 - only where it is wanted

    internet = internet_targets(around.config.internet)
    await watch_line(
        around.report,
        controller=around.controller,
        internet=internet,
        names=[host for host, _ in internet],
    )


async def _uplink(around: Around) -> None:
    from hardware.host.uplink import watch_uplink  # noqa: PLC0415 - only where it is wanted

    await watch_uplink(around.report)


def internet_targets(text: str) -> list[tuple[str, int]]:
    """Read host:port, host:port. Raises ValueError."""
    pairs = (part.strip().rpartition(":") for part in text.split(",") if part.strip())
    return [(host or port, int(port) if host else _HTTPS) for host, _, port in pairs]
