"""This file runs the event loop of a program of ours, on whatever system it is."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
Met = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


def run_async(work: Coroutine[Any, Any, Answer]) -> Answer:
    """As `asyncio.run`. On Windows by the loop that can watch paho's socket and start children."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(work)


def met(talk: Talk, talks: set[asyncio.Task[None]] | None = None) -> Met:
    """A talk as asyncio's servers take it: one that the program's end cancels is no error there.

    Its line is closed after it, also where it was cancelled before it began.
    talks: those that go on. A coroutine function would be logged with a traceback for each line
    that is open then, by asyncio before Python 3.12.
    """
    going = set[asyncio.Task[None]]() if talks is None else talks

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(talk(reader, writer))
        going.add(task)
        task.add_done_callback(going.discard)
        task.add_done_callback(lambda _: writer.close())

    return begin


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        from protocol.windows.loop import WindowsLoop  # noqa: PLC0415 - there is one there alone

        return WindowsLoop
    return None
