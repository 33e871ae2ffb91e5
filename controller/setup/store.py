"""This file keeps how far the first start is, so that a power cut loses no answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import Connection

from controller.database.facts import fact_of, require_fact, set_fact
from controller.setup.steps import FirstStart

_NAME: Final = "first_start"
_decode: Final = msgspec.json.Decoder(FirstStart).decode
require_fact(_NAME, _decode)


def first_start(db: Connection) -> FirstStart | None:
    """How far it is; None where it never began, as of a server that was set up by a file."""
    value = fact_of(db, _NAME)
    return None if value is None else _decode(value)


def change_first_start(db: Connection, change: Callable[[FirstStart], FirstStart]) -> FirstStart:
    """Keep what is made of it."""
    changed = change(first_start(db) or FirstStart())
    set_fact(db, _NAME, msgspec.json.encode(changed).decode())
    return changed
