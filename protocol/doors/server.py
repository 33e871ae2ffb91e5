"""This file makes the server of a door: uvicorn behind the door's limits."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, cast

from protocol.doors.closing import take_in_no_more
from protocol.doors.departures import Departures
from protocol.doors.entrance import Entrance, Tls
from protocol.doors.lean_uvicorn import Config, Server
from protocol.doors.limits import DoorLimits
from protocol.doors.turns import Turns
from protocol.doors.visits import Visits
from protocol.guard import App

# What the kernel holds for us is taken in at one go, and once more before those are counted: with a
# door that is full it still has to stay below the 1,024 files of a program.
BACKLOG: Final = 128
_KEEP_ALIVE_S: Final = 5


class DoorServer(Server):
    """uvicorn under another's signals, and behind limits. visits: who is in.

    tls: with what lines are encrypted now; without it none are. before: stands before the turns,
    where the peer is still the line's own.
    """

    def __init__(
        self,
        app: App,
        limits: DoorLimits,
        *,
        tls: Tls | None = None,
        before: Callable[[App], App] = lambda app: app,
        **uvicorns: Any,
    ) -> None:
        self.visits: Visits[asyncio.BaseTransport] = Visits(limits)
        self.opened = asyncio.Event()
        super().__init__(
            Config(
                cast("Any", before(Turns(Departures(app), limits))),
                interface="asgi3",
                http=_bound(Entrance, self.visits, tls),
                ws=_socket(self.visits) if limits.sockets else "none",
                log_config=None,
                access_log=False,  # a line a request wears out a card, and tells of pupils
                server_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE_S,
                h11_max_incomplete_event_size=limits.head_bytes,
                proxy_headers=False,  # else it believes whoever is on loopback
                **uvicorns,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, and say so by `opened`."""
        await super().startup(sockets)
        self.opened.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; no line outlives it, for the program may begin anew in the same process."""
        for server in self.servers:
            await take_in_no_more(server)
        await super().shutdown(sockets)
        self.visits.shut()
        for line in self.visits.lines():
            if isinstance(line, asyncio.Transport):
                line.abort()

    async def take(self, line: socket.socket) -> None:
        """Serve one line that another process took in."""
        connection = partial(
            cast("Any", self.config.http_protocol_class),
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(connection, line)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the wiring's."""
        yield


def _socket(visits: Visits[asyncio.BaseTransport]) -> type[asyncio.Protocol]:
    from protocol.doors.websocket import BoundedWebSocket  # noqa: PLC0415 - an agent has none

    return _bound(BoundedWebSocket, visits)


def _bound(protocol: type[asyncio.Protocol], *bound: object) -> type[asyncio.Protocol]:
    """What uvicorn calls for each connection; it asks for a class and only calls it."""
    return cast("type[asyncio.Protocol]", partial(cast("Any", protocol), *bound))
