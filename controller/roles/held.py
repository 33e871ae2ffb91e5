"""This file carries requests that need what the running ingest holds: through the database.

Whoever serves pages lets the person in as always, and passes on who it is; no cookie and no token
goes along.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from fastapi import FastAPI, Request, Response

from controller.database.handover import (
    Asked,
    answer,
    answer_of,
    ask,
    asked_now,
    forget,
    forget_before,
)
from controller.database.store import StoreError
from controller.feature import Program
from controller.people.person import Person
from controller.web.forms import body_of
from controller.web.noting import mark_noted
from controller.web.refusals import HttpError
from controller.web.rules import PASSED, Address, addresses_of, given_rule, visitor_of
from protocol.shapes import json_decoder
from protocol.state_log import StateLog
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

PATIENCE_S: Final = 20.0
LOOK_EVERY_S: Final = 2.0  # where a notice was missed
AT_ONCE: Final = 8
MAX_BODY: Final = 256 * 1024
_SECRET: Final = frozenset({"cookie", "authorization", "content-length", "transfer-encoding"})
_OURS: Final = frozenset({b"content-length", b"set-cookie", b"content-encoding"})


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A request without its secrets. person: who was let in; None where nobody had to be."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    client: str
    scheme: str
    body: str  # base64
    person: Person | None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str  # base64


_question: Final = json_decoder(Question)
_answer: Final = json_decoder(Answer)


class Desk:
    """Where a worker asks; `note_answered` wakes who waits."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._waiting: dict[str, asyncio.Event] = {}

    def note_answered(self, number: str) -> None:
        """An answer is there."""
        if number in self._waiting:
            self._waiting[number].set()

    def note_all(self) -> None:
        """Some may be."""
        for event in self._waiting.values():
            event.set()

    async def ask(self, question: Question) -> Answer:
        """Have the ingest answer. Raises HttpError where it does not in time, or StoreError."""
        number, store = secrets.token_hex(16), self._program.store
        event = self._waiting[number] = asyncio.Event()
        asked = Asked(number, msgspec.json.encode(question).decode())
        try:
            await asyncio.to_thread(store.write, ask, asked, self._program.now_ms())
            async with asyncio.timeout(PATIENCE_S):
                return await self._answered(number, event)
        except TimeoutError as error:
            raise HttpError(
                503,
                "ingest_away",
                N_("The part of the server that takes what rooms and schools say does not answer."),
                N_("It is started again by itself; try in a minute."),
            ) from error
        finally:
            del self._waiting[number]
            await asyncio.to_thread(store.write, forget, number)

    async def _answered(self, number: str, event: asyncio.Event) -> Answer:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await event.wait()
            except TimeoutError:
                pass
            event.clear()
            said = await asyncio.to_thread(self._program.store.read, answer_of, number)
            if said is not None:
                return _answer.decode(said)


def hold_addresses(app: FastAPI, program: Program, desk: Desk) -> None:
    """Have the addresses that features name be answered by the ingest."""
    beginnings = tuple(one for feature in program.features for one in feature.held)
    held = [one for one in addresses_of(app.routes) if _is_held(one, beginnings)]
    before = list(app.router.routes)
    app.router.routes.clear()
    for address in held:
        app.add_api_route(
            address.path,
            given_rule(_asking(desk), address.rule),
            methods=list(address.methods),
            include_in_schema=False,
            response_model=None,
        )
    app.router.routes.extend(before)


def _is_held(address: Address, beginnings: Sequence[str]) -> bool:
    return address.is_held and any(
        f"{method} {address.path}".startswith(one)
        for one in beginnings
        for method in address.methods
    )


def question_of(request: Request, body: bytes) -> Question:
    """What is passed on of a request."""
    headers = ((name, value) for name, value in request.headers.items() if name not in _SECRET)
    return Question(
        method=request.method,
        path=request.url.path,
        query=request.url.query,
        headers=tuple(headers),
        client=request.client.host if request.client else "",
        scheme=request.url.scheme,
        body=b64encode(body).decode(),
        person=visitor_of(request),
    )


def _asking(desk: Desk) -> Callable[..., Any]:
    async def ask_ingest(request: Request) -> Response:
        body = await body_of(request, MAX_BODY)
        mark_noted(request)  # where it is done
        answered = await desk.ask(question_of(request, body))
        response = Response(b64decode(answered.body), answered.status)
        response.raw_headers += [
            (k.encode("latin-1"), v.encode("latin-1")) for k, v in answered.headers
        ]
        return response

    return ask_ingest


class Answering:
    """The ingest's side: takes what is asked and has the same pages answer it."""

    def __init__(self, program: Program, app: FastAPI) -> None:
        self._program = program
        self._app = app
        self._stirred = asyncio.Event()
        self._answering: set[str] = set()
        self._unstored = StateLog(_LOGGER, "an answer is not stored, and asked for again")

    def note_asked(self, _number: str = "") -> None:
        """A question is there."""
        self._stirred.set()

    async def run(self) -> None:
        """Answer until cancelled."""
        store = self._program.store
        async with self._app.router.lifespan_context(self._app), asyncio.TaskGroup() as group:
            while True:
                self._stirred.clear()
                old_ms = self._program.now_ms() - round(2 * PATIENCE_S * 1000)
                await asyncio.to_thread(store.write, forget_before, old_ms)
                for asked in await asyncio.to_thread(store.read, asked_now, AT_ONCE):
                    if asked.id not in self._answering and len(self._answering) < AT_ONCE:
                        self._answering.add(asked.id)
                        group.create_task(self._answer(asked))
                try:
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._stirred.wait()
                except TimeoutError:
                    continue

    async def _answer(self, asked: Asked) -> None:
        try:
            said = await answered_by(self._app, _question.decode(asked.question))
            text = msgspec.json.encode(said).decode()
            await asyncio.to_thread(self._program.store.write, answer, asked.id, text)
            self._unstored.went_well()
        except StoreError as error:
            self._unstored.failed(error)
        finally:
            self._answering.discard(asked.id)
            self._stirred.set()


async def answered_by(app: FastAPI, question: Question) -> Answer:
    """What the application answers to it."""
    body, said = b64decode(question.body), list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(dict(message))

    await app(_scope(question, len(body)), receive, send)
    start = said[0]
    whole = b"".join(part.get("body", b"") for part in said[1:])
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in start["headers"]
        if name not in _OURS
    ]
    return Answer(status=start["status"], headers=tuple(headers), body=b64encode(whole).decode())


def _scope(question: Question, length: int) -> dict[str, Any]:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in question.headers
        if name != "accept-encoding"
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": question.method,
        "scheme": question.scheme,
        "path": unquote(question.path),
        "raw_path": question.path.encode(),
        "query_string": question.query.encode(),
        "root_path": "",
        "headers": [*headers, (b"content-length", str(length).encode())],
        "client": (question.client, 0),
        "server": None,
        "state": {},
        PASSED: question.person,
    }
