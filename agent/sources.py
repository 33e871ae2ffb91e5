"""This file says which senses to use and what each may ask of the room; it names the hardware."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from agent.classroom import Classroom
from agent.equipment.typed import Typed
from agent.passwords import Passwords
from agent.senses import Start
from hardware.readings import HostReading, Kind, Report, RoomHeard, SenseMissing, Sighting
from protocol.kit import Program

if TYPE_CHECKING:
    from agent.config import AgentConfig
    from agent.finder import Finder
    from hardware.camera.watch import Target
    from hardware.network.liveness import Liveness
    from hardware.network.typed import Typed as Place

_HTTPS: Final = 443


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


class Around(NamedTuple):
    """What senses ask of the agent, at the moment when they need it.

    report: takes what they saw. agent: this agent's id. controller: where the school's server
    listens, if that is known.
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
    config, network = around.config, _Network(around)
    if config.usb:
        yield Source("usb", partial(_usb, around))
    if config.mdns or around.finder is not None:
        yield Source("mdns", network.mdns)
    if config.onvif:
        yield Source("onvif", network.onvif)
    if config.pjlink:
        yield Source("pjlink", network.pjlink)
    yield Source("typed", network.typed)
    yield Source("probes", network.probes)
    if config.cameras:
        yield Source("camera", partial(_cameras, around))
    if config.line:
        yield Source("line", partial(_line, around))
        yield Source("uplink", partial(_uplink, around))


class _Network:
    """The senses of the network: finders, and the probes that all they find goes through."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._liveness: Liveness | None = None

    async def mdns(self) -> None:
        """One mDNS for the controller, the devices and the rooms, wherever this machine is."""
        try:
            from hardware.mdns import rooms  # noqa: PLC0415 - heavy
            from hardware.mdns import watch as mdns  # noqa: PLC0415
            from hardware.network import interfaces  # noqa: PLC0415
        except ImportError as error:
            hint = "Install python3-zeroconf to see the network's devices."
            raise SenseMissing("no_zeroconf", {"sense": "mdns"}, hint) from error

        around, moved, announced = self._around, asyncio.Event(), asyncio.Event()

        def move() -> None:
            moved.set()
            announced.set()

        async with interfaces.opened() as zeroconf, asyncio.TaskGroup() as tasks:
            tasks.create_task(interfaces.follow(zeroconf, moved=move), name="mdns addresses")
            if around.finder is not None:
                tasks.create_task(around.finder.watch(zeroconf), name="finder")
            if not around.config.mdns:
                return
            watch = mdns.watch(self._alive().hear, zeroconf=zeroconf, moved=moved)
            tasks.create_task(watch, name="mdns devices")
            if around.config.roaming:
                tasks.create_task(rooms.hear(zeroconf, self._hear_room), name="rooms near by")
            else:
                place = rooms.announce(
                    zeroconf,
                    agent=around.agent,
                    room=around.config.room,
                    school=around.config.school,
                    port=around.config.local_port,
                    moved=announced,
                )
                tasks.create_task(place, name="room announced")

    async def onvif(self) -> None:
        """Cameras that speak ONVIF."""
        from hardware.onvif import watch as onvif  # noqa: PLC0415 - only where it is wanted

        await onvif.watch(self._alive().hear, credentials=self._camera_login)

    async def pjlink(self) -> None:
        """Projectors and boards that speak PJLink, and those at typed addresses."""
        try:
            from hardware.pjlink import watch as pjlink  # noqa: PLC0415 - only where it is wanted
        except ImportError as error:
            hint = "Install aiopjlink to see projectors and boards."
            raise SenseMissing("no_aiopjlink", {"sense": "pjlink"}, hint) from error

        await pjlink.watch(
            self._alive().hear,
            password=self._pjlink_password,
            typed=lambda: pjlink.entries_of(self._places()),
        )

    async def typed(self) -> None:
        """What people added by its address, asked in every language until it answers."""
        from hardware.network import typed  # noqa: PLC0415 - seldom wanted
        from hardware.onvif import watch as onvif  # noqa: PLC0415
        from hardware.pjlink import watch as pjlink  # noqa: PLC0415

        askers = (pjlink.asker(self._pjlink_password), onvif.asker(self._camera_login))
        await typed.watch(self._alive().hear, self._places, askers=(*askers, *typed.USUAL))

    async def probes(self) -> None:
        """What finders found is asked whether it is still there."""
        await self._alive().run()

    def _alive(self) -> Liveness:
        if self._liveness is None:
            from hardware.network.liveness import Liveness  # noqa: PLC0415 - only where wanted

            self._liveness = Liveness(self._around.report)
        return self._liveness

    def _hear_room(self, heard: RoomHeard) -> None:
        if heard.school == self._around.config.school and heard.agent != self._around.agent:
            self._around.report(heard)

    def _places(self) -> list[Place]:
        return [_place(each) for each in self._around.classroom().typed]

    def _camera_login(self) -> tuple[str, str]:
        return self._around.passwords.camera_user, self._around.passwords.camera

    def _pjlink_password(self) -> str:
        return self._around.passwords.pjlink


async def _usb(around: Around) -> None:
    from hardware.usb import watch as usb  # noqa: PLC0415 - only where it is wanted

    await usb.watch(around.report, host=around.machine)


async def _cameras(around: Around) -> None:
    from hardware.camera import watch as camera  # noqa: PLC0415 - only where it is wanted

    user, password = around.passwords.camera_user, around.passwords.camera

    def found(classroom: Classroom) -> tuple[Target, ...]:
        places = pictures(classroom)
        return tuple(camera.target_of(key, at, user, password) for key, at in places)

    known = around.classroom()
    targets = found(known)

    def targets_now() -> tuple[Target, ...]:
        # Asked several times a second, and a classroom seldom changes.
        nonlocal known, targets
        if around.classroom() is not known:
            known = around.classroom()
            targets = found(known)
        return targets

    await camera.watch(around.report, targets_now, every_s=around.config.camera_check_s)


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


def pictures(classroom: Classroom) -> list[tuple[str, str]]:
    """Where the room's cameras can be looked at now: their keys, and a URL or device node each.

    None while the room's cameras are switched off.
    """
    if classroom.camera_off:
        return []
    cameras = [
        each
        for each in classroom.devices.traces.sightings()
        if each.present and each.kind is Kind.CAMERA
    ]
    found = [(each.key, each.url) for each in cameras if each.url]
    return found + [
        (each.key, node) for each in cameras for node in each.nodes[:1] if _is_video(node)
    ]


def internet_targets(text: str) -> list[tuple[str, int]]:
    """Read "host:port, host": where a port is left out it is 443. Raises ValueError."""
    targets = []
    for part in filter(None, map(str.strip, text.split(","))):
        host, colon, port = part.rpartition(":")
        targets.append((host, int(port)) if colon else (part, _HTTPS))
    return targets


def _is_video(node: str) -> bool:
    return node.startswith("/dev/video")


def _place(typed: Typed) -> Place:
    from hardware.network.typed import Typed as Place  # noqa: PLC0415 - seldom wanted
    from hardware.network.typed import TypedPlace  # noqa: PLC0415

    place = TypedPlace(host=typed.host, port=typed.port, scheme=typed.scheme, path=typed.path)
    return Place(token=typed.token, place=place)
