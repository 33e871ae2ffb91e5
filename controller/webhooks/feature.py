"""This file says what webhooks bring: a job that tells addresses of the inventory's changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from controller.feature import Feature, Jobs, MenuEntry, Program
from controller.people.person import Permission
from protocol.words import N_


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    from controller.webhooks.sender import Sender  # noqa: PLC0415 - for a running controller alone

    yield {"webhooks": Sender(program).run}


FEATURE: Final = Feature(
    name="webhooks",
    jobs=_jobs,
    menu=(MenuEntry("/webhooks", N_("Webhooks"), (Permission.MANAGE,), rank=9, is_tool=True),),
)
