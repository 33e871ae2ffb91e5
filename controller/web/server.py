"""This file serves an application on a socket that is bound before anything else starts."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from controller.web.plain import PlainDoor
from protocol.doors.entrance import Tls
from protocol.doors.limits import DoorLimits
from protocol.doors.server import DoorServer
from protocol.errors import LopHocError
from protocol.guard import App
from protocol.words import N_, Translate


class ServerError(LopHocError):
    """The screens cannot be served; `code` says why, `hint` what to do."""


# A program has 1,024 files, of which the broker, the database and the backlog take the rest.
SCREENS: Final = DoorLimits(
    at_once=512,
    reserve=64,
    of_one_peer=96,
    of_this_machine=384,
    turns=8,
    turns_of_this_machine=32,
    sockets=300,
    sockets_of_one_peer=64,  # a staff room behind one address
)


def server_of(
    web: ASGIApp,
    limits: DoorLimits = SCREENS,
    *,
    proxies: Sequence[str] = (),
    tls: Tls = lambda: None,
    say: Translate = str,
) -> DoorServer:
    """The server, to be run by its `serve`. proxies: whose word is taken on who calls.

    tls: with what lines are encrypted now. say: what tells who comes unencrypted from elsewhere.
    """

    def before(app: App) -> App:
        believing = ProxyHeadersMiddleware(cast("Any", app), [*proxies])
        is_near = believing.trusted_hosts.__contains__
        return PlainDoor(cast("Any", believing), is_near, lambda: tls() is not None, say)

    return DoorServer(
        cast("Any", web),
        limits,
        tls=tls,
        before=before,
        ws_max_size=limits.message_bytes,
        ws_ping_interval=20.0,
        timeout_graceful_shutdown=2,
    )


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """The socket of the screens. Raises ServerError if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            listener.bind((host, port))
        except OSError as error:
            raise ServerError(
                "http_port_taken",
                N_("The screens cannot listen on {host}:{port} ({cause})."),
                N_("Stop the other program or choose another --http-port."),
                host=host,
                port=port,
                cause=error.strerror,
            ) from error
        yield listener
    finally:
        listener.close()
