"""This file is the process that looks at one camera, and that can be killed at any moment.

It takes one order from standard input, says on standard output that it is alive and at last its
verdict, and ends. Pictures never leave it: it writes numbers, and nothing to any disk.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from hardware.camera.feed import CameraFeed
from hardware.camera.opening import alive, load, open_feed, prepare, say
from hardware.camera.order import NO_VISION, CameraTrouble, LookVerdict, Order, order_of
from hardware.readings import CameraState

_PICTURE_LIMIT: Final = 64_000_000


def main() -> int:
    """Do one look."""
    order = order_of(sys.stdin.buffer.readline())
    prepare()
    try:
        verdict = _verdict(order)
    except CameraTrouble as trouble:
        verdict = LookVerdict(CameraState.DISCONNECTED, trouble.reason)
    except ImportError:
        verdict = LookVerdict(CameraState.DISCONNECTED, NO_VISION)
    say(verdict)
    return 0


def _verdict(order: Order) -> LookVerdict:
    if order.is_file:
        return _of_file(order)
    alive()
    opened = open_feed(order)
    return msgspec.structs.replace(_look(opened.feed, order), way=opened.way)


def _of_file(order: Order) -> LookVerdict:
    path, capture = Path(order.place), load()
    from hardware.camera.look import verdict_of_picture  # noqa: PLC0415 - loads OpenCV

    try:
        data = path.read_bytes() if path.stat().st_size <= _PICTURE_LIMIT else b""
    except OSError as error:
        raise CameraTrouble("no_answer") from error
    picture = capture.decode(data)
    return _look(capture.film(path), order) if picture is None else verdict_of_picture(picture)


def _look(feed: CameraFeed, order: Order) -> LookVerdict:
    from hardware.camera.look import look  # noqa: PLC0415 - loads OpenCV

    alive()
    tell = partial(alive, framed=True)
    return look(feed, seconds=order.seconds, baseline=order.baseline, tell=tell)


if __name__ == "__main__":
    sys.exit(main())
