"""This file says by mDNS which room a fixed agent is in, and hears the others say so."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from zeroconf import Error, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from hardware.mdns.announced import best_address
from hardware.network.interfaces import LOOPBACK, addresses
from hardware.readings import RoomHeard, clean

SERVICE: Final = "_lophoc-room._tcp.local."
_VERSION: Final = b"1"
_TEXT_LIMIT: Final = 64
# A school has some fifty rooms; a network with many more is being fooled.
_ROOMS_LIMIT: Final = 200
_GATHER_S: Final = 0.05
_ASK_MS: Final = 1500


async def announce(
    zeroconf: AsyncZeroconf,
    *,
    agent: str,
    room: str,
    school: str,
    port: int,
    moved: asyncio.Event | None = None,
) -> None:
    """Say which room this agent is in, until cancelled, and then that it stops; never returns.

    port: where the agent listens. moved: set when zeroconf moved to other addresses, which are
    then told. Nothing of people is said. Source: RFC 6763; the instance carries the agent's id,
    for two of one name are not told apart by zeroconf.
    """
    moved = asyncio.Event() if moved is None else moved

    def info() -> AsyncServiceInfo:
        return _info(agent, room, school, port)

    said = await zeroconf.async_register_service(info(), cooperating_responders=True, strict=False)
    try:
        await said
        while True:
            await moved.wait()
            moved.clear()
            await (await zeroconf.async_update_service(info()))
    finally:
        # Closing says goodbye by itself, and then there is nothing left to say.
        if not zeroconf.zeroconf.done:
            await (await zeroconf.async_unregister_service(info()))


async def hear(zeroconf: AsyncZeroconf, heard: Callable[[RoomHeard], None]) -> None:
    """Tell of every fixed agent that says where it is, each change and each goodbye.

    Never returns. Whose school it is, and whether it is ourselves, is for the caller to see.
    """
    ear = _Ear(zeroconf.zeroconf, heard)
    browser = AsyncServiceBrowser(zeroconf.zeroconf, SERVICE, handlers=[ear.note])
    try:
        while True:
            await ear.changed.wait()
            await asyncio.sleep(_GATHER_S)
            await ear.listen()
    finally:
        await browser.async_cancel()


def room_of(txt: Mapping[bytes, bytes | None], found: list[str]) -> RoomHeard | None:
    """Give what an announcement says; None if it is none of ours. Pure."""
    agent, room, school = (_text(txt.get(key)) for key in (b"id", b"room", b"school"))
    if txt.get(b"v") != _VERSION or not agent or not room:
        return None
    return RoomHeard(agent=agent, room=room, school=school, address=best_address(found))


class _Ear:
    """Which rooms were heard, and which announcements changed."""

    def __init__(self, zeroconf: Zeroconf, heard: Callable[[RoomHeard], None]) -> None:
        self.changed = asyncio.Event()
        self._zeroconf = zeroconf
        self._heard = heard
        self._known: dict[str, RoomHeard] = {}
        self._pending: dict[str, bool] = {}

    def note(
        self,
        zeroconf: Zeroconf,  # noqa: ARG002 - the browser's own names
        service_type: str,  # noqa: ARG002
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        """Remember that an announcement changed; called by the browser in the loop."""
        known = name in self._known or name in self._pending
        if known or len(self._known) + len(self._pending) < _ROOMS_LIMIT:
            self._pending[name] = state_change is ServiceStateChange.Removed
            self.changed.set()

    async def listen(self) -> None:
        """Look at what changed."""
        pending, self._pending = self._pending, {}
        self.changed.clear()
        for name, gone in pending.items():
            self._take(name, None if gone else await self._read(name))

    async def _read(self, name: str) -> RoomHeard | None:
        try:
            info = AsyncServiceInfo(SERVICE, name)
        except Error:
            return None  # a pointer may name anything at all
        if not await info.async_request(self._zeroconf, _ASK_MS):
            return self._known.get(name)
        return room_of(info.properties, info.parsed_scoped_addresses())

    def _take(self, name: str, room: RoomHeard | None) -> None:
        before = self._known.pop(name, None)
        if room is not None:
            self._known[name] = room
        if before is not None and (room is None or room.agent != before.agent):
            self._heard(replace(before, present=False))
        if room is not None and room != before:
            self._heard(room)


def _info(agent: str, room: str, school: str, port: int) -> AsyncServiceInfo:
    name = hashlib.sha256(agent.encode()).hexdigest()[:16]
    return AsyncServiceInfo(
        SERVICE,
        f"lophoc-{name}.{SERVICE}",
        port=port,
        properties={b"id": agent, b"room": room, b"school": school, b"v": _VERSION},
        server=f"lophoc-{name}.local.",
        addresses=[socket.inet_aton(one) for one in addresses() or (LOOPBACK,)],
    )


def _text(value: bytes | None) -> str:
    return clean((value or b"").decode("utf-8", "replace"), _TEXT_LIMIT)
