"""This file has a file read by a process of its own, which says how far it is.

That process has little memory and time: a file of a few kilobytes may claim millions of cells. And
what takes seconds in it holds up nobody who asks the one that waits for it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, TypeVar

import msgspec

from controller.sheets.bounds import DAMAGED, TOO_BIG
from controller.sheets.errors import SheetError
from protocol.errors import error_place
from protocol.process import module_command, module_environ, running_module
from protocol.shapes import from_msgpack
from protocol.unreadable import UNREADABLE

_LOGGER = logging.getLogger(__name__)

_MEMORY_BYTES: Final = 1024**3
_CPU_S: Final = 30
_TIMEOUT_S: Final = 120.0  # others are read beside it, perhaps on one slow core
_LENGTH: Final = 4  # bytes before a frame
# A child that was ended at its bounds: by these signals, which are negative exits.
_AT_BOUNDS: Final = (
    -6,  # SIGABRT: the parser asked for more memory than it may have
    -9,  # SIGKILL
    -24,  # SIGXCPU
)
Answer = TypeVar("Answer")
Order = TypeVar("Order")


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """How many rows have been read, of how many; of none while the file is opened."""

    rows: int = 0
    of: int = 0


class _Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Why the file cannot be used: a SheetError."""

    code: str
    message: str
    hint: str
    values: dict[str, str]


class _Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The reader itself failed, and in which line."""

    place: str


class _Answered(msgspec.Struct, frozen=True, tag="answer"):
    """What the file holds."""

    body: msgspec.Raw


_Frame = Progress | _Refused | _Failed | _Answered
Tell = Callable[[int, int], None]


async def read_apart(
    module: str, order: msgspec.Struct, answer: type[Answer], note: Callable[[Progress], None]
) -> Answer:
    """What a module's process reads. note: told how far it is. Raises SheetError, OSError.

    Cancelled, it ends the process.
    """
    try:
        async with (
            running_module(module, 0, stdout=PIPE, stderr=DEVNULL) as child,
            asyncio.timeout(_TIMEOUT_S),
        ):
            assert child.stdin, "a pipe"  # noqa: S101
            assert child.stdout, "a pipe"  # noqa: S101
            child.stdin.write(msgspec.msgpack.encode(order))
            child.stdin.close()
            last: _Frame | None = None
            while (frame := await _frame_from(child.stdout)) is not None:
                last = frame
                if isinstance(frame, Progress):
                    note(frame)
            await child.wait()
    except TimeoutError:
        raise TOO_BIG from None
    except (ConnectionError, asyncio.IncompleteReadError, *UNREADABLE):
        raise DAMAGED from None
    return _answer_in(last, child.returncode, answer)


def read_apart_now(module: str, order: msgspec.Struct, answer: type[Answer]) -> Answer:
    """The same for a program that has nothing else to do meanwhile. Raises SheetError."""
    command, environ = module_command(module), module_environ()
    told = msgspec.msgpack.encode(order)
    try:
        done = subprocess.run(
            command, env=environ, input=told, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
        frames = [*_frames_in(done.stdout)]
    except subprocess.TimeoutExpired:
        raise TOO_BIG from None
    except UNREADABLE:
        raise DAMAGED from None
    return _answer_in(frames[-1] if frames else None, done.returncode, answer)


def serve(order: type[Order], read: Callable[[Order, Tell], object]) -> None:
    """What the child does: takes an order from its standard input, reads within bounds, answers."""
    _set_bounds()
    gc.disable()  # a table has hundreds of thousands of objects and no circle; soon all is over
    sys.excepthook = _tell_failure
    told = from_msgpack(sys.stdin.buffer.read(), order)
    try:
        held = msgspec.msgpack.encode(read(told, _tell))
    except SheetError as refused:
        _write(_refusal(refused))
    except MemoryError:
        _write(_refusal(TOO_BIG))
    else:
        _write(_Answered(msgspec.Raw(held)))


def _answer_in(last: _Frame | None, returncode: int | None, answer: type[Answer]) -> Answer:
    """What the child's last words hold. Raises SheetError."""
    if returncode in _AT_BOUNDS:
        raise TOO_BIG
    match last:
        case _Answered(body):
            try:
                return from_msgpack(body, answer)
            except UNREADABLE:
                raise DAMAGED from None
        case _Refused(code, message, hint, values):
            raise SheetError(code, message, hint, **values)
        case _Failed(place):
            _LOGGER.warning("a file was not read: %s", place)
    raise DAMAGED


def _refusal(error: SheetError) -> _Refused:
    values = {name: str(value) for name, value in error.values.items()}
    return _Refused(error.code, error.message, error.hint, values)


def _tell(rows: int, of: int) -> None:
    _write(Progress(rows, of))


def _tell_failure(
    _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
) -> None:
    _write(_Failed(error_place(error) if isinstance(error, Exception) else type(error).__name__))


def _write(frame: _Frame) -> None:
    body = msgspec.msgpack.encode(frame)
    sys.stdout.buffer.write(len(body).to_bytes(_LENGTH, "big"))
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


async def _frame_from(stream: asyncio.StreamReader) -> _Frame | None:
    """The child's next words; None where it has ended."""
    head = await stream.read(_LENGTH)
    if not head:
        return None
    head += await stream.readexactly(_LENGTH - len(head))
    frame: _Frame = from_msgpack(await stream.readexactly(int.from_bytes(head, "big")), _Frame)
    return frame


def _frames_in(said: bytes) -> Iterator[_Frame]:
    at = 0
    while at < len(said):
        start = at + _LENGTH
        at = start + int.from_bytes(said[at:start], "big")
        yield from_msgpack(said[start:at], _Frame)


def _set_bounds() -> None:
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
