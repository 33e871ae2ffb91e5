"""This file measures what a teacher waits for without a line: the start, and a class checking in.

A real agent with its disk; requests go over plain sockets, so that clients cost next to nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import tempfile
import time
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from agent.database import DOCUMENTS
from agent.database.documents import Documents, SavedState
from agent.lessons.meant import SETTLE_S
from protocol.door_key import bearer, door_key
from protocol.plan import Bell, ClassList, Plan, Pupil
from tests.flows.programs import Program, get
from tests.ports import free_port
from tests.waiting import until

TABLETS: Final = 40
ROUNDS: Final = 7
_HOST: Final = "127.0.0.1"
_PLAN: Final = Plan(
    bells=(Bell(period=1, begins="00:00", ends="23:59", weekdays=(1, 2, 3, 4, 5, 6, 7)),),
    classes=("10A1",),
    lists=(
        ClassList(
            code="10A1",
            pupils=tuple(
                Pupil(number=n, student=f"{n:010}", name=f"Trò {n}") for n in range(1, 46)
            ),
        ),
    ),
)


class Reply(NamedTuple):
    """What a door answered, and how long it took from the first byte that was sent."""

    head: str
    body: str
    took_s: float


def measure(*, quick: bool) -> dict[str, object]:
    """The middle one of some presses and of some looks; the last one of 40 check-ins and looks."""
    rounds = 3 if quick else ROUNDS
    print(f"lesson: {rounds} starts without a line, then {TABLETS} tablets at once")
    with _room() as (local, tablets):
        return asyncio.run(_measured(local, tablets, rounds))


@contextmanager
def _room() -> Iterator[tuple[int, int]]:
    """A room's agent that has its plan and no school; the ports of its doors."""
    with tempfile.TemporaryDirectory() as folder:
        documents = Documents(Path(folder) / DOCUMENTS)
        documents.load()
        documents.save(SavedState(agent_id="p203", plan=_PLAN))
        documents.close()
        local, tablets = free_port(), free_port()
        agent = Program(
            Path(folder) / "agent.log",
            *("lophoc-agent", "run", "--data", folder, "--room", "P203", "--agent-id", "p203"),
            *("--school", "00140708", "--province", "14", "--mdns", "false"),
            *("--broker", f"mqtt://{_HOST}:{free_port()}", "--local-port", str(local)),
            *("--tablet-host", _HOST, "--tablet-port", str(tablets)),
            is_true=True,
        ).start()
        try:
            until(lambda: get(f"http://{_HOST}:{local}/api/v1/teacher"), "the agent answers")
            yield local, tablets
        finally:
            agent.close()


async def _measured(local: int, tablets: int, rounds: int) -> dict[str, object]:
    starts, looks = [], []
    for _ in range(rounds):
        await _post(local, "undo")  # of the start before
        await asyncio.sleep(SETTLE_S + 0.1)
        looks.append((await _ask(local, "GET", "/api/v1/teacher?lang=vi")).took_s)
        started = await _post(local, "lesson/start")
        assert json.loads(started.body)["headline"] == "Đang học"
        starts.append(started.took_s)
    bursts = [await _burst(local, tablets) for _ in range(1)]
    start_s, look_s = statistics.median(starts), statistics.median(looks)
    checkin_s, page_s = bursts[0]
    return {
        "start_ms": 1000 * start_s,
        "start_ratio": start_s / look_s,
        "class_checkin_s": checkin_s,
        "class_checkin_ratio": checkin_s / page_s,
    }


async def _burst(local: int, tablets: int) -> tuple[float, float]:
    """How long the last of 40 check-ins takes, and the last of 40 pages before them."""
    pages = await _at_once([_ask(tablets, "GET", "/") for _ in range(TABLETS)])
    cookies = [_cookie(page.head) for page in pages]
    board = await _ask(local, "GET", "/board/now")
    found = re.search(r'class="code">(\d+)<', board.body)
    assert found, board.body
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answers = await _at_once(
        [
            _ask(tablets, "POST", "/", f"c={found[1]}&n=0.{number}", form | {"Cookie": cookie})
            for number, cookie in enumerate(cookies, 1)
        ]
    )
    assert all(" 200 " in one.head.partition("\r\n")[0] for one in answers), answers[0]
    seen = json.loads((await _ask(local, "GET", "/api/v1/teacher")).body)["roll"]["lines"]
    assert sum(line["suggested"] == "seen" for line in seen) == TABLETS
    return max(one.took_s for one in answers), max(one.took_s for one in pages)


async def _at_once(asked: Sequence[Awaitable[Reply]]) -> list[Reply]:
    return list(await asyncio.gather(*asked))


async def _post(port: int, path: str) -> Reply:
    json_type = {"Content-Type": "application/json"}
    return await _ask(port, "POST", f"/api/v1/{path}?lang=vi", "{}", json_type)


async def _ask(
    port: int, method: str, path: str, body: str = "", fields: dict[str, str] | None = None
) -> Reply:
    """One request on a line of its own."""
    shown = {"Host": f"{_HOST}:{port}", "Connection": "close", **(fields or {})}
    shown |= bearer(door_key(port, os.environ)) | {"Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in shown.items())
    began_s = time.monotonic()
    reader, writer = await asyncio.open_connection(_HOST, port)
    writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n{body}".encode())
    answer = (await reader.read()).decode()
    took_s = time.monotonic() - began_s
    writer.close()
    answer_head, _, answer_body = answer.partition("\r\n\r\n")
    return Reply(answer_head, answer_body, took_s)


def _cookie(head: str) -> str:
    found = re.search(r"^set-cookie: ([^;\r]+)", head, re.IGNORECASE | re.MULTILINE)
    assert found, head
    return found[1]
