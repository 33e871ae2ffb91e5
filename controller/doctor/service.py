"""This file examines the running controller, one examination at a time, and keeps the last."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from controller.doctor.probes import UNIT, probes
from controller.feature import Program
from protocol import probing
from protocol.doctor import Diagnosis, bundle, diagnose


class Examination(NamedTuple):
    """What was found, and when."""

    at_ms: int
    diagnoses: Sequence[Diagnosis]

    def bundle(self) -> str:
        """What may be sent to who helps: codes and figures alone."""
        return bundle(UNIT, self.diagnoses, probing.figures())


class Doctor:
    """Whoever asks while one runs is given that one's findings."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._latest: Examination | None = None
        self._running: asyncio.Task[Examination] | None = None

    async def latest(self) -> Examination:
        """The last examination; the first one is made now, which takes some seconds."""
        return self._latest or await self.examine()

    async def examine(self) -> Examination:
        """Look at everything anew."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._examine(), name="doctor")
        return await asyncio.shield(self._running)

    async def _examine(self) -> Examination:
        facts = await run_in_threadpool(probing.examine, probes(self._program.config))
        self._latest = Examination(self._program.now_ms(), diagnose(facts))
        return self._latest
