"""Whatever is asked at any address, by whomever, is answered, and never by a server's error."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controller.web.site import create_web
from tests.fuzz.addresses import controllers, errors_of, targets_of
from tests.tiers import wide

SEED = 13  # more of it: make fuzz
MANY_ADDRESSES = 60


@pytest.mark.parametrize("count", [40, *wide(120)])
def test_hostile_requests_end_in_no_server_error(tmp_path: Path, count: int) -> None:
    """At a school and at a department, to nobody, a teacher, an officer and who may do all."""
    with controllers(tmp_path) as programs:
        assert len(targets_of(create_web(programs[0], ("testserver",)))) > MANY_ADDRESSES
        found = [asyncio.run(errors_of(program, SEED, range(count))) for program in programs]
    assert found == [[], []]
