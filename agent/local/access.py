"""This file says of each address of the local door who may use it, and lets nobody else in."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.local.keys import CODE_S, DoorKeys
from agent.local.refusals import DoorError, Refuse, decode_body, json_response
from protocol.words import N_

CODES: Final = "/door/codes"
PAGES: Final = "/door/pages"

_POLICY_VIOLATION: Final = 1008  # RFC 6455, 7.4.1
_BEARER: Final = "bearer "
_UNCLEAR: Final = N_("This request cannot be understood.")


class Access(StrEnum):
    """Who may use an address: everybody of this computer, the key's holder, or a page too."""

    OPEN = "open"
    KEY = "key"
    PERSON = "person"


# An address that is not in this table is the person's, and a test fails until it stands here.
RULES: Final[Mapping[str, Access]] = {
    "/livez": Access.OPEN,
    "/healthz": Access.OPEN,  # its name before 0053
    "/": Access.OPEN,  # words and buttons alone: what they show comes from below
    "/page/page.js": Access.OPEN,
    "/page/choices.js": Access.OPEN,
    "/page/dom.js": Access.OPEN,
    "/page/door.js": Access.OPEN,
    "/page/display.js": Access.OPEN,
    "/page/earlier.js": Access.OPEN,
    "/page/screens.css": Access.OPEN,
    "/page/lines.js": Access.OPEN,
    "/page/doubts.js": Access.OPEN,
    "/page/rooms.js": Access.OPEN,
    "/page/proof.js": Access.OPEN,
    "/page/vouching.js": Access.OPEN,
    "/page/questions.js": Access.OPEN,
    "/page/faults.js": Access.OPEN,
    "/page/offers.js": Access.OPEN,
    "/page/joining.js": Access.OPEN,
    "/doctor": Access.OPEN,  # words and a button, likewise
    "/page/doctor.js": Access.OPEN,
    "/page/page.css": Access.OPEN,
    "/page/icon.svg": Access.OPEN,
    PAGES: Access.OPEN,  # it takes a code
    CODES: Access.KEY,
    "/board": Access.PERSON,
    "/board/now": Access.PERSON,
    "/api/v1/status": Access.PERSON,
    "/api/v1/teacher": Access.PERSON,
    "/api/v1/attendance": Access.PERSON,
    "/api/v1/lessons/{lesson}": Access.PERSON,
    "/api/v1/lesson/start": Access.PERSON,
    "/api/v1/lesson/end": Access.PERSON,
    "/api/v1/roll/confirm": Access.PERSON,
    "/api/v1/roll/mark": Access.PERSON,
    "/api/v1/roll/settle": Access.PERSON,
    "/api/v1/undo": Access.PERSON,
    "/api/v1/fault": Access.PERSON,
    "/api/v1/scan": Access.PERSON,
    "/api/v1/room": Access.PERSON,
    "/api/v1/camera": Access.PERSON,
    "/api/v1/enrolment": Access.PERSON,
    "/api/v1/enrolment/knock": Access.PERSON,
    "/api/v1/enrolment/compared": Access.PERSON,
    "/api/v1/doctor": Access.PERSON,
    "/api/v1/doctor/bundle": Access.PERSON,
    "/api/v1/devices": Access.PERSON,
    "/api/v1/devices/undo": Access.PERSON,
    "/api/v1/devices/{device_id}/forget": Access.PERSON,
    "/api/v1/devices/{device_id}/kind": Access.PERSON,
    "/api/v1/devices/{device_id}/claim": Access.PERSON,
    "/api/v1/devices/{device_id}/login": Access.PERSON,
    "/api/v1/devices/{device_id}/join": Access.PERSON,
    "/api/v1/devices/{device_id}/distinct": Access.PERSON,
    "/api/v1/devices/{device_id}/ask-again": Access.PERSON,
    "/api/v1/devices/{device_id}/part": Access.PERSON,
    "/api/v1/devices/{device_id}/power": Access.PERSON,
    "/api/v1/devices/{device_id}/wake": Access.PERSON,
}


class _Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(max_length=200)]


class Doorkeeper:
    """ASGI middleware: each address by its rule; requests and sockets alike."""

    def __init__(self, app: ASGIApp, keys: DoorKeys, refuse: Refuse) -> None:
        self._app = app
        self._keys = keys
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request on, or refuse it."""
        if scope["type"] not in {"http", "websocket"} or self._may_enter(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            answer = self._refuse(Request(scope), _locked())
            answer.headers["www-authenticate"] = "Bearer"
            await answer(scope, receive, send)

    def _may_enter(self, scope: Scope) -> bool:
        match RULES.get(scope["path"], Access.PERSON):
            case Access.OPEN:
                return True
            case Access.KEY:
                return self._keys.is_key(_key_of(scope))
            case Access.PERSON:
                return self._keys.is_key(_key_of(scope)) or self._keys.is_page(_page_of(scope))


class KeyDoor:
    """Where a key becomes a code, and a code lets a page in."""

    def __init__(self, keys: DoorKeys) -> None:
        self._keys = keys

    def routes(self) -> list[Route]:
        """The addresses of this part of the door."""
        return [
            Route(CODES, self.code, methods=["POST"]),
            Route(PAGES, self.page, methods=["POST"]),
        ]

    async def code(self, _request: Request) -> Response:
        """A code for one page, good once and for some seconds."""
        return json_response({"code": self._keys.issue_code(), "within_s": CODE_S})

    async def page(self, request: Request) -> Response:
        """Let a page in by its code: from now on its browser shows a cookie."""
        page = self._keys.let_in((await decode_body(request, _Code, _UNCLEAR)).code)
        if page is None:
            raise _locked()
        answer = json_response({"entered": True})
        answer.set_cookie(_cookie_of(request.scope), page, httponly=True, samesite="strict")
        return answer


def _locked() -> DoorError:
    return DoorError(
        HTTPStatus.UNAUTHORIZED,
        "door_locked",
        N_("This page is for the person who uses this computer."),
        N_("Open it from the LopHoc window, or by the link of: lophoc-agent page"),
    )


def _key_of(scope: Scope) -> str:
    text = HTTPConnection(scope).headers.get("authorization", "")
    return text[len(_BEARER) :].strip() if text.lower().startswith(_BEARER) else ""


def _page_of(scope: Scope) -> str:
    return HTTPConnection(scope).cookies.get(_cookie_of(scope), "")


def _cookie_of(scope: Scope) -> str:
    """By its port, for a browser has one set of cookies for all ports (RFC 6265, 8.5)."""
    return f"lophoc_door_{scope['server'][1]}"
