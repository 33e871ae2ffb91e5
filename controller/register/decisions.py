"""This file holds what a person decided about equipment; each can be undone."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from controller.sheets.names import room_key


class Deed(StrEnum):
    """What a person decides.

    accept: of something seen, that it is a line of the register; of a moved line, its new room.
    match: that something seen is this line. ignore: that something seen is no asset.
    """

    ACCEPT = "accept"
    MATCH = "match"
    IGNORE = "ignore"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision. subject: an Observation.key, or "line:<no>". was, becomes: a moved line's rooms.

    line: the line that it made or named. undone_ms: when it was taken back, else None.
    """

    no: int
    subject: str
    deed: Deed
    line: int | None = None
    was: str = ""
    becomes: str = ""
    who: str = ""
    at_ms: int = 0
    undone_ms: int | None = None


def subject_of(line_no: int) -> str:
    """The subject of decisions on a line of the register."""
    return f"line:{line_no}"


class Rulings:
    """What the standing decisions come to: the newest on a subject counts."""

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        standing = sorted(
            (decision for decision in decisions if decision.undone_ms is None),
            key=lambda decision: decision.no,
        )
        self._by_subject = {decision.subject: decision for decision in standing}

    @property
    def subjects(self) -> Iterable[str]:
        """What was decided on."""
        return self._by_subject.keys()

    def ignores(self, key: str) -> bool:
        """Whether what is seen as this is no asset."""
        decision = self._by_subject.get(key)
        return decision is not None and decision.deed is Deed.IGNORE

    def line_of(self, key: str) -> int | None:
        """The line that what is seen as this is."""
        decision = self._by_subject.get(key)
        return decision.line if decision and decision.deed is not Deed.IGNORE else None

    def room_of(self, line_no: int, room: str) -> str:
        """Where a line belongs: an accepted room, until the book names another one."""
        decision = self._by_subject.get(subject_of(line_no))
        if (
            decision is None
            or decision.deed is not Deed.ACCEPT
            or room_key(decision.was) != room_key(room)
        ):
            return room
        return decision.becomes
