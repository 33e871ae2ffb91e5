"""This file is the department's core: one message of a school in, what it changes out. Pure.

A school's list of items arrives in pages, each saying behind which change it begins. A page that
joins on is taken; one that leaves a gap is not acknowledged, so the school sends it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, tzinfo
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
from protocol.model import Place, instant
from protocol.upward import (
    LIST_FROM,
    InspectionTold,
    ItemGone,
    ItemsTold,
    ItemTold,
    LogSeal,
    MarksSeen,
    SchoolChain,
    SchoolFigures,
    SchoolHere,
    SchoolPresence,
    SchoolServer,
    SchoolTold,
    SealsTold,
    Upward,
    UseLine,
    UseTold,
    is_open,
)

GAP_MS: Final = 8_000  # a page that was lost on its way is sent again before


class Numbered(NamedTuple):
    """The place of a message in a numbered list: of what has one key, the highest stands."""

    of: str
    number: int


class ListPage(NamedTuple):
    """Some of a school's list of items. last: it ends here, and what it lacks is gone.

    Of an open one nothing is: what another database told stands beside it.
    """

    place: Place
    feed: str
    items: tuple[ItemTold, ...]
    gone: tuple[ItemGone, ...]
    last: bool
    at_ms: int


class Used(NamedTuple):
    """How a school's boards were used in a week.

    is_partial: the school began anew since, and no longer knows all of the week.
    """

    place: Place
    week: str
    lines: tuple[UseLine, ...]
    numbered: Numbered
    is_partial: bool = False

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


class InspectionHeard(NamedTuple):
    """How far an inspection is at a school, as it says."""

    place: Place
    told: InspectionTold
    heard_ms: int
    numbered: Numbered

    @property
    def key(self) -> str:
        """What of the school it says."""
        return f"inspection/{self.told.inspection}"


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


class LineSaid(NamedTuple):
    """What a school's believed start says of its line: how long its oldest message has waited."""

    school: str
    oldest_s: int


class MarksAnswered(NamedTuple):
    """A school says which of the marks that it was asked for it sees now."""

    school: str
    answer: MarksSeen


class AskRetell(NamedTuple):
    """The school shall be asked for its list anew."""

    place: Place
    since: int


class AskWho(NamedTuple):
    """Every server that bears the school's code shall answer the question."""

    place: Place
    question: str


SchoolChange = (
    SchoolRecord
    | ListPage
    | Used
    | FigureTold
    | InspectionHeard
    | Sealed
    | LineSaid
    | MarksAnswered
    | AskRetell
    | AskWho
)


class SchoolHeard(NamedTuple):
    """What a message changes, and whether it is accepted: else the school must send it again."""

    changes: tuple[SchoolChange, ...]
    is_accepted: bool = True


class Schools:
    """The schools that tell this controller of themselves."""

    def __init__(
        self, scope: Place, records: Iterable[SchoolRecord] = (), zone: tzinfo = UTC
    ) -> None:
        self._scope = scope
        self._zone = zone
        self._records = {school_record.place.school: school_record for school_record in records}
        self._gaps: dict[str, _Gap] = {}
        self._doubts = Doubts()

    @property
    def records(self) -> Mapping[str, SchoolRecord]:
        """Every school by its code."""
        return self._records

    def hear(self, school: str, message: Upward, now_ms: int) -> SchoolHeard:
        """Take one message of a school."""
        heard = self._hear(school, message, now_ms)
        said = self._line_said(school, message)
        return SchoolHeard((*heard.changes, said), heard.is_accepted) if said else heard

    def is_believed(self, school: str, boot: str) -> bool:
        """Whether that start of a school is the one that speaks for it now."""
        known = self._records.get(school)
        return known is not None and known.boot == boot

    def _line_said(self, school: str, message: Upward) -> LineSaid | None:
        """What waits there, as the start that is believed says; nobody else's word counts."""
        match message:
            case SchoolChain(oldest_s=int(oldest_s)) if self.is_believed(school, message.boot):
                return LineSaid(school, oldest_s)
            case _:
                return None

    def _hear(self, school: str, message: Upward, now_ms: int) -> SchoolHeard:
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
            case SealsTold() | MarksSeen() | SchoolServer():
                return self._hear_aside(before, message, now_ms)
            case SchoolTold():
                return self._hear_figures(before, message, now_ms)
            case ItemsTold():
                return self._hear_items(before, message, now_ms)
            case UseTold():
                return self._hear_use(before, message, now_ms)
            case InspectionTold():
                numbered = Numbered(before.list_of(message), message.rev)
                heard = InspectionHeard(before.place, message, now_ms, numbered)
                return SchoolHeard((self._keep(before.with_number(message.rev), now_ms), heard))

    def _hear_use(self, before: SchoolRecord, week: UseTold, now_ms: int) -> SchoolHeard:
        """A week's hours; of one that has not begun by our clock nothing is kept."""
        record = self._keep(before.with_number(week.rev), now_ms)
        if date.fromisoformat(week.week) > self._today(now_ms):
            return SchoolHeard((record,))
        numbered = Numbered(before.list_of(week), week.rev)
        is_partial = before.is_anew_since(week.week)
        return SchoolHeard(
            (record, Used(before.place, week.week, week.lines, numbered, is_partial))
        )

    def _hear_aside(
        self, before: SchoolRecord, message: SealsTold | MarksSeen | SchoolServer, now_ms: int
    ) -> SchoolHeard:
        """What is said beside the list, and changes nothing of the school itself."""
        match message:
            case SealsTold():
                return SchoolHeard((Sealed(before.place, message.seals, now_ms),))
            case MarksSeen():
                answer = MarksAnswered(before.code, message)
                return SchoolHeard((self._keep(before, now_ms), answer))
            case SchoolServer():
                return SchoolHeard(())  # of no start alone; the listener keeps it

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
        today = self._today(now_ms)
        is_early = date.fromisoformat(report.day) > today
        day = today.isoformat() if is_early else report.day
        figure = FigureTold(before.place, day, report.figures, numbered)
        before = before.with_number(report.rev)
        if is_early and not report.version:  # "over" by its clock, and not begun by ours
            return SchoolHeard((self._keep(before, now_ms),))
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
            day=day,
            online=True,
        )
        changes: list[SchoolChange] = [self._keep(school_record, now_ms)]
        if not before.has_older(report.feed):  # else nothing of the day's book is known
            changes.append(figure)
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
            whole=whole or (last and not is_open(page.feed)),
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

    def _today(self, now_ms: int) -> date:
        """The day of arrival: no day or week that is told lies behind it."""
        return instant(now_ms).astimezone(self._zone).date()

    def _keep(self, record: SchoolRecord, now_ms: int) -> SchoolRecord:
        school_record = replace(record, heard_ms=now_ms)
        self._records[record.place.school] = school_record
        return school_record
