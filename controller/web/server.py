"""This file serves an application on a socket that is bound before anything else starts."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from protocol.errors import LopHocError
from protocol.words import N_


class ServerError(LopHocError):
    """The screens cannot be served; `code` says why, `hint` what to do."""


class _Server(uvicorn.Server):
    """uvicorn under another's signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the wiring's."""
        yield


def server_of(web: ASGIApp) -> _Server:
    """The server, to be run by its `serve`."""
    return _Server(
        uvicorn.Config(
            web,
            log_config=None,
            access_log=False,
            server_header=False,
            ws_max_size=64 * 1024,
            ws_ping_interval=20.0,
            timeout_graceful_shutdown=2,
        )
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
