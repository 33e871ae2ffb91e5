"""This file is a person's try to have this computer join its school: one at a time."""

from __future__ import annotations

import asyncio
import logging
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress
from enum import StrEnum
from typing import Final

from agent.joining.reports import (
    Compared,
    Failed,
    Joined,
    JoinOrder,
    JoinStep,
    Knocked,
    Report,
    Stepped,
    line_of,
    report_in,
)
from protocol.process import running_module
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

WORKER: Final = "agent.joining.worker"
STOP_PATIENCE_S: Final = 3.0
_ENDED: Final = Failed(
    "joining_ended",
    N_("Joining ended before there was an answer."),
    N_("Try the same code again."),
)

# It is given the order, and what a person says of the digits once it has shown some.
Worker = Callable[[JoinOrder, asyncio.Queue[Compared]], AsyncIterator[Report]]


class Membership(StrEnum):
    """How this computer belongs to its school."""

    ENROLLED = "enrolled"
    INVITED = "invited"  # it goes by a typed password, or by none where none is asked for
    NOT_ENROLLED = "not_enrolled"


class Joining:
    """The latest try, and what became of it; it outlives the agent's taking up who it is now."""

    def __init__(self, worker: Worker | None = None) -> None:
        self._worker = worker or reports_of
        self._task: asyncio.Task[None] | None = None
        self._compared: asyncio.Queue[Compared] = asyncio.Queue()
        self.latest: Report | None = None

    @property
    def is_running(self) -> bool:
        """Whether a try goes on."""
        return self._task is not None and not self._task.done()

    def start(self, order: JoinOrder) -> bool:
        """Begin a try; False where one goes on, which a second press does not disturb."""
        if self.is_running:
            return False
        self.latest, self._compared = Stepped(JoinStep.LOOKING), asyncio.Queue()
        self._task = asyncio.create_task(self._follow(order), name="joining")
        return True

    def compare(self, *, is_same: bool) -> bool:
        """A person compared the digits; False where none are shown, so that a press counts once."""
        if not isinstance(self.latest, Knocked):
            return False
        self.latest = Stepped(JoinStep.ACCEPTING, self.latest.digits)
        self._compared.put_nowait(Compared(is_same))
        return True

    async def close(self) -> None:
        """End the try that goes on, if any; its program has ended when this returns."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self, order: JoinOrder) -> None:
        try:
            async with aclosing(self._worker(order, self._compared)) as reports:  # type: ignore[type-var]  # all we make are generators
                async for report in reports:
                    self.latest = report
        except (OSError, ValueError) as error:
            _LOGGER.warning("joining ended: %s", type(error).__name__)
        finally:
            if isinstance(self.latest, Stepped | Knocked):
                self.latest = _ENDED
        match self.latest:
            case Joined(agent=agent):
                _LOGGER.info("joined agent=%s", agent)
            case Failed(code=code):
                _LOGGER.warning("not joined code=%s", code)


async def reports_of(order: JoinOrder, compared: asyncio.Queue[Compared]) -> AsyncIterator[Report]:
    """Have a program of its own do it, and pass on what it says. Raises OSError, ValueError."""
    async with running_module(WORKER, STOP_PATIENCE_S, stdout=PIPE) as process:
        await _tell(process, order)
        passing_on = asyncio.create_task(_pass_on(process, compared))
        try:
            async for report in _reports(process):
                yield report
        finally:
            passing_on.cancel()


async def _reports(process: Process) -> AsyncIterator[Report]:
    assert process.stdout  # noqa: S101 - it is a pipe
    async for line in process.stdout:
        yield report_in(line)
    await process.wait()


async def _pass_on(process: Process, compared: asyncio.Queue[Compared]) -> None:
    await _tell(process, await compared.get())


async def _tell(process: Process, message: JoinOrder | Compared) -> None:
    assert process.stdin  # noqa: S101 - it is a pipe
    with suppress(ConnectionError):
        process.stdin.write(line_of(message))
        await process.stdin.drain()
