"""This file opens a port for the teacher's window or the tablets, and costs nothing while idle."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final, Literal, NamedTuple

import uvicorn
from starlette.types import ASGIApp

from agent.supervision import Unavailable
from protocol.health import ReasonCode
from protocol.model import Reason, Status


class DoorOptions(NamedTuple):
    """How a door is opened: for whom, for how many connections, and with which HTTP.

    taken: what is told where another program holds the port. head_bytes: the most that a
    request's line and headers may have.
    """

    name: str
    port_taken: ReasonCode
    at_once: int
    http: type[asyncio.Protocol] | Literal["h11"] = "h11"
    head_bytes: int = 64 * 1024


LOCAL: Final = DoorOptions(
    "the teacher's window", ReasonCode.PORT_TAKEN, 64
)  # it needs two connections


class _QuietServer(uvicorn.Server):
    """uvicorn without its ten wake-ups a second and without hands on the signals."""

    async def main_loop(self) -> None:
        await self.on_tick(0)  # fills in the headers that every answer carries
        await asyncio.Event().wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    opened: DoorOptions,
    *,
    while_open: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
) -> None:
    """Serve until cancelled. Raises Unavailable where another program holds the port.

    while_open: entered once the port is this door's, and left when it closes.
    """
    try:
        sock = socket.create_server((host, port))
    except OSError as error:
        message = f"port {port} is taken ({error}): {opened.name} waits"
        finding = Status.WARNING, Reason(opened.port_taken, str(port))
        raise Unavailable(message, finding) from error
    with sock, while_open():
        await _serve(app, sock, opened)


async def _serve(app: ASGIApp, sock: socket.socket, opened: DoorOptions) -> None:
    server = _QuietServer(
        uvicorn.Config(
            app,
            http=opened.http,
            ws="none",
            loop="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,  # a log line a request wears out the card, and tells of pupils
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=opened.at_once,
            h11_max_incomplete_event_size=opened.head_bytes,
        )
    )
    try:
        await server.serve(sockets=[sock])
    finally:
        # Whoever is half-way through a request hears a closed connection, and asks again.
        for listener in getattr(server, "servers", ()):
            listener.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
