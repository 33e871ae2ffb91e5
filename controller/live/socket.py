"""This file speaks with a page over its WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Final

from fastapi import Query, WebSocket, WebSocketDisconnect

from controller.access.gate import gate_of
from controller.feature import Program
from controller.live.live import LiveView
from controller.live.subscription import Own, Subscription, View
from controller.people.person import Permission
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of

SESSION_LOOK_S: Final = 2.0
_POLICY_VIOLATION: Final = 1008  # RFC 6455, 7.4.1


def api(program: Program) -> FeatureRouter:
    """The line to the pages."""
    router = FeatureRouter()
    live, gate = program.service(LiveView), program.service(gate_of)

    @router.websocket("/live")
    @needs(Permission.ROOMS, is_open=True, in_parts=True)
    async def follow(
        socket: WebSocket,
        room: Annotated[str, Query(max_length=64)] = "",
        view: View = View.ALL,
        edition: Annotated[str, Query(max_length=64)] = "",
    ) -> None:
        person = person_of(socket)
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            own = Own(person.rooms, person.schools)
            subscription = live.subscribe(room, view, own, edition)
            await _converse(socket, subscription, partial(gate.goes_on, socket))

    return router


async def _converse(
    socket: WebSocket, subscription: Subscription, goes_on: Callable[[], Awaitable[bool]]
) -> None:
    """Speak and listen until the page goes or its session ends. Raises WebSocketDisconnect."""
    try:
        async with subscription, asyncio.TaskGroup() as tasks:
            tasks.create_task(_speak(socket, subscription), name="live speak")
            tasks.create_task(_listen(socket, subscription), name="live listen")
            tasks.create_task(_end_with_session(socket, goes_on), name="live session")
    except BaseExceptionGroup as ended:
        raise ended.exceptions[0] from None


async def _end_with_session(socket: WebSocket, goes_on: Callable[[], Awaitable[bool]]) -> None:
    """Close the line soon after the session has ended, or its account's rights are others."""
    while True:
        if not await goes_on():
            await socket.close(_POLICY_VIOLATION, "session_ended")
            raise WebSocketDisconnect(_POLICY_VIOLATION)
        await asyncio.sleep(SESSION_LOOK_S)


async def _speak(socket: WebSocket, subscription: Subscription) -> None:
    async for text in subscription:
        await socket.send_text(text)  # the door cuts who does not read


async def _listen(socket: WebSocket, subscription: Subscription) -> None:
    """The one thing a page may say is that it wants a snapshot."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        if message.get("text") == "snapshot":
            subscription.ask()
