"""A controller with a program's usual 1,024 files, and 1,100 half requests: the screens answer."""

from __future__ import annotations

import contextlib
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.programs import School, get, request
from tests.waiting import until

HALF = b"GET / HTTP/1.1\r\nHost: 127"
FILES = 1024  # what a service is given


@pytest.fixture
def many_files() -> Iterator[None]:
    """This side may open more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_half_open_requests_hold_nothing(tmp_path: Path, many_files: None) -> None:
    """Whoever comes after them is answered within a second, from the same address too."""
    school = School(tmp_path, is_true=True)
    try:
        school.controller.start()
        until(lambda: get(f"{school.api}/healthz"), "the controller runs")
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.prlimit(school.controller.pid, resource.RLIMIT_NOFILE, (FILES, hard))
        for peer in ("127.0.0.1", "127.0.0.2"):  # as by one proxy, and beside us
            _besiege(school, peer)
        _, metrics = request("GET", f"{school.api}/metrics")
        assert "\nlophoc_door_given_way_total " in metrics
        assert "Traceback" not in school.controller.log.read_text()
    finally:
        school.controller.close()
        school.end_broker()


def _besiege(school: School, peer: str) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(1100):
            line = socket.create_connection(
                ("127.0.0.1", school.http_port), source_address=(peer, 0)
            )
            stack.enter_context(line).sendall(HALF)
        for _ in range(3):
            until(lambda: request("GET", school.api)[0] == 200, "the screens", limit_s=1.0)
