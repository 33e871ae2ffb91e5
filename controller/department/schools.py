"""This file is the department's core: one message of a school in, what it changes out. Pure.

A school's list of items arrives in pages, each saying behind which change it begins. A page that
joins on is taken; one that leaves a gap is not acknowledged, so the school sends it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from protocol.model import Place
from protocol.upward import (
    ItemGone,
    ItemsTold,
    ItemTold,
    SchoolChain,
    SchoolFigures,
    SchoolPresence,
    SchoolTold,
    Upward,
    UseLine,
    UseTold,
)

ALIVE_MS: Final = 600_000  # twice as long as a school says nothing
GRACE_MS: Final = 60_000  # after its end: a line that comes and goes is no end
GAP_MS: Final = 8_000  # a page that was lost on its way is sent again before


class SchoolRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One school, as it told of itself. place.agent is empty.

    feed, reached: which database its list of items is of, and how far it was taken; newest: how
    far it goes at the school. whole: nothing of an older list stands here. as_of_ms: when the
    figures came, heard_ms: when it was heard last, both by our clock, for its own may be wrong.
    boot: the start that is believed, chained: whether it said what it goes on from. The other
    fields are as in the table.
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


class Claim(StrEnum):
    """What a message is, by the start that says it.

    own: of the start that is believed, or of one that goes on from it. fork: of another history,
    which is believed from now on. rival: of another one, while the believed one is alive.
    """

    OWN = "own"
    FORK = "fork"
    RIVAL = "rival"


def claim_of(record: SchoolRecord, message: Upward, now_ms: int) -> Claim:
    """Whether the start that speaks is to be believed as this school."""
    if message.boot == record.boot:
        return Claim.OWN
    if isinstance(message, SchoolChain) and (not record.chained or record.boot in message.before):
        is_behind = _base(message.feed) == _base(record.feed) and message.begun < record.reached
        return Claim.FORK if is_behind else Claim.OWN
    if not record.chained:
        return Claim.OWN
    return Claim.RIVAL if _is_alive(record, now_ms) else Claim.FORK


def _base(feed: str) -> str:
    return feed.partition(".")[0]


def _is_alive(record: SchoolRecord, now_ms: int) -> bool:
    return now_ms - record.heard_ms < (ALIVE_MS if record.online else GRACE_MS)


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


class _Gap(NamedTuple):
    """Behind what a school's pages cannot be joined on, and since when."""

    feed: str
    reached: int
    since_ms: int


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
        self._gaps: dict[str, _Gap] = {}

    @property
    def records(self) -> Mapping[str, SchoolRecord]:
        """Every school by its code."""
        return self._records

    def hear(self, school: str, message: Upward, now_ms: int) -> SchoolHeard:
        """Take one message of a school."""
        before = self._records.get(school) or SchoolRecord(
            place=Place(self._scope.province, school), first_heard_ms=now_ms
        )
        if before.chained and isinstance(message, SchoolPresence) and message.boot != before.boot:
            return SchoolHeard(())  # what it goes on from is said beside, and counts
        match claim_of(before, message, now_ms):
            case Claim.OWN:
                return self._hear_own(before, message, now_ms)
            case Claim.RIVAL:
                return self._hear_rival(before, message.boot, now_ms)
            case Claim.FORK:
                fork = _begun_anew(before, message.boot, now_ms)
                self._records[school] = fork
                heard = self._hear_own(fork, message, now_ms)
                changes = (fork, AskRetell(fork.place, 0), *heard.changes)
                return SchoolHeard(changes, heard.is_accepted)

    def _hear_own(self, before: SchoolRecord, message: Upward, now_ms: int) -> SchoolHeard:
        match message:
            case SchoolPresence():
                return self._hear_presence(before, message, now_ms)
            case SchoolChain():
                return self._hear_chain(before, message, now_ms)
            case SchoolTold():
                return self._hear_figures(before, message, now_ms)
            case ItemsTold():
                return self._hear_items(before, message, now_ms)
            case UseTold():
                used = Used(before.place, message.week, message.lines)
                heard_rev = max(before.heard_rev, message.rev)
                school_record = replace(before, heard_rev=heard_rev)
                return SchoolHeard((self._keep(school_record, now_ms), used))

    def _hear_chain(self, before: SchoolRecord, chain: SchoolChain, now_ms: int) -> SchoolHeard:
        """What was acknowledged and is not here is owed, until the school has begun anew."""
        is_same = chain.boot == before.boot
        heard_rev = before.heard_rev if is_same else 0
        is_lacking = chain.settled > heard_rev or (not before.boot and bool(chain.before))
        owed = before.owed if is_same else min(before.owed, 1)
        owed = 0 if owed <= chain.retold and is_same else owed
        owed = chain.retold + 1 if is_lacking and not owed else owed
        school_record = replace(
            before,
            boot=chain.boot,
            session=before.session if is_same else 0,
            rev=before.rev if is_same else 0,
            heard_rev=max(heard_rev, chain.settled),
            chained=True,
            online=True,
            owed=owed,
        )
        changes: list[SchoolChange] = [self._keep(school_record, now_ms)]
        if owed:
            changes.append(AskRetell(before.place, before.reached))
        return SchoolHeard(tuple(changes))

    def _hear_rival(self, before: SchoolRecord, boot: str, now_ms: int) -> SchoolHeard:
        """Another server speaks as this school: it is shown, and must wait with what it tells."""
        if boot == before.rival and now_ms - before.rival_ms < GRACE_MS:
            return SchoolHeard((), is_accepted=False)
        school_record = replace(before, rival=boot, rival_ms=now_ms)
        self._records[before.place.school] = school_record
        return SchoolHeard((school_record,), is_accepted=False)

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
        figure = FigureTold(before.place, report.day, report.figures)
        before = replace(before, heard_rev=max(before.heard_rev, report.rev))
        is_stale = report.boot == before.boot and report.rev <= before.rev
        if before.chained and not report.version:  # a day that is over
            return SchoolHeard((self._keep(before, now_ms), figure))
        if is_stale:
            return SchoolHeard((figure,) if report.day < before.day else ())
        school_record = replace(
            before,
            boot=report.boot,
            rev=report.rev,
            name=report.name,
            version=report.version,
            newest=report.newest,
            figures=report.figures,
            as_of_ms=now_ms,
            day=report.day,
            online=True,
        )
        changes: list[SchoolChange] = [self._keep(school_record, now_ms), figure]
        reached = before.reached if report.feed == before.feed else 0
        if report.settled > reached:  # it let go of what is not here: a copy was put back
            changes.append(AskRetell(before.place, reached))
        return SchoolHeard(tuple(changes))

    def _hear_items(self, before: SchoolRecord, page: ItemsTold, now_ms: int) -> SchoolHeard:
        another = page.feed != before.feed
        reached = 0 if another else before.reached
        if page.after > reached:
            return SchoolHeard(
                self._note_gap(before.place, page.feed, reached, now_ms), is_accepted=False
            )
        whole = before.whole and (not another or not before.feed)
        last = not page.more and not whole and page.upto >= reached
        school_record = replace(
            before,
            feed=page.feed,
            reached=max(reached, page.upto),
            newest=max(page.upto, 0 if another else before.newest),
            whole=whole or last,
        )
        feed = f"{page.feed}~{before.branch}" if before.branch else page.feed
        listed = ListPage(before.place, feed, page.items, page.gone, last, now_ms)
        return SchoolHeard((self._keep(school_record, now_ms), listed))

    def _note_gap(
        self, place: Place, feed: str, reached: int, now_ms: int
    ) -> tuple[SchoolChange, ...]:
        """Ask for what lies behind a gap that stays: the school may have let go of it."""
        gap = self._gaps.get(place.school)
        if gap is None or (gap.feed, gap.reached) != (feed, reached):
            self._gaps[place.school] = _Gap(feed, reached, now_ms)
            return ()
        if abs(now_ms - gap.since_ms) < GAP_MS:
            return ()
        self._gaps[place.school] = _Gap(feed, reached, now_ms)
        return (AskRetell(place, reached),)

    def _keep(self, record: SchoolRecord, now_ms: int) -> SchoolRecord:
        school_record = replace(record, heard_ms=now_ms)
        self._records[record.place.school] = school_record
        return school_record


def _begun_anew(record: SchoolRecord, boot: str, now_ms: int) -> SchoolRecord:
    """The school as a start of another history finds it: its list is told from the beginning."""
    return replace(
        record,
        boot=boot,
        session=0,
        rev=0,
        heard_rev=0,
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
