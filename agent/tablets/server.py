"""This file opens the tablets' page in the classroom's network only, and follows its address."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from agent import server as local
from agent.tablets.door import application
from agent.tablets.service import TabletService
from hardware.network.links import ANY_LINK, LinkChoice
from hardware.network.room_network import room_addresses
from protocol.doors.limits import DoorLimits
from protocol.health import ReasonCode

TABLETS: Final = local.DoorOptions(
    "the tablets' page",
    ReasonCode.TABLET_PORT_TAKEN,
    DoorLimits(
        at_once=160,
        reserve=32,
        of_one_peer=64,
        of_this_machine=64,
        turns=8,
        turns_of_this_machine=8,
        head_bytes=8192,
        life_s=15.0,  # a request takes some milliseconds
    ),
)


async def serve(
    service: TabletService,
    *,
    host: str,
    port: int,
    language: str,
    links: LinkChoice = ANY_LINK,
) -> None:
    """Serve on one address until cancelled, and follow it when it changes.

    host: "" for the address in the room's network, by one of links. Raises Unavailable (in an
    exception group) where another program holds the port.
    """
    app = application(service, language)
    serving: asyncio.Task[None] | None = None
    async with (
        asyncio.TaskGroup() as tasks,
        contextlib.aclosing(_places(host, links)) as places,
    ):
        async for address in places:
            if serving is not None:
                serving.cancel()
                await asyncio.wait([serving])
            shown = f"[{address}]" if ":" in address else address
            service.place = f"{shown}:{port}" if address else ""
            serving = None
            if address:
                door = local.serve(app, address, port, TABLETS)
                serving = tasks.create_task(door, name="tablets' page")


async def _places(host: str, links: LinkChoice) -> AsyncGenerator[str, None]:
    """The address to serve on, and each one after it; "" while there is none."""
    if host:
        yield host
        await asyncio.Event().wait()
    async with contextlib.aclosing(room_addresses(links)) as places:
        async for address in places:
            yield address
