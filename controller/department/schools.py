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


class Listed(NamedTuple):
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


SchoolChange = SchoolRecord | Listed | Used | FigureTold | AskRetell


class SchoolHeard(NamedTuple):
    """What a message changes, and whether it is taken: else the school must send it again."""

    changes: tuple[SchoolChange, ...]
    taken: bool = True


class Schools:
    """The schools that tell this controller of themselves."""

    def __init__(self, scope: Place, known: Iterable[SchoolRecord] = ()) -> None:
        self._scope = scope
        self._known = {school_record.place.school: school_record for school_record in known}

    @property
    def records(self) -> Mapping[str, SchoolRecord]:
        """Every school by its code."""
        return self._known

    def hear(self, school: str, message: Upward, now_ms: int) -> SchoolHeard:
        """Take one message of a school."""
        before = self._known.get(school) or SchoolRecord(
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
        self, before: SchoolRecord, said: SchoolPresence, now_ms: int
    ) -> SchoolHeard:
        if said.online:
            if said.boot == before.boot and said.session < before.session:
                return SchoolHeard(())
            rev = before.rev if said.boot == before.boot else 0
            school_record = replace(
                before, boot=said.boot, session=said.session, online=True, rev=rev
            )
            return SchoolHeard((self._keep(school_record, now_ms),))
        if (said.boot, said.session) != (before.boot, before.session) or not before.online:
            return SchoolHeard(())
        gone = replace(before, online=False)
        self._known[before.place.school] = gone  # its last will is no sign of life
        return SchoolHeard((gone,))

    def _hear_figures(self, before: SchoolRecord, said: SchoolTold, now_ms: int) -> SchoolHeard:
        if said.boot == before.boot and said.rev <= before.rev:
            return SchoolHeard(())
        school_record = replace(
            before,
            boot=said.boot,
            rev=said.rev,
            name=said.name,
            version=said.version,
            newest=said.newest,
            figures=said.figures,
            as_of_ms=said.at_ms,
            online=True,
        )
        changes: list[SchoolChange] = [self._keep(school_record, now_ms)]
        changes.append(FigureTold(before.place, said.day, said.figures))
        taken = before.reached if said.feed == before.feed else 0
        if said.settled > taken:  # it let go of what is not here: a copy was put back
            changes.append(AskRetell(before.place, taken))
        return SchoolHeard(tuple(changes))

    def _hear_items(self, before: SchoolRecord, said: ItemsTold, now_ms: int) -> SchoolHeard:
        another = said.feed != before.feed
        reached = 0 if another else before.reached
        if said.after > reached:
            return SchoolHeard((), taken=False)
        whole = before.whole and (not another or not before.feed)
        last = not said.more and not whole
        school_record = replace(
            before,
            feed=said.feed,
            reached=max(reached, said.upto),
            newest=max(said.upto, 0 if another else before.newest),
            whole=whole or last,
        )
        listed = Listed(before.place, said.feed, said.items, said.gone, last, now_ms)
        return SchoolHeard((self._keep(school_record, now_ms), listed))

    def _keep(self, record: SchoolRecord, now_ms: int) -> SchoolRecord:
        school_record = replace(record, heard_ms=now_ms)
        self._known[record.place.school] = school_record
        return school_record
