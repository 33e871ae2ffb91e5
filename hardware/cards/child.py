"""This file is the process that reads cards, and that can be killed at any moment.

It takes one job from standard input and says on standard output what it found, as it finds it.
Pictures never leave it: it writes ids, corners and texts, and nothing to any disk.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hardware.camera.feed import CameraFeed
from hardware.camera.opening import alive, load, open_feed, prepare, say
from hardware.camera.order import NO_VISION, CameraTrouble
from hardware.cards.acceptance import Acceptance
from hardware.cards.words import CardPicture, Job, Over, Task, Text, job_of

if TYPE_CHECKING:
    from cv2.typing import MatLike

PICTURE_S: Final = 20.0  # for one picture, however large

_FILE_LIMIT: Final = 64_000_000
_SAY_EVERY_S: Final = 0.5
_WAITED_S: Final = 0.02  # a frame that comes sooner had been waiting: a newer one follows
_SKIPPED: Final = 3  # at most, one after another
_SPOILT: Final = 10  # frames in a row that are none
_QUIET_S: Final = 5.0  # before a text that stays before the camera is said again
_MS: Final = 1000.0


def main() -> int:
    """Do one job."""
    job = job_of(sys.stdin.buffer.readline())
    prepare()
    alive()
    try:
        over = _DO[job.task](job)
    except CameraTrouble as trouble:
        over = Over(trouble.reason)
    except ImportError:
        over = Over(NO_VISION)
    say(over)
    return 0


def _scan(job: Job) -> Over:
    feed = open_feed(job.camera).feed
    load()
    from hardware.cards.reader import profiles_of, read  # noqa: PLC0415 - loads OpenCV

    acceptance, frames = Acceptance(job.allowed), 0
    ends_at = time.monotonic() + job.camera.seconds
    for frames, (grey, at) in enumerate(_frames(feed), 1):
        for found_card in acceptance.frame(read(grey, *profiles_of(frames)), at):
            say(found_card)
        if acceptance.is_complete or time.monotonic() >= ends_at:
            break
    return Over("", frames)


def _watch_door(job: Job) -> Over:
    feed = open_feed(job.camera).feed
    load()
    from hardware.cards.reader import read_door  # noqa: PLC0415 - loads OpenCV

    said_at: dict[str, float] = {}
    for grey, at in _frames(feed):
        texts = [text for text in read_door(grey) if at - said_at.get(text, -_QUIET_S) >= _QUIET_S]
        said_at = {text: when for text, when in said_at.items() if at - when < _QUIET_S}
        said_at |= dict.fromkeys(texts, at)
        for text in texts:
            say(Text(text))
    return Over()


def _read_pictures(job: Job) -> Over:
    load()
    for number, path in enumerate(job.paths):
        alive(PICTURE_S)
        say(_picture(number, Path(path)))
    return Over()


def _picture(number: int, path: Path) -> CardPicture:
    from hardware.camera.capture import decode  # noqa: PLC0415 - loads OpenCV
    from hardware.cards.reader import EVERY, read, read_door  # noqa: PLC0415 - likewise

    began_at = time.perf_counter()
    try:
        if not path.is_file():
            return CardPicture(number, error="missing")
        with path.open("rb") as file:
            data = file.read(_FILE_LIMIT + 1)
    except (OSError, ValueError):
        return CardPicture(number, error="unreadable")
    if len(data) > _FILE_LIMIT:
        return CardPicture(number, error="too_large")
    picture = decode(data)
    if picture is None:
        return CardPicture(number, error="no_picture")
    grey = _grey(picture)
    cards, texts = read(grey, *EVERY), read_door(grey)
    return CardPicture(number, cards, texts, round(_MS * (time.perf_counter() - began_at), 1))


def _frames(feed: CameraFeed) -> Iterator[tuple[MatLike, float]]:
    """The feed's frames as grey pictures, and when they came; those that are stale left out.

    Raises CameraTrouble.
    """
    asked_at, said_at, skipped, spoilt = time.monotonic(), 0.0, 0, 0
    for arrival in feed.arrivals:
        if is_due := arrival.at - said_at >= _SAY_EVERY_S:
            alive(PICTURE_S)  # a busy computer that reads slowly is no camera that stalls
            said_at = arrival.at
        waiting = feed.paced and arrival.at - asked_at < _WAITED_S
        skipped = skipped + 1 if waiting and skipped < _SKIPPED else 0
        if not skipped:
            picture = arrival.picture()
            spoilt = spoilt + 1 if picture is None else 0
            if spoilt >= _SPOILT:
                raise CameraTrouble("nonsense")
            if picture is not None:
                yield _grey(picture), arrival.at
        if is_due:
            alive()
        asked_at = time.monotonic()


def _grey(picture: MatLike) -> MatLike:
    import cv2  # noqa: PLC0415 - loaded by now

    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)


_DO: Final = {
    Task.CLASS: _scan,
    Task.DOOR: _watch_door,
    Task.PICTURES: _read_pictures,
}

if __name__ == "__main__":
    sys.exit(main())
