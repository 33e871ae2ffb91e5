"""One Windows for all of these tests, which `make test-windows` alone collects."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.windows.rig import lay_out
from tests.windows.wine import WINE, Wine

ASKED_FOR = "LOPHOC_WINE" in os.environ
collect_ignore_glob = [] if ASKED_FOR else ["test_*.py"]
CACHE = Path(__file__).parents[2] / "build" / "wine"


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    """A screen for what has windows, there before the first program asks for a desktop."""
    server = need("Xvfb", "xvfb")
    asked, told = os.pipe()
    arguments = ["-displayfd", str(told), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    quiet = subprocess.DEVNULL
    running = subprocess.Popen([server, *arguments], pass_fds=[told], stdout=quiet, stderr=quiet)
    os.close(told)
    with os.fdopen(asked) as answer:
        yield f":{answer.readline().strip()}"
    running.terminate()
    running.wait()


@pytest.fixture(scope="session")
def wine(tmp_path_factory: pytest.TempPathFactory, screen: str) -> Iterator[Wine]:
    """A Windows on which the agent is installed."""
    for program, package in {
        WINE: "wine64",
        "x86_64-w64-mingw32-gcc": "gcc-mingw-w64-x86-64",
    }.items():
        if shutil.which(program) is None:
            pytest.skip(f"needs the package {package}")
    with Wine(tmp_path_factory.mktemp("windows"), screen) as made:
        made.install(lay_out(CACHE))
        yield made
