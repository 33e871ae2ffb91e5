"""This file says who is on an incident, and until when it is put off; each deed can be undone."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from protocol.waits import SET_BACK_MS, goes_on


class HandlingDeed(StrEnum):
    """What a person does about an incident."""

    TAKE = "take"
    SNOOZE = "snooze"
    UNDO = "undo"


class HandlingMove(msgspec.Struct, frozen=True, kw_only=True):
    """One deed. until_ms: of a snooze; undoes: the number of the move that it takes back."""

    no: int = 0
    incident: int
    deed: HandlingDeed
    until_ms: int | None = None
    who: str = ""
    at_ms: int
    undoes: int | None = None


class Handling(msgspec.Struct, frozen=True, kw_only=True):
    """How an incident is handled. taken_by: None where nobody has it.

    until_ms: None where it is not put off. last: the move that can be undone.
    """

    taken_by: str | None = None
    taken_ms: int = 0
    until_ms: int | None = None
    snoozed_by: str = ""
    last: HandlingMove | None = None


def handling_of(moves: Iterable[HandlingMove], now_ms: int) -> Handling:
    """How an incident is handled after its moves, by their number. A snooze ends by itself.

    Pressed by a clock that was ahead it is none while that moment has not come.
    """
    moves = list(moves)
    undone = {move.undoes for move in moves}
    handling = Handling()
    for move in moves:
        if move.no in undone or move.deed is HandlingDeed.UNDO:
            continue
        if move.deed is HandlingDeed.TAKE:
            handling = msgspec.structs.replace(
                handling, taken_by=move.who, taken_ms=move.at_ms, last=move
            )
        elif _is_put_off(move, now_ms):
            handling = msgspec.structs.replace(
                handling, until_ms=move.until_ms, snoozed_by=move.who, last=move
            )
    return handling


def _is_put_off(move: HandlingMove, now_ms: int) -> bool:
    if move.until_ms is None:
        return False
    return goes_on(move.until_ms, now_ms, move.until_ms - move.at_ms + SET_BACK_MS)
