"""This file says who is on an incident, and until when it is put off; each deed can be undone."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import assert_never

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

    What was said last counts: once it is over, an earlier and longer one does not come back.
    Pressed by a clock that was ahead it is none while that moment has not come.
    """
    moves = list(moves)
    undone = {move.undoes for move in moves}
    newest = {move.deed: move for move in moves if move.no not in undone}
    taken, put_off = newest.get(HandlingDeed.TAKE), newest.get(HandlingDeed.SNOOZE)
    if put_off and not _is_put_off(put_off, now_ms):
        put_off = None
    return Handling(
        taken_by=taken.who if taken else None,
        taken_ms=taken.at_ms if taken else 0,
        until_ms=put_off.until_ms if put_off else None,
        snoozed_by=put_off.who if put_off else "",
        last=max(filter(None, (taken, put_off)), key=lambda move: move.no, default=None),
    )


def stands_already(wish: HandlingMove, handling: Handling) -> bool:
    """Whether the same person has said the same, so that a second undo would do nothing."""
    match wish.deed:
        case HandlingDeed.TAKE:
            return handling.taken_by == wish.who
        case HandlingDeed.SNOOZE:
            return (handling.until_ms, handling.snoozed_by) == (wish.until_ms, wish.who)
        case HandlingDeed.UNDO:
            return False
        case never:
            assert_never(never)


def _is_put_off(move: HandlingMove, now_ms: int) -> bool:
    if move.until_ms is None:
        return False
    return goes_on(move.until_ms, now_ms, move.until_ms - move.at_ms + SET_BACK_MS)
