"""A camera's password stands in no process list, no environment and no core of who looks at it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from hardware.camera.order import Order
from hardware.camera.process import ask
from hardware.camera.shutter import FILE_VIEW
from tests.waiting import eventually

SECRET = "mat-khau-7391"  # noqa: S105 - of no camera
DUMPABLE = """
import ctypes, sys
from hardware.camera.opening import prepare
prepare()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_the_password_of_a_look_is_in_no_list_of_processes() -> None:
    """A camera that takes the call and says nothing: meanwhile everyone's processes are read."""

    async def run(port: int) -> list[str]:
        place = f"rtsp://127.0.0.1:{port}/a"
        order = Order(place=place, user="admin", password=SECRET)
        look = asyncio.create_task(ask(order, FILE_VIEW))
        await eventually(lambda: _texts() if any("camera.child" in one for one in _texts()) else [])
        texts = _texts()
        look.cancel()
        with suppress(asyncio.CancelledError):
            await look
        return texts

    with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel takes the call
        texts = asyncio.run(run(silent.getsockname()[1]))
    assert any("camera.child" in text for text in texts)
    assert not [text for text in texts if SECRET in text]


def test_who_looks_leaves_no_core_to_anybody() -> None:
    """Neither a file, nor what is handed to a program that gathers cores."""
    child = subprocess.Popen(
        [sys.executable, "-c", DUMPABLE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == b"0"
    child.communicate()


def _texts() -> list[str]:
    """What any user may read of our children, and what we may."""
    texts: list[str] = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error, PermissionError):
            texts.append(" ".join(process.cmdline()))
            texts.append(" ".join(process.environ().values()))
    return texts
