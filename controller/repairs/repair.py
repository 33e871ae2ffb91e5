"""This file holds repairs: opened by a teacher's report or by a person, until it is done; pure.

A repair is what its standing moves make of it. Moves are only ever added: taking one back is a
move of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from enum import StrEnum
from typing import Any, Final

import msgspec

from controller.fleet.phrases import PARTS
from controller.register.decisions import Rulings
from controller.register.life import local_iso, told_entry
from controller.register.merging import Kept
from controller.register.vocabulary import Condition
from controller.sheets.names import room_key
from protocol.errors import ActionError
from protocol.messages import Part
from protocol.shapes import from_plain
from protocol.words import N_, Translate

MAX_CANDIDATES: Final = 60  # a room full of tablets
_UNTOLD: Final = frozenset({"repair", "line", "step"})  # of a move

# Which lines of the register a teacher's picture may be about.
TYPES_OF_PART: Final[Mapping[Part, frozenset[str]]] = {
    Part.BOARD: frozenset({"board", "display", "projector", "tv"}),
    Part.CAMERA: frozenset({"camera"}),
    Part.TABLET: frozenset({"tablet"}),
    Part.NETWORK: frozenset({"access_point", "router", "switch"}),
    Part.POWER: frozenset(),
    Part.OTHER: frozenset(),
}
_PART_OF: Final = {kind: part for part, kinds in TYPES_OF_PART.items() for kind in kinds}


class RepairState(StrEnum):
    """How far a repair is."""

    REPORTED = "reported"
    UNDER_REPAIR = "under_repair"
    DONE = "done"


STATE_WORDS: Final[Mapping[RepairState, str]] = {
    RepairState.REPORTED: N_("reported"),
    RepairState.UNDER_REPAIR: N_("being repaired"),
    RepairState.DONE: N_("ended"),
}


class RepairOutcome(StrEnum):
    """How a repair ends: it works again, or it is to be disposed of."""

    GOOD = Condition.GOOD.value
    AWAITING_DISPOSAL = Condition.AWAITING_DISPOSAL.value


OUTCOME_WORDS: Final[Mapping[RepairOutcome, str]] = {
    RepairOutcome.GOOD: N_("works again"),
    RepairOutcome.AWAITING_DISPOSAL: N_("awaiting disposal"),
}


class RepairDeed(StrEnum):
    """What was done. pick: said which line it is about. undo: the newest move was taken back."""

    PICK = "pick"
    START = "start"
    DONE = "done"
    UNDO = "undo"


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A move. no: grows with each. line: of a pick, by the register's own number (Kept.no).

    outcome: of RepairOutcome. step: of the line's condition, that it made (life.Step.no). undoes:
    the move that it takes back.
    """

    no: int = 0
    repair: int
    deed: RepairDeed
    line: int | None = None
    outcome: str = ""
    step: int | None = None
    note: str = ""
    who: str = ""
    at_ms: int = 0
    undoes: int | None = None


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """A repair. part: a Part; event_id: of the fault that opened it, None where a person did.

    reported_ms: when it was said; opened_ms: when the controller heard of it. who: the person,
    or the agent whose teacher said so.
    """

    no: int = 0
    event_id: str | None = None
    room: str = ""
    part: str = ""
    note: str = ""
    who: str = ""
    reported_ms: int = 0
    opened_ms: int = 0
    moves: tuple[Move, ...] = ()

    @property
    def standing(self) -> tuple[Move, ...]:
        """The moves that were not taken back, in their order."""
        back = {move.undoes for move in self.moves}
        return tuple(
            move
            for move in sorted(self.moves, key=lambda move: move.no)
            if move.undoes is None and move.no not in back
        )

    @property
    def state(self) -> RepairState:
        """How far it is."""
        deeds = {move.deed for move in self.standing}
        if RepairDeed.DONE in deeds:
            return RepairState.DONE
        return RepairState.UNDER_REPAIR if RepairDeed.START in deeds else RepairState.REPORTED

    @property
    def line(self) -> int | None:
        """The line that it is about; None while that is undecided."""
        return next(
            (move.line for move in reversed(self.standing) if move.deed is RepairDeed.PICK), None
        )

    @property
    def done(self) -> Move | None:
        """The move that ended it."""
        return next((move for move in self.standing if move.deed is RepairDeed.DONE), None)

    def moved(self, deed: RepairDeed, who: str, at_ms: int, **more: object) -> Move:
        """The move to keep. Raises ActionError where it cannot be done now."""
        if self.state is RepairState.DONE:
            raise ActionError(
                "repair_done", N_("Repair {no} is done; undo that first."), no=self.no
            )
        under = self.state is RepairState.UNDER_REPAIR
        is_past_pick = self.line is not None and self.standing[-1].deed is not RepairDeed.PICK
        if (deed is RepairDeed.START and under) or (deed is RepairDeed.PICK and is_past_pick):
            raise ActionError(
                "repair_started",
                N_("Repair {no} is under way."),
                N_("Take that back first."),
                no=self.no,
            )
        if deed is RepairDeed.PICK and more.get("line") == self.line:
            raise ActionError(
                "line_picked", N_("Repair {no} is about this line already."), no=self.no
            )
        return from_plain(
            {"repair": self.no, "deed": deed, "who": who, "at_ms": at_ms, **more}, Move
        )

    def undone(self, who: str, at_ms: int) -> Move:
        """The move that takes the newest one back. Raises ActionError where there is none."""
        if not self.standing:
            raise ActionError(
                "nothing_to_undo", N_("Nothing was done yet with repair {no}."), no=self.no
            )
        newest = self.standing[-1].no
        return Move(repair=self.no, deed=RepairDeed.UNDO, who=who, at_ms=at_ms, undoes=newest)


