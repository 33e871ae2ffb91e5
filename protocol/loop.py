"""This file runs the event loop of a program of ours, on whatever system it is."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def run_async(work: Coroutine[Any, Any, Answer]) -> Answer:
    """As `asyncio.run`. On Windows by the loop that can watch paho's socket and start children."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(work)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        from protocol.windows.loop import WindowsLoop  # noqa: PLC0415 - there is one there alone

        return WindowsLoop
    return None
