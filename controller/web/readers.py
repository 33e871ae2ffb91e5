"""This file has what browsers sent read beside everything else, of one person a file at a time."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar
from weakref import WeakValueDictionary

import msgspec

from controller.feature import Program
from controller.sheets.apart import read_apart
from controller.sheets.errors import SheetError
from controller.web.waiting import WaitingFile

AT_ONCE: Final = 3  # each may take a lot of memory

Content = TypeVar("Content")


class Readers:
    """The processes that read: a few at once, so that who sends much only waits for himself."""

    def __init__(self, _program: Program | None = None) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def read(
        self,
        waiting: WaitingFile[Content],
        name: str,
        module: str,
        order_of: Callable[[Path], msgspec.Struct],
        kind: type[Content],
    ) -> None:
        """Have a module's process read a file, or note why it cannot. Raises OSError."""
        try:
            content = await self._content_of(waiting, name, module, order_of, kind)
        except SheetError as error:
            waiting.content, waiting.refused = None, error
        else:
            waiting.content, waiting.refused = content, None

    async def _content_of(
        self,
        waiting: WaitingFile[Content],
        name: str,
        module: str,
        order_of: Callable[[Path], msgspec.Struct],
        kind: type[Content],
    ) -> Content:
        """What was read of a file, which lies in a private folder by this name for so long."""
        turn = self._turns.setdefault(waiting.who, asyncio.Lock())
        async with turn, self._slots:
            with tempfile.TemporaryDirectory(prefix="lophoc-") as folder:
                path = Path(folder) / name
                path.touch(mode=0o600)
                await asyncio.to_thread(path.write_bytes, waiting.upload.raw)
                return await read_apart(module, order_of(path), kind, waiting.note)
