"""This file starts programs on free ports, keeps their logs, asks how they are, and ends them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from protocol.door_key import bearer, door_key
from protocol.process import end as end_process
from protocol.process import ending_with_us
from protocol.words import N_
from simulators.errors import SimError

LAST_LINES: Final = 12
LAST_BYTES: Final = 16 * 1024
TRIED: Final = 100
ANSWER_S: Final = 2.0
MAX_ANSWER: Final = 1 << 20


class Child(NamedTuple):
    """A program that runs: its name, its process and where its words go."""

    name: str
    process: asyncio.subprocess.Process
    log: Path


def command_path(name: str) -> str:
    """Where one of our own commands is: beside this Python, else on PATH. Raises SimError."""
    beside = Path(sys.executable).with_name(name)
    path = str(beside) if beside.exists() else shutil.which(name)
    if path is None:
        raise SimError(
            "command_missing",
            N_("The command {name} is not installed."),
            N_("Run: make setup"),
            name=name,
        )
    return path


async def start(
    name: str, command: Sequence[str], folder: Path, environ: Mapping[str, str]
) -> Child:
    """Start a program in a process group of its own: Ctrl-C in the terminal does not reach it."""
    log = folder / f"{name}.log"
    with log.open("ab") as words:
        process = await asyncio.create_subprocess_exec(
            *ending_with_us(*command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            env=dict(environ),
            process_group=0,
        )
    return Child(name, process, log)


async def first_to_end(children: Sequence[Child]) -> Child:
    """Wait until one of them ends by itself, and say which."""
    waiting = {asyncio.ensure_future(child.process.wait()): child for child in children}
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    return waiting[done.pop()]


async def end(child: Child, patience_s: float) -> None:
    """Ask it to end, wait, then kill it with all that it started."""
    try:
        await end_process(child.process, patience_s)
    finally:
        # The group is empty: as it should.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)


def last_lines(log: Path) -> list[str]:
    """The last lines of a log, without control characters."""
    with log.open("rb") as words:
        words.seek(max(0, log.stat().st_size - LAST_BYTES))
        text = words.read().decode("utf-8", "replace")
    lines = text.splitlines()[-LAST_LINES:]
    return ["".join(char for char in line if char.isprintable()) for line in lines]


def free_port(preferred: int, avoid: Iterable[int] = ()) -> int:
    """The wanted port, or the next one that is free. Raises SimError if a hundred are taken."""
    avoided = set(avoid)
    for port in range(preferred, min(preferred + TRIED, 65_536)):
        if port not in avoided and _is_free(port):
            return port
    raise SimError(
        "no_free_port",
        N_("The ports from {port} on are all taken."),
        N_("Choose another with --http-port, --mqtt-port or --local-port."),
        port=preferred,
    )


async def answers(port: int, path: str) -> bool:
    """Whether the program on this port answers 200 to a GET."""
    return await fetch(port, path) is not None


async def fetch(port: int, path: str, method: str = "GET") -> bytes | None:
    """What the program on this port answers (RFC 9112); None unless it answers 200.

    An agent's door is shown the key that it has left to this account.
    """
    shown = {"Host": f"127.0.0.1:{port}", "Connection": "close", "Content-Length": "0"}
    shown |= bearer(door_key(port, os.environ))
    lines = "".join(f"{name}: {value}\r\n" for name, value in shown.items())
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode())
                answer = await reader.read(MAX_ANSWER)
                while not reader.at_eof():
                    answer += await reader.read(MAX_ANSWER)
            finally:
                writer.close()
    except (OSError, ValueError, TimeoutError):
        return None
    status, _, body = answer.partition(b"\r\n\r\n")
    return body if status.startswith((b"HTTP/1.1 200 ", b"HTTP/1.0 200 ")) else None


def _is_free(port: int) -> bool:
    """Free on every address: a listener on loopback alone is in the way too."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("", port))
        except OSError:
            return False
    return True
