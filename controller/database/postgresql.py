"""This file tells PostgreSQL's driver what we expect of a database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from psycopg import Connection
from psycopg.abc import Buffer
from psycopg.adapt import Loader

LOCK_TIMEOUT_MS: Final = 5000
# A line that was cut is noticed after some 30 s of silence, not after hours (tcp(7), libpq 34.1.2).
LINE: Final = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}
_STAND_IN: Final = "\ufffd"


class Number(Loader):
    """A sum of whole numbers is one, and an average is a float, as on SQLite; never a Decimal."""

    def load(self, data: Buffer) -> int | float:
        """Read what the server writes of a numeric."""
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdecimal() else float(text)


def harden(connection: Connection, _record: object) -> None:
    """A commit is on the server's disk, and nobody waits for ever for another's row."""
    connection.adapters.register_loader("numeric", Number)
    connection.execute("SET synchronous_commit = on")
    connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}".encode())
    connection.commit()


def without_nul(
    _db: object,
    _cursor: object,
    statement: str,
    parameters: Any,
    _context: object,
    _many: bool,  # noqa: FBT001 - SQLAlchemy calls it so
) -> tuple[str, Any]:
    """PostgreSQL's text holds every character but U+0000: it would refuse the whole batch."""
    return statement, _plain(parameters)


def _plain(values: Any) -> Any:
    """The values of one statement's parameters, or of many."""
    if isinstance(values, Mapping):
        if not any(map(_has_nul, values.values())):
            return values
        pairs = values.items()
        return {name: _stood_in(value) if _has_nul(value) else value for name, value in pairs}
    return [_plain(value) for value in values] if isinstance(values, list) else values


def _has_nul(value: Any) -> bool:
    return isinstance(value, str) and "\0" in value


def _stood_in(value: str) -> str:
    return value.replace("\0", _STAND_IN)
