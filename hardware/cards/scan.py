"""This file has cards read in a process of its own, and surely ends it. It loads no OpenCV."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final

from hardware.camera.order import NO_VISION
from hardware.camera.process import always, words_of
from hardware.camera.watch import Target, order_for
from hardware.cards.acceptance import Found
from hardware.cards.words import LINE_LIMIT, Job, Over, Picture, Task, Text, Word, word_of
from hardware.readings import SenseMissing

__all__ = ["SCAN_S", "Found", "Over", "Picture", "read_pictures", "scan", "watch_door"]

SCAN_S: Final = 15.0

_OPEN_S: Final = 30.0  # the camera and OpenCV, before the scan's own time begins
_PICTURES_AT_ONCE: Final = 100
_MODULE: Final = "hardware.cards.child"


async def scan(
    target: Target,
    allowed: frozenset[int],
    found: Callable[[Found], None],
    *,
    within_s: float = SCAN_S,
    wanted: Callable[[], bool] = always,
) -> Over:
    """Read the class's cards until all of allowed are found or the time is over.

    found: called for each card as it counts, and for each that a person should look at.
    wanted: asked four times a second; once it is False the camera is let go. Returns the
    camera's trouble as reason, if it had any. Raises SenseMissing("no_vision").
    """
    job = Job(task=Task.CLASS, camera=order_for(target, within_s), allowed=allowed)
    async with aclosing(_words(job, wanted, longest_s=within_s + _OPEN_S)) as words:
        async for word in words:
            if isinstance(word, Found) and word.id in allowed:
                found(word)
            elif isinstance(word, Over):
                return _well(word)
    return Over()


async def watch_door(
    target: Target, found: Callable[[str], None], *, wanted: Callable[[], bool] = always
) -> Over:
    """Read door cards for as long as they are wanted and the camera gives pictures.

    found: called with each QR code's text, signed or not, at most once in five seconds. Returns
    and raises as scan does.
    """
    job = Job(task=Task.DOOR, camera=order_for(target, 0.0))
    async with aclosing(_words(job, wanted)) as words:
        async for word in words:
            if isinstance(word, Text):
                found(word.text)
            elif isinstance(word, Over):
                return _well(word)
    return Over()


async def read_pictures(paths: Sequence[Path]) -> AsyncIterator[Picture]:
    """Read the cards in pictures, in order; `number` counts from 0 in the paths given.

    One that stops its reader has the error "stalled"; those after it are read none the less.
    Raises SenseMissing("no_vision").
    """
    done = 0
    while done < len(paths):
        some = tuple(str(each) for each in paths[done : done + _PICTURES_AT_ONCE])
        before = done
        async with aclosing(_words(Job(task=Task.PICTURES, paths=some), always)) as words:
            async for word in words:
                if isinstance(word, Over):
                    _well(word)
                    break
                if isinstance(word, Picture):
                    yield word._replace(number=done)
                    done += 1
        if done < before + len(some):
            yield Picture(done, error="stalled")
            done += 1


async def _words(
    job: Job, wanted: Callable[[], bool], *, longest_s: float = float("inf")
) -> AsyncGenerator[Word, None]:
    """What the process says, until it is over, silent for too long, or no longer wanted.

    However this ends, the process is dead and the camera closed.
    """
    words = words_of(
        _MODULE, job.line(), word_of, line_limit=LINE_LIMIT, longest_s=longest_s, wanted=wanted
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
