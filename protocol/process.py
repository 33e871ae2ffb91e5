"""This file sees to it that a program which another one started does not outlive it."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # prctl(2), Linux


def die_with_parent() -> Callable[[], None] | None:
    """What the child does first, as preexec_fn: ask Linux for a SIGTERM should we be killed."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)  # loaded before the fork: a child of threads may not load anything
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was killed already
            os._exit(1)

    return ask


async def end(process: Process, patience_s: float) -> None:
    """Ask a process to end, wait so long, then kill it; it has ended when this returns."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(patience_s):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
