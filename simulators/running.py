"""This file lets something run until it is stopped, and says to people how it goes."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")
Show = Callable[[str], None]


def show_line(line: str) -> None:
    """Write one line for people; a terminal that is gone is no reason to stop."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


async def until_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, Result]) -> Result | None:
    """Do the work until it ends, or is cancelled because `stop` is set: then None."""
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(work, name="work")
        stopping = tasks.create_task(stop.wait(), name="stop")
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        stopping.cancel()
    return None if working.cancelled() else working.result()
