"""This file holds what the department knows of one school, as the school told of itself."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from protocol.model import Place, instant
from protocol.upward import (
    LIST_FROM,
    SchoolFigures,
    Upward,
    database_of,
    is_open,
    number_of,
)

_AHEAD_MS: Final = 14 * 3_600_000  # no place on earth has a later day


class SchoolRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One school, as it told of itself. place.agent is empty.

    feed, reached: which database its list of items is of, and how far it was taken; newest: how
    far it goes at the school. whole: nothing of an older list stands here. as_of_ms: when the
    figures came, heard_ms: when it was heard last, both by our clock, for its own may be wrong.
    boot: the start that is believed, chained: whether it said what it goes on from. heard_rev: the
    highest number of its list that was taken, behind_rev: the
    highest that a start before it had said.
    The other fields are as in the table.
    """

    place: Place
    name: str = ""
    version: str = ""
    boot: str = ""
    session: int = 0
    rev: int = 0
    online: bool = False
    feed: str = ""
    reached: int = 0
    newest: int = 0
    whole: bool = True
    figures: SchoolFigures | None = None
    as_of_ms: int = 0
    first_heard_ms: int = 0
    heard_ms: int = 0
    chained: bool = False
    branch: str = ""
    day: str = ""
    heard_rev: int = 0
    behind_rev: int = 0
    owed: int = 0
    rival: str = ""
    rival_ms: int = 0
    forked_ms: int = 0

    @property
    def code(self) -> str:
        """The school's code."""
        return self.place.school

    @property
    def behind(self) -> int:
        """How many changes of its list are still to come."""
        return max(0, self.newest - self.reached)

    @property
    def live(self) -> SchoolFigures:
        """What it told of the present; nothing while it has told nothing."""
        return self.figures or SchoolFigures()

    @property
    def keeps_older(self) -> bool:
        """Whether what stands here is mostly of a database before, for the new one knows little."""
        return not self.whole and is_open(self.feed)

    def has_older(self, feed: str) -> bool:
        """Whether beside this open list there stands one of a database before."""
        is_other = bool(self.feed) and database_of(self.feed) != database_of(feed)
        return is_open(feed) and (is_other or not self.whole)

    def is_anew_since(self, day: str) -> bool:
        """Whether its history began anew on a local day like this, or after it."""
        latest = instant(self.forked_ms + _AHEAD_MS).date().isoformat()
        return bool(self.forked_ms) and day <= latest

    def list_of(self, message: Upward) -> str:
        """The numbered list that the message is of: the school's, or of its start's alone."""
        return f"~{self.branch}" if number_of(message) > LIST_FROM else message.boot

    def with_number(self, number: int) -> SchoolRecord:
        """The same, after a message of this number was taken."""
        is_other_list = (number > LIST_FROM) != (self.heard_rev > LIST_FROM)
        return replace(self, heard_rev=number if is_other_list else max(self.heard_rev, number))


def begun_anew(record: SchoolRecord, boot: str, now_ms: int) -> SchoolRecord:
    """The school as a start of another history finds it: its list is told from the beginning."""
    return replace(
        record,
        boot=boot,
        session=0,
        rev=0,
        heard_rev=0,
        behind_rev=0,
        chained=True,
        branch=boot[:12],
        feed="",
        reached=0,
        newest=0,
        whole=False,
        rival="",
        rival_ms=0,
        forked_ms=now_ms,
        owed=1,
    )
