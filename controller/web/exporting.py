"""This file lets a few big answers be written at once: each holds a thread and a core."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import Final, Protocol, runtime_checkable

from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope, Send

from controller.feature import Program
from controller.web.refusals import HttpError, PageRefusedError
from protocol.doors.places import TURN_S, HeldPlace, Places, cut_of
from protocol.wishes import wishes_in
from protocol.words import N_

AT_ONCE: Final = 3
RETRY_S: Final = 20
_FORMS: Final = frozenset({"xlsx", "csv", "docx", "pdf"})
_ENDINGS: Final = frozenset(f".{form}" for form in _FORMS)
_OWN_SLOTS: Final = frozenset({"/api/v1/inventory"})
_PACKED: Final = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}


def takes_packed(asked: Headers) -> bool:
    """Whether the caller reads what is packed."""
    return wishes_in(asked.get("accept-encoding", "")).get("gzip", 0) > 0


class Exports:
    """Slots of big answers; who finds none is asked to come again.

    Who reads too slowly is cut off once his turn is over and another waits.
    """

    def __init__(
        self, _program: Program | None = None, at_once: int = AT_ONCE, turn_s: float = TURN_S
    ) -> None:
        self._places = Places(at_once, turn_s=turn_s)

    async def hold(self, connection: HTTPConnection) -> AsyncIterator[None]:
        """Hold a slot while a request is answered by a file that is made for it. Raises HttpError.

        Where the inventory is pulled its address says itself which answers are big.
        """
        if not _asks_for_file(connection):
            yield
            return
        route = connection.scope.get("route")
        is_page = isinstance(route, APIRoute) and not route.include_in_schema
        place = self._take(PageRefusedError if is_page else HttpError)
        place.give_way = cut_of(connection.scope)
        with ExitStack() as slot:
            slot.callback(self._places.leave, place)
            yield

    def taking(self, make: Callable[[], Iterable[bytes]]) -> HeldParts:
        """The parts of an answer, which holds a slot until it has ended or nobody reads on.

        Raises HttpError, and whatever making it raises.
        """
        place = self._take(HttpError)
        with ExitStack() as slot:
            slot.callback(self._places.leave, place)
            parts = iter(make())
            place.rest()
            return HeldParts(parts, place, slot.pop_all().close)

    def _take(self, kind: type[HttpError]) -> HeldPlace:
        place = self._places.take()
        if place is None:
            raise kind(
                429,
                "exports_busy",
                N_("Other big files are being written just now."),
                N_("Ask again in half a minute."),
                {"Retry-After": str(RETRY_S)},
            )
        return place


def _asks_for_file(connection: HTTPConnection) -> bool:
    """Whether the answer is a file that is made now, by its address."""
    if connection.scope["type"] != "http" or connection.scope["method"] not in {"GET", "HEAD"}:
        return False
    path = connection.scope["path"]
    is_form = connection.query_params.get("format", "") in _FORMS
    return path not in _OWN_SLOTS and (is_form or PurePosixPath(path).suffix in _ENDINGS)


class Export(StreamingResponse):
    """A big answer, which lets go of what writes it as soon as nobody reads on."""

    def __init__(
        self,
        parts: HeldParts,
        media_type: str,
        headers: Mapping[str, str] | None = None,
        *,
        is_packed: bool = False,
    ) -> None:
        more = _PACKED if is_packed else {}
        super().__init__(parts, media_type=media_type, headers={**(headers or {}), **more})
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        place = self._parts.place
        place.give_way = cut_of(scope)

        async def send_in_turn(message: Message) -> None:
            place.go_on()
            await send(message)
            place.rest()

        try:
            await super().__call__(scope, receive, send_in_turn)
        finally:
            await asyncio.shield(run_in_threadpool(self._parts.close))  # also at the server's end


@runtime_checkable
class _Closing(Protocol):
    def close(self) -> object:
        """End it."""


class HeldParts:
    """Parts that give their slot back once, also where their reader went away before the first."""

    def __init__(
        self, parts: Iterator[bytes], place: HeldPlace, release: Callable[[], None]
    ) -> None:
        self._parts = parts
        self.place = place
        self._release = weakref.finalize(self, release)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with ExitStack() as end:
            end.callback(self._release)
            part = next(self._parts)
            end.pop_all()
            return part

    def close(self) -> None:
        """End what writes them, and give the slot back."""
        try:
            if isinstance(self._parts, _Closing):
                self._parts.close()
        finally:
            self._release()
