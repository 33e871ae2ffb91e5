"""Whatever is asked at any address, by whomever, is answered, and never by a server's error."""

from __future__ import annotations

import asyncio
from pathlib import Path

from controller.web.site import create_web
from tests.fuzz.addresses import controllers, errors_of, targets_of

SEED, COUNT = 13, 120  # more of it: make fuzz


def test_hostile_requests_end_in_no_server_error(tmp_path: Path) -> None:
    """At a school and at a department, to nobody, a teacher, an officer and who may do all."""
    with controllers(tmp_path) as programs:
        assert len(targets_of(create_web(programs[0], ("testserver",)))) > COUNT / 2
        found = [asyncio.run(errors_of(program, SEED, range(COUNT))) for program in programs]
    assert found == [[], []]
