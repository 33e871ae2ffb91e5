"""This file says what supervision brings: a probe that goes through the broker and the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from controller.feature import Feature, Jobs, Program
from controller.supervision.round_trip import RoundTrip
from controller.supervision.store import keep


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    line = program.line
    yield {"round trip": lambda: program.service(RoundTrip).run(line)} if line else {}


FEATURE: Final = Feature(
    name="supervision",
    keep=keep,
    listener=lambda program: program.service(RoundTrip),
    publish=lambda program: program.service(RoundTrip).note_stored,
    jobs=_jobs,
    health=lambda program: {"round_trip": program.service(RoundTrip).trouble or "ok"},
    trouble=lambda program: program.service(RoundTrip).trouble,
)
