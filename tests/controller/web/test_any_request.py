"""Whatever stands in an address or in a form: every door answers with a sentence, none breaks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.database.store import Store
from tests.controller.web_school import a_face, a_live, a_morning, a_store
from tests.tiers import wide

DAYS = ("0001-01-01", "1900-01-01", "2999-12-31", "9999-12-31", "2026-02-30", "20260905", "")
NUMBERS = ("0", "1", "-1", str((1 << 53) - 1), str(1 << 63), "1e400", "٣", "1_0", "")
CODES = ("6A1", "a" * 64, "a" * 65, "\0", "\ud7ff", "%", "../..", "'; --", "<b>", "\u202e", "ế")
WORDS = (*DAYS, *NUMBERS, *CODES, "json", "csv", "xlsx", "true", "vi", "WyJhIiwxXQ")
FORMS = ("row", "note", "next", "password", "number", "room", "name", "month", "code", "move")

Request = tuple[str, str, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A school on an ordinary morning."""
    with a_store(tmp_path_factory.mktemp("school"), a_morning(rooms=2, tablets=2)) as opened:
        yield opened


@pytest.fixture(scope="module")
def face(store: Store) -> FastAPI:
    """What answers for it."""
    return a_face(store, a_live(store))


def _routes(routes: Iterable[Any]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif inner := getattr(route, "original_router", None):
            yield from _routes(inner.routes)


def ask(face: FastAPI, request: Request, host: str) -> httpx.Response:
    """What the face answers; an error within comes out of here."""
    method, path, query, form = request

    async def asked() -> httpx.Response:
        way = httpx.ASGITransport(face, client=(host, 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
            data = dict(form) if method == "POST" else None
            return await web.request(method, path, params=list(query), data=data)

    return asyncio.run(asked())


@st.composite
def requests(draw: st.DrawFn, routes: list[APIRoute]) -> Request:
    """Any door, with any values in what it asks for."""
    route = draw(st.sampled_from(routes))
    words = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
    path = re.sub(r"\{[^}]+\}", lambda _: quote(draw(words), safe="") or "-", route.path)
    names = [field.alias for field in route.dependant.query_params]
    query = tuple((name, draw(words)) for name in names if draw(st.booleans()))
    form = tuple((name, draw(words)) for name in draw(st.sets(st.sampled_from(FORMS), max_size=4)))
    return draw(st.sampled_from(sorted(route.methods))), path, query, form


@pytest.mark.parametrize("host", ["192.0.2.5", "127.0.0.1"], ids=["outside", "server"])
@pytest.mark.parametrize("examples", [40, *wide(300)])
def test_no_request_breaks_anything(face: FastAPI, host: str, examples: int) -> None:
    """Refused with 4xx, or answered."""

    @given(requests([*_routes(face.routes)]))
    @settings(max_examples=examples)
    @example(("GET", "/attendance", (("day", "0001-01-01"),), ()))
    @example(("GET", "/attendance/6A1", (("week", "0001-01-01"),), ()))
    @example(("GET", "/attendance/6A1", (("week", "9999-12-31"),), ()))
    @example(("GET", "/api/v1/lessons", (("from", ""), ("to", "")), ()))
    @example(("GET", "/api/v1/use", (("from", "0001-01-01"), ("to", "9999-12-31")), ()))
    def check(request: Request) -> None:
        assert ask(face, request, host).status_code < 500

    check()
