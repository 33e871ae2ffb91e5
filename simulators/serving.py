"""This file listens for a simulated peer, and leaves no line behind when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from protocol.doors.closing import take_in_no_more
from protocol.loop import Talk, met


@asynccontextmanager
async def serving(
    talk: Talk, host: str = "127.0.0.1", port: int = 0, **options: Any
) -> AsyncIterator[int]:
    """Have each caller talked with while it is open; gives the port.

    options: of `asyncio.start_server`. Raises OSError where the port is taken.
    """
    server = await asyncio.start_server(met(talk), host, port, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await take_in_no_more(server)
        server.close()
