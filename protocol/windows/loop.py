"""This file is the event loop on Windows: sockets by select, children by threads.

The system's usual loop watches no socket that somebody else reads, as paho does, and the one that
does so starts no children.
"""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import asyncio
import select
import selectors
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, Final

from protocol.windows.children import Child, start_child

_WAKE_BYTES: Final = 4096


class ForgivingSelector(selectors.SelectSelector):
    """Forgets a socket that was closed while it was watched, as epoll does.

    Windows' select would fail for all others with it (WSAENOTSOCK), and the program would end.
    """

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready."""
        try:
            return super().select(timeout)
        except OSError:
            closed = [key for key in self.get_map().values() if _is_closed(key.fd)]
            if not closed:
                raise
            for key in closed:
                self.unregister(key.fileobj)
            return []


class WindowsLoop(asyncio.SelectorEventLoop):
    """The loop; Ctrl-C wakes it, which select alone would sleep through."""

    def __init__(self) -> None:
        super().__init__(ForgivingSelector())
        self._woken: tuple[socket.socket, socket.socket] | None = None
        if threading.current_thread() is threading.main_thread():
            self._woken = heard, rung = socket.socketpair()
            for end in self._woken:
                end.setblocking(False)
            self.add_reader(heard, self._hear)
            signal.set_wakeup_fd(rung.fileno(), warn_on_full_buffer=False)

    def close(self) -> None:
        """Close it."""
        if self._woken is not None:
            heard, rung = self._woken
            self._woken = None
            signal.set_wakeup_fd(-1)
            self.remove_reader(heard)
            heard.close()
            rung.close()
        super().close()

    async def subprocess_exec(
        self,
        protocol_factory: Callable[[], Any],
        program: Any,
        *args: Any,
        stdin: int | IO[Any] | None = None,
        stdout: int | IO[Any] | None = None,
        stderr: int | IO[Any] | None = None,
        **kwargs: Any,
    ) -> tuple[asyncio.SubprocessTransport, Any]:
        """Start a child that is ended with this program; `asyncio.create_subprocess_exec` asks."""
        kwargs.pop("start_new_session", None)
        protocol = protocol_factory()
        child: Child = start_child(
            self, protocol, [program, *args], stdin=stdin, stdout=stdout, stderr=stderr, **kwargs
        )
        return child, protocol

    def _hear(self) -> None:
        if self._woken is not None:
            with suppress(BlockingIOError):
                self._woken[0].recv(_WAKE_BYTES)


def _is_closed(descriptor: int) -> bool:
    try:
        select.select([descriptor], [], [], 0)
    except (OSError, ValueError):
        return True
    return False
