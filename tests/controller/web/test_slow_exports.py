"""Who reads a big file slowly keeps nobody else from one, and is no error in the log."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket

import pytest
from fastapi import Depends, FastAPI, Request, Response

from controller.web.exporting import AT_ONCE, Export, Exports
from controller.web.refusals import HttpError
from controller.web.server import server_of
from tests.waiting import LIMIT_S, eventually

LONG = bytes(24 << 20)


def web(exports: Exports) -> FastAPI:
    """Addresses of both kinds of big files."""
    app = FastAPI(dependencies=[Depends(exports.hold)])

    @app.exception_handler(HttpError)
    def refused(_: Request, error: HttpError) -> Response:
        return Response(status_code=error.status)

    @app.get("/made.csv")
    def made() -> Response:
        return Response(LONG)

    @app.get("/poured")
    def poured() -> Response:
        return Export(exports.taking(lambda: (LONG[: 64 << 10] for _ in range(384))), "text/csv")

    return app


@pytest.mark.parametrize("path", ["/made.csv", "/poured"])
def test_slow_readers_give_way_once_their_turn_is_over(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """And not before. What is made whole waits for its reader without a place."""

    def come(port: int) -> tuple[socket.socket, bytes]:
        line = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S)
        line.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode())
        return line, line.recv(12)[9:]

    def is_served(port: int) -> bool:
        line, status = come(port)
        line.close()
        return status == b"200"

    def has_whole(line: socket.socket) -> bool:
        got = 0
        with line, contextlib.suppress(ConnectionError):
            while got < len(LONG) and (part := line.recv(1 << 20)):
                got += len(part)
        return got >= len(LONG)

    async def play() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server, port = server_of(web(Exports(turn_s=0.5))), listener.getsockname()[1]
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            await eventually(lambda: server.started)
            slow = [await asyncio.to_thread(come, port) for _ in range(AT_ONCE)]
            assert [status for _, status in slow] == [b"200"] * AT_ONCE
            await eventually(lambda: asyncio.to_thread(is_served, port))
            whole = [await asyncio.to_thread(has_whole, line) for line, _ in slow]
            assert all(whole) == (path == "/made.csv"), "one of them gave way"
            server.should_exit = True
            await serving

    with caplog.at_level(logging.WARNING):
        asyncio.run(play())
    assert [record.getMessage() for record in caplog.records] == []
