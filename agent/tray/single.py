"""This file lets one window run for each person and screen: a second start raises the first."""

from __future__ import annotations

import os
import socket
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QSocketNotifier

_LOCAL: Final = getattr(socket, "AF_UNIX", socket.AF_INET)  # this window is none of Windows'


def path_of(agent: str, environ: Mapping[str, str]) -> Path:
    """The socket by which the first is found: of this person, screen and agent."""
    screen = environ.get("WAYLAND_DISPLAY", "") + environ.get("DISPLAY", "")
    # No secret: hashlib would bring OpenSSL's megabyte into the memory.
    digest = f"{zlib.crc32(f'{screen} {agent}'.encode()):08x}"
    folder = environ.get("XDG_RUNTIME_DIR") or Path.home() / ".cache"
    return Path(folder) / f"lophoc-tray-{digest}"


def raise_running(path: Path) -> bool:
    """Whether another runs already; it is told to come to the front."""
    with socket.socket(_LOCAL, socket.SOCK_STREAM) as caller:
        return caller.connect_ex(str(path)) == 0


def be_first(path: Path, come: Callable[[], None], parent: QObject) -> None:
    """Be the one that is found at the path; what a killed one left there is cleared away."""
    server = socket.socket(_LOCAL, socket.SOCK_STREAM)
    server.setblocking(False)
    # Where no folder can be written, two windows may run: both show the same lesson.
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            server.bind(str(path))
        finally:
            os.umask(before)
        server.listen()
    notifier = QSocketNotifier(server.fileno(), QSocketNotifier.Type.Read, parent)

    def greet() -> None:
        with suppress(BlockingIOError, OSError):
            server.accept()[0].close()
            come()

    notifier.activated.connect(greet)
