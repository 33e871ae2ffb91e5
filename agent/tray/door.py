"""This file asks the agent what to show, and tells it what was pressed; without Qt."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import suppress
from functools import partial
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

from agent.tray.view import Press, TrayView, code_from, refusal_from, view_from
from protocol.backoff import Backoff
from protocol.door_client import LOCKED, OK, DoorAnswer, ask_door
from protocol.door_key import door_key

_POLL_S: Final = 30.0
_PRESS_S: Final = 10.0
_SAME_PAUSE_S: Final = 1.0
_PORT: Final = 80


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
        url, language = urlsplit(agent), language or "*"
        self._agent, self._port = agent.rstrip("/"), url.port or _PORT
        self._door = partial(ask_door, self._port, host=url.hostname or "", language=language)
        self._key_folder = key_folder
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
            view = view_from(answer.body) if answer.status == OK else None
            if view is None:
                rev = ""
                self._hearer.away(refusal_from(answer.body) if answer.status == LOCKED else "")
                time.sleep(patience.next_s())
                continue
            is_same, rev = str(view.rev) == rev, str(view.rev)
            patience.reset()
            self._hearer.updated(view)
            time.sleep(_SAME_PAUSE_S if is_same else 0)

    def _press(self, press: Press) -> None:
        body = json.dumps(press.body).encode()
        answer = self._ask("POST", f"/api/v1/{press.path}", _PRESS_S, body)
        if answer.status != OK:
            self._hearer.refused(refusal_from(answer.body))

    def _open_page(self) -> None:
        answer = self._ask("POST", "/door/codes", _PRESS_S)
        if code := code_from(answer.body):
            self._hearer.opened(f"{self._agent}/#t={quote(code)}&only=1")
        else:
            self._hearer.refused(refusal_from(answer.body))

    def _ask(self, method: str, path: str, limit_s: float, body: bytes = b"") -> DoorAnswer:
        """Ask once; status 0 where nobody answers."""
        # Read each time: the agent has another key after each start.
        key = door_key(self._port, os.environ, self._key_folder)
        with suppress(OSError):
            return self._door(path, method, key=key, body=body, limit_s=limit_s)
        return DoorAnswer(0, b"")
