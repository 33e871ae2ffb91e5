"""This file makes the server of a door: uvicorn behind the door's limits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, cast

import uvicorn

from protocol.doors.departures import Departures
from protocol.doors.entrance import Entrance, Tls
from protocol.doors.limits import DoorLimits
from protocol.doors.turns import Turns
from protocol.doors.visits import Visits
from protocol.guard import App

# What the kernel holds for us is taken in at one go, and once more before those are counted: with a
# door that is full it still has to stay below the 1,024 files of a program.
BACKLOG: Final = 128
_KEEP_ALIVE_S: Final = 5


class DoorServer(uvicorn.Server):
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
        super().__init__(
            uvicorn.Config(
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
