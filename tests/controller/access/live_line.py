"""This file opens the pages' live line without a server (ASGI 3.0, websocket)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

from fastapi import FastAPI


class LiveLine(NamedTuple):
    """What the application says on it, and its own work."""

    said: asyncio.Queue[dict[str, Any]]
    running: asyncio.Task[None]


@asynccontextmanager
async def live_line(face: FastAPI, headers: Mapping[str, str]) -> AsyncIterator[LiveLine]:
    """The browser opens it, and says nothing more."""
    said, opened = asyncio.Queue[dict[str, Any]](), asyncio.Event()

    async def receive() -> dict[str, Any]:
        if opened.is_set():
            await asyncio.Event().wait()
        opened.set()
        return {"type": "websocket.connect"}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "scheme": "ws",
        "path": "/live",
        "raw_path": b"/live",
        "query_string": b"",
        "headers": [(b"host", b"testserver"), *raw],
        "client": ("192.0.2.5", 5),
        "server": ("testserver", 80),
        "subprotocols": [],
    }
    running = asyncio.create_task(face(scope, receive, said.put))  # type: ignore[arg-type]
    try:
        yield LiveLine(said, running)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
