"""This file lets one window run for each person and screen: a second start raises the first."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_PATIENCE_MS: Final = 1000


def name_of(agent: str, environ: Mapping[str, str]) -> str:
    """The name under which the first is found: of this person, screen and agent."""
    screen = environ.get("WAYLAND_DISPLAY", "") + environ.get("DISPLAY", "")
    person = str(os.getuid()) if hasattr(os, "getuid") else environ.get("USERNAME", "")
    digest = hashlib.sha256(f"{person} {screen} {agent}".encode()).hexdigest()[:16]
    folder = environ.get("XDG_RUNTIME_DIR", "")
    name = f"lophoc-tray-{digest}"
    return str(Path(folder) / name) if folder else name


def raised(name: str) -> bool:
    """Whether another runs already; it is told to come to the front."""
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(_PATIENCE_MS):
        return False
    socket.disconnectFromServer()
    return True


def be_first(name: str, come: Callable[[], None], parent: QObject) -> None:
    """Be the one that is found under the name; what a killed one left there is cleared away."""
    server = QLocalServer(parent)
    server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)

    def greet() -> None:
        while (caller := server.nextPendingConnection()) is not None:
            caller.disconnected.connect(caller.deleteLater)
            caller.abort()
            come()

    server.newConnection.connect(greet)
    QLocalServer.removeServer(name)
    server.listen(name)
