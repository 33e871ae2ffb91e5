"""This file lists the sources: what is sensed of the room, and how; it names the hardware."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from agent.classroom import Classroom
from agent.services.context import AgentService, Context
from hardware.readings import RoomHeard, SenseMissing

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

    from hardware.camera.watch import CameraTarget
    from hardware.network.typed import TypedDevice

_HTTPS: Final = 443


async def watch_usb(context: Context) -> None:
    """What is plugged in by USB."""
    from hardware.usb import watch as usb  # noqa: PLC0415 - only where it is enabled
    from hardware.usb.keys import remembered_holders  # noqa: PLC0415 - likewise

    traces = context.store.classroom.devices.traces.held.values()
    holders = remembered_holders(trace.sighting for trace in traces)
    await usb.watch(context.inbox.report, host=context.machine.id, holders=holders)


async def watch_mdns(context: Context) -> None:
    """One mDNS for the controller, the devices and the rooms, wherever this machine is."""
    try:
        from hardware.mdns import following  # noqa: PLC0415 - heavy
        from hardware.mdns import watch as mdns  # noqa: PLC0415 - likewise
    except ImportError as error:
        hint = "Install python3-zeroconf to see the network's devices."
        raise SenseMissing("no_zeroconf", {"sense": "mdns"}, hint) from error

    links, moved, announced = context.links, asyncio.Event(), asyncio.Event()

    def move() -> None:
        moved.set()
        announced.set()

    async with following.open_zeroconf(links) as zeroconf, asyncio.TaskGroup() as tasks:
        tasks.create_task(following.follow(zeroconf, links, moved=move), name="mdns addresses")
        if context.connection.finder is not None:
            tasks.create_task(context.connection.finder.watch(zeroconf), name="finder")
        if context.config.mdns:
            watch = mdns.watch(
                context.liveness.hear,
                zeroconf=zeroconf,
                moved=moved,
                ours=context.own.networks,
                judge=context.marks,
            )
            tasks.create_task(watch, name="mdns devices")
            tasks.create_task(_share_rooms(context, zeroconf, announced), name="mdns rooms")


async def _share_rooms(context: Context, zeroconf: AsyncZeroconf, moved: asyncio.Event) -> None:
    """A fixed computer announces its room; one that is carried about listens to those."""
    from hardware.mdns import rooms  # noqa: PLC0415 - heavy

    config, agent = context.config, context.store.classroom.room.place.agent

    def hear(announced: RoomHeard) -> None:
        if announced.school == config.school and announced.agent != agent:
            context.inbox.report(announced)

    if config.roaming:
        await rooms.hear(zeroconf, hear)
    else:
        await rooms.announce(
            zeroconf,
            agent=agent,
            room=config.room,
            school=config.school,
            port=config.local_port,
            moved=moved,
            own=context.own.addresses,
        )


async def watch_onvif(context: Context) -> None:
    """Cameras that speak ONVIF."""
    from hardware.onvif import watch as onvif  # noqa: PLC0415 - only where it is enabled

    await onvif.watch(
        context.liveness.hear,
        credentials=context.logins.camera,
        addresses=context.own.call_places,
        judge=context.marks,
        rest=context.bell.rest,
    )


async def watch_pjlink(context: Context) -> None:
    """Projectors and boards that speak PJLink, and those at typed addresses."""
    try:
        from hardware.pjlink import ask, watch  # noqa: PLC0415 - only where it is enabled
    except ImportError as error:
        hint = "Install aiopjlink to see projectors and boards."
        raise SenseMissing("no_aiopjlink", {"sense": "pjlink"}, hint) from error

    await watch.watch(
        context.liveness.hear,
        password=context.logins.pjlink,
        typed=lambda: ask.entries_of(_typed_places(context)),
        settings=watch.Settings(networks=context.own.networks, rest=context.bell.rest),
        judge=context.marks,
    )


async def watch_typed(context: Context) -> None:
    """What people added by its address, asked in every language until it answers."""
    from hardware.network import typed  # noqa: PLC0415 - seldom used
    from hardware.onvif import watch as onvif  # noqa: PLC0415 - likewise
    from hardware.pjlink import ask as pjlink  # noqa: PLC0415 - likewise

    askers = (
        pjlink.asker(context.logins.pjlink),
        onvif.asker(context.logins.camera),
    )
    await typed.watch(
        context.liveness.hear,
        lambda: _typed_places(context),
        askers=(*askers, *typed.USUAL),
        rest=context.bell.rest,
    )


async def watch_cameras(context: Context) -> None:
    """The pictures of the room's cameras."""
    from hardware.camera import watch as camera  # noqa: PLC0415 - only where it is enabled

    def targets_of(classroom: Classroom) -> tuple[CameraTarget, ...]:
        devices, logins = classroom.devices, context.logins
        return tuple(
            camera.target_of(
                key, at, logins.at(devices.keys_at(key), at), devices.other_places(key)
            )
            for key, at in classroom.pictures()
        )

    looked_at, turns = context.store.classroom, context.logins.turns
    targets = targets_of(looked_at)

    def targets_now() -> tuple[CameraTarget, ...]:
        # Asked several times a second during a look, and a classroom seldom changes.
        nonlocal looked_at, turns, targets
        if context.store.classroom is not looked_at or context.logins.turns != turns:
            looked_at, turns = context.store.classroom, context.logins.turns
            targets = targets_of(looked_at)
        return targets

    await camera.watch(
        context.inbox.report,
        targets_now,
        context.shutter,
        every_s=context.config.camera_check_s,
        rest=context.bell.rest,
    )


