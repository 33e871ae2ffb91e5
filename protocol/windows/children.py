"""This file is a child process on Windows: a thread for each of its pipes, and one for its end.

Every child is in a job (Job Objects, "JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE"): Windows ends it when
this program ends, however that comes about. None shows a console window.
"""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import asyncio
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import IO, Any, Final

from protocol.windows.job import end_with_us

_READ_BYTES: Final = 64 * 1024
_IN, _OUT, _ERR = 0, 1, 2


def start_child(
    loop: asyncio.AbstractEventLoop,
    protocol: asyncio.SubprocessProtocol,
    command: Sequence[Any],
    **options: Any,
) -> Child:
    """Start it, and tell the protocol what becomes of it. Raises OSError."""
    process = subprocess.Popen(command, creationflags=subprocess.CREATE_NO_WINDOW, **options)
    end_with_us(int(process._handle))  # type: ignore[attr-defined]  # noqa: SLF001 - its only name
    return Child(loop, protocol, process)


class Child(asyncio.SubprocessTransport):
    """A process that was started; the loop's own threads call nothing but call_soon_threadsafe."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.SubprocessProtocol,
        process: subprocess.Popen[bytes],
    ) -> None:
        super().__init__()
        self._loop, self._protocol, self._process = loop, protocol, process
        self._open = {
            number for number, pipe in ((_OUT, process.stdout), (_ERR, process.stderr)) if pipe
        }
        self._has_ended = self._is_told = False
        self._end = asyncio.Event()
        self._pipes: dict[int, asyncio.BaseTransport] = {}
        if process.stdin:
            self._pipes[_IN] = _Input(process.stdin, self._input_lost, loop)
        for number, pipe in ((_OUT, process.stdout), (_ERR, process.stderr)):
            if pipe:
                self._pipes[number] = _Output(pipe, number, self._soon, self._heard, self._silent)
        protocol.connection_made(self)
        for reader in self._pipes.values():
            if isinstance(reader, _Output):
                reader.begin()
        _thread(self._see_end, "child-end")

    def get_pid(self) -> int:
        """Its number."""
        return self._process.pid

    def get_returncode(self) -> int | None:
        """How it ended, None while it runs."""
        return self._process.returncode if self._has_ended else None

    def get_pipe_transport(self, fd: int) -> asyncio.BaseTransport | None:
        """Its pipe of a number."""
        return self._pipes.get(fd)

    def send_signal(self, signal: int) -> None:
        """End it: Windows knows nothing milder for a program without a window."""
        del signal
        self.kill()

    def terminate(self) -> None:
        """End it."""
        self.kill()

    def kill(self) -> None:
        """End it. Raises ProcessLookupError where it has ended."""
        if self._has_ended:
            raise ProcessLookupError
        try:
            self._process.kill()
        except PermissionError:  # it is just ending
            return

    def is_closing(self) -> bool:
        """Whether it ends."""
        return self._has_ended

    def close(self) -> None:
        """Let go of it; it is ended if it runs."""
        if not self._has_ended:
            self.kill()
        for pipe in self._pipes.values():
            pipe.close()

    def _soon(self, callback: Callable[..., object], *values: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *values)
        except RuntimeError:  # the loop is closed: nobody listens
            return

    async def _wait(self) -> int:
        """How it ended, once it has; `asyncio.subprocess.Process.wait` asks."""
        await self._end.wait()
        return self._process.wait()

    def _see_end(self) -> None:
        self._process.wait()
        self._soon(self._ended)

    def _heard(self, number: int, data: bytes) -> None:
        self._protocol.pipe_data_received(number, data)

    def _silent(self, number: int) -> None:
        self._protocol.pipe_connection_lost(number, None)
        self._open.discard(number)
        self._tell_end()

    def _input_lost(self, error: Exception | None) -> None:
        self._protocol.pipe_connection_lost(_IN, error)

    def _ended(self) -> None:
        self._has_ended = True
        self._end.set()
        self._protocol.process_exited()
        given = self._pipes.get(_IN)
        if given is not None:
            given.close()
        self._tell_end()

    def _tell_end(self) -> None:
        if self._has_ended and not self._open and not self._is_told:
            self._is_told = True
            self._protocol.connection_lost(None)


class _Output(asyncio.ReadTransport):
    """What a child writes, read as far as somebody wants it."""

    def __init__(
        self,
        pipe: IO[bytes],
        number: int,
        soon: Callable[..., None],
        heard: Callable[[int, bytes], None],
        silent: Callable[[int], None],
    ) -> None:
        super().__init__()
        self._pipe, self._number, self._soon = pipe, number, soon
        self._on_data, self._on_end = heard, silent
        self._wanted = threading.Event()
        self._wanted.set()

    def begin(self) -> None:
        """Read from now on."""
        _thread(self._read, f"child-pipe-{self._number}")

    def pause_reading(self) -> None:
        """Take no more for the moment."""
        self._wanted.clear()

    def resume_reading(self) -> None:
        """Go on."""
        self._wanted.set()

    def is_reading(self) -> bool:
        """Whether it is taken."""
        return self._wanted.is_set()

    def is_closing(self) -> bool:
        """Whether nothing more will come."""
        return self._pipe.closed

    def close(self) -> None:
        """The thread closes it, at the end of what the child writes: it may be reading now."""
        self._wanted.set()

    def _read(self) -> None:
        with self._pipe as pipe:
            while data := pipe.read1(_READ_BYTES):  # type: ignore[attr-defined]  # it is buffered
                self._soon(self._on_data, self._number, data)
                self._wanted.wait()
        self._soon(self._on_end, self._number)


class _Input(asyncio.WriteTransport):
    """What a child is told; a thread writes, for a pipe that is full holds who writes."""

    def __init__(
        self,
        pipe: IO[bytes],
        lost: Callable[[Exception | None], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__()
        self._pipe, self._lost, self._loop = pipe, lost, loop
        self._queue: list[bytes | None] = []
        self._news = threading.Condition()
        self._closing = False
        _thread(self._write, "child-pipe-0")

    def write(self, data: Any) -> None:
        """Hand it on as soon as can be."""
        self._put(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        """Hand them on."""
        self._put(b"".join(list_of_data))

    def write_eof(self) -> None:
        """Nothing more will come."""
        self.close()

    def can_write_eof(self) -> bool:
        """It can be told so."""
        return True

    def get_write_buffer_size(self) -> int:
        """How many bytes wait."""
        with self._news:
            return sum(len(data or b"") for data in self._queue)

    def is_closing(self) -> bool:
        """Whether nothing more is taken."""
        return self._closing

    def abort(self) -> None:
        """Close at once."""
        self.close()

    def close(self) -> None:
        """Close behind what was given."""
        if not self._closing:
            self._closing = True
            self._put(None)

    def _put(self, data: bytes | None) -> None:
        with self._news:
            self._queue.append(data)
            self._news.notify()

    def _write(self) -> None:
        error: Exception | None = None
        try:
            with self._pipe as pipe:
                while (data := self._next()) is not None:
                    pipe.write(data)
                    pipe.flush()
        except OSError as failure:  # it does not listen any more
            error = BrokenPipeError(failure.errno, failure.strerror)
        self._closing = True
        try:
            self._loop.call_soon_threadsafe(self._lost, error)
        except RuntimeError:  # the loop is closed: nobody asks
            return

    def _next(self) -> bytes | None:
        with self._news:
            self._news.wait_for(lambda: self._queue)
            return self._queue.pop(0)


def _thread(work: Callable[[], None], name: str) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()
