"""This file speaks with a page over its WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Final

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

from controller.dashboard.live import LiveView
from controller.dashboard.subscription import Subscription, View
from controller.feature import Program

MAX_BROWSERS: Final = 300
SEND_PATIENCE_S: Final = 20.0  # a page that takes nothing for so long is gone


def api(program: Program) -> APIRouter:
    """The line to the pages."""
    router = APIRouter()
    live = program.service(LiveView)

    @router.websocket("/live")
    async def follow(
        socket: WebSocket,
        room: Annotated[str, Query(max_length=64)] = "",
        view: View = View.ALL,
    ) -> None:
        if live.browsers >= MAX_BROWSERS:
            await socket.close(1013, "too many pages are open")
            return
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, TimeoutError):
            await _converse(socket, live.subscribe(room, view))

    return router


async def _converse(socket: WebSocket, subscription: Subscription) -> None:
    """Speak and listen until the page goes. Raises WebSocketDisconnect or TimeoutError."""
    try:
        async with subscription, asyncio.TaskGroup() as tasks:
            tasks.create_task(_speak(socket, subscription), name="live speak")
            tasks.create_task(_listen(socket, subscription), name="live listen")
    except BaseExceptionGroup as ended:
        raise ended.exceptions[0] from None


async def _speak(socket: WebSocket, subscription: Subscription) -> None:
    async for text in subscription:
        async with asyncio.timeout(SEND_PATIENCE_S):
            await socket.send_text(text)


async def _listen(socket: WebSocket, subscription: Subscription) -> None:
    """The one thing a page may say is that it wants a snapshot."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        if message.get("text") == "snapshot":
            subscription.ask()
