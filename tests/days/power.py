"""This file is the power and the disk of the played machines: cut or full at any write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest.mock import patch

from controller.database.store import StoreError
from protocol.outbox import OutboxError

# What a full disk makes of a piece of work, by the function that does it.
FULL: Mapping[str, Callable[[], Exception]] = {
    "Outbox.put": lambda: OutboxError("outbox_refused", "the disk is full"),
    "Store.write": lambda: StoreError("store_full", "the disk is full"),
}


class PowerCut(BaseException):
    """The plug is pulled: nothing of the program goes on."""


@dataclass
class Machine:
    """A computer with clocks of its own, and what is to happen to it.

    now_s: the true time. offset_ms: by how much its wall clock is wrong. fuse: after so many pieces
    of work on the disk the power is cut; is_late: after the piece, not before it. full: this many
    writes are refused.
    """

    now_s: Callable[[], float]
    offset_ms: int = 0
    booted_s: float = 0.0
    fuse: int | None = None
    is_late: bool = False
    is_dead: bool = False
    full: int = 0

    def wall_ms(self) -> int:
        """What the clock on the wall shows."""
        return round(self.now_s() * 1000) + self.offset_ms

    def steady_s(self) -> float:
        """For how long it runs."""
        return self.now_s() - self.booted_s

    def work(self, deed: partial[Any]) -> Any:
        """Do a piece of work on the disk, if the power holds."""
        if self.is_dead:
            raise PowerCut
        name = getattr(deed.func, "__qualname__", "")
        if self.full and name in FULL:
            self.full -= 1
            refusal = FULL[name]()
            raise refusal
        if self.fuse is not None:
            self.fuse -= 1
        if self.fuse == 0:
            self.fuse, self.is_dead = None, True
            if self.is_late:
                deed()
            raise PowerCut
        return deed()


machine: ContextVar[Machine] = ContextVar("machine")


async def _to_thread(deed: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
    """In one thread, so that a seed repeats itself; others have their turn before and after."""
    await asyncio.sleep(0)
    work = deed if isinstance(deed, partial) else partial(deed, *args, **named)
    result = machine.get().work(work)
    await asyncio.sleep(0)
    return result


@contextmanager
def one_thread() -> Iterator[None]:
    """All that works on disks does so here."""
    with patch("asyncio.to_thread", _to_thread):
        yield
