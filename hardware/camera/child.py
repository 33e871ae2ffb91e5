"""This file is the process that looks at one camera, and that can be killed at any moment.

It takes one order from standard input, says on standard output that it is alive and at last its
verdict, and ends. Pictures never leave it: it writes numbers, and nothing to any disk.
"""

from __future__ import annotations

import os
import sys
import threading
from http.client import HTTPException
from pathlib import Path
from types import ModuleType
from typing import Final
from urllib.parse import urlsplit

from hardware.camera import rtsp
from hardware.camera.feed import TIMEOUT_S, Feed
from hardware.camera.order import NO_VISION, Alive, CameraTrouble, Order, Verdict, order_of
from hardware.camera.web import Page, feed_of
from hardware.readings import CameraState

_NEXT_WORD_S: Final = 3.0
_LOAD_S: Final = 15.0  # OpenCV, from a slow card
_MEMORY_LIMIT: Final = 1 << 30
_PICTURE_LIMIT: Final = 64_000_000
_ENVIRONMENT: Final = {
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENCV_IO_MAX_IMAGE_PIXELS": "50000000",
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": str(int(TIMEOUT_S)),
    "OPENBLAS_NUM_THREADS": "1",
}


def main() -> int:
    """Do one look."""
    order = order_of(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.update(_ENVIRONMENT)
    _limit()
    try:
        verdict = _verdict(order)
    except CameraTrouble as trouble:
        verdict = Verdict(CameraState.DISCONNECTED, trouble.reason)
    except ImportError:
        verdict = Verdict(CameraState.DISCONNECTED, NO_VISION)
    _say(verdict)
    return 0


def _verdict(order: Order) -> Verdict:
    if order.is_file:
        return _of_file(order)
    _say(Alive(_NEXT_WORD_S))
    return _looked(_open(order), order)


def _of_file(order: Order) -> Verdict:
    path, capture = Path(order.place), _load()
    from hardware.camera.look import verdict_of_picture  # noqa: PLC0415 - loads OpenCV

    try:
        data = path.read_bytes() if path.stat().st_size <= _PICTURE_LIMIT else b""
    except OSError as error:
        raise CameraTrouble("no_answer") from error
    picture = capture.decode(data)
    return _looked(capture.film(path), order) if picture is None else verdict_of_picture(picture)


def _open(order: Order) -> Feed:
    """Knock first, for that needs no OpenCV; most cameras in trouble are known by then."""
    scheme = urlsplit(order.place).scheme
    if scheme in {"http", "https"}:
        return _open_page(order)
    if scheme == "rtsp":
        rtsp.ask(order.place, order.user, order.password, timeout_s=TIMEOUT_S)
        return _stream(order)
    if order.place.startswith("/dev/"):
        opened: Feed = _load().node(order.place)
        return opened
    raise CameraTrouble("nonsense")


def _stream(order: Order) -> Feed:
    opened: Feed = _load().stream(order.place, order.user, order.password)
    return opened


def _open_page(order: Order) -> Feed:
    page = Page(order.place, order.user, order.password)
    try:
        response = page.get()
    except (OSError, HTTPException, ValueError) as error:
        raise CameraTrouble("no_answer") from error
    return feed_of(page, response, _load().decode) or _stream(order)


def _load() -> ModuleType:
    """Load what loads OpenCV."""
    _say(Alive(_LOAD_S))
    import cv2  # noqa: PLC0415 - heavy, and not needed to find a camera locked or silent

    from hardware.camera import capture  # noqa: PLC0415 - loads OpenCV

    cv2.setNumThreads(1)
    _say(Alive(_NEXT_WORD_S))
    return capture


def _looked(feed: Feed, order: Order) -> Verdict:
    from hardware.camera.look import look  # noqa: PLC0415 - loads OpenCV

    def tell() -> None:
        _say(Alive(_NEXT_WORD_S, framed=True))

    _say(Alive(_NEXT_WORD_S))
    return look(feed, seconds=order.seconds, baseline=order.baseline, tell=tell)


def _say(word: Alive | Verdict) -> None:
    sys.stdout.write(word.line() + "\n")
    sys.stdout.flush()


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


if __name__ == "__main__":
    sys.exit(main())
