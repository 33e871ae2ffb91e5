"""This file opens a camera in a process of its own, which can be killed at any moment.

Shared by the processes that look at cameras. Pictures never leave them.
"""

from __future__ import annotations

import os
import sys
import threading
from http.client import HTTPException
from types import ModuleType
from typing import Final
from urllib.parse import urlsplit

from hardware.camera import rtsp
from hardware.camera.feed import TIMEOUT_S, CameraFeed
from hardware.camera.order import Alive, CameraTrouble, Order, line_of
from hardware.camera.web import CameraPage, feed_of

_NEXT_WORD_S: Final = 3.0

_LOAD_S: Final = 15.0  # OpenCV, from a slow card
_MEMORY_LIMIT: Final = 1 << 30
_ENVIRONMENT: Final = {
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENCV_IO_MAX_IMAGE_PIXELS": "50000000",
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": str(int(TIMEOUT_S)),
    "OPENBLAS_NUM_THREADS": "1",
}


def prepare() -> None:
    """Make this process one that ends with its parent and takes no more memory than it should."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.update(_ENVIRONMENT)
    _limit()


def say(word: object) -> None:
    """Say a word to the agent."""
    sys.stdout.buffer.write(line_of(word))
    sys.stdout.buffer.flush()


def alive(within_s: float = _NEXT_WORD_S, *, framed: bool = False) -> None:
    """Say that this process works, and within how many seconds it says so again."""
    say(Alive(within_s, framed))


def open_feed(order: Order) -> CameraFeed:
    """Open the camera. Raises CameraTrouble; ImportError where no OpenCV is.

    Knocks first, for that needs no OpenCV; most cameras in trouble are known by then.
    """
    scheme = urlsplit(order.place).scheme
    if scheme in {"http", "https"}:
        return _open_page(order)
    if scheme == "rtsp":
        login = order.user, order.password
        rtsp.ask(order.place, *login, timeout_s=TIMEOUT_S, is_typed=order.is_typed)
        return _stream(order)
    if order.place.startswith("/dev/"):
        opened: CameraFeed = load().node(order.place)
        return opened
    raise CameraTrouble("nonsense")


def load() -> ModuleType:
    """Load OpenCV, and capture.py that needs it."""
    alive(_LOAD_S)
    import cv2  # noqa: PLC0415 - heavy, and not needed to find a camera locked or silent

    from hardware.camera import capture  # noqa: PLC0415 - loads OpenCV

    cv2.setNumThreads(1)
    alive()
    return capture


def _stream(order: Order) -> CameraFeed:
    opened: CameraFeed = load().stream(order.place, order.user, order.password)
    return opened


def _open_page(order: Order) -> CameraFeed:
    page = CameraPage(order.place, order.user, order.password, is_typed=order.is_typed)
    try:
        response = page.get()
    except (OSError, HTTPException, ValueError) as error:
        raise CameraTrouble("no_answer") from error
    return feed_of(page, response, load().decode) or _stream(order)


def _end_with_parent() -> None:
    """End when the parent does: it holds the other end of our input, and says nothing more."""
    sys.stdin.buffer.read()
    os._exit(1)


def _limit() -> None:
    """No more memory than a look needs, whatever a camera sends; and no picture in a core file."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_LIMIT, _MEMORY_LIMIT))
