"""This file logs people in for tests: an account and a session in the very store, no hash."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx
from fastapi import FastAPI
from msgspec.structs import replace
from sqlalchemy import Connection

from controller.access.account import OFFICE, Account
from controller.access.codes import digest_of, new_session
from controller.access.passwords import hashed
from controller.access.store import account_of, begin_session, keep_account
from controller.feature import Program
from controller.people.person import Role

COOKIE = "lophoc_session"
HERE, READER = "127.0.0.1", "192.0.2.88"
PERSONS = {HERE: (OFFICE, Role.ADMIN), READER: ("reader", Role.READ_ONLY)}
# Who says so is nobody of these, or says who it is.
SAID = {b"authorization", b"x-forwarded-for"}
ORIGIN = {"origin": "http://testserver"}

Scope = MutableMapping[str, Any]


def log_in(
    program: Program,
    account: str = OFFICE,
    role: Role = Role.ADMIN,
    *,
    is_secure: bool = False,
    **own: Any,
) -> str:
    """Make an account, log it in, and give what the session's cookie holds. own: for Account."""
    cookie = new_session(is_secure=is_secure)
    person = Account(account=account, role=role, made_ms=program.now_ms(), **own)

    def keep(db: Connection) -> None:
        before = account_of(db, account)
        keep_account(db, replace(person, password=before.password if before else ""))
        session = {"digest": digest_of(cookie), "device": "", "label": "test"}
        begin_session(db, account, **session, now_ms=program.now_ms())

    program.store.write(keep)
    return cookie


def set_password(db: Connection, password: str, account: str = OFFICE) -> None:
    """Give an administrator's account a password, as the command does."""
    kept = Account(account=account, role=Role.ADMIN, password=hashed(password))
    keep_account(db, kept)


def origin_of(web: httpx.Client) -> dict[str, str]:
    """What a browser says of a form on a page of this server."""
    return {"origin": str(web.base_url).rstrip("/")}


def with_office(web: FastAPI, program: Program) -> FastAPI:
    """Log in, by their address, those who do not say who they are; all others are strangers."""
    web.add_middleware(_AsOffice, program=program)
    return web


class _AsOffice:
    """ASGI middleware: gives such a request its person's cookie, and the page it was sent from."""

    def __init__(self, app: Callable[..., Awaitable[None]], program: Program) -> None:
        self._app = app
        self._program = program
        self._cookies: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] in {"http", "websocket"} and scope["client"][0] in PERSONS:
            scope = {**scope, "headers": self._headers(scope)}
        await self._app(scope, receive, send)

    def _headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        headers = dict(scope["headers"])
        cookies = headers.get(b"cookie", b"").decode()
        if COOKIE not in cookies and SAID.isdisjoint(headers):
            shown = f"{COOKIE}={self._cookie_of(scope['client'][0])}"
            headers[b"cookie"] = "; ".join(filter(None, [cookies, shown])).encode()
            headers.setdefault(b"origin", b"http://" + headers.get(b"host", b""))
        return [*headers.items()]

    def _cookie_of(self, host: str) -> str:
        if host not in self._cookies:
            self._cookies[host] = log_in(self._program, *PERSONS[host])
        return self._cookies[host]
