"""This file keeps how far the first start is, so that a power cut loses no answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import Connection

from controller.database.facts import fact_of, require_fact, set_fact
from controller.database.starts import BEFORE_ALL, starts_of
from controller.setup.steps import AFTER, FirstStart
from protocol.shapes import json_decoder

_NAME: Final = "first_start"
_decode: Final = json_decoder(FirstStart).decode
require_fact(_NAME, _decode)


def first_start(db: Connection) -> FirstStart | None:
    """How far it is; None where it never began, as of a server that was set up by a file."""
    value = fact_of(db, _NAME)
    return None if value is None else _decode(value)


def is_a_schools(db: Connection) -> bool:
    """Whether the database has served a school that was named: whoever asks anew would mix two."""
    first = first_start(db)
    if first is None:
        return starts_of(db) != [BEFORE_ALL]
    return any(step in AFTER for step in first.passed)


def change_first_start(db: Connection, change: Callable[[FirstStart], FirstStart]) -> FirstStart:
    """Keep what is made of it."""
    changed = change(first_start(db) or FirstStart())
    set_fact(db, _NAME, msgspec.json.encode(changed).decode())
    return changed
