"""This file asks the agent what to show, and tells it what was pressed; without Qt."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import suppress
from typing import Final, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from agent.tray.view import Press, TrayView, code_from, refusal_from, view_from
from protocol.backoff import Backoff
from protocol.door_key import bearer, door_key

_POLL_S: Final = 30.0
_PRESS_S: Final = 10.0
_SAME_PAUSE_S: Final = 1.0
_MAX_BYTES: Final = 4_000_000
_CHUNK: Final = 65_536
_OK: Final = 200
_LOCKED: Final = 401
_PORT: Final = 80


class HttpAnswer(NamedTuple):
    """HTTP's status and the body; status 0 where nobody answered."""

    status: int
    body: bytes


class Hearer(Protocol):
    """Who is told, from a thread of the door's own."""

    def updated(self, view: TrayView) -> None:
        """There is another view."""

    def away(self, sentence: str) -> None:
        """Nobody answers, or not to this account: then with a sentence."""

    def refused(self, sentence: str) -> None:
        """A press did nothing; why."""

    def opened(self, url: str) -> None:
        """The page's address, for a browser."""


class AgentDoor:
    """The agent's door, seen from outside.

    key_folder: where the agent's key lies, unless it is in a usual place.
    """

    def __init__(self, agent: str, language: str, hearer: Hearer, *, key_folder: str = "") -> None:
        self._agent = agent.rstrip("/")
        self._key_folder = key_folder
        self._language = language
        self._hearer = hearer

    def open(self) -> None:
        """Ask from now on."""
        threading.Thread(target=self._poll, daemon=True).start()

    def press(self, press: Press) -> None:
        """Tell the agent what was pressed."""
        threading.Thread(target=self._press, args=(press,), daemon=True).start()

    def open_page(self) -> None:
        """Let a browser in at the agent's page.

        What stands behind # is not sent and not logged: the page itself trades the code.
        """
        threading.Thread(target=self._open_page, daemon=True).start()

    def _poll(self) -> None:
        rev, patience = "", Backoff(0.5, 5.0, chance=lambda: 1.0)
        while True:
            answer = self._ask("GET", f"/api/v1/teacher{rev and f'?after={rev}'}", _POLL_S)
            view = view_from(answer.body) if answer.status == _OK else None
            if view is None:
                rev = ""
                self._hearer.away(refusal_from(answer.body) if answer.status == _LOCKED else "")
                time.sleep(patience.next_s())
                continue
            is_same, rev = str(view.rev) == rev, str(view.rev)
            patience.reset()
            self._hearer.updated(view)
            time.sleep(_SAME_PAUSE_S if is_same else 0)

    def _press(self, press: Press) -> None:
        answer = self._ask(
            "POST", f"/api/v1/{press.path}", _PRESS_S, json.dumps(press.body).encode()
        )
        if answer.status != _OK:
            self._hearer.refused(refusal_from(answer.body))

    def _open_page(self) -> None:
        answer = self._ask("POST", "/door/codes", _PRESS_S)
        if code := code_from(answer.body):
            self._hearer.opened(f"{self._agent}/#t={quote(code)}&only=1")
        else:
            self._hearer.refused(refusal_from(answer.body))

    def _ask(self, method: str, path: str, limit_s: float, body: bytes = b"") -> HttpAnswer:
        """Ask once by HTTP/1.0 (RFC 1945): http.client would bring some megabytes."""
        url = urlsplit(self._agent)
        port = url.port or _PORT
        # Read each time: the agent has another key after each start.
        shown = bearer(door_key(port, os.environ, self._key_folder))
        shown |= {"Host": url.netloc, "Accept-Language": self._language or "*"}
        if method == "POST":
            shown |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        fields = "".join(f"{name}: {value}\r\n" for name, value in shown.items())
        request = f"{method} {path} HTTP/1.0\r\n{fields}\r\n".encode() + body
        with (
            suppress(OSError),
            socket.create_connection((url.hostname or "", port), limit_s) as line,
        ):
            line.sendall(request)
            return answer_from(_whole(line))
        return HttpAnswer(0, b"")


def _whole(line: socket.socket) -> bytes:
    got = b""
    while len(got) <= _MAX_BYTES and (chunk := line.recv(_CHUNK)):
        got += chunk
    return got


def answer_from(got: bytes) -> HttpAnswer:
    """The answer in what was received; one that is cut short or no HTTP has status 0."""
    head, _, body = got.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    words = first.split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():  # noqa: PLR2004
        return HttpAnswer(0, b"")
    lengths = [f.partition(b":")[2] for f in fields if f.lower().startswith(b"content-length:")]
    whole = not lengths or lengths[0].strip() == str(len(body)).encode()
    return HttpAnswer(int(words[1][:3]), body) if whole else HttpAnswer(0, b"")
