"""This file takes a phone's scans and photos, and tells how a stocktake stands, over HTTP."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import Path, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.stocktake.count import Outcome, rooms_of
from controller.stocktake.service import (
    MAX_BATCH_BYTES,
    MAX_PHOTO_BYTES,
    Stocktaking,
    batch_schema,
    reads_photos,
    texts_in,
)
from controller.web.forms import body_described, body_of
from controller.web.items import ErrorItem
from controller.web.paging import ERRORS, Responses
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_

Number = Annotated[int, Path(ge=1, lt=1 << 53, description="the stocktake's number")]
_ELSEWHERE: Final[Responses] = {409: {"model": ErrorItem}}
_TOO_LONG: Final[Responses] = {413: {"model": ErrorItem}}
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_SCANS: Final = {"application/json": {"schema": batch_schema()}}
_PHOTO: Final = dict.fromkeys(("image/jpeg", "image/png", "image/webp"), _BINARY)


class TakenItem(BaseModel):
    """What became of a batch of scans, by their ids."""

    kept: list[str]
    late: list[str]
    refused: list[str]
    at_ms: int


class TextsItem(BaseModel):
    """What the codes in a photo say."""

    texts: list[str]


class StocktakeRoom(BaseModel):
    """How far a room is; extra: things that the book has not there."""

    room: str
    counted: int
    found: int
    of: int
    extra: int


class StocktakeItem(BaseModel):
    """How a stocktake stands."""

    no: int
    begun_ms: int
    finished_ms: int | None
    lines: int
    outcomes: dict[Outcome, int]
    surplus: int
    rooms: list[StocktakeRoom]


def api(program: Program) -> FeatureRouter:
    """The routes of one count."""
    taking = program.service(Stocktaking)
    router = FeatureRouter(
        prefix="/api/v1/stocktakes", tags=["stocktake"], responses=ERRORS | _ELSEWHERE
    )

    @router.get("/{no:int}")
    @needs(Permission.STOCKTAKE)
    async def stands(request: Request, no: Number) -> StocktakeItem:
        """How far a stocktake is: what was counted, in which room, with what outcome."""
        take, result = await run_in_threadpool(taking.look, no, person_of(request))
        return StocktakeItem(
            no=take.no,
            begun_ms=take.begun_ms,
            finished_ms=take.finished_ms,
            lines=len(result.lines),
            outcomes={outcome: result.count(outcome) for outcome in Outcome},
            surplus=len(result.surplus),
            rooms=[
                StocktakeRoom(room=room.name, **msgspec.structs.asdict(room))
                for room in rooms_of(take, result)
            ],
        )

    @router.post("/{no:int}/scans", responses=_TOO_LONG, openapi_extra=body_described(_SCANS))
    @needs(Permission.STOCKTAKE)
    async def scans(request: Request, no: Number) -> TakenItem:
        """A JSON object: begun_ms, sent_ms (the phone's clock), scans; it may come again."""
        raw = await body_of(request, MAX_BATCH_BYTES)
        taken = await run_in_threadpool(taking.take, no, raw, person_of(request))
        return TakenItem.model_validate(taken._asdict())

    @router.post("/photo", responses=_TOO_LONG, openapi_extra=body_described(_PHOTO))
    @needs(Permission.STOCKTAKE)
    async def photo(request: Request) -> TextsItem:
        """A JPEG, PNG or WebP of a label. Nothing of it is kept."""
        if not reads_photos():
            raise HttpError(
                409, "photos_unread", N_("This controller reads no photos."), N_("Type the tag.")
            )
        raw = await body_of(request, MAX_PHOTO_BYTES)
        return TextsItem(texts=[*await run_in_threadpool(texts_in, raw)])

    return router
