"""What every part of the agent stands on: the loop, children, files that somebody reads."""

from __future__ import annotations

from tests.waiting import until
from tests.windows.wine import PYTHON, Wine

_LOOP = """
import asyncio, socket, sys
from protocol.loop import run_async

async def main():
    ours, theirs = socket.socketpair()
    asyncio.get_running_loop().add_reader(ours, print)
    ours.close()
    await asyncio.sleep(0.1)
    back = "import sys; sys.stdout.write(sys.stdin.read()[::-1]); sys.exit(7)"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", back, stdin=-1, stdout=-1)
    print((await child.communicate(b"abc"))[0].decode(), await child.wait())
    endless = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=-1)
    endless.kill()
    print(await endless.wait() != 0, theirs.fileno() > 0)

run_async(main())
"""
_PARENT = """
import asyncio, sys, time
from protocol.loop import run_async

async def main():
    deaf = "import time; time.sleep(3600)"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", deaf)
    print(child.pid, flush=True)
    await asyncio.sleep(3600)

run_async(main())
"""
_READ_WHILE_WRITTEN = """
import threading, time
from pathlib import Path
from protocol.folder import write_whole

path = Path("Hồ sơ phòng.json")
path.write_bytes(b"old")
opened, done = threading.Event(), threading.Event()

def read():
    with path.open("rb"):
        opened.set()
        done.wait(0.3)

reader = threading.Thread(target=read)
reader.start()
opened.wait()
try:
    path.with_name("fresh").write_bytes(b"x")
    path.with_name("fresh").replace(path)
    print("it is no Windows")
except PermissionError:
    write_whole(path, b"new", 0o600)
    print(path.read_text())
"""


def test_a_closed_socket_ends_no_loop_and_children_are_heard(wine: Wine) -> None:
    """Of select the first would be the end; the usual selector loop starts no child at all."""
    (wine.drive / "loop.py").write_text(_LOOP)
    done = wine.run(PYTHON, "-X", "utf8", "loop.py")
    assert done.stdout.splitlines() == ["cba 7", "True True"], done.stderr


def test_a_child_ends_with_its_parent_however_that_ended(wine: Wine) -> None:
    """It reads nothing and asks nobody: the system ends it."""
    (wine.drive / "parent.py").write_text(_PARENT)
    parent = wine.start(PYTHON, "parent.py")
    assert parent.stdin
    assert parent.stdout
    assert parent.stderr
    with parent.stdin, parent.stdout, parent.stderr:
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()

    def is_there() -> str:
        asks = f"import psutil; print(psutil.pid_exists({child}))"
        return wine.run(PYTHON, "-c", asks).stdout.strip()

    until(is_there, "it has ended", holds=lambda it: it == "False")


def test_a_file_that_somebody_reads_is_replaced_when_he_lets_go(wine: Wine) -> None:
    """As virus scanners and backups do after each change."""
    (wine.drive / "written.py").write_text(_READ_WHILE_WRITTEN, "utf-8")
    assert wine.run(PYTHON, "-X", "utf8", "written.py").stdout == "new\n"
