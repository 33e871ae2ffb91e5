"""This file puts the screens, the API and the live line together into one ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Query, WebSocket, WebSocketDisconnect
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from controller.access.gate import Gate
from controller.access.password import Office
from controller.dashboard.live import Live
from controller.dashboard.pages import page_router
from controller.dashboard.subscription import Subscription, View
from controller.database.store import Store
from controller.department.api import department_router
from controller.department.overview import Department
from controller.features import packages_with
from controller.fleet.api import api_router, watch_router
from controller.forecast.life_table import LifeTable, shipped_table
from controller.inventory.feed import Feed
from controller.reconcile.api import book_router
from controller.reconcile.standing import Desk
from controller.repairs.pages import repairs_router
from controller.repairs.service import Repairing
from controller.stocktake.api import stocktake_router
from controller.stocktake.service import Stocktaking
from controller.use.api import use_router
from controller.web.guard import WebGuard
from controller.web.refusals import answer_refusals
from protocol import __version__
from protocol.model import Place, instant
from protocol.words import Translate, translator

MAX_BROWSERS: Final = 300
SEND_PATIENCE_S: Final = 20.0  # a page that takes nothing for so long is gone


def create_web(
    store: Store,
    live: Live,
    *,
    scope: Place,
    name: str,
    office: Office,
    folder: Path,
    remove_device: Callable[[str], Awaitable[bool]],
    handle_fault: Callable[[str], Awaitable[bool]],
    health: Callable[[], Mapping[str, object]],
    metrics: Callable[[], Mapping[str, float]],
    allowed_hosts: Sequence[str],
    timezone: str,
    default_language: str,
    translate_to: Callable[[str], Translate] = translator,
    inventory_scope: Place | None = None,
    life_table: Callable[[], LifeTable] = shipped_table,
) -> FastAPI:
    """The controller's face, within the scope. name: the school's, as the screens show it.

    inventory_scope: whose inventory it tells, where that is more than the scope. life_table: what
    the forecast assumes; read at every question, so that a correction counts. folder: the
    controller's, for what is kept beside the database.
    """

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await live.load()
        yield

    app = FastAPI(
        title="LopHoc",
        version=__version__,
        lifespan=life,
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(WebGuard, allowed_hosts=allowed_hosts)  # added last, so it stands in front
    answer_refusals(app, default_language, translate_to)
    gate = Gate(office, store, scope, live.now_ms)
    zone = ZoneInfo(timezone)
    department = Department(store, inventory_scope or scope, scope, zone, live.now_ms)
    feed = Feed(store, inventory_scope or scope, scope, zone, live.now_ms)
    desk = Desk(store, scope, zone, live.now_ms)
    app.include_router(
        api_router(
            store,
            scope,
            gate,
            name=name,
            feed=feed,
            schools_in=department.schools_in,
            remove_device=remove_device,
            handle_fault=handle_fault,
        )
    )
    app.include_router(
        use_router(
            store,
            feed,
            life_table,
            lambda: instant(live.now_ms()).astimezone(zone).date(),
            translate_to(default_language),
        )
    )
    app.include_router(repairs_router(Repairing(store, scope), gate, zone, live.now_ms))
    taking = Stocktaking(store, scope, live.now_ms)
    app.include_router(stocktake_router(taking, gate))
    app.include_router(department_router(department))
    app.include_router(book_router(desk, default_language, translate_to))
    app.include_router(watch_router(store, live, scope, health, metrics))
    app.include_router(
        page_router(
            store,
            live,
            scope=scope,
            feed=feed,
            name=name,
            zone=zone,
            default_language=default_language,
            translate_to=translate_to,
            gate=gate,
            desk=desk,
            folder=folder,
            handle_fault=handle_fault,
            life_table=life_table,
            taking=taking,
            department=department,
        )
    )
    static: list[str | tuple[str, str]] = [
        (package, "static") for package in packages_with("static")
    ]
    app.mount("/static", StaticFiles(packages=static))

    @app.websocket("/live")
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

    return app


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
