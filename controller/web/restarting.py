"""This file begins the server anew once the page that waits for it is able to wait by itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from controller.feature import Program

PATIENCE_S: Final = 10.0  # with a browser that runs no scripts


class Restarting:
    """What pages ask for that begin the server anew."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._looked = asyncio.Event()

    def note_look(self) -> None:
        """Somebody asks whether the server turns: the script that waits for it has arrived."""
        self._looked.set()

    async def restart(self) -> None:
        """Begin anew, soon: a page that is cut from its script would wait for ever."""
        self._looked.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._looked.wait()
        if self._program.restart:
            self._program.restart()
