"""This file starts programs of ours, and sees to it that none outlives the one that started it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

BURY_S: Final = 10.0

# A parent that was killed before its end was asked for is no parent any more.
_UNLESS_GONE: Final = ("/bin/sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"')


def ending_with_us(*command: str) -> tuple[str, ...]:
    """The command, so that Linux ends it with SIGTERM should we be killed.

    A program of its own asks for it (setpriv(1) of util-linux): between fork and exec, a child of
    threads may find any lock held for ever. Where there is none the command is as it was.
    """
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    if setpriv is None:
        return command
    return (setpriv, "--pdeathsig", "TERM", "--", *_UNLESS_GONE, str(os.getpid()), *command)


def module_command(module: str, *arguments: str) -> list[str]:
    """What runs a module of ours in a process of its own; it needs `module_environ` as well."""
    return [sys.executable, "-P", "-m", module, *arguments]


def module_environ() -> dict[str, str]:
    """Our environment, and where the child finds our modules and libraries: where we do.

    An installed package stands in no folder that Python knows of by itself.
    """
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def program_beside(name: str) -> Path:
    """Where a wheel's program lies: beside our packages, in bin, else beside this Python."""
    beside_packages = Path(__file__).parents[1] / "bin" / name
    if beside_packages.is_file():
        return beside_packages
    return Path(sys.executable).with_name(name)


@asynccontextmanager
async def running_module(
    module: str, patience_s: float, *, stdout: int | None = None, stderr: int | None = None
) -> AsyncIterator[Process]:
    """A program of its own that runs a module of ours; it has ended when this is left.

    What it is to do goes by standard input: every user of the machine can read arguments. stdout,
    stderr: as `asyncio.create_subprocess_exec` takes them. Raises OSError.
    """
    process = await asyncio.create_subprocess_exec(
        *ending_with_us(*module_command(module)),
        env=module_environ(),
        stdin=PIPE,
        stdout=stdout,
        stderr=stderr,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            await end(process, patience_s)


async def end(process: Process, patience_s: float) -> None:
    """Ask a process to end, wait so long, then kill it; it has ended however this is left.

    Cancelled, it is patient no longer.
    """
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await process.wait()
    finally:
        await kill(process)


async def kill(process: Process) -> None:
    """Kill a process; it has ended when this is left, however often the wait was cancelled.

    Except one that a driver holds where no signal reaches it: that is not ours to wait for.
    """
    with suppress(ProcessLookupError):
        process.kill()
    clock = asyncio.get_running_loop().time
    bury_by, cancelled = clock() + BURY_S, None
    while process.returncode is None and clock() < bury_by:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(bury_by):
                    await process.wait()
        except asyncio.CancelledError as error:  # who leaves earlier leaves a process behind
            cancelled = error
    if cancelled is not None:
        raise cancelled