def part_of(kind: str) -> Part:
    """The picture that a line of this type belongs to."""
    return _PART_OF.get(kind, Part.OTHER)


def candidates(
    lines: Iterable[Kept],
    part: str,
    room: str,
    *,
    rulings: Rulings | None = None,
    conditions: Mapping[int, str] | None = None,
) -> tuple[Kept, ...]:
    """The lines that a report may be about: of a fitting type, in the room, and not gone.

    conditions: how lines fare (LineLife.condition) where that is other than the book says.
    """
    kinds = TYPES_OF_PART.get(Part(part), frozenset()) if part in set(Part) else frozenset()
    key, effective_rulings, condition_by_no = room_key(room), rulings or Rulings(), conditions or {}
    fitting = [
        line
        for line in lines
        if line.removed_ms is None
        and line.data.type in kinds
        and key
        and room_key(effective_rulings.room_of(line.no, line.data.room)) == key
        and condition_by_no.get(line.no, line.data.condition)
        not in {Condition.DISPOSED, Condition.LOST}
    ]
    return tuple(sorted(fitting, key=lambda line: line.data.row)[:MAX_CANDIDATES])


def told_repair(
    repair: Repair, zone: tzinfo, line: Kept | None, maybe: tuple[Kept, ...] = ()
) -> dict[str, Any]:
    """A repair as JSON tells it. line: that it is about; maybe: those that it may be."""
    done = repair.done
    return {
        "no": repair.no,
        "state": repair.state.value,
        "room": repair.room,
        "part": repair.part,
        "reported_at": local_iso(repair.reported_ms, zone),
        "reported_by": repair.who,
        "by_fault": repair.event_id,
        "note": repair.note,
        "line": _told_line(line) if line else None,
        "candidates": [_told_line(candidate) for candidate in maybe],
        "outcome": done.outcome if done else "",
        "done_at": local_iso(done.at_ms, zone) if done else "",
        "moves": [told_entry(move, zone, without=_UNTOLD) for move in repair.moves],
    }


def _told_line(line: Kept) -> dict[str, Any]:
    names = ("row", "asset_tag", "type", "maker", "model", "room")
    return {name: getattr(line.data, name) for name in names}


def part_word(part: str, say: Translate) -> str:
    """What a teacher's picture shows, in a word."""
    return say(PARTS[Part(part)]) if part in set(Part) else part
