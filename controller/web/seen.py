"""This file has a form say which history its page showed, so that no number names another row.

Where a copy of the data is put back, numbers are given anew: an old page's "Undo" would take back
another deed. Which forms name a row by a number is nobody's to remember: all of them say it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qs, urlencode

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from controller.database.starts import is_mark_of, mark_of
from controller.database.store import Store, StoreError
from controller.web.presses import is_form
from controller.web.refusals import PageRefusedError
from protocol.words import N_

SEEN: Final = "_seen"
MAX_SEEN: Final = 80
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


def check_mark(store: Store) -> Callable[[HTTPConnection], Awaitable[None]]:
    """What refuses a form of another history. Who sends none, as programs do, is not asked."""

    async def check(request: HTTPConnection) -> None:
        """Raises PageRefusedError, StoreError."""
        if not isinstance(request, Request) or request.method != "POST":
            return  # a line of a page stays open, and names nothing
        told = request.query_params.get(SEEN)
        if told is None and is_form(request.scope):
            fields = parse_qs((await request.body()).decode("utf-8", "replace"))
            told = fields.get(SEEN, [None])[-1]
        if told is not None and not await run_in_threadpool(store.read, is_mark_of, told):
            raise PageRefusedError(
                409,
                "page_of_before",
                N_("This page is from before the server's data was put back: nothing was done."),
                N_("Open the page anew, and see there what is so now."),
            )

    return check
