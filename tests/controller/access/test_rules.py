"""Every address has a rule, and every role comes in where its rule says, and nowhere else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from controller.database.store import Store
from controller.feature import Program
from controller.live.subscription import ALL, Own
from controller.people.person import PERMISSIONS, Permission, Role
from controller.sheets.names import room_code
from controller.web.rules import Address, Rule, RuleMissingError, addresses_of, check_rules
from controller.web.site import create_web
from tests.controller.people import COOKIE, ORIGIN, log_in
from tests.controller.web_school import a_live, a_program, a_store, agent, mark
from tests.tiers import one_short

ADDRESSES = 256  # counted by hand when one comes or goes: a walk that sees nothing passes nothing
OWN = {"classes": ("6A1",), "rooms": ("6A1",)}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A school with two rooms."""
    records = [agent("6A1"), agent("6A2"), mark("m1")]
    with a_store(tmp_path_factory.mktemp("school"), records) as opened:
        yield opened


@pytest.fixture(scope="module")
def program(store: Store) -> Program:
    """Its controller, which knows what is there now."""
    live = a_live(store)
    asyncio.run(live.load())
    return a_program(store, live)


@pytest.fixture(scope="module")
def face(program: Program) -> FastAPI:
    """What it answers to strangers and to whoever shows a cookie."""
    return create_web(program, ("testserver",))


@pytest.fixture(scope="module")
def cookies(program: Program) -> dict[Role, str]:
    """Somebody of each role, logged in."""
    return {role: log_in(program, f"who-{role.value[:4]}", role, **OWN) for role in Role}


def ask(face: FastAPI, method: str, path: str, cookie: str = "", **headers: str) -> httpx.Response:
    """What the face answers; an error within comes out as 500."""
    shown = ORIGIN | headers | ({"cookie": f"{COOKIE}={cookie}"} if cookie else {})

    async def asked() -> httpx.Response:
        way = httpx.ASGITransport(face, raise_app_exceptions=False, client=("192.0.2.5", 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
            return await web.request(method, path, headers=shown)

    return asyncio.run(asked())


def is_let_in(answer: httpx.Response) -> bool:
    """Whether the rule let somebody through, whatever came of it then."""
    to_login = answer.headers.get("location", "").startswith("/login?")
    refused = answer.status_code in {401, 403} and "not_allowed" in answer.text
    unknown = answer.status_code == 401 and "login_needed" in answer.text
    said = "This account may not do that." in answer.text or "không được làm" in answer.text
    return not (to_login or refused or unknown or (answer.status_code == 403 and said))


def asked_of(address: Address) -> Iterator[tuple[str, str]]:
    """Each method with a path that fits the address."""
    path = re.sub(r"\{no(:int)?\}|\{number\}", "1", address.path)
    path = re.sub(r"\{[^}]+\}", "x", path)
    yield from ((method, path) for method in address.methods if method != "HEAD")


def http_addresses(face: FastAPI) -> list[Address]:
    """What is asked by HTTP at this application itself."""
    return [one for one in addresses_of(face.routes) if one.methods[0] not in {"SOCKET", "MOUNT"}]


def test_every_address_has_a_rule_and_none_is_overlooked(face: FastAPI) -> None:
    """Included routers, sockets and mounts with them."""
    found = list(addresses_of(face.routes))
    assert [address for address in found if address.rule is None] == []
    assert len(found) == ADDRESSES
    assert {"SOCKET", "MOUNT"} <= {address.methods[0] for address in found}


def planted_route(web: FastAPI) -> None:
    """A page of a router that is included."""
    router = APIRouter()

    @router.get("/planted")
    async def hello() -> str:
        return "6A1"

    web.include_router(router)


def planted_socket(web: FastAPI) -> None:
    """A WebSocket."""

    @web.websocket("/planted")
    async def follow(socket: WebSocket) -> None:
        await socket.accept()


def planted_mount(web: FastAPI) -> None:
    """Another application within this one, with an address of its own."""

    def hello(_: object) -> PlainTextResponse:
        return PlainTextResponse("6A1")

    web.router.routes.append(Mount("/planted", Starlette(routes=[Route("/in", hello)])))


@pytest.mark.parametrize("plant", [planted_route, planted_socket, planted_mount])
def test_what_is_planted_without_a_rule_is_found(program: Program, plant: object) -> None:
    """Before anything is served."""
    web = create_web(program, ("testserver",))
    check_rules(web.routes)
    plant(web)  # type: ignore[operator]
    with pytest.raises(RuleMissingError, match="/planted"):
        check_rules(web.routes)


def test_what_is_added_later_without_a_rule_is_refused(
    program: Program, cookies: dict[Role, str]
) -> None:
    """To an administrator, too."""
    web = create_web(program, ("testserver",))

    @web.get("/api/v1/planted")
    async def hello() -> str:
        return "6A1"

    answer = ask(web, "GET", "/api/v1/planted", cookies[Role.ADMIN])
    assert answer.status_code == 403
    assert "6A1" not in answer.text


@pytest.mark.parametrize("role", one_short([None, *Role], 3))
def test_each_role_comes_in_where_the_rule_says(
    face: FastAPI, cookies: dict[Role, str], role: Role | None
) -> None:
    """Route by route; the rule is the model, and what is answered the fact."""
    granted = PERMISSIONS[role] if role else frozenset[Permission]()
    wrong = []
    for address in http_addresses(face):
        rule = address.rule or Rule()
        expected = rule == Rule() or not granted.isdisjoint(rule.permissions)
        for method, path in asked_of(address):
            if path in {"/logout", "/sessions/1/end"}:
                continue  # these would end the session that the others need
            answer = ask(face, method, path, cookies[role] if role else "")
            if is_let_in(answer) != expected:
                wrong.append((role, method, path, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", [Role.TEACHER, Role.HOMEROOM])
def test_rooms_and_classes_of_others_are_as_none(
    face: FastAPI, cookies: dict[Role, str], role: Role
) -> None:
    """Their own are shown; what is another's answers as what is not there."""
    cookie = cookies[role]
    assert ask(face, "GET", "/rooms/6A1", cookie).status_code == 200
    other, none = (ask(face, "GET", f"/rooms/{code}", cookie) for code in ("6A2", "6A9"))
    assert (other.status_code, none.status_code) == (404, 404)
    made = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\d\d:\d\d(:\d\d)?")  # when, of each page
    assert made.sub("", other.text) == made.sub("", none.text)
    rooms = ask(face, "GET", "/api/v1/rooms", cookie).json()["items"]
    assert [room["room"] for room in rooms] == ["6A1"]
    first = ask(face, "GET", "/", cookie).text
    assert "6A1" in first
    assert "6A2" not in first
    assert ask(face, "GET", "/attendance/6A2", cookie).status_code == 404


def test_the_live_line_tells_of_own_rooms_alone(store: Store) -> None:
    """In the snapshot and in every change; others' snapshots are not theirs."""
    live = a_live(store)
    asyncio.run(live.load())

    async def told(own: Own) -> str:
        subscription = live.subscribe(own=own)
        async with subscription:
            first = await anext(aiter(subscription))
            live.publish([agent("6A2", version="9"), agent("6A1", version="8")])
            return first + await anext(aiter(subscription))

    assert "6A2" in asyncio.run(told(ALL))
    mine = asyncio.run(told(Own(frozenset({room_code("6A1")}))))
    assert "6A1" in mine
    assert "6A2" not in mine
