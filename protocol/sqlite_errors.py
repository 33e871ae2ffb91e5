"""This file tells why SQLite did not do its work: a lock passes, a full disk does not."""

from __future__ import annotations

import sqlite3
from typing import Final

_PRIMARY: Final = 0xFF  # of an extended result code (SQLite, "Result and Error Codes")


def is_locked(error: BaseException | None) -> bool:
    """Whether another program, or another part of this one, holds the file."""
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def is_disk_full(error: BaseException | None) -> bool:
    """Whether there was no room."""
    return _code(error) == sqlite3.SQLITE_FULL


def _code(error: BaseException | None) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & _PRIMARY
