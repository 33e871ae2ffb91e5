"""This file measures a class that checks in at once: 40 tablets, each with its own browser."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from agent.tablets.cart import Slot
from agent.tablets.lesson import TabletLesson, TabletPupil
from agent.tablets.server import serve
from agent.tablets.service import TabletBackend, TabletService
from tests.ports import free_port

TABLETS = 40
WITHIN_S = 10.0
_HOST = "127.0.0.1"


def measure(*, quick: bool) -> dict[str, object]:
    """Door, check-ins and a file written through for each, all on one core with the browsers."""
    rounds = 1 if quick else 3
    print(f"tablets: {TABLETS} check-ins over {WITHIN_S:g} s, {rounds} times; then all at once")
    cores = os.sched_getaffinity(0) if sys.platform == "linux" else set()
    if cores:
        os.sched_setaffinity(0, {min(cores)})
    try:
        spread = [each for _ in range(rounds) for each in asyncio.run(_class(WITHIN_S))]
        burst = asyncio.run(_class(0.0))
    finally:
        if cores:
            os.sched_setaffinity(0, cores)
    return {
        "checkin_p95_ms": 1000 * statistics.quantiles(spread, n=20)[-1],
        "checkin_burst_s": max(burst),
    }


async def _class(within_s: float) -> list[float]:
    """How long each check-in took; raises where one was refused."""
    with tempfile.TemporaryDirectory() as folder:
        service = TabletService(_core(Path(folder) / "roll"))
        port = free_port()
        door = asyncio.create_task(serve(service, host=_HOST, port=port, language="vi"))
        try:
            await _listening(port)
            pupils = range(1, TABLETS + 1)
            base = f"http://{_HOST}:{port}"
            steps = (within_s * number / TABLETS for number in pupils)
            each = (_check_in(service, base, *one) for one in zip(pupils, steps, strict=True))
            return await asyncio.gather(*each)
        finally:
            door.cancel()
            await asyncio.gather(door, return_exceptions=True)


async def _check_in(service: TabletService, base: str, number: int, after_s: float) -> float:
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=30) as browser:
        await asyncio.sleep(after_s)
        await browser.get("/")
        code = service.checkins().code
        digits = code.digits(service.now_s()) if code else ""
        began_s = time.monotonic()
        answer = await browser.post("/", data={"c": digits, "n": f"0.{number}"})
        answer.raise_for_status()
        return time.monotonic() - began_s


def _core(path: Path) -> TabletBackend:
    lesson = TabletLesson(
        id="bench",
        classes=("10A1",),
        pupils=tuple(TabletPupil("10A1", number, f"{number:010}") for number in range(1, 43)),
    )

    async def suggest(student: str, tablet: str, _flags: tuple[str, ...]) -> None:
        await asyncio.to_thread(_write_through, path, f"{student} {tablet}\n")

    def keep(_slots: tuple[Slot, ...]) -> None:
        """The cart's numbers are written once, not for each tablet."""

    return TabletBackend(lesson=lambda: lesson, suggest=suggest, save=keep)


def _write_through(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


async def _listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection(_HOST, port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
