"""This file tells what a room said of a lesson's roll, and by whose word. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from controller.fleet.records import AttendanceRecord, Logged, RollRecord
from protocol.messages import Proof
from protocol.model import AttendanceStatus


class Voucher(NamedTuple):
    """Who vouched for what a room said, where the school asked. name: empty where nobody said."""

    name: str
    proof: Proof

    @property
    def is_proven(self) -> bool:
        """Whether it was shown, and not only said."""
        return self.proof is Proof.PIN


class RoomWord(NamedTuple):
    """What the room said of a lesson's roll, and by whose word.

    what: confirmed, reopened, corrected or undone. name, status: of a correction, whose mark it is
    and what it became.
    """

    no: int
    at_ms: int
    what: str
    actor: str
    name: str = ""
    status: AttendanceStatus | None = None
    voucher: Voucher | None = None


def said_in_room(
    log: Iterable[Logged],
    class_code: str,
    names: Mapping[str, str],
    vouchers: Mapping[str, Voucher],
) -> tuple[RoomWord, ...]:
    """What was confirmed in the room and what was changed of it since, the newest first.

    log: in the room's own order. names: of the pupils. vouchers: by the record's id.
    """
    words = []
    for no, one in enumerate(log, 1):
        voucher = vouchers.get(one.event_id)
        match one:
            case RollRecord():
                what = "reopened" if one.reopened else "confirmed"
                words.append(RoomWord(no, one.at_ms, what, one.actor, voucher=voucher))
            case AttendanceRecord(why="corrected" | "undone") if one.class_code == class_code:
                name = names.get(one.student, one.student)
                words.append(RoomWord(no, one.at_ms, one.why, one.actor, name, one.status, voucher))
    return tuple(reversed(words))
