"""This file holds what a department asks of a school in an inspection, and what it is answered.

Neither names a person: who looked, scanned or refused stays in the school, and a reason is a code.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from protocol.language import N_
from protocol.model import Code, DeviceKind, Millis, Text

MAX_ASKED: Final = 400  # items of a school in one inspection
ItemNo = Annotated[int, msgspec.Meta(ge=1, le=MAX_ASKED)]


class Outcome(StrEnum):
    """What became of an item that was asked for.

    open: what was answered before is taken back. relocated: it is in another room than the asked
    one. removed: the school's book does not have it any more.
    """

    FOUND = "found"
    RELOCATED = "relocated"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    REMOVED = "removed"
    OPEN = "open"


class Evidence(StrEnum):
    """What shows it: its label was scanned, an agent saw it live, or a person says so."""

    LABEL = "label"
    AGENT = "agent"
    HAND = "hand"


class HandReason(StrEnum):
    """Why a person answers without a scan, or why an item is not shown."""

    NO_LABEL = "no_label"
    LABEL_UNREADABLE = "label_unreadable"
    NO_SCANNER = "no_scanner"
    IN_REPAIR = "in_repair"
    LENT = "lent"
    ROOM_CLOSED = "room_closed"
    EXAM = "exam"
    UNSAFE = "unsafe"
    DISPOSED = "disposed"
    OTHER = "other"


REASON_WORDS: Final = {
    HandReason.NO_LABEL: N_("it has no label"),
    HandReason.LABEL_UNREADABLE: N_("the label cannot be read"),
    HandReason.NO_SCANNER: N_("there is no phone that scans"),
    HandReason.IN_REPAIR: N_("it is being repaired"),
    HandReason.LENT: N_("it is lent to another school or site"),
    HandReason.ROOM_CLOSED: N_("the room is closed"),
    HandReason.EXAM: N_("exams are being held"),
    HandReason.UNSAFE: N_("going there is not safe now"),
    HandReason.DISPOSED: N_("it was disposed of"),
    HandReason.OTHER: N_("another reason"),
}


class AskedItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item to be shown, as the department knew it when it drew the sample.

    no: its place in this school's part of the sample. line: its number in the school's book.
    """

    no: ItemNo
    item: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    line: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
    device: DeviceKind = DeviceKind.OTHER
    asset_tag: Text = ""
    type: Text = ""
    name: Text = ""
    serial: Text = ""
    room: Text = ""


class InspectionAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the school says of an item. at_ms: when that was seen, by the school's clock.

    outcome, evidence, reason: codes of the lists above, or of a newer school's. room: where it is.
    """

    no: ItemNo
    outcome: Code
    evidence: Text = ""
    reason: Text = ""
    room: Text = ""
    condition: Text = ""
    at_ms: Millis = 0
