"""No program outlives the one that started it, and none refuses to end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from asyncio.subprocess import PIPE
from contextlib import suppress
from pathlib import Path

import pytest

from protocol.process import end, running_module
from tests.waiting import LIMIT_S, eventually, until

PARENT = textwrap.dedent("""
    import subprocess, sys, time
    from protocol.process import ending_with_us
    child = subprocess.Popen(ending_with_us("sleep", "600"))
    print(child.pid, flush=True)
    time.sleep(60)
""")
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); input()"
POLITE = "print(flush=True); input()"


def is_running(pid: int) -> bool:
    """Neither gone nor a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a child of its parent's end")
def test_a_child_ends_when_its_parent_is_killed() -> None:
    """Though the parent could do nothing any more."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        until(lambda: not is_running(child), "the child ends")
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize(
    ("program", "patience_s", "by"),
    [(DEAF, 0.2, signal.SIGKILL), (POLITE, 30.0, signal.SIGTERM), ("print()", 30.0, None)],
    ids=["deaf", "polite", "ended already"],
)
def test_a_process_is_asked_then_killed(
    program: str, patience_s: float, by: signal.Signals | None
) -> None:
    """It has ended when the call returns, whatever it does."""

    async def play() -> int | None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        await process.stdout.readline()
        if by is None:
            await process.wait()
        await end(process, patience_s)
        await end(process, patience_s)
        return process.returncode

    assert asyncio.run(play()) == (-by if by else 0)


@pytest.mark.parametrize("how", [None, TimeoutError, asyncio.CancelledError])
def test_a_module_that_was_started_has_ended_whatever_became_of_who_waited(
    how: type[BaseException] | None,
) -> None:
    """It waits for its order, which never comes."""

    async def play() -> int | None:
        with suppress(TimeoutError, asyncio.CancelledError):
            async with running_module("json.tool", 30.0) as child:
                assert child.returncode is None
                if how is not None:
                    raise how
        return child.returncode

    assert asyncio.run(play()) == -signal.SIGTERM


def test_a_process_has_ended_however_often_its_end_is_cancelled() -> None:
    """A task that is ended may be ended again, by who waits for it or by the loop's own end."""

    async def play(running: list[asyncio.subprocess.Process], patience_s: float) -> None:
        async with running_module("tests.protocol.deaf_child", patience_s, stdout=PIPE) as child:
            assert child.stdout is not None
            await child.stdout.readline()
            running.append(child)
            await asyncio.Event().wait()

    async def cancel(times: int, running: list[asyncio.subprocess.Process]) -> None:
        patience_s = LIMIT_S if times else 0.2  # who is cancelled once is waited out
        playing = asyncio.create_task(play(running, patience_s))
        await eventually(lambda: running)
        for _ in range(times):
            playing.cancel()
            await asyncio.sleep(0)

    for times in range(4):
        running: list[asyncio.subprocess.Process] = []
        asyncio.run(cancel(times, running))  # which cancels once more at its end
        assert [child.returncode for child in running] == [-signal.SIGKILL]
