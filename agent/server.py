"""This file opens a port for the teacher's window or the tablets, and costs nothing while idle."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from agent.supervision import Unavailable
from protocol.doors.limits import DoorLimits
from protocol.doors.server import DoorServer
from protocol.health import ReasonCode
from protocol.model import Reason, Status


class DoorOptions(NamedTuple):
    """How a door is opened: for whom, and what it gives them.

    port_taken: what is told where another program holds the port.
    """

    name: str
    port_taken: ReasonCode
    limits: DoorLimits


LOCAL: Final = DoorOptions(
    "the teacher's window",
    ReasonCode.PORT_TAKEN,
    DoorLimits(
        at_once=64,  # it needs two connections
        of_one_peer=64,
        of_this_machine=64,
        turns=16,
        turns_of_this_machine=16,
    ),
)


def listen_at(address: tuple[str, int]) -> socket.socket:
    """Listen there, by IPv4 or IPv6. Raises OSError where another program does."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    return socket.create_server(address, family=family)


class HeldPort:
    """A port that stays this program's between two openings of its door: nobody slips in."""

    def __init__(self) -> None:
        self._sock: socket.socket | None = None

    def __call__(self, address: tuple[str, int]) -> socket.socket:
        """Listen there. Raises OSError where another program does."""
        self._sock = self._sock or listen_at(address)
        return self._sock.dup()


class _QuietServer(DoorServer):
    """A server without uvicorn's ten wake-ups a second."""

    async def main_loop(self) -> None:
        await self.on_tick(0)  # fills in the headers that every answer carries
        await asyncio.Event().wait()


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    opened: DoorOptions,
    *,
    while_open: Callable[[], AbstractContextManager[None]] = nullcontext,
    listen: Callable[[tuple[str, int]], socket.socket] = listen_at,
) -> None:
    """Serve until cancelled. Raises Unavailable where another program holds the port.

    while_open: entered once the port is this door's, and left when it closes. listen: takes the
    port.
    """
    try:
        sock = listen((host, port))
    except OSError as error:
        message = f"port {port} is taken ({error}): {opened.name} waits"
        finding = Status.WARNING, Reason(opened.port_taken, str(port))
        raise Unavailable(message, finding) from error
    with sock, while_open():
        await _serve(app, sock, opened)


async def _serve(app: ASGIApp, sock: socket.socket, opened: DoorOptions) -> None:
    server = _QuietServer(
        _cut_off(app),
        opened.limits,
        loop="none",
        lifespan="off",
        date_header=False,
    )
    try:
        await server.serve(sockets=[sock])
    finally:
        # Whoever is half-way through a request hears a closed connection, and asks again.
        for listener in getattr(server, "servers", ()):
            listener.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
            connection.transport.close()
        await asyncio.sleep(0)  # so that each knows that its connection is closed


def _cut_off(app: ASGIApp) -> ASGIApp:
    """An answer that the end of the door cuts off is no fault of anybody's."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    return answer
