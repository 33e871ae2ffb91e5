"""This file starts a process that looks through a camera, listens to it, and surely ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Final, TypeVar

from hardware.camera.order import (
    LINE_LIMIT,
    NO_VISION,
    Alive,
    LookVerdict,
    Order,
    line_of,
    word_of,
)
from hardware.camera.shutter import View
from hardware.readings import CameraState, SenseMissing

LONGEST_S: Final = 60.0  # of any look, whatever the child says

_START_S: Final = 10.0  # Python itself, on a busy machine
_SILENCE_LIMIT_S: Final = 25.0  # whatever the child says
_POLL_S: Final = 0.25
_BURY_S: Final = 10.0
_MODULE: Final = "hardware.camera.child"

Word = TypeVar("Word")


def always() -> bool:
    """Wanted until it ends."""
    return True


async def ask(
    order: Order,
    view: View,
    *,
    longest_s: float = LONGEST_S,
    is_wanted: Callable[[], bool] = always,
) -> LookVerdict | None:
    """Have a look taken. is_wanted: asked four times a second; once it is False the look is ended.

    Returns None where it was ended so, or its shutter is closed. Raises SenseMissing("no_vision")
    where this machine cannot look at pictures. However it ends, the child is dead and the
    camera closed.
    """
    verdict = await _verdict(order, view, longest_s, is_wanted)
    if verdict is not None and verdict.reason == NO_VISION:
        raise no_vision()
    return verdict


async def words_of(
    module: str,
    order: bytes,
    read: Callable[[bytes], Word],
    view: View,
    *,
    line_limit: int = LINE_LIMIT,
    longest_s: float = float("inf"),
    is_wanted: Callable[[], bool] = always,
) -> AsyncGenerator[Word, None]:
    """What a module of ours says that was given the order, as long as it is alive and wanted.

    Every camera is opened here and nowhere else: nothing gets an order through a closed shutter.
    read: a word from its line; raises ValueError. Raises TimeoutError once it is silent for
    longer than it said, or has taken longest_s in all; ValueError where it says nonsense or
    dies. However this ends, the process is dead and the camera closed.
    """
    clock = asyncio.get_running_loop().time
    word_by, end_by = clock() + _START_S, clock() + longest_s
    if not view.is_open():
        return
    async with _child_of(module, line_limit) as child:
        if not view.is_open():  # it was closed while the process started
            return
        with view.shutter.note(view.key, view.use):
            await _send(child, order)
            while view.is_open() and is_wanted():
                left_s = min(word_by, end_by) - clock()
                if left_s <= 0:
                    raise TimeoutError
                try:
                    async with asyncio.timeout(min(_POLL_S, left_s)):
                        line = await _line(child)
                except TimeoutError:
                    continue
                word = read(line)  # a picture that kills its decoder ends here too
                if isinstance(word, Alive):
                    word_by = clock() + min(word.within_s, _SILENCE_LIMIT_S)
                yield word


async def _verdict(
    order: Order, view: View, longest_s: float, is_wanted: Callable[[], bool]
) -> LookVerdict | None:
    words = words_of(
        _MODULE, line_of(order), word_of, view, longest_s=longest_s, is_wanted=is_wanted
    )
    framed = False
    try:
        async with aclosing(words):
            async for word in words:
                if not isinstance(word, Alive):
                    return word
                framed = framed or word.framed
    except TimeoutError:
        return LookVerdict(CameraState.DISCONNECTED, "stalled" if framed else "no_answer")
    except ValueError:
        return LookVerdict(CameraState.DISCONNECTED, "nonsense")
    return None


def no_vision() -> SenseMissing:
    """The error of a machine without OpenCV."""
    hint = "Install python3-opencv or opencv-python-headless to see how cameras are."
    return SenseMissing(NO_VISION, {"sense": "camera"}, hint)


@asynccontextmanager
async def _child_of(module: str, line_limit: int) -> AsyncIterator[Process]:
    """A process that runs a module of ours and waits for its order; dead once this is left."""
    # Where we find our modules: an installed package lies in no folder that Python knows.
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH", ""), *sys.path)))
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        module,
        stdin=PIPE,
        stdout=PIPE,
        # What FFmpeg complains of names the camera's URL, with its password.
        stderr=DEVNULL,
        limit=line_limit,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )
    try:
        yield child
    finally:
        _kill(child)
        await _bury(child)


async def _bury(child: Process) -> None:
    """Wait for the end of one that was killed, however often the wait is cancelled.

    A driver can hold its caller where no signal reaches it: that is not ours to wait for.
    """
    clock = asyncio.get_running_loop().time
    bury_by, cancelled = clock() + _BURY_S, None
    while child.returncode is None and clock() < bury_by:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(bury_by):
                    await child.wait()
        except asyncio.CancelledError as error:  # who leaves earlier leaves a process behind
            cancelled = error
    if cancelled is not None:
        raise cancelled


def _kill(child: Process) -> None:
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)


async def _send(child: Process, order: bytes) -> None:
    """By standard input, for arguments can be read by every user of the machine."""
    if child.stdin is not None:
        child.stdin.write(order)
        # One that died at once is heard to be silent.
        with suppress(ConnectionError):
            await child.stdin.drain()


async def _line(child: Process) -> bytes:
    return await child.stdout.readline() if child.stdout is not None else b""
