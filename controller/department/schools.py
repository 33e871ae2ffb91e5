"""This file is the department's core: one message of a school in, what it changes out. Pure.

A school's list of items arrives in pages, each saying behind which change it begins. A page that
joins on is taken; one that leaves a gap is not acknowledged, so the school sends it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from protocol.model import Place
from protocol.upward import (
    ItemGone,
    ItemsTold,
    ItemTold,
    SchoolFigures,
    SchoolPresence,
    SchoolTold,
    Upward,
    UseLine,
    UseTold,
)


class SchoolRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One school, as it told of itself. place.agent is empty.

    feed, reached: which database its list of items is of, and how far it was taken; newest: how
    far it goes at the school. whole: nothing of an older list stands here. as_of_ms: when the
    figures were true, by the school's clock; heard_ms: when it was heard last, by ours.
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


class ListPage(NamedTuple):
    """Some of a school's list of items. last: it ends here, and what it lacks is gone."""

    place: Place
    feed: str
    items: tuple[ItemTold, ...]
    gone: tuple[ItemGone, ...]
    last: bool
    at_ms: int


class Used(NamedTuple):
    """How a school's boards were used in a week."""

    place: Place
    week: str
    lines: tuple[UseLine, ...]


class FigureTold(NamedTuple):
    """A school's figures of a local day of its."""

    place: Place
    day: str
    figures: SchoolFigures


class AskRetell(NamedTuple):
    """The school shall be asked for its list anew."""

    place: Place
    since: int


SchoolChange = SchoolRecord | ListPage | Used | FigureTold | AskRetell


class SchoolHeard(NamedTuple):
    """What a message changes, and whether it is accepted: else the school must send it again."""

    changes: tuple[SchoolChange, ...]
    is_accepted: bool = True


class Schools:
    """The schools that tell this controller of themselves."""

    def __init__(self, scope: Place, records: Iterable[SchoolRecord] = ()) -> None:
        self._scope = scope
        self._records = {school_record.place.school: school_record for school_record in records}

    @property
    def records(self) -> Mapping[str, SchoolRecord]:
        """Every school by its code."""
        return self._records

    def hear(self, school: str, message: Upward, now_ms: int) -> SchoolHeard:
        """Take one message of a school."""
        before = self._records.get(school) or SchoolRecord(
            place=Place(self._scope.province, school), first_heard_ms=now_ms
        )
        match message:
            case SchoolPresence():
                return self._hear_presence(before, message, now_ms)
            case SchoolTold():
                return self._hear_figures(before, message, now_ms)
            case ItemsTold():
                return self._hear_items(before, message, now_ms)
            case UseTold():
                used = Used(before.place, message.week, message.lines)
                return SchoolHeard((self._keep(before, now_ms), used))

    def _hear_presence(
        self, before: SchoolRecord, presence: SchoolPresence, now_ms: int
    ) -> SchoolHeard:
        if presence.online:
            if presence.boot == before.boot and presence.session < before.session:
                return SchoolHeard(())
            rev = before.rev if presence.boot == before.boot else 0
            school_record = replace(
                before, boot=presence.boot, session=presence.session, online=True, rev=rev
            )
            return SchoolHeard((self._keep(school_record, now_ms),))
        if (presence.boot, presence.session) != (before.boot, before.session) or not before.online:
            return SchoolHeard(())
        gone = replace(before, online=False)
        self._records[before.place.school] = gone  # its last will is no sign of life
        return SchoolHeard((gone,))

    def _hear_figures(self, before: SchoolRecord, report: SchoolTold, now_ms: int) -> SchoolHeard:
        if report.boot == before.boot and report.rev <= before.rev:
            return SchoolHeard(())
        school_record = replace(
            before,
            boot=report.boot,
            rev=report.rev,
            name=report.name,
            version=report.version,
            newest=report.newest,
            figures=report.figures,
            as_of_ms=report.at_ms,
            online=True,
        )
        changes: list[SchoolChange] = [self._keep(school_record, now_ms)]
        changes.append(FigureTold(before.place, report.day, report.figures))
        reached = before.reached if report.feed == before.feed else 0
        if report.settled > reached:  # it let go of what is not here: a copy was put back
            changes.append(AskRetell(before.place, reached))
        return SchoolHeard(tuple(changes))

    def _hear_items(self, before: SchoolRecord, page: ItemsTold, now_ms: int) -> SchoolHeard:
        another = page.feed != before.feed
        reached = 0 if another else before.reached
        if page.after > reached:
            return SchoolHeard((), is_accepted=False)
        whole = before.whole and (not another or not before.feed)
        last = not page.more and not whole
        school_record = replace(
            before,
            feed=page.feed,
            reached=max(reached, page.upto),
            newest=max(page.upto, 0 if another else before.newest),
            whole=whole or last,
        )
        listed = ListPage(before.place, page.feed, page.items, page.gone, last, now_ms)
        return SchoolHeard((self._keep(school_record, now_ms), listed))

    def _keep(self, record: SchoolRecord, now_ms: int) -> SchoolRecord:
        school_record = replace(record, heard_ms=now_ms)
        self._records[record.place.school] = school_record
        return school_record
