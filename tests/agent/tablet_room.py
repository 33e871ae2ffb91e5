"""This file is a room with tablets for tests: a lesson, a core that keeps, a door on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import httpx

from agent.tablets.cart import Slot
from agent.tablets.checkins import CheckInOutcome
from agent.tablets.lesson import TabletLesson, TabletPupil
from agent.tablets.server import serve
from agent.tablets.service import SuggestionRefused, TabletBackend, TabletService
from tests.agent.school_double import answers
from tests.ports import free_port
from tests.waiting import eventually
from tests.web import http_client_async

HOST = "127.0.0.1"


def lesson_of(
    *classes: str, size: int = 42, code: str = "l1", seated: dict[str, str] | None = None
) -> TabletLesson:
    """A lesson of these classes."""
    pupils = [
        TabletPupil(code, n, f"{code}-{n:02}") for code in classes for n in range(1, size + 1)
    ]
    return TabletLesson(id=code, classes=classes, pupils=tuple(pupils), seated=seated or {})


def dice() -> Iterator[bytes]:
    """Bytes that differ every time, and are the same in every run."""
    for number in itertools.count(1):
        yield number.to_bytes(20, "big")


@dataclass
class Room:
    """What the agent would be: the lesson that runs, what was suggested, a clock by hand."""

    lesson: TabletLesson | None = field(default_factory=lambda: lesson_of("10A1"))
    slots: tuple[Slot, ...] = ()
    now_s: float = 1000.0
    full: bool = False
    late: CheckInOutcome | None = None
    suggested: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    kept: tuple[Slot, ...] = ()

    def service(self) -> TabletService:
        """The check-ins of this room."""
        bytes_of = dice()

        def random(length: int) -> bytes:
            return next(bytes_of)[-length:]

        core = TabletBackend(
            lesson=lambda: self.lesson, suggest=self._suggest, slots=self.slots, save=self._keep
        )
        return TabletService(core, now_s=lambda: self.now_s, random=random)

    async def _suggest(self, student: str, tablet: str, flags: tuple[str, ...]) -> None:
        await asyncio.sleep(0)
        if self.full or self.late:
            raise SuggestionRefused(self.late)
        self.suggested.append((student, tablet, flags))

    def _keep(self, slots: tuple[Slot, ...]) -> None:
        self.kept = slots


@contextlib.asynccontextmanager
async def served(service: TabletService) -> AsyncIterator[str]:
    """The tablets' page on a real socket; gives its address."""
    port = free_port()
    task = asyncio.create_task(serve(service, host=HOST, port=port, language="vi"))
    url = f"http://{HOST}:{port}"
    try:
        await eventually(lambda: answers(port))
        yield url
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def result(text: str) -> str:
    """The sentence on the page that says what came of it."""
    found = re.search(r"role=alert>(?:\u2713 )?([^<]*)", text)
    return found[1] if found else ""


def tablet(url: str) -> httpx.AsyncClient:
    """A tablet's browser, with its own cookies."""
    return http_client_async(url)
