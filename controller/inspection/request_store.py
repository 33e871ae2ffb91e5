"""This file keeps what a school was asked to show, and what was said of it.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace
from sqlalchemy import Connection, func, select

from controller.database.reading import row_of, rows_of
from controller.database.scope import codes_of, of
from controller.database.shape import Shape
from controller.database.writing import Writing, write
from controller.inspection.request import (
    InspectionRequest,
    RequestWord,
    answers_of,
    request_of,
    where,
)
from controller.inspection.tables import inspection_requests, inspection_words
from controller.inventory.store import of_lines
from controller.reconcile.evidence import SeenBy
from controller.register import store as register
from controller.stocktake import store as stocktake
from controller.stocktake.count import Counted, counted
from protocol.inspection import Evidence, InspectionAnswer
from protocol.messages import InspectionGiven
from protocol.model import Place

REQUESTS: Final = Shape(InspectionRequest, inspection_requests)
WORDS: Final = Shape(RequestWord, inspection_words)


def take(db: Connection, place: Place, given: InspectionGiven, title: str, now_ms: int) -> bool:
    """Keep a word of the department's; False where it says nothing new.

    The lines that it asks for become a stocktake of their own, so that phones scan them as ever.
    title: of that stocktake.
    """
    before = request_at(db, place, given.inspection)
    request = request_of(given, place, before, now_ms)
    if request is None:
        return False
    if before is None and not request.withdrawn:
        lines = [item.line for item in request.items]
        begun = stocktake.begin(db, place, (), who="", now_ms=now_ms, title=title, only=lines)
        request = replace(request, stocktake=begun.no if begun else 0)
    if request.withdrawn and request.stocktake:
        stocktake.finish(db, place, request.stocktake, who="", now_ms=now_ms)
    keep_request(db, request)
    return True


def keep_request(db: Connection, request: InspectionRequest) -> None:
    """Write a request in the place of what it was."""
    write(db, inspection_requests, [REQUESTS.row(request)], Writing.UPSERT)


def requests_of(db: Connection, place: Place) -> list[InspectionRequest]:
    """What the school was asked for, the newest first."""
    query = select(inspection_requests).where(of(inspection_requests, place))
    columns = inspection_requests.c
    return REQUESTS.records(
        rows_of(db, query.order_by(columns.received_ms.desc(), columns.inspection))
    )


def request_at(db: Connection, place: Place, inspection: str) -> InspectionRequest | None:
    """What the school was asked for under this name; None for nothing."""
    own = inspection_requests.c.inspection == inspection
    row = row_of(db, select(inspection_requests).where(of(inspection_requests, place), own))
    return REQUESTS.record(row) if row else None


def say(db: Connection, word: RequestWord) -> None:
    """Keep a word on an item, behind those that were said before."""
    own = (inspection_words.c.inspection == word.inspection) & (inspection_words.c.no == word.no)
    newest = select(func.max(inspection_words.c.word)).where(of(inspection_words, word.place), own)
    numbered = replace(word, word=(db.execute(newest).scalar() or 0) + 1)
    row = codes_of(word.place) | WORDS.values(numbered)
    db.execute(inspection_words.insert(), row)


def finish(
    db: Connection, request: InspectionRequest, *, who: str, now_ms: int, refused: str = ""
) -> None:
    """End a request: all is answered that will be, or it is refused as a whole."""
    if request.stocktake:
        stocktake.finish(db, request.place, request.stocktake, who=who, now_ms=now_ms)
    keep_request(db, replace(request, finished_ms=now_ms, refused=refused))


def answers_now(db: Connection, request: InspectionRequest) -> tuple[InspectionAnswer, ...]:
    """What the school answers now."""
    own = inspection_words.c.inspection == request.inspection
    query = select(inspection_words).where(of(inspection_words, request.place), own)
    words = WORDS.records(rows_of(db, query))
    kept = register.lines_of(db, request.place)
    lines = {line.no for line in kept if line.removed_ms is None}
    return answers_of(request, _counted(db, request), words, lines)


def note_seen(db: Connection, request: InspectionRequest) -> int:
    """Keep that agents saw items since they were asked for, each once; returns of how many."""
    own = inspection_words.c.inspection == request.inspection
    live = inspection_words.c.evidence == Evidence.AGENT.value
    query = select(inspection_words.c.no).where(of(inspection_words, request.place), own, live)
    noted = {*db.execute(query).scalars()}
    wanted = {item.line: item for item in request.items if item.no not in noted}
    fresh = 0
    for asset in of_lines(db, request.place, [*wanted]):
        is_live = asset.by == SeenBy.AGENT and asset.seen_ms > request.received_ms
        if is_live and asset.line is not None:
            fresh += 1
            item, room = wanted[asset.line], asset.there or asset.room
            say(
                db,
                RequestWord(
                    place=request.place,
                    inspection=request.inspection,
                    no=item.no,
                    word=0,
                    outcome=where(item, room),
                    evidence=Evidence.AGENT,
                    room=room,
                    at_ms=asset.seen_ms,
                ),
            )
    return fresh


def _counted(db: Connection, request: InspectionRequest) -> Sequence[Counted]:
    take = stocktake.stocktake_of(db, request.place, request.stocktake)
    if take is None:
        return ()
    return counted(take, stocktake.scans_of(db, request.place, take.no)).lines
