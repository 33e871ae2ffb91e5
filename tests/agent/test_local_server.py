from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from agent import server as door
from agent.supervision import ServiceOutages
from protocol.health import ReasonCode
from protocol.model import Reason, Status
from protocol.supervision import keep_running
from tests.agent.school_double import up
from tests.ports import free_port
from tests.waiting import eventually
from tests.web import http_client_async


async def _hello(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("xin chào")


APP = Starlette(routes=[Route("/healthz", _hello)])


def opened(story: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Play a story while the door is open."""

    async def play() -> None:
        port = free_port()
        task = asyncio.create_task(door.serve(APP, "127.0.0.1", port, door.LOCAL))
        async with http_client_async(f"http://127.0.0.1:{port}") as client:
            await story(client)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with socket.create_server(("127.0.0.1", port)):
            pass  # the port is free again

    asyncio.run(play())


def test_the_door_answers_and_says_little() -> None:
    """No date to keep fresh, no server to attack by version."""

    async def story(client: httpx.AsyncClient) -> None:
        await up(client)
        answer = await client.get("/healthz")
        assert answer.text == "xin chào"
        assert {"date", "server"}.isdisjoint(answer.headers)

    opened(story)


def test_the_door_sleeps_while_nobody_knocks() -> None:
    """Nothing is scheduled: a server that polls would wake the processor all day."""

    async def story(client: httpx.AsyncClient) -> None:
        await up(client)
        await client.aclose()
        loop = asyncio.get_running_loop()
        await eventually(lambda: not _timers(loop))
        for _ in range(5):
            await asyncio.sleep(0)  # whoever was just awake goes back to sleep
        assert _timers(loop) == []

    opened(story)


def _timers(loop: asyncio.AbstractEventLoop) -> list[object]:
    """The loop's timers that still count."""
    scheduled = loop._scheduled  # type: ignore[attr-defined]
    return [each for each in scheduled if not each.cancelled()]


def test_a_taken_port_is_said_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    """The rest of the agent runs meanwhile, and the door opens when the port is free."""
    caplog.set_level(logging.INFO, "agent.supervision")
    outages, tries = ServiceOutages(), list[int]()

    async def play() -> None:
        port = free_port()
        with socket.create_server(("127.0.0.1", port)):

            async def start() -> None:
                tries.append(port)
                await door.serve(APP, "127.0.0.1", port, door.LOCAL)

            running = keep_running("window", start, outages, backoff_first_s=0.01, steady_s=0.05)
            task = asyncio.create_task(running)
            await eventually(lambda: len(tries) >= 3)
            taken = Reason(ReasonCode.PORT_TAKEN, str(port))
            assert outages.findings() == ((Status.WARNING, taken),)
        async with http_client_async(f"http://127.0.0.1:{port}") as client:
            await up(client)
        await eventually(lambda: not outages.findings())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(play())
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "is taken" in caplog.messages[0]
