"""This file opens the tablets' page in the classroom's network only, and follows its address."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from agent import server as local
from agent.tablets.door import application
from agent.tablets.service import TabletService
from hardware.network.interfaces import moves, room_address
from protocol.health import ReasonCode

LIFE_S: Final = 15.0  # of a connection, whatever it does: a request takes some milliseconds
AT_ONCE: Final = 160
FROM_ONE_ADDRESS: Final = 64

_HEAD_BYTES: Final = 8192
_QUIET: Final = logging.getLogger("agent.tablets.hostile")  # no line for each bad request
_QUIET.disabled = True


class BoundedConnection(H11Protocol):
    """uvicorn's connection, which ends after some seconds; so many from one address at most.

    uvicorn itself waits for ever for the rest of a request (CWE-400).
    """

    _from: ClassVar = Counter[str]()  # connections by address, of this whole process

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _QUIET
        self._address = ""
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Begin to count its time, or turn it away."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._from[self._address] += 1
        self._end = self.loop.call_later(LIFE_S, transport.abort)
        if self._from[self._address] > FROM_ONE_ADDRESS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        super().connection_lost(exc)
        if self._end is not None:
            self._end.cancel()
        self._from[self._address] -= 1
        if self._from[self._address] <= 0:
            del self._from[self._address]


_TABLETS: Final = local.DoorOptions(
    "the tablets' page",
    ReasonCode.TABLET_PORT_TAKEN,
    AT_ONCE,
    http=BoundedConnection,
    head_bytes=_HEAD_BYTES,
)


async def serve(service: TabletService, *, host: str, port: int, language: str) -> None:
    """Serve on one address until cancelled, and follow it when it changes.

    host: "" for the address in the room's network. Raises Unavailable (in an exception group)
    where another program holds the port.
    """
    app = application(service, language)
    serving: asyncio.Task[None] | None = None
    async with (
        asyncio.TaskGroup() as tasks,
        contextlib.aclosing(_places(host)) as places,
    ):
        async for address in places:
            if serving is not None:
                serving.cancel()
                await asyncio.wait([serving])
            service.place = f"{address}:{port}" if address else ""
            serving = None
            if address:
                door = local.serve(app, address, port, _TABLETS)
                serving = tasks.create_task(door, name="tablets' page")


async def _places(host: str) -> AsyncGenerator[str, None]:
    """The address to serve on, and each one after it; "" while there is none."""
    if host:
        yield host
        await asyncio.Event().wait()
    last = None
    async with contextlib.aclosing(moves()) as changes:
        async for addresses in changes:
            # The same one may have been gone for a while: nothing to do, the socket lives on.
            if (address := room_address(addresses)) != last:
                last = address
                yield address
