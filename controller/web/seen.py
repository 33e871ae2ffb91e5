"""This file has a form say which history its page showed, so that no number names another row.

Where a copy of the data is put back, numbers are given anew: an old page's "Undo" would take back
another deed. Which forms name a row by a number is nobody's to remember: all of them say it.
Programs and scripts get the same mark with each answer of the API, and may hand it in.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qs, urlencode

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.database.starts import is_mark_of, mark_of
from controller.database.store import Store, StoreError
from controller.web.presses import SEEN, is_form
from controller.web.refusals import HttpError, PageRefusedError
from protocol.words import N_

MAX_SEEN: Final = 80
HISTORY: Final = "X-LopHoc-History"  # of an answer: which history it tells of
IF_HISTORY: Final = "X-LopHoc-If-History"  # of a request: which one what it names was told in
API: Final = "/api/v1/"
_OK: Final = range(200, 300)
_FORM: Final = re.compile(r"(<form\b[^>]*\bmethod=\"post\"[^>]*>)(.*?)(?=</form>)", re.DOTALL)
_ACTION: Final = re.compile(r"(?<=\baction=\")[^\"]*")


def with_mark(text: str, store: Store) -> str:
    """The page, each form of which says what it showed. Before the database can be read: as it is.

    Rows that came while the page was made are counted, so that a copy from between is known, too.
    """
    try:
        mark = store.read(mark_of)
    except StoreError:
        return text
    hidden = f'<input type="hidden" name="{SEEN}" value="{mark}">'

    def marked(form: re.Match[str]) -> str:
        if "multipart/form-data" not in form[1]:
            return form[0] + hidden
        # Files are read where they are wanted, long after it must be known.
        return _ACTION.sub(lambda action: f"{action[0]}?{urlencode({SEEN: mark})}", form[0], 1)

    return _FORM.sub(marked, text)


class MarkedPage(HTMLResponse):
    """A page that gets its mark as it is sent: the database is asked beside the loop."""

    def __init__(
        self, text: str, status_code: int, headers: Mapping[str, str], store: Store
    ) -> None:
        super().__init__(text, status_code, headers)
        self._text, self._store = text, store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if _FORM.search(self._text):
            text = await run_in_threadpool(with_mark, self._text, self._store)
            self.body = self.render(text)
            self.headers["content-length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


class MarkedAnswers:
    """ASGI middleware: each good answer of the API says which history it tells of.

    Rows that came while it was made are counted, as on a page.
    """

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app, self._store = app, store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _OK:
                await self._mark(message)
            await send(message)

        await self._app(scope, receive, send_marked)

    async def _mark(self, start: Message) -> None:
        with suppress(StoreError):
            mark = await run_in_threadpool(self._store.read, mark_of)
            MutableHeaders(scope=start)[HISTORY] = mark


def check_mark(store: Store) -> Callable[[HTTPConnection], Awaitable[None]]:
    """What refuses a form and a request of another history. Who says none is not asked."""

    async def is_other(mark: str | None) -> bool:
        return mark is not None and not await run_in_threadpool(store.read, is_mark_of, mark)

    async def check(request: HTTPConnection) -> None:
        """Raises HttpError, StoreError."""
        if not isinstance(request, Request):
            return  # a line of a page stays open, and names nothing
        if await is_other(request.headers.get(IF_HISTORY)):
            raise HttpError(
                412,
                "history_of_before",
                N_("What this names is from before the server's data was put back."),
                N_("Nothing was done: ask anew, and go by what is told now."),
            )
        if request.method == "POST" and await is_other(await _seen_in(request)):
            raise PageRefusedError(
                409,
                "page_of_before",
                N_("This page is from before the server's data was put back: nothing was done."),
                N_("Open the page anew, and see there what is so now."),
            )

    return check


async def _seen_in(request: Request) -> str | None:
    """The mark that a form says; None where it says none."""
    told = request.query_params.get(SEEN)
    if told is not None or not is_form(request.scope):
        return told
    fields = parse_qs((await request.body()).decode("utf-8", "replace"))
    return fields.get(SEEN, [None])[-1]
