"""This file notes how far the school's corrections of marks go, beside them and without them.

Who tells the department, or examines the file, reads it here: it names no pupil.
"""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection

from controller.database.facts import fact_of, require_fact, set_fact
from controller.fleet.records import ChainHeadRecord
from protocol.model import Place
from protocol.shapes import json_decoder

_FACT: Final = "corrected"
_end: Final = json_decoder(ChainHeadRecord).decode
require_fact(_FACT, _end)


def note_end(db: Connection, end: ChainHeadRecord) -> None:
    """Note the newest correction's end, in the transaction that keeps it."""
    set_fact(db, _FACT, msgspec.json.encode(end).decode())


def noted_end(db: Connection, school: Place) -> list[ChainHeadRecord]:
    """The end that was noted last, whatever the table says; nothing before the first."""
    fact = fact_of(db, _FACT)
    ends = [_end(fact)] if fact else []
    return [end for end in ends if Place(end.place.province, end.place.school) == school]
