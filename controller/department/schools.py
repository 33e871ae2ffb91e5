"""This file is the department's core: one message of a school in, what it changes out. Pure.

A school's list of items arrives in pages, each saying behind which change it begins. A page that
joins on is taken; one that leaves a gap is not acknowledged, so the school sends it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from controller.department.school_record import SchoolRecord, begun_anew
from controller.department.speakers import (
    GRACE_MS,
    Claim,
    Doubts,
    Finding,
    Verdict,
    claim_of,
)
from protocol.model import Place
from protocol.upward import (
    LIST_FROM,
    ItemGone,
    ItemsTold,
    ItemTold,
    LogSeal,
    SchoolChain,
    SchoolFigures,
    SchoolHere,
    SchoolPresence,
    SchoolTold,
    SealsTold,
    Upward,
    UseLine,
    UseTold,
)

GAP_MS: Final = 8_000  # a page that was lost on its way is sent again before


class Numbered(NamedTuple):
    """The place of a message in a numbered list: of what has one key, the highest stands."""

    of: str
    number: int


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
    numbered: Numbered

    @property
    def key(self) -> str:
        """What of the school it says."""
        return f"week/{self.week}"


class FigureTold(NamedTuple):
    """A school's figures of a local day of its."""

    place: Place
    day: str
    figures: SchoolFigures
    numbered: Numbered

    @property
    def key(self) -> str:
        """What of the school it says."""
        return f"day/{self.day}"


class Sealed(NamedTuple):
    """How far the attendance logs of a school's rooms went when it was heard."""

    place: Place
    seals: tuple[LogSeal, ...]
    heard_ms: int


class _Gap(NamedTuple):
    """Behind what a school's pages cannot be joined on, and since when."""

    feed: str
    reached: int
    since_ms: int


class AskRetell(NamedTuple):
    """The school shall be asked for its list anew."""

    place: Place
    since: int


class AskWho(NamedTuple):
    """Every server that bears the school's code shall answer the question."""

    place: Place
    question: str


SchoolChange = SchoolRecord | ListPage | Used | FigureTold | Sealed | AskRetell | AskWho


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
        self._doubts = Doubts()

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
        match claim_of(before, message):
            case Claim.OWN:
                return self._hear_own(before, message, now_ms)
            case Claim.COPY:
                return self._begin_anew(before, message, now_ms)
            case Claim.OTHER:
                verdict = self._doubts.weigh(before, message, now_ms)
                return self._follow(verdict, before, message, now_ms)

    def _follow(
        self, verdict: Verdict, before: SchoolRecord, message: Upward, now_ms: int
    ) -> SchoolHeard:
        """Do what was found about another start; what it tells must wait until it is believed."""
        match verdict.finding:
            case Finding.ASK:
                ask = AskWho(before.place, verdict.question)
                return SchoolHeard((ask,), is_accepted=False)
            case Finding.WAIT:
                return SchoolHeard((), is_accepted=False)
            case Finding.RIVAL:
                return self._note_rival(before, verdict.start, now_ms)
            case Finding.FORK:
                return self._begin_anew(before, message, now_ms)

    def _begin_anew(self, before: SchoolRecord, message: Upward, now_ms: int) -> SchoolHeard:
        """Believe another history from now on: all of it is asked for."""
        fork = begun_anew(before, message.boot, now_ms)
        self._records[fork.code] = fork
        self._doubts.forget(fork.code)
        heard = self._hear_own(fork, message, now_ms)
        changes = (fork, AskRetell(fork.place, 0), *heard.changes)
        return SchoolHeard(changes, heard.is_accepted)

    def _hear_own(self, before: SchoolRecord, message: Upward, now_ms: int) -> SchoolHeard:
        match message:
            case SchoolPresence():
                return self._hear_presence(before, message, now_ms)
            case SchoolChain():
                return self._hear_chain(before, message, now_ms)
            case SchoolHere():
                return self._hear_answer(before, message, now_ms)
            case SealsTold():
                return SchoolHeard((Sealed(before.place, message.seals, now_ms),))
            case SchoolTold():
                return self._hear_figures(before, message, now_ms)
            case ItemsTold():
                return self._hear_items(before, message, now_ms)
            case UseTold():
                numbered = Numbered(before.list_of(message), message.rev)
                used = Used(before.place, message.week, message.lines, numbered)
                return SchoolHeard((self._keep(before.with_number(message.rev), now_ms), used))

    def _hear_chain(self, before: SchoolRecord, chain: SchoolChain, now_ms: int) -> SchoolHeard:
        """What was acknowledged and is not here is owed, until the school has begun anew."""
        is_same = chain.boot == before.boot
        goes_on = is_same or before.heard_rev > LIST_FROM
        heard_rev = before.heard_rev if goes_on else 0
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
            behind_rev=before.behind_rev if is_same else heard_rev,
            chained=True,
            online=True,
            owed=owed,
        )
        if not is_same:
            self._doubts.forget(before.code)
        changes: list[SchoolChange] = [self._keep(school_record, now_ms)]
        if owed:
            changes.append(AskRetell(before.place, before.reached))
        return SchoolHeard(tuple(changes))

    def _hear_answer(self, before: SchoolRecord, here: SchoolHere, now_ms: int) -> SchoolHeard:
        """The believed start lives; so may another."""
        verdict = self._doubts.answer(before, here, now_ms)
        school_record = self._keep(before, now_ms)
        if verdict.finding is not Finding.RIVAL:
            return SchoolHeard((school_record,))
        noted = self._note_rival(school_record, verdict.start, now_ms)
        return SchoolHeard((school_record, *noted.changes))

    def _note_rival(self, before: SchoolRecord, start: str, now_ms: int) -> SchoolHeard:
        """Another server speaks as this school: it is shown."""
        if start == before.rival and now_ms - before.rival_ms < GRACE_MS:
            return SchoolHeard((), is_accepted=False)
        school_record = replace(before, rival=start, rival_ms=now_ms)
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
        numbered = Numbered(before.list_of(report), report.rev)
        figure = FigureTold(before.place, report.day, report.figures, numbered)
        before = before.with_number(report.rev)
        is_stale = report.boot == before.boot and report.rev <= before.rev
        if before.chained and not report.version:  # a day that is over
            return SchoolHeard((self._keep(before, now_ms), figure))
        if is_stale:
            return SchoolHeard((figure,))
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
        before = before.with_number(page.seq) if page.seq > LIST_FROM else before
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
