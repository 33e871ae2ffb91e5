"""This file speaks with a page over its WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

from controller.dashboard.live import LiveView
from controller.dashboard.subscription import Subscription, View
from controller.feature import Program


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
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            await _converse(socket, live.subscribe(room, view))

    return router


async def _converse(socket: WebSocket, subscription: Subscription) -> None:
    """Speak and listen until the page goes. Raises WebSocketDisconnect."""
    try:
        async with subscription, asyncio.TaskGroup() as tasks:
            tasks.create_task(_speak(socket, subscription), name="live speak")
            tasks.create_task(_listen(socket, subscription), name="live listen")
    except BaseExceptionGroup as ended:
        raise ended.exceptions[0] from None


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
