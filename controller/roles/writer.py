"""This file lets a worker store what a person does, and tell the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Concatenate, ParamSpec

from sqlalchemy import Connection

from controller.feature import Program
from controller.roles.notices import RoleError
from protocol.words import N_

Given = ParamSpec("Given")


class WorkerWriter:
    """Writes to the database alone; what the ingest has in its memory it cannot change."""

    def __init__(self, program: Program) -> None:
        self._program = program

    async def apply(self, action: Callable[[int], Sequence[object]]) -> bool:
        """An address that asks this of a worker is held by the ingest. Raises RoleError."""
        del action
        raise _not_here()

    async def write(
        self,
        action: Callable[Concatenate[Connection, Given], Sequence[object]],
        *args: Given.args,
        **options: Given.kwargs,
    ) -> bool:
        """Let a function write; False if it answers that nothing has changed. Raises StoreError."""
        changes = await asyncio.to_thread(
            partial(self._program.store.write, action, *args, **options)
        )
        self._program.publish(changes)
        return bool(changes)

    async def take_again(self, no: int, topic: str, payload: bytes) -> None:
        """An address that asks this of a worker is held by the ingest. Raises RoleError."""
        del no, topic, payload
        raise _not_here()


def _not_here() -> RoleError:
    return RoleError(
        "ingest_only", N_("Only the process that hears rooms and schools can do that.")
    )
