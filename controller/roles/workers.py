"""This file serves one port by several processes: who calls from one address meets the same one.

So what a worker has in its memory for a browser (a file that waits, a passkey's question) is there
at its next request. The lines that a reverse proxy opens are dealt out in turn.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Final
from zlib import crc32

from protocol.backoff import Backoff
from protocol.errors import EXIT_SETTINGS
from protocol.process import module_environ

_LOGGER = logging.getLogger(__name__)

SOCKET: Final = "LOPHOC_WEB_WORKER"  # the variable that tells a worker its file
_END_S: Final = 8.0
_LOOK_S: Final = 0.05


class Workers:
    """So many processes of one command. proxies: addresses whose lines are dealt out in turn."""

    def __init__(
        self, listener: socket.socket, command: Sequence[str], number: int, proxies: Sequence[str]
    ) -> None:
        self._listener = listener
        self._command = command
        self._lines: dict[int, socket.socket] = {}
        self._number = number
        self._proxies = frozenset(proxies)
        self._turn = count()
        self._begun = asyncio.Event()
        self.code = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Keep them running until `stop` is set, or one says that a person must mend something."""
        self._listener.listen(socket.SOMAXCONN)
        self._listener.setblocking(False)
        tasks = [asyncio.create_task(self._keep(number, stop)) for number in range(self._number)]
        dealing = asyncio.create_task(self._deal())
        await stop.wait()
        dealing.cancel()
        for line in self._lines.values():
            line.close()  # which tells each to end
        await asyncio.wait(tasks, timeout=_END_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(dealing, *tasks, return_exceptions=True)

    async def _keep(self, number: int, stop: asyncio.Event) -> None:
        backoff = Backoff(0.5, 15.0)
        while not stop.is_set():
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with ours:
                worker = await self._started(theirs)
                ours.setblocking(False)
                self._lines[number] = ours
                self._begun.set()
                began_s = asyncio.get_running_loop().time()
                try:
                    code = await worker.wait()
                finally:
                    self._lines.pop(number, None)
                    if worker.returncode is None:
                        with suppress(ProcessLookupError):
                            worker.kill()
            if stop.is_set():
                return
            if code == EXIT_SETTINGS:
                self.code = code
                stop.set()
                return
            if asyncio.get_running_loop().time() - began_s > 60:  # noqa: PLR2004 - it had worked
                backoff.reset()
            _LOGGER.error("worker %d ended with %d, is started again", number, code)
            await asyncio.sleep(backoff.next_s())

    async def _started(self, theirs: socket.socket) -> asyncio.subprocess.Process:
        with theirs:
            environ = module_environ() | {SOCKET: str(theirs.fileno())}
            return await asyncio.create_subprocess_exec(
                *self._command, env=environ, pass_fds=(theirs.fileno(),)
            )

    async def _deal(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            line, peer = await loop.sock_accept(self._listener)
            with line:
                while not self._give(line, str(peer[0])):  # the kernel holds the next ones
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_LOOK_S):
                            await self._begun.wait()
                    self._begun.clear()

    def _give(self, line: socket.socket, peer: str) -> bool:
        """Hand a line to a worker; the next one where that takes none now."""
        alive = sorted(self._lines)
        first = next(self._turn) if peer in self._proxies else crc32(peer.encode())
        for step in range(len(alive)):
            worker = self._lines[alive[(first + step) % len(alive)]]
            try:
                socket.send_fds(worker, [b"1"], [line.fileno()])
            except OSError:
                continue
            return True
        return False


def worker_line() -> socket.socket | None:
    """Where this process is handed its lines, if it is a worker."""
    if sys.platform == "win32" or not (number := os.environ.pop(SOCKET, "")):
        return None
    return socket.socket(fileno=int(number))


def hand_out(
    line: socket.socket, take: Callable[[socket.socket], None], end: Callable[[], None]
) -> None:
    """Take in what is handed over, on the running loop. end: nobody hands anything any more."""
    line.setblocking(False)
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            said, files, _, _ = socket.recv_fds(line, 16, 1)
        except BlockingIOError:
            return
        for number in files:
            given = socket.socket(fileno=number)
            given.setblocking(False)
            take(given)
        if not said:
            loop.remove_reader(line)
            end()

    loop.add_reader(line, read)
