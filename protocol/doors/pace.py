"""This file ends a connection that moves too little: a trickle holds a door as long as silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from protocol.doors.limits import DoorLimits


class Pace:
    """Watches one direction of a connection while something is owed there.

    moved: the bytes that have gone that way so far; they must grow.
    """

    def __init__(
        self, transport: asyncio.Transport, limits: DoorLimits, moved: Callable[[], int]
    ) -> None:
        self._transport = transport
        self._limits = limits
        self._moved = moved
        self._timer: asyncio.TimerHandle | None = None
        self._from = 0

    def watch(self) -> None:
        """From now on so much must move in so long; no change while it is watched already."""
        if self._timer is None:
            self._from = self._moved()
            self._timer = self._later()

    def rest(self) -> None:
        """Nothing is owed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _later(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._limits.pace_s, self._look)

    def _look(self) -> None:
        before, self._from = self._from, self._moved()
        if self._from - before < self._limits.pace_bytes:
            self._transport.abort()
        else:
            self._timer = self._later()


class PacedWriting(asyncio.BaseProtocol):
    """A protocol whose peer reads at the door's pace; it stands before uvicorn's own."""

    _writing: Pace
    _is_inner = False

    def watch_writing(self, transport: asyncio.Transport, limits: DoorLimits) -> None:
        """From now on see that what waits for the peer grows less.

        What is encrypted is watched where its bytes leave, and not again within.
        """
        self._is_inner = transport.get_extra_info("sslcontext") is not None
        # So that each byte that waits is noticed; asyncio's TLS takes 0 for always full.
        transport.set_write_buffer_limits(high=int(self._is_inner))
        self._writing = Pace(transport, limits, lambda: -transport.get_write_buffer_size())

    def pause_writing(self) -> None:
        """Its reader is slower than we."""
        super().pause_writing()
        if not self._is_inner:
            self._writing.watch()

    def resume_writing(self) -> None:
        """It has read all."""
        super().resume_writing()
        self._writing.rest()
