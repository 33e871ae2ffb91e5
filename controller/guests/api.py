"""This file takes copies from other controllers over HTTP, and gives them back, to their token."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Annotated, Final, TypeVar

import msgspec
from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.copies.remote import PATH, PIECE, GuestFiles, Progress
from controller.feature import Program
from controller.guests.log import GuestLog, NotedShelf
from controller.guests.registry import Guest, GuestError, guest_of
from controller.guests.store import GuestShelf
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import public
from protocol.words import N_

_STATUS: Final = {
    "copy_unknown": 410,
    "piece_out_of_place": 409,
    "copy_broken": 422,
    "guest_full": 507,
    "guests_damaged": 503,
}
_TOO_LARGE: Final = 413
_BEARER: Final = "Bearer "
Answer = TypeVar("Answer")
Offset = Annotated[int, Query(ge=0, lt=1 << 53)]


def api(program: Program) -> FeatureRouter:
    """The copies of whoever shows a guest's token, and of nobody else; no account opens them."""
    router = FeatureRouter(prefix=PATH, include_in_schema=False)
    config, working, log = program.config, Lock(), program.service(GuestLog)

    def guest_in(request: Request) -> Guest:
        shown = request.headers.get("authorization", "")
        guest = guest_of(config.data, shown.removeprefix(_BEARER))
        if not shown.startswith(_BEARER) or guest is None:
            raise HttpError(
                401,
                "token_refused",
                N_("No copies are taken for this token."),
                N_("Ask who runs this server: lophoc-controller guests add"),
            )
        return guest

    async def done(request: Request, work: Callable[[GuestShelf], Answer]) -> Answer:
        def worked() -> Answer:
            with working:  # one at a time: a disk is not made faster by many
                guest = guest_in(request)
                return work(NotedShelf(config.data, guest, config.keep_copies, log))

        return await run_in_threadpool(_in_words, worked)

    @router.get("")
    @public
    async def listed(request: Request) -> Response:
        return _json(GuestFiles(tuple(await done(request, lambda shelf: shelf.files()))))

    @router.get("/{file}")
    @public
    async def read(request: Request, file: str, at: Offset = 0, part: Offset = 0) -> Response:
        if part:
            return _json(Progress(await done(request, lambda shelf: shelf.part_size(file))))
        piece = await done(request, lambda shelf: shelf.piece(file, at))
        return Response(piece, media_type="application/octet-stream")

    @router.put("/{file}")
    @public
    async def appended(request: Request, file: str, at: Offset) -> Response:
        await done(request, lambda shelf: shelf.part_size(file))  # strangers send nothing
        if int(request.headers.get("content-length") or PIECE + 1) > PIECE:
            raise HttpError(_TOO_LARGE, "too_large", N_("The request is too large."), "")
        piece = await request.body()
        return _json(Progress(await done(request, lambda shelf: shelf.append(file, at, piece))))

    @router.post("/{file}")
    @public
    async def finished(
        request: Request, file: str, digest: Annotated[str, Query(max_length=128)]
    ) -> Response:
        return _json(Progress((await done(request, lambda shelf: shelf.finish(file, digest))).size))

    return router


def _json(answer: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _in_words(work: Callable[[], Answer]) -> Answer:
    """What cannot be done, as an answer. Raises HttpError."""
    try:
        return work()
    except GuestError as error:
        status = _STATUS.get(error.code, 500)
        raise HttpError(status, error.code, error.message, error.hint) from error
    except OSError as error:
        raise HttpError(
            507, "guest_disk", N_("This server's disk does not take it."), ""
        ) from error
