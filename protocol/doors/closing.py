"""This file closes a listening server so that nobody is lost on the threshold.

A line that asyncio is just taking in as its server closes fails in `Server._attach`, is closed by
nobody, and hangs until the garbage is searched (CPython before 3.12; seen, and played in a test).
"""

from __future__ import annotations

import asyncio
from typing import Final

_TURNS: Final = 2  # of the loop: the line gets its transport, and then its protocol


async def take_in_no_more(server: asyncio.Server) -> None:
    """Leave further callers to the kernel, and have those taken in who are on their way."""
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener.fileno())
    for _ in range(_TURNS):
        await asyncio.sleep(0)
