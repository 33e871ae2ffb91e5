"""Programs that are started, watched and ended."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from simulators.children import (
    Child,
    command_path,
    end,
    first_to_end,
    last_lines,
    start,
)
from simulators.errors import SimError
from tests.waiting import calm_s, eventually, until

STUBBORN = (
    "import signal, subprocess, sys, time;"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print(child.pid, flush=True); time.sleep(600)"
)


async def running(folder: Path, script: str, name: str = "child") -> Child:
    """Start a Python script."""
    return await start(name, [sys.executable, "-c", script], folder, os.environ)


async def first_line(child: Child) -> str:
    """Wait for the child's first line."""
    text = await eventually(child.log.read_text, "a line", holds=lambda text: text.endswith("\n"))
    return text.strip()


def is_alive(pid: int) -> bool:
    """Whether such a process runs; one that has ended and waits to be reaped does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_child_that_obeys_ends_at_once(tmp_path: Path) -> None:
    """And its words are in its log."""

    async def scene() -> Child:
        child = await running(tmp_path, "import time; print('here', flush=True); time.sleep(600)")
        assert await first_line(child) == "here"
        await end(child, 10)
        return child

    began_s = calm_s()
    child = asyncio.run(scene())
    assert calm_s() - began_s < 8
    assert child.process.returncode == -15


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_stubborn_child_is_killed_with_its_own_children(tmp_path: Path) -> None:
    """None is left, not even what it had started itself."""

    async def scene() -> tuple[Child, int]:
        child = await running(tmp_path, STUBBORN)
        grandchild = int(await first_line(child))
        assert is_alive(grandchild)
        await end(child, 0.2)
        return child, grandchild

    child, grandchild = asyncio.run(scene())
    assert child.process.returncode == -9
    until(lambda: not is_alive(grandchild), "the grandchild has ended")


def test_the_first_to_end_is_named(tmp_path: Path) -> None:
    """Whichever it is."""

    async def scene() -> str:
        lasting = await running(tmp_path, "import time; time.sleep(600)", "lasting")
        brief = await running(tmp_path, "raise SystemExit(3)", "brief")
        try:
            return (await first_to_end([lasting, brief])).name
        finally:
            await end(brief, 1)
            await end(lasting, 1)

    assert asyncio.run(scene()) == "brief"


def test_ending_what_has_ended_is_no_error(tmp_path: Path) -> None:
    """Twice over."""

    async def scene() -> None:
        child = await running(tmp_path, "pass")
        await child.process.wait()
        await end(child, 1)
        await end(child, 1)

    asyncio.run(scene())


def test_last_lines_are_few_and_clean(tmp_path: Path) -> None:
    """No control characters reach the terminal, and a huge log is not read whole."""
    log = tmp_path / "log"
    log.write_bytes(b"x" * 100_000 + b"\n" + b"\n".join(b"line %d" % n for n in range(50)))
    lines = last_lines(log)
    assert lines[-1] == "line 49"
    assert len(lines) == 12
    log.write_bytes(b"\x1b[31mred\x07 \xff\n")
    assert last_lines(log) == ["[31mred \ufffd"]


def test_a_missing_command_says_what_to_do() -> None:
    """The name is in it."""
    assert Path(command_path("python3")).exists()
    with pytest.raises(SimError, match="lophoc-nothing") as raised:
        command_path("lophoc-nothing")
    assert raised.value.code == "command_missing"
