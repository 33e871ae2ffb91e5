"""This file serves the page of copies: where they are, how old, how their test went; a button."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.copies.service import copies_of
from controller.copies.standing import PlaceStanding
from controller.copies.words import place_words, said, test_words
from controller.feature import Program
from controller.people.person import Permission
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from controller.web.words import Words


class ShownPlace(NamedTuple):
    """A place as the page shows it."""

    place: str
    standing: PlaceStanding
    age: str
    trouble: str


def pages(program: Program) -> FeatureRouter:
    """The copies, for administrators."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)
    copies = program.service(copies_of)

    @router.get("/copies")
    @needs(Permission.MANAGE)
    async def listed(request: Request) -> Response:
        words = screens.words(request)
        standing = await run_in_threadpool(copies.standing)
        places = {place: PlaceStanding() for place in copies.places} | standing.places
        now_ms = program.clock.look()
        return screens.page(
            request,
            "copies.html",
            places=[_shown(place, each, now_ms, words) for place, each in places.items()],
            tested=test_words(standing.rehearsal, words) if standing.rehearsal else "",
            test_failed=bool(standing.rehearsal and standing.rehearsal.trouble),
            may_wish=bool(copies.places) and copies.has_key,
            at_work=copies.at_work,
        )

    @router.post("/copies/now")
    @needs(Permission.MANAGE)
    async def wished() -> Response:
        copies.wish()
        return RedirectResponse("/copies", 303)

    return router


def _shown(place: str, standing: PlaceStanding, now_ms: int, words: Words) -> ShownPlace:
    trouble = said(standing.trouble, words) if standing.trouble else ""
    return ShownPlace(place, standing, place_words(standing, now_ms, words), trouble)
