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

from agent.local import door
from tests.agent.school_double import free_port, until, up


async def _hello(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("xin chào")


APP = Starlette(routes=[Route("/healthz", _hello)])


def opened(story: Callable[[httpx.AsyncClient, list[bool], int], Awaitable[None]]) -> None:
    """Play a story while the door is kept open."""

    async def play() -> None:
        port, taken = free_port(), list[bool]()
        task = asyncio.create_task(door.keep_open(APP, "127.0.0.1", port, taken.append))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await story(client, taken, port)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with socket.create_server(("127.0.0.1", port)):
            pass  # the port is free again

    asyncio.run(play())


def test_the_door_answers_and_says_little() -> None:
    """No date to keep fresh, no server to attack by version."""

    async def story(client: httpx.AsyncClient, taken: list[bool], _port: int) -> None:
        await up(client)
        answer = await client.get("/healthz")
        assert answer.text == "xin chào"
        assert {"date", "server"}.isdisjoint(answer.headers)
        assert taken == [False]

    opened(story)


def test_the_door_sleeps_while_nobody_knocks() -> None:
    """Nothing is scheduled: a server that polls would wake the processor all day."""

    async def story(client: httpx.AsyncClient, _taken: list[bool], _port: int) -> None:
        await up(client)
        await client.aclose()
        loop = asyncio.get_running_loop()
        await until(lambda: not _timers(loop), 5)
        for _ in range(5):
            await asyncio.sleep(0)  # whoever was just awake goes back to sleep
        assert _timers(loop) == []

    opened(story)


def _timers(loop: asyncio.AbstractEventLoop) -> list[object]:
    """The loop's timers that still count, but for the patience of `until` itself."""
    scheduled = loop._scheduled  # type: ignore[attr-defined]
    return [each for each in scheduled if not each.cancelled() and "Timeout" not in repr(each)]


def test_a_taken_port_is_said_once_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest of the agent runs meanwhile, and the door opens when the port is free."""
    monkeypatch.setattr(door, "RETRY_FIRST_S", 0.01)
    caplog.set_level(logging.INFO, "agent.local.door")

    async def play() -> None:
        taken: list[bool] = []
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            task = asyncio.create_task(door.keep_open(APP, "127.0.0.1", port, taken.append))
            await until(lambda: len(taken) >= 3)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await up(client)
        assert taken[-1] is False
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(play())
    assert [each.levelname for each in caplog.records] == ["WARNING", "INFO"]
