"""This file asks the agent what to show, and tells it what was pressed, without ever waiting."""

from __future__ import annotations

from typing import Final

import msgspec
from PySide6.QtCore import QByteArray, QObject, QTimer, QUrl, Signal
from PySide6.QtNetwork import (
    QNetworkAccessManager,
    QNetworkProxy,
    QNetworkReply,
    QNetworkRequest,
)

from agent.tray.looks import Press, wait_s
from agent.tray.view import refusal_from, view_from

_POLL_TIMEOUT_MS: Final = 30_000
_PRESS_TIMEOUT_MS: Final = 10_000
_PAUSE_MS: Final = 20
_SAME_PAUSE_MS: Final = 1000
_MAX_BYTES: Final = 4_000_000
_STATUS: Final = QNetworkRequest.Attribute.HttpStatusCodeAttribute


class Door(QObject):
    """The agent's door, seen from outside.

    told: a View, as soon as there is another. away: nobody answers. refused: a sentence.
    """

    told = Signal(object)
    away = Signal()
    refused = Signal(str)

    def __init__(self, agent: str, language: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._agent = agent.rstrip("/")
        # Without a wish of our own Qt would send the desktop's language, and outvote the agent's.
        self._language = language or "*"
        self._rev: int | None = None
        self._failures = 0
        self._net = QNetworkAccessManager(self)
        self._net.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._poll)

    def open(self) -> None:
        """Ask for the first time."""
        self._poll()

    def press(self, press: Press) -> None:
        """Tell the agent what was pressed."""
        request = self._request(f"/api/v1/{press.path}", _PRESS_TIMEOUT_MS)
        request.setHeader(QNetworkRequest.KnownHeaders.ContentTypeHeader, "application/json")
        reply = self._net.post(request, QByteArray(msgspec.json.encode(press.body)))
        reply.finished.connect(lambda: self._pressed(reply))

    def url(self, path: str) -> QUrl:
        """An address at the agent; a path alone, so that none leads elsewhere."""
        return QUrl(self._agent + "/" + path.lstrip("/"))

    def _request(self, path: str, timeout_ms: int) -> QNetworkRequest:
        request = QNetworkRequest(self.url(path))
        request.setRawHeader(b"Accept-Language", QByteArray(self._language.encode()))
        request.setTransferTimeout(timeout_ms)
        return request

    def _poll(self) -> None:
        after = "" if self._rev is None else f"?after={self._rev}"
        reply = self._net.get(self._request(f"/api/v1/teacher{after}", _POLL_TIMEOUT_MS))
        reply.finished.connect(lambda: self._polled(reply))

    def _polled(self, reply: QNetworkReply) -> None:
        view = view_from(_body(reply)) if reply.attribute(_STATUS) == 200 else None  # noqa: PLR2004
        reply.deleteLater()
        if view is None:
            self._rev = None
            self._timer.start(int(1000 * wait_s(self._failures)))
            self._failures += 1
            self.away.emit()
            return
        same = view.rev == self._rev
        self._rev, self._failures = view.rev, 0
        self.told.emit(view)
        self._timer.start(_SAME_PAUSE_MS if same else _PAUSE_MS)

    def _pressed(self, reply: QNetworkReply) -> None:
        body, status = _body(reply), reply.attribute(_STATUS)
        reply.deleteLater()
        if status is None:
            self.away.emit()
        elif status >= 400:  # noqa: PLR2004 - HTTP's errors begin there
            self.refused.emit(refusal_from(body))
        elif view := view_from(body):
            self.told.emit(view)


def _body(reply: QNetworkReply) -> bytes:
    return bytes(reply.read(_MAX_BYTES).data()) if reply.isOpen() else b""
