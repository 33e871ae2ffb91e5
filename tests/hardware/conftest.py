"""What the tests of the senses ask of the machine they run on."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

_CLONE_NEWNET = 0x40000000


@pytest.fixture
def need() -> Callable[[str, str], str]:
    """Give the path of a program, or skip with the name of its Debian package."""

    def path_of(program: str, package: str) -> str:
        path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        return path or pytest.skip(f"needs {program}: apt install {package}")

    return path_of


@pytest.fixture
def own_loopback() -> Iterator[None]:
    """Nothing else on this computer is heard by mDNS: a network of the test's own.

    Where none may be made, these tests take turns at least, in whichever worker.
    """
    with ExitStack() as stack:
        if not stack.enter_context(_own_network()):
            lock = Path(tempfile.gettempdir()) / "lophoc-tests-mdns.lock"
            fcntl.flock(stack.enter_context(lock.open("w")), fcntl.LOCK_EX)
        yield


@contextmanager
def _own_network() -> Iterator[bool]:
    """Move this thread, and what it begins, into a network with a loopback alone, if it may."""
    libc = ctypes.CDLL(None, use_errno=True)
    ip = shutil.which("ip", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    with Path("/proc/thread-self/ns/net").open("rb") as before:
        if ip is None or libc.unshare(_CLONE_NEWNET):
            yield False
            return
        try:
            subprocess.run([ip, "link", "set", "lo", "up"], check=True)
            yield True
        finally:
            if libc.setns(before.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")


@pytest.fixture
def need_root() -> None:
    """Skip where the test may not make a network of its own."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for a network namespace of its own")
