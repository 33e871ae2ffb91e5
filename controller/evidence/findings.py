"""This file names what may be wrong with attendance records, and says which lesson it is. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Flaw(StrEnum):
    """What is wrong with a record, or with a lesson's totals."""

    UNREADABLE = "unreadable"
    CHANGED = "changed"
    BEFORE_MISSING = "before_missing"
    FORKED = "forked"
    UNHASHED = "unhashed"
    MOVED = "moved"  # its day, its time or its place is not the one that was told
    ERASED_UNASKED = "erased_unasked"
    ERASURE_UNPROVEN = "erasure_unproven"
    RECOUNTED = "recounted"
    RECORDS_GONE = "records_gone"
    EMPTIED = "emptied"
    HEAD_MISSING = "head_missing"  # the log went further once, or went otherwise
    CORRECTION_MISSING = "correction_missing"  # the school had corrected more, or otherwise
    HEAD_FORGED = "head_forged"
    COPIED_HEAD_MISSING = "copied_head_missing"  # an encrypted copy says that the log went further
    SEAL_MISSING = "seal_missing"  # the department heard of it
    COPY_HAS_MORE = "copy_has_more"  # a daily copy holds it, and here it is not, or is another


class Finding(NamedTuple):
    """One thing that does not hold: whose record or lesson, and why.

    event_id: of the record; lesson, day, classes, period: as far as they are known.
    """

    agent: str
    why: Flaw
    event_id: str = ""
    room: str = ""
    lesson: str = ""
    day: str = ""
    classes: str = ""
    period: int | None = None
