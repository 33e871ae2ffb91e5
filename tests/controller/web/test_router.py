"""A feature's addresses are built in the whole, by the rules that it has for all of them."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Header, HTTPException, WebSocket
from fastapi.exceptions import FastAPIError
from fastapi.routing import APIRoute

from controller.openapi import app
from controller.web.router import FeatureRouter, LateRoute
from controller.web.rules import addresses_of


def let_in(key: Annotated[str, Header()] = "") -> None:
    if key != "good":
        raise HTTPException(401)


def refuse() -> None:
    raise HTTPException(418)


def a_feature() -> FeatureRouter:
    """An address, one with a rule of its own, one of another file, and a socket."""
    router, other = FeatureRouter(prefix="/a", responses={401: {}}), FeatureRouter(prefix="/b")

    @router.get("/plain")
    def plain() -> str:
        return "plain"

    @router.post("/own", dependencies=[Depends(refuse)], include_in_schema=False)
    def own() -> str:
        return "own"

    @other.get("/other")
    def another() -> str:
        return "other"

    @other.websocket("/line")
    async def line(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("line")

    router.take_in(other)
    return router


def ask(whole: FastAPI, method: str, path: str, key: str = "") -> int:
    """The status of the answer."""

    async def asked() -> httpx.Response:
        way = httpx.ASGITransport(whole)
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
            return await web.request(method, path, headers={"key": key})

    return asyncio.run(asked()).status_code


def open_line(whole: FastAPI, key: str = "") -> list[str]:
    """What comes over the socket, by kind."""
    sent = list[str]()

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {"type": "websocket", "path": "/b/line", "headers": [(b"key", key.encode())]}
    scope |= {"query_string": b"", "subprotocols": [], "extensions": {}}
    try:
        asyncio.run(whole(scope, receive, send))
    except HTTPException:
        return ["refused"]
    return sent


def test_nothing_is_answered_where_the_whole_lets_nobody_in() -> None:
    """The whole's rule stands before an address's own, also for what another file adds."""
    whole = FastAPI(dependencies=[Depends(let_in)])
    a_feature().build_in(whole.router)
    asked = [("GET", "/a/plain"), ("GET", "/b/other"), ("POST", "/a/own")]
    assert [ask(whole, *each) for each in asked] == [401, 401, 401]
    assert [ask(whole, *each, key="good") for each in asked] == [200, 200, 418]
    assert "websocket.accept" not in open_line(whole)
    assert open_line(whole, "good")[:2] == ["websocket.accept", "websocket.send"]


def test_rules_of_a_part_stand_before_an_addresss_own() -> None:
    """As pages look something up before anything else."""
    whole = FastAPI()
    a_feature().build_in(whole.router, [Depends(let_in)])
    assert ask(whole, "GET", "/a/plain") == ask(whole, "POST", "/a/own") == 401
    assert ask(whole, "POST", "/a/own", key="good") == 418
    assert "websocket.accept" not in open_line(whole)


def test_the_description_tells_of_what_is_for_programs_alone() -> None:
    """Pages are not described; the answers that all of a router give are."""
    whole = FastAPI()
    a_feature().build_in(whole.router)
    described = whole.openapi()["paths"]
    assert set(described) == {"/a/plain", "/b/other"}
    assert "401" in described["/a/plain"]["get"]["responses"]
    pages = FastAPI()
    a_feature().build_in(pages.router, in_schema=False)
    assert pages.openapi()["paths"] == {}


def test_an_address_is_read_in_full_when_it_is_first_asked() -> None:
    """A start is none of the slower for what a day does not ask, and lists it all the same."""
    whole, part = FastAPI(openapi_url=None, docs_url=None, redoc_url=None), a_feature()

    @part.get("/misread")
    def misread() -> threading.Thread:
        return threading.current_thread()

    part.build_in(whole.router)
    listed = {one.path: one.methods for one in addresses_of(whole.routes)}
    assert listed["/a/misread"] == ("GET",)
    assert ask(whole, "GET", "/a/plain") == 200
    assert ask(whole, "POST", "/a/misread") == 405
    with pytest.raises(FastAPIError, match="Thread"):
        ask(whole, "GET", "/a/misread")


def test_every_address_of_the_school_can_be_read() -> None:
    """What is wrong with one is told here, and not by the first who asks."""
    routes = [route for route in app().routes if isinstance(route, APIRoute)]
    assert len(routes) > 100
    assert all(route.dependant.call is route.endpoint for route in routes)


def test_an_address_is_whole_for_whoever_asks_while_another_completes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The API's description asks in a thread."""
    begun, may_go_on = threading.Event(), threading.Event()
    whole = APIRoute.__init__

    def slow(route: APIRoute, *values: Any, **options: Any) -> None:
        begun.set()
        assert may_go_on.wait(60)
        whole(route, *values, **options)

    monkeypatch.setattr(APIRoute, "__init__", slow)
    route = LateRoute("/thing", lambda: None, methods=["GET"])
    with ThreadPoolExecutor() as threads:
        one = threads.submit(getattr, route, "body_field")
        assert begun.wait(60)
        other = threads.submit(getattr, route, "response_class")
        wait([other], timeout=0.2)
        may_go_on.set()
        assert (one.result(), other.exception()) == (None, None)
