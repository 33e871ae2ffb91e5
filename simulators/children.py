"""This file starts programs, keeps their logs, and ends them so that none is left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from protocol.process import die_with_parent
from protocol.process import end as end_process
from protocol.words import N_
from simulators.errors import SimError

LAST_LINES: Final = 12
LAST_BYTES: Final = 16 * 1024


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
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            env=dict(environ),
            process_group=0,
            preexec_fn=die_with_parent(),
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
    await end_process(child.process, patience_s)
    with contextlib.suppress(
        ProcessLookupError, PermissionError
    ):  # the group is empty: as it should
        os.killpg(child.process.pid, signal.SIGKILL)


def last_lines(log: Path) -> list[str]:
    """The last lines of a log, without control characters."""
    with log.open("rb") as words:
        words.seek(max(0, log.stat().st_size - LAST_BYTES))
        text = words.read().decode("utf-8", "replace")
    lines = text.splitlines()[-LAST_LINES:]
    return ["".join(char for char in line if char.isprintable()) for line in lines]
