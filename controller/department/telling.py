"""This file gives the outbox to the department what is new in the school's records.

The records are the queue: an item waits there once, at its newest change, however long the line is
down. The outbox holds only the few pages that are on their way.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from msgspec import UNSET, UnsetType

from controller.department.brief import (
    figures_of,
    figures_of_day,
    gone_of,
    is_told,
    item_of,
    use_line_of,
)
from controller.department.whole_list import is_known
from controller.feature import Program, UpwardPart
from controller.inventory import store as assets
from controller.inventory.store import refresh
from controller.reconcile.kpi import Kpi
from controller.reconcile.store import figures_since
from controller.use.hours import monday_of
from controller.use.store import WEEKS, use_of
from protocol import __version__
from protocol.messages import MessageError
from protocol.model import MAX_TEXT, Place, instant
from protocol.outbox import Outbox, OutboxError
from protocol.upward import (
    LIST_FROM,
    MAX_WEEK_LINES,
    PUT,
    ItemsTold,
    SchoolFigures,
    SchoolTold,
    UseLine,
    UseTold,
    database_of,
    is_open,
    open_list,
    upward_from,
)

_LOGGER = logging.getLogger(__name__)

PAGE: Final = 100  # items of a page: about 30 KB, a second on a slow line
PAGES_ON_THE_WAY: Final = 8
TELL_EVERY_S: Final = 300.0  # how old a figure may be when nothing changes
TELL_AGAIN_AFTER_S: Final = 30.0  # and how seldom it is told when everything does
# Memos: which list the outbox is given, up to which change, and that nothing of it was given yet.
_FEED: Final = "feed"
_FED: Final = "fed"
_BEGINS: Final = "begins"


class Teller:
    """What one start of a school's controller has given its outbox, and what comes next."""

    def __init__(self, program: Program, outbox: Outbox, boot: str) -> None:
        self._program = program
        self._store = program.store
        self._outbox = outbox
        self._school = program.school
        self._boot = boot
        self._zone = program.zone
        self._now_ms = program.now_ms
        self._told_figures: SchoolFigures | None = None
        self._told_s = -math.inf
        self._told_use: dict[str, tuple[UseLine, ...]] = {}
        self._told_days: dict[str, Kpi] = {}
        self.parts = [each.upward(program) for each in program.features if each.upward]
        self._take_back()
        self.feed = self._list()[0]

    def oldest_s(self) -> int | UnsetType:
        """For how long the oldest message has waited; unset where the disk does not tell."""
        try:
            return self._outbox.oldest_s()
        except OutboxError:
            return UNSET

    def owe_figures(self) -> None:
        """How the school stands is to be told at once."""
        self._told_s = -math.inf

    def next_page(self) -> bool:
        """Put the next page into the outbox; False where there is none, or no room."""
        if self._outbox.report().pending >= PAGES_ON_THE_WAY:
            return False
        now_ms = self._now_ms()
        refresh(self._store, self._school, self._zone, now_ms)
        feed, fed, begins = self._list()
        with self._store.view() as db:
            relay_changes = assets.relay_changes(db, self._school, since=fed, limit=PAGE + 1)
        changes = relay_changes[:PAGE]
        if not changes and not begins:
            return False
        upto = changes[-1].relay_change if changes else fed
        page = ItemsTold(
            boot=self._boot,
            at_ms=self._now_ms(),
            id=f"items-{feed[-16:]}-{fed}-{upto}",
            feed=feed,
            after=fed,
            upto=upto,
            more=len(relay_changes) > PAGE,
            items=tuple(item_of(asset.as_of(now_ms)) for asset in changes if is_told(asset)),
            gone=tuple(gone_of(asset, now_ms) for asset in changes if not is_told(asset)),
        )
        self._outbox.put(page, memos={_FED: str(upto).encode(), _BEGINS: None})
        return True

    def _list(self) -> tuple[str, int, bool]:
        """The list's name, how far the outbox was given it, and whether nothing of it was told.

        Another database has another list; so has one that is behind what was told of it, because
        an old copy was put back, and one that has become known. What waits of the list before is
        worth nothing then.
        """
        memos = self._outbox.memos()
        feed, fed = memos.get(_FEED, b"").decode(), int(memos.get(_FED, b"0"))
        with self._store.view() as db:
            newest = assets.relay_newest(db, self._school)
            open_now = not is_known(db, self._program)
        fresh = base = self._store.feed_id
        if database_of(feed) == base and is_open(feed) is open_now:
            if fed <= newest:
                return feed, fed, _BEGINS in memos
            fresh = f"{base}.{self._boot[:12]}"
        fresh = open_list(fresh) if open_now else fresh
        _LOGGER.info("the department is told the whole list, as %s", fresh)
        self._outbox.clear()
        self._forget_told()
        fields = {_FEED: fresh.encode(), _FED: b"0", _BEGINS: b"1"}
        self._outbox.put(memos=fields)
        self.feed = fresh
        return fresh, 0, True

    def _forget_told(self) -> None:
        """All figures, days and weeks are to be told anew."""
        self._told_s, self._told_use, self._told_days = -math.inf, {}, {}
        for part in self.parts:
            part.forget_told()

    def _take_back(self) -> None:
        """What an earlier start left on its way is told again, as this start's own word."""
        waiting = self._outbox.waiting_events(0, 1)
        if not waiting:
            return
        try:
            page = upward_from(waiting[0].payload)
        except MessageError as error:
            _LOGGER.warning("the list is told anew: %s", error)
            page = None
        after = page.after if isinstance(page, ItemsTold) else 0
        fields = {_FED: str(after).encode()} | ({} if after else {_BEGINS: b"1"})
        self._outbox.put(memos=fields)
        self._outbox.clear()

    def _fed(self) -> int:
        return int(self._outbox.memos().get(_FED, b"0"))

    def _acknowledged(self) -> int:
        """Up to where the department has acknowledged the list."""
        return self._fed() if not self._outbox.waiting_events(0, 1) else 0

    async def tell_figures(self) -> bool:
        """Tell how the school stands where that is other, or was told long ago; whether it was.

        Raises StoreError, OutboxError.
        """
        age_s = time.monotonic() - self._told_s
        if age_s < TELL_AGAIN_AFTER_S:
            return False
        figures = await figures_of(self._program)
        if figures == self._told_figures and age_s < TELL_EVERY_S:
            return False
        await asyncio.to_thread(self.put_figures, figures)
        self._told_figures, self._told_s = figures, time.monotonic()
        return True

    def put_figures(self, figures: SchoolFigures) -> None:
        """Put how the school stands now into the outbox. Raises StoreError, OutboxError."""
        feed, _, _ = self._list()
        with self._store.view() as db:
            newest = assets.relay_newest(db, self._school)
        now_ms = self._now_ms()
        self._outbox.put(
            SchoolTold(
                boot=self._boot,
                at_ms=now_ms,
                name=self._program.name[:MAX_TEXT],
                version=__version__,
                day=f"{instant(now_ms).astimezone(self._zone):%Y-%m-%d}",
                feed=feed,
                newest=newest,
                settled=self._acknowledged(),
                figures=figures,
            )
        )

    def put_records(self) -> bool:
        """Tell the days and weeks that are other than was told; all of them after a start.

        What the other features have to tell comes with them. Raises StoreError, OutboxError.
        """
        return any([self._put_days(), self._put_use(), *map(self._put_part, self.parts)])

    def _put_part(self, part: UpwardPart) -> bool:
        owed = part.owed()
        self._outbox.put(*owed)
        part.note_told(owed)
        return bool(owed)

    def _put_days(self) -> bool:
        """Tell the figures of days that are over."""
        now_ms = self._now_ms()
        today = instant(now_ms).astimezone(self._zone).date()
        since = (today - timedelta(weeks=WEEKS)).isoformat() if self._told_days else ""
        days = self._store.read(figures_since, self._school, since)
        fresh = {
            day: kpi
            for day, kpi in days.items()
            if day < today.isoformat() and self._told_days.get(day) != kpi
        }
        feed = self.feed
        self._outbox.put(
            *(
                SchoolTold(
                    boot=self._boot, at_ms=now_ms, day=day, feed=feed, figures=figures_of_day(kpi)
                )
                for day, kpi in fresh.items()
            )
        )
        self._told_days |= fresh
        return bool(fresh)

    def _put_use(self) -> bool:
        now_ms = self._now_ms()
        this = monday_of(now_ms, self._zone)
        since = (this - timedelta(weeks=WEEKS - 1)).isoformat() if self._told_use else ""
        weeks: dict[str, list[UseLine]] = {}
        with self._store.view() as db:
            for kept_use in use_of(db, self._school, since, this.isoformat()):
                weeks.setdefault(kept_use.week, []).append(use_line_of(kept_use.line))
        fresh = {
            week: tuple(lines[:MAX_WEEK_LINES])
            for week, lines in weeks.items()
            if self._told_use.get(week) != tuple(lines[:MAX_WEEK_LINES])
        }
        reports = (
            UseTold(boot=self._boot, at_ms=now_ms, week=week, lines=lines)
            for week, lines in fresh.items()
        )
        self._outbox.put(*reports)
        self._told_use |= fresh
        return bool(fresh)

    def begin_behind(self, since: int) -> None:
        """What waits would take the room of what is asked for, and is told again after it.

        Raises OutboxError.
        """
        if not since or since < self._fed():
            _LOGGER.info("telling the list again, behind change %d", since)
            begins = {} if since else {_BEGINS: b"1"}  # an empty list is told too
            self._outbox.put(memos={_FED: str(since).encode(), **begins})
            self._outbox.clear()
        self._forget_told()


def place_at(school: Place, department: str) -> Place:
    """The school as its department's topics have it: in the place of an agent."""
    return Place(school.province, department, school.school)


def upward_outbox(path: Path, school: Place, department: str, boot: str) -> Outbox:
    """The outbox to the department: what waits there never grows old.

    Its numbers go on from start to start: see `protocol.upward`.
    """
    place = place_at(school, department)
    return Outbox(
        path,
        place,
        boot,
        max_age_s=math.inf,
        program="lophoc-controller",
        kinds=PUT,
        list_from=LIST_FROM,
    )
