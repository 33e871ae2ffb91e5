"""This file has cards read in a process of its own, and surely ends it. It loads no OpenCV."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from hardware.camera.order import NO_VISION, line_of
from hardware.camera.process import always, words_of
from hardware.camera.shutter import FILE_VIEW, CameraUse, Shutter, View
from hardware.camera.watch import CameraTarget, order_for
from hardware.cards.acceptance import FoundCard
from hardware.cards.words import LINE_LIMIT, CardPicture, Job, Over, Task, Text, Word, word_of
from hardware.readings import SenseMissing

SCAN_S: Final = 15.0

_OPEN_S: Final = 30.0  # the camera and OpenCV, before the scan's own time begins
_PICTURES_AT_ONCE: Final = 100
_MODULE: Final = "hardware.cards.child"


async def scan(
    target: CameraTarget,
    allowed: frozenset[int],
    report: Callable[[FoundCard], None],
    shutter: Shutter,
    *,
    within_s: float = SCAN_S,
    is_wanted: Callable[[], bool] = always,
) -> Over:
    """Read the class's cards until all of allowed are found or the time is over.

    report: called for each card as it counts, and for each that a person should look at.
    is_wanted: asked four times a second; once it is False the camera is let go. Returns the
    camera's trouble as reason, if it had any. Raises SenseMissing("no_vision").
    """
    job = Job(task=Task.CLASS, camera=order_for(target, within_s), allowed=allowed)
    view, longest_s = shutter.view(target.key, CameraUse.CARDS), within_s + _OPEN_S
    async with aclosing(_words(job, view, is_wanted, longest_s=longest_s)) as words:
        async for word in words:
            if isinstance(word, FoundCard) and word.id in allowed:
                report(word)
            elif isinstance(word, Over):
                return _well(word)
    return Over()


async def watch_door(
    target: CameraTarget,
    report: Callable[[str], None],
    shutter: Shutter,
    *,
    is_wanted: Callable[[], bool] = always,
) -> Over:
    """Read door cards for as long as they are wanted and the camera gives pictures.

    report: called with each QR code's text, signed or not, at most once in five seconds. Returns
    and raises as scan does.
    """
    job = Job(task=Task.DOOR, camera=order_for(target, 0.0))
    view = shutter.view(target.key, CameraUse.DOOR)
    async with aclosing(_words(job, view, is_wanted)) as words:
        async for word in words:
            if isinstance(word, Text):
                report(word.text)
            elif isinstance(word, Over):
                return _well(word)
    return Over()


async def read_pictures(paths: Sequence[Path]) -> AsyncIterator[CardPicture]:
    """Read the cards in pictures, in order; `number` counts from 0 in the paths given.

    One that stops its reader has the error "stalled"; those after it are read none the less.
    Raises SenseMissing("no_vision").
    """
    done = 0
    while done < len(paths):
        batch = tuple(str(path) for path in paths[done : done + _PICTURES_AT_ONCE])
        before = done
        job = Job(task=Task.PICTURES, paths=batch)
        async with aclosing(_words(job, FILE_VIEW, always)) as words:
            async for word in words:
                if isinstance(word, Over):
                    _well(word)
                    break
                if isinstance(word, CardPicture):
                    yield replace(word, number=done)
                    done += 1
        if done < before + len(batch):
            yield CardPicture(done, error="stalled")
            done += 1


async def _words(
    job: Job, view: View, is_wanted: Callable[[], bool], *, longest_s: float = float("inf")
) -> AsyncGenerator[Word, None]:
    """What the process says, until it is over, silent for too long, or no longer wanted.

    However this ends, the process is dead and the camera closed.
    """
    words = words_of(
        _MODULE,
        line_of(job),
        word_of,
        view,
        line_limit=LINE_LIMIT,
        longest_s=longest_s,
        is_wanted=is_wanted,
    )
    try:
        async with aclosing(words):
            async for word in words:
                yield word
    except TimeoutError:
        yield Over("stalled")
    except ValueError:
        yield Over("nonsense")


def _well(over: Over) -> Over:
    if over.reason == NO_VISION:
        hint = "Install opencv-python-headless and zxing-cpp to read cards."
        raise SenseMissing(NO_VISION, {"sense": "cards"}, hint)
    return over