async def watch_line(context: Context) -> None:
    """How far the line reaches."""
    from hardware.host.line import watch_line as watch  # noqa: PLC0415 - only where it is enabled

    internet = internet_targets(context.config.internet)
    await watch(
        context.inbox.report,
        controller=context.connection.controller,
        internet=internet,
        names=[host for host, _ in internet],
    )


async def watch_uplink(context: Context) -> None:
    """The access point that this computer is joined to."""
    from hardware.host.uplink import watch_uplink as watch  # noqa: PLC0415 - only where enabled

    await watch(context.inbox.report)


SOURCES: Final = (
    AgentService("networks", lambda context: context.own.follow()),
    AgentService("usb", watch_usb, lambda config: config.usb),
    # To find the controller mDNS runs even where devices are not looked for by it.
    AgentService("mdns", watch_mdns, lambda config: config.mdns or not config.broker),
    AgentService("onvif", watch_onvif, lambda config: config.onvif),
    AgentService("pjlink", watch_pjlink, lambda config: config.pjlink),
    AgentService("typed", watch_typed),
    AgentService("probes", lambda context: context.liveness.run()),
    AgentService("camera", watch_cameras, lambda config: config.cameras),
    AgentService("cards", lambda context: context.scanner.run()),
    AgentService(
        "door_cards",
        lambda context: context.door_cards.run(),
        lambda config: bool(config.door_camera),
    ),
    AgentService("line", watch_line, lambda config: config.line),
    AgentService("uplink", watch_uplink, lambda config: config.line),
    AgentService(
        "tablets",
        lambda context: context.tablets.watch(context.inbox.report),
        lambda config: config.tablets,
    ),
)


def internet_targets(text: str) -> list[tuple[str, int]]:
    """Read "host:port, host": where a port is left out it is 443. Raises ValueError."""
    targets = []
    for part in filter(None, map(str.strip, text.split(","))):
        host, colon, port = part.rpartition(":")
        targets.append((host, int(port)) if colon else (part, _HTTPS))
    return targets


def _typed_places(context: Context) -> list[TypedDevice]:
    from hardware.network.place import TypedPlace  # noqa: PLC0415 - seldom used
    from hardware.network.typed import TypedDevice  # noqa: PLC0415 - likewise

    return [
        TypedDevice(
            token=typed.token,
            place=TypedPlace(
                host=typed.host, port=typed.port, scheme=typed.scheme, path=typed.path
            ),
        )
        for typed in context.store.classroom.typed
    ]
