"""This file hears what other processes of the database tell (PostgreSQL's LISTEN)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from sqlalchemy import URL

from controller.database.engine import url_from
from controller.database.handover import Channel
from protocol.errors import LopHocError
from protocol.words import N_

if TYPE_CHECKING:
    from psycopg import AsyncConnection

Heard = Mapping[Channel, Callable[[str], None]]
_PLAIN: Final = "postgresql"


class RoleError(LopHocError):
    """A role cannot be played here; `code` says why."""


def server_line(database: str) -> str:
    """How PostgreSQL's own driver is told of the database. Raises RoleError on SQLite."""
    url: URL = url_from(database)
    if url.get_backend_name() == "sqlite":
        raise RoleError(
            "role_needs_server",
            N_("Several processes can share PostgreSQL alone, not a SQLite file."),
            N_("Set `database`, or use `lophoc-controller run`, which is all in one."),
        )
    return url.set(drivername=_PLAIN).render_as_string(hide_password=False)


class Notices:
    """What is heard, by channel. missed: called whenever some of it may have been missed."""

    def __init__(self, line: str, heard: Heard, missed: Callable[[], None]) -> None:
        self._line = line
        self._heard = heard
        self._missed = missed

    async def run(self) -> None:
        """Listen until cancelled. Raises psycopg's OperationalError where the server is gone."""
        async with await _connected(self._line) as db:
            for channel in self._heard:
                await db.execute(f"LISTEN {channel.value}".encode())
            self._missed()
            async for notice in db.notifies():
                self._heard[Channel(notice.channel)](notice.payload)


async def _connected(line: str) -> AsyncConnection:
    from psycopg import AsyncConnection  # noqa: PLC0415 - a school has no such driver

    from controller.database.postgresql import LINE  # noqa: PLC0415 - as above

    return await AsyncConnection.connect(line, autocommit=True, **LINE)  # type: ignore[arg-type] # texts, all of them
