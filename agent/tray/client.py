"""This file asks the agent what to show, and tells it what was pressed, without ever waiting."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlsplit

from PySide6.QtCore import QObject, QTimer, QUrl, Signal

from agent.tray.exchange import HttpAnswer, HttpExchange
from agent.tray.presses import Press, patience
from agent.tray.view import code_from, refusal_from, view_from
from protocol.door_key import bearer, door_key

_POLL_TIMEOUT_MS: Final = 30_000
_PRESS_TIMEOUT_MS: Final = 10_000
_PAUSE_MS: Final = 20
_SAME_PAUSE_MS: Final = 1000
_OK: Final = 200
_LOCKED: Final = 401
_ERRORS: Final = 400
_PORT: Final = 80


class AgentClient(QObject):
    """The agent's door, seen from outside.

    told: a TeacherView, as soon as there is another. away: nobody answers, or not to this
    account: then with a sentence. refused: a sentence. opened: a page's address, for a browser.
    key_folder: where the agent's key lies, unless it is in a usual place.
    """

    updated = Signal(object)
    away = Signal(str)
    refused = Signal(str)
    opened = Signal(QUrl)

    def __init__(
        self, agent: str, language: str, parent: QObject | None = None, *, key_folder: str = ""
    ) -> None:
        super().__init__(parent)
        self._agent = agent.rstrip("/")
        self._key_folder = key_folder
        self._language = language
        self._rev: int | None = None
        self._patience = patience()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._poll)

    def open(self) -> None:
        """Ask for the first time."""
        self._poll()

    def press(self, press: Press) -> None:
        """Tell the agent what was pressed."""
        body = json.dumps(press.body).encode()
        self._ask("POST", f"/api/v1/{press.path}", self._on_press, _PRESS_TIMEOUT_MS, body)

    def open_page(self, path: str = "/") -> None:
        """Let a browser in at a page of the agent; a path alone, so that none leads elsewhere.

        What stands behind # is not sent and not logged: the page itself trades the code.
        """

        def on_code(answer: HttpAnswer) -> None:
            if code := code_from(answer.body):
                to = quote("/" + path.lstrip("/"))
                self.opened.emit(QUrl(f"{self._agent}/#t={quote(code)}&to={to}"))
            else:
                self._on_press(answer)

        self._ask("POST", "/door/codes", on_code, _PRESS_TIMEOUT_MS)

    def _ask(
        self,
        method: str,
        path: str,
        then: Callable[[HttpAnswer], None],
        timeout_ms: int,
        body: bytes = b"",
    ) -> None:
        url = urlsplit(self._agent)
        port = url.port or _PORT
        # Read each time: the agent has another key after each start.
        shown = bearer(door_key(port, os.environ, self._key_folder))
        head = f"{method} {path} HTTP/1.0\r\nHost: {url.netloc}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in shown.items())
        head += f"Accept-Language: {self._language}\r\n" if self._language else ""
        if method == "POST":
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        exchange = HttpExchange(head.encode() + b"\r\n" + body, self)
        exchange.done.connect(then)
        exchange.begin(url.hostname or "", port, timeout_ms)

    def _poll(self) -> None:
        after = "" if self._rev is None else f"?after={self._rev}"
        self._ask("GET", f"/api/v1/teacher{after}", self._on_poll, _POLL_TIMEOUT_MS)

    def _on_poll(self, answer: HttpAnswer) -> None:
        view = view_from(answer.body) if answer.status == _OK else None
        if view is None:
            self._rev = None
            self._timer.start(int(1000 * self._patience.next_s()))
            self.away.emit(refusal_from(answer.body) if answer.status == _LOCKED else "")
            return
        same = view.rev == self._rev
        self._rev = view.rev
        self._patience.reset()
        self.updated.emit(view)
        self._timer.start(_SAME_PAUSE_MS if same else _PAUSE_MS)

    def _on_press(self, answer: HttpAnswer) -> None:
        if not answer.status:
            self.away.emit("")
        elif answer.status >= _ERRORS:
            self.refused.emit(refusal_from(answer.body))
        elif view := view_from(answer.body):
            self.updated.emit(view)
