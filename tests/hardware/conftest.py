"""What the tests of the senses ask of the machine they run on."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def need() -> Callable[[str, str], str]:
    """Give the path of a program, or skip with the name of its Debian package."""

    def path_of(program: str, package: str) -> str:
        path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        return path or pytest.skip(f"needs {program}: apt install {package}")

    return path_of


@pytest.fixture
def own_loopback() -> Iterator[None]:
    """Nobody else's test says anything by mDNS on this computer meanwhile, in whichever worker."""
    with (Path(tempfile.gettempdir()) / "lophoc-tests-mdns.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
def need_root() -> None:
    """Skip where the test may not make a network of its own."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for a network namespace of its own")
