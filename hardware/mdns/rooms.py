"""This file says by mDNS which room a fixed agent is in, and hears the others say so."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from hardware.mdns.announced import best_address
from hardware.mdns.browse import hear_service
from hardware.network.interfaces import LOOPBACK, Addresses, addresses
from hardware.readings import RoomHeard, clean

SERVICE: Final = "_lophoc-room._tcp.local."
_VERSION: Final = b"1"
_TEXT_LIMIT: Final = 64
# A school has some fifty rooms; a network with many more is being fooled.
_ROOMS_LIMIT: Final = 200


async def announce(
    zeroconf: AsyncZeroconf,
    *,
    agent: str,
    room: str,
    school: str,
    port: int,
    moved: asyncio.Event | None = None,
    own: Callable[[], Addresses] = addresses,
) -> None:
    """Say which room this agent is in, until cancelled, and then that it stops; never returns.

    port: where the agent listens. moved: set when zeroconf moved to other addresses, which are
    then told. own: our own addresses now. Nothing of people is said. Source: RFC 6763; the
    instance carries the agent's id, for two of one name are not told apart by zeroconf.
    """
    moved = asyncio.Event() if moved is None else moved

    def info() -> AsyncServiceInfo:
        return _info(agent, room, school, port, own() or (LOOPBACK,))

    task = await zeroconf.async_register_service(info(), cooperating_responders=True, strict=False)
    try:
        await task
        while True:
            await moved.wait()
            moved.clear()
            await (await zeroconf.async_update_service(info()))
    finally:
        # Closing says goodbye by itself, and then there is nothing left to say.
        if not zeroconf.zeroconf.done:
            await (await zeroconf.async_unregister_service(info()))


async def hear(zeroconf: AsyncZeroconf, report: Callable[[RoomHeard], None]) -> None:
    """Tell of every fixed agent that says where it is, each change and each goodbye.

    Never returns. Whose school it is, and whether it is ourselves, is for the caller to see.
    """
    rooms: dict[str, RoomHeard] = {}

    def take(name: str, info: AsyncServiceInfo | None) -> None:
        before = rooms.pop(name, None)
        room = room_of(info.properties, info.parsed_scoped_addresses()) if info else None
        if room is not None:
            rooms[name] = room
        if before is not None and (room is None or room.agent != before.agent):
            report(replace(before, present=False))
        if room is not None and room != before:
            report(room)

    await hear_service(zeroconf, SERVICE, take, names=rooms, limit=_ROOMS_LIMIT)


def room_of(txt: Mapping[bytes, bytes | None], own: list[str]) -> RoomHeard | None:
    """Give what an announcement says; None if it is none of ours. Pure."""
    agent, room, school = (_text(txt.get(key)) for key in (b"id", b"room", b"school"))
    if txt.get(b"v") != _VERSION or not agent or not room:
        return None
    return RoomHeard(agent=agent, room=room, school=school, address=best_address(own))


def _info(agent: str, room: str, school: str, port: int, own: Addresses) -> AsyncServiceInfo:
    name = hashlib.sha256(agent.encode()).hexdigest()[:16]
    return AsyncServiceInfo(
        SERVICE,
        f"lophoc-{name}.{SERVICE}",
        port=port,
        properties={b"id": agent, b"room": room, b"school": school, b"v": _VERSION},
        server=f"lophoc-{name}.local.",
        addresses=[socket.inet_aton(one) for one in own],
    )


def _text(value: bytes | None) -> str:
    return clean((value or b"").decode("utf-8", "replace"), _TEXT_LIMIT)
