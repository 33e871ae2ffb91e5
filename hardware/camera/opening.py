"""This file opens a camera in a process of its own, which can be killed at any moment.

Shared by the processes that look at cameras. Pictures never leave them.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import replace
from functools import cache
from itertools import chain
from types import ModuleType
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from hardware.camera import rtsp
from hardware.camera.feed import TIMEOUT_S, CameraFeed
from hardware.camera.order import Alive, CameraTrouble, Order, line_of
from hardware.camera.web import CameraPage, feed_of
from hardware.http.login import WebLogin

if TYPE_CHECKING:
    from cv2.typing import MatLike

_NEXT_WORD_S: Final = 3.0
_WAYS_S: Final = 6.0  # no further place is tried later
_REFUSALS: Final = 2
_FINAL: Final = frozenset({"in_use", "no_rights"})

_LOAD_S: Final = 15.0  # OpenCV, from a slow card
_MEMORY_LIMIT: Final = 1 << 30
_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h
_ENVIRONMENT: Final = {
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENCV_IO_MAX_IMAGE_PIXELS": "50000000",
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": str(int(TIMEOUT_S)),
    "OPENBLAS_NUM_THREADS": "1",
}


def prepare() -> None:
    """Make this process one that ends with its parent and takes no more memory than it should."""
    if sys.platform != "win32":  # there its job ends it, and loading a DLL waits for such a thread
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


class OpenedFeed(NamedTuple):
    """A camera that shows a picture. way: by which of the order's places."""

    feed: CameraFeed
    way: int = 0


def open_feed(order: Order) -> OpenedFeed:
    """Open the camera by the first of its places that shows a picture.

    Raises CameraTrouble, of the first place; ImportError where no OpenCV is. A password that was
    refused is said once more at most: cameras lock themselves.
    """
    troubles: list[CameraTrouble] = []
    ends_at = time.monotonic() + _WAYS_S
    for way, place in enumerate((order.place, *order.others)):
        try:
            return OpenedFeed(_begun(_open(replace(order, place=place))), way)
        except CameraTrouble as trouble:
            troubles.append(trouble)
        refusals = [one.reason for one in troubles].count("needs_password")
        is_final = troubles[-1].reason in _FINAL or refusals >= _REFUSALS
        if is_final or time.monotonic() >= ends_at:
            break
        alive()
    raise troubles[0]


def _begun(feed: CameraFeed) -> CameraFeed:
    """The same feed, of which the first frame is there. Raises CameraTrouble where none comes."""
    alive()
    arrivals = iter(feed.arrivals)
    first = next(arrivals, None)
    if first is None:
        raise CameraTrouble("nonsense")
    return replace(feed, arrivals=chain([first], arrivals))


def _open(order: Order) -> CameraFeed:
    """Knock first, for that needs no OpenCV; most cameras in trouble are known by then."""
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


@cache
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
    page = CameraPage(order.place, WebLogin(order.user, order.password, order.is_typed))
    got = page.get()
    alive()
    feed = feed_of(page, got, _decode)
    if feed is None:
        return _stream(replace(order, place=page.url))
    load()
    return feed


def _decode(data: bytes) -> MatLike | None:
    picture: MatLike | None = load().decode(data)
    return picture


def _end_with_parent() -> None:
    """End when the parent does: it holds the other end of our input, and says nothing more."""
    sys.stdin.buffer.read()
    os._exit(1)


def _limit() -> None:
    """No more memory than a look needs, whatever a camera sends; no picture or password in a core.

    A limit of nothing does not keep a core from a program that the system hands it to (core(5)).
    """
    if sys.platform == "win32":
        return
    if sys.platform == "linux":
        from ctypes import CDLL  # noqa: PLC0415 - Linux only

        CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    import resource  # noqa: PLC0415 - not on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_LIMIT, _MEMORY_LIMIT))
