"""This file opens a port for the teacher's window or the tablets, and costs nothing while idle."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Final, Literal, NamedTuple

import uvicorn
from starlette.types import ASGIApp

from protocol.backoff import Backoff

_LOGGER = logging.getLogger(__name__)

RETRY_FIRST_S: Final = 5.0
RETRY_CAP_S: Final = 60.0


class Opened(NamedTuple):
    """How a door is opened: for whom, for how many connections, and with which HTTP.

    head_bytes: the most that a request's line and headers may have.
    """

    name: str
    at_once: int
    http: type[asyncio.Protocol] | Literal["h11"] = "h11"
    head_bytes: int = 64 * 1024


LOCAL: Final = Opened("the teacher's window", 64)  # one window needs two connections


class _QuietServer(uvicorn.Server):
    """uvicorn without its ten wake-ups a second and without hands on the signals."""

    async def main_loop(self) -> None:
        await self.on_tick(0)  # fills in the headers that every answer carries
        await asyncio.Event().wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def keep_open(
    app: ASGIApp,
    host: str,
    port: int,
    taken: Callable[[bool], None],
    *,
    opened: Opened = LOCAL,
) -> None:
    """Serve until cancelled; a port that another program holds is said once and tried again."""
    backoff, lost = Backoff(RETRY_FIRST_S, RETRY_CAP_S), False
    while True:
        try:
            sock = socket.create_server((host, port))
        except OSError as error:
            taken(True)
            if not lost:
                _LOGGER.warning("port %d is taken (%s): %s waits", port, error, opened.name)
            lost = True
            await asyncio.sleep(backoff.next_s())
            continue
        taken(False)
        if lost:
            _LOGGER.info("port %d is free now", port)
        with sock:
            await _serve(app, sock, opened)


async def _serve(app: ASGIApp, sock: socket.socket, opened: Opened) -> None:
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
