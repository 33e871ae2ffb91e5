"""This file opens the loopback port for the teacher's window, and costs nothing while idle."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

_LOGGER = logging.getLogger(__name__)

RETRY_FIRST_S: Final = 5.0
RETRY_CAP_S: Final = 60.0
_AT_ONCE: Final = 64  # connections; one teacher's window needs two


class _QuietServer(uvicorn.Server):
    """uvicorn without its ten wake-ups a second and without hands on the signals."""

    async def main_loop(self) -> None:
        await self.on_tick(0)  # fills in the headers that every answer carries
        await asyncio.Event().wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def keep_open(app: ASGIApp, host: str, port: int, taken: Callable[[bool], None]) -> None:
    """Serve until cancelled; a port that another program holds is said once and tried again."""
    wait_s, lost = RETRY_FIRST_S, False
    while True:
        try:
            sock = socket.create_server((host, port))
        except OSError as error:
            taken(True)
            if not lost:
                _LOGGER.warning("port %d is taken (%s): the teacher's window waits", port, error)
            lost = True
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            wait_s = min(wait_s * 2, RETRY_CAP_S)
            continue
        taken(False)
        if lost:
            _LOGGER.info("port %d is free now", port)
        with sock:
            await _serve(app, sock)


async def _serve(app: ASGIApp, sock: socket.socket) -> None:
    server = _QuietServer(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,  # a log line a request wears out the card, and tells of pupils
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=_AT_ONCE,
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
