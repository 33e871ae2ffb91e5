"""This file tells the department of the school: the same outbox, relay and ack as an agent's.

The school's records are the queue: an item waits there once, at its newest change, however long
the line is down. The outbox holds only the few pages that are on their way.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from controller.broker.brokerage import broker_at
from controller.config import UPWARD_OUTBOX
from controller.dashboard.live import LiveView
from controller.dashboard.rooms import counts_of
from controller.database.facts import fact_of, set_fact
from controller.database.starts import starts_of
from controller.database.store import Store, StoreError
from controller.feature import Program
from controller.inventory import store as assets
from controller.inventory.asset import Asset
from controller.inventory.store import RecordCounts, count_records, refresh
from controller.reconcile.kpi import Kpi
from controller.reconcile.store import figures_since
from controller.use.hours import BoardWeek, monday_of
from controller.use.store import WEEKS, use_of
from protocol import __version__
from protocol.fields import fields_for
from protocol.link import Arrival, Broker, Letter, Link
from protocol.messages import Ack, ControllerState, MessageError, Retell, down_from, to_bytes
from protocol.model import MAX_TEXT, DeviceKind, Place, Status, instant
from protocol.outbox import Outbox, OutboxError
from protocol.relay import Relay
from protocol.settings import SettingsError
from protocol.topics import Address, Channel, commands_to, controller_state, level_of, topic_of
from protocol.upward import (
    MAX_STARTS,
    MAX_WEEK_LINES,
    ItemGone,
    ItemsTold,
    ItemTold,
    SchoolChain,
    SchoolFigures,
    SchoolPresence,
    SchoolTold,
    UseLine,
    UseTold,
    upward_from,
)
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

PAGE: Final = 100  # items of a page: about 30 KB, a second on a slow line
PAGES_ON_THE_WAY: Final = 8
LOOK_EVERY_S: Final = 5.0
TELL_EVERY_S: Final = 300.0  # how old a figure may be when nothing changes
TELL_AGAIN_AFTER_S: Final = 30.0  # and how seldom it is told when everything does
# Memos: which list the outbox is given, up to which change, and that nothing of it was given yet.
_FEED: Final = "feed"
_FED: Final = "fed"
_BEGINS: Final = "begins"
_HEARD: Final = "heard_start"  # the fact: the newest start that the department answered
_AT_ONCE: Final = 100


class Upward:
    """One school's conversation with its department."""

    def __init__(self, program: Program, outbox: Outbox, broker: Broker, boot: str) -> None:
        school = program.school
        self._program = program
        self._store = program.store
        self._outbox = outbox
        self._school = school
        self._boot = boot
        self._before, self._begun = _history(program.store, boot, school)
        self._is_heard = False
        self._settled = self._retold = 0
        self._asked: int | None = None  # behind which change all is to be told again
        self._zone = program.zone
        self._now_ms = program.now_ms
        self._place = place_at(school, program.config.upstream_department)
        self._told_figures: SchoolFigures | None = None
        self._told_s = -math.inf
        self._told_use: dict[str, tuple[UseLine, ...]] = {}
        self._told_days: dict[str, Kpi] = {}
        self._take_back()
        self._feed = self._list()[0]
        self._stirred = asyncio.Event()
        self.link = Link(
            broker,
            "-".join(["lophoc", "up", *map(level_of, (school.province, school.school)), boot[:8]]),
            filters=(commands_to(self._place), controller_state(self._place)),
            will=lambda session: self._presence(session, online=False),
            greeting=lambda session: self._greet(session),  # noqa: PLW0108 - as its neighbour
        )
        self._relay = Relay(outbox, self.link, now_s=time.monotonic)

    async def run(self) -> None:
        """Tell, carry and listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.link.run(), name="upward link")
            group.create_task(self._relay.run(), name="upward relay")
            group.create_task(self._listen(), name="upward listen")
            group.create_task(self._tell(), name="upward tell")

    async def _tell(self) -> None:
        """Give the outbox what is new, whenever there is room for it."""
        while True:
            try:
                await self._begin_anew_if_asked()
                while await asyncio.to_thread(self._next_page):
                    self._relay.wake()
                await self._tell_figures()
                if await asyncio.to_thread(self._put_records):
                    self._relay.wake()
            except (StoreError, OutboxError) as error:
                _LOGGER.warning("the department is told later: %s", error)
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._stirred.wait()
            except TimeoutError:
                pass
            self._stirred.clear()

    def _next_page(self) -> bool:
        """Put the next page into the outbox; False where there is none, or no room."""
        if self._outbox.report().pending >= PAGES_ON_THE_WAY:
            return False
        refresh(self._store, self._school, self._zone, self._now_ms())
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
            items=tuple(item_of(asset) for asset in changes if _is_told(asset)),
            gone=tuple(_gone(asset, self._now_ms()) for asset in changes if not _is_told(asset)),
        )
        self._outbox.put(page, memos={_FED: str(upto).encode(), _BEGINS: None})
        return True

    def _list(self) -> tuple[str, int, bool]:
        """The list's name, how far the outbox was given it, and whether nothing of it was told.

        Another database has another list; so has one that is behind what was told of it, because
        an old copy was put back. What waits of the list before is worth nothing then.
        """
        memos = self._outbox.memos()
        feed, fed = memos.get(_FEED, b"").decode(), int(memos.get(_FED, b"0"))
        base = self._store.feed_id
        with self._store.view() as db:
            newest = assets.relay_newest(db, self._school)
        if feed.partition(".")[0] == base and fed <= newest:
            return feed, fed, _BEGINS in memos
        fresh = base if feed.partition(".")[0] != base else f"{base}.{self._boot[:12]}"
        _LOGGER.info("the department is told the whole list, as %s", fresh)
        self._outbox.clear()
        self._forget_told()
        fields = {_FEED: fresh.encode(), _FED: b"0", _BEGINS: b"1"}
        self._outbox.put(memos=fields)
        self._feed = fresh
        return fresh, 0, True

    def _forget_told(self) -> None:
        """All figures, days and weeks are to be told anew."""
        self._told_s, self._told_use, self._told_days = -math.inf, {}, {}

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

    async def _tell_figures(self) -> None:
        """Tell how the school stands where that is other, or was told long ago."""
        age_s = time.monotonic() - self._told_s
        if age_s < TELL_AGAIN_AFTER_S:
            return
        figures = await figures_of(self._program)
        if figures == self._told_figures and age_s < TELL_EVERY_S:
            return
        await asyncio.to_thread(self._put_figures, figures)
        self._told_figures, self._told_s = figures, time.monotonic()
        self.link.say(self._chain())
        self._relay.wake()

    def _put_figures(self, figures: SchoolFigures) -> None:
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

    def _put_records(self) -> bool:
        """Tell the days and weeks that are other than was told; all of them after a start."""
        is_day_put = self._put_days()
        return self._put_use() or is_day_put

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
        feed = self._feed
        self._outbox.put(
            *(
                SchoolTold(
                    boot=self._boot, at_ms=now_ms, day=day, feed=feed, figures=_figures_of(kpi)
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
                weeks.setdefault(kept_use.week, []).append(_use(kept_use.line))
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

    async def _listen(self) -> None:
        while True:
            arrivals = await self.link.batch(_AT_ONCE)
            for arrival in arrivals:
                if arrival.session == self.link.session:
                    await self._hear(arrival)
            self.link.ack(arrivals)

    async def _hear(self, arrival: Arrival) -> None:
        try:
            message = down_from(arrival.payload)
        except MessageError as error:
            _LOGGER.warning("a message of the department is not understood flaw=%s", error.flaw)
            return
        match message:
            case ControllerState():
                self.link.say(self._chain())
                self._relay.hear(message)
            case Ack():
                self._program.clock.hear("", message.at_ms, is_trusted=True)
                await self._relay.settle(message)
                await self._note_heard(message)
                self._stirred.set()
            case Retell():
                asked = self._asked
                self._asked = message.since if asked is None else min(asked, message.since)
                self._stirred.set()
            case _:
                _LOGGER.warning("the department said what is no school's affair")

    async def _note_heard(self, ack: Ack) -> None:
        """The department knows this start: the next one goes on from it."""
        if ack.of != self._boot:
            return
        self._settled = max(self._settled, *(high for _, high in ack.revs), 0)
        if not self._is_heard:
            try:
                await asyncio.to_thread(self._store.write, set_fact, _HEARD, self._boot)
                self._is_heard = True
            except StoreError as error:
                _LOGGER.warning("noted at the next answer: %s", error)

    async def _begin_anew_if_asked(self) -> None:
        """Tell all behind a change again, days and weeks with it. Raises OutboxError."""
        since, self._asked = self._asked, None
        if since is None:
            return
        try:
            await asyncio.to_thread(self._begin_behind, since)
        except OutboxError:
            self._asked = since
            raise
        self._retold += 1

    def _begin_behind(self, since: int) -> None:
        """What waits would take the room of what is asked for, and is told again after it."""
        if not since or since < self._fed():
            _LOGGER.info("telling the list again, behind change %d", since)
            begins = {} if since else {_BEGINS: b"1"}  # an empty list is told too
            self._outbox.put(memos={_FED: str(since).encode(), **begins})
            self._outbox.clear()
        self._forget_told()

    def _greet(self, session: int) -> Sequence[Letter]:
        self._told_s = -math.inf  # a new session hears how the school stands
        self._stirred.set()
        return [self._chain(), self._presence(session, online=True)]

    def _chain(self) -> Letter:
        chain = SchoolChain(
            boot=self._boot,
            at_ms=self._program.wall_ms(),  # bears witness to the time, by no word of others
            before=self._before,
            feed=self._feed,
            begun=self._begun,
            settled=self._settled,
            retold=self._retold,
        )
        return Letter(topic_of(Address(self._place, Channel.SCHOOL)), to_bytes(chain))

    def _presence(self, session: int, *, online: bool) -> Letter:
        school_presence = SchoolPresence(
            boot=self._boot, at_ms=self._program.wall_ms(), session=session, online=online
        )
        topic = topic_of(Address(self._place, Channel.SCHOOL))
        return Letter(topic, to_bytes(school_presence), retain=True)


def place_at(school: Place, department: str) -> Place:
    """The school as its department's topics have it: in the place of an agent."""
    return Place(school.province, department, school.school)


def _history(store: Store, boot: str, school: Place) -> tuple[tuple[str, ...], int]:
    """The starts that the department may have heard before this one, and where this one began."""
    with store.view() as db:
        starts, heard = starts_of(db), fact_of(db, _HEARD)
        newest = assets.relay_newest(db, school)
    begun = next((start.relay_change for start in starts if start.name == boot), newest)
    names = [start.name for start in starts if start.name not in {"", boot}]
    if heard in names:
        names = names[names.index(heard) :]
        names = [names[0], *names[1:][-(MAX_STARTS - 1) :]]
    return tuple(reversed(names[-MAX_STARTS:])), begun


def upward_outbox(path: Path, school: Place, department: str, boot: str) -> Outbox:
    """The outbox to the department: what waits there never grows old."""
    place = place_at(school, department)
    return Outbox(path, place, boot, max_age_s=math.inf, program="lophoc-controller")


def item_of(asset: Asset) -> ItemTold:
    """The item as the department is told of it: without the names that people gave."""
    fields = _brief_fields(ItemTold, asset)
    fields |= {"change": asset.relay_change, "seen_ms": asset.told_ms}
    return ItemTold(item=asset.device_id, device=asset.kind, **fields)


def _use(week: BoardWeek) -> UseLine:
    fields = _brief_fields(UseLine, week)
    return UseLine(item=week.device_id, device=DeviceKind(week.kind), **fields)


def _figures_of(kpi: Kpi) -> SchoolFigures:
    declared, complete, verified, managed = kpi.counts
    return SchoolFigures(declared=declared, complete=complete, verified=verified, managed=managed)


def _brief_fields(kind: type[msgspec.Struct], record: msgspec.Struct) -> dict[str, Any]:
    """What the record holds of the kind's fields, no text longer than the wire takes."""
    return {
        name: value[:MAX_TEXT] if isinstance(value, str) else value
        for name, value in fields_for(kind, record).items()
    }


def _is_told(asset: Asset) -> bool:
    return asset.removed_ms is None and asset.owned


def _gone(asset: Asset, now_ms: int) -> ItemGone:
    at_ms = asset.removed_ms or now_ms
    return ItemGone(item=asset.device_id, change=asset.relay_change, at_ms=at_ms)


@contextlib.contextmanager
def reporting(program: Program) -> Iterator[Upward | None]:
    """The talk with the department, where there is one. Raises SettingsError, OutboxError."""
    config, school = program.config, program.school
    if not config.upstream:
        yield None
        return
    if not config.upstream_department:
        raise SettingsError(
            "department_missing",
            N_("Which department is above this school?"),
            N_("Give its code as upstream_department."),
        )
    boot = program.boot
    broker = broker_at(config.upstream, config.upstream_password_file)
    if broker.password and not broker.user:
        broker = broker._replace(user=config.school)
    path = config.data / UPWARD_OUTBOX
    with upward_outbox(path, school, config.upstream_department, boot) as outbox:
        yield Upward(program, outbox, broker, boot)


async def figures_of(program: Program) -> SchoolFigures:
    """The school's figures: its rooms as they are now, its records as of now."""
    records = await asyncio.to_thread(_counts_of_records, program)
    live = program.service(LiveView)
    rooms, agents = list(live.rooms()), list(live.agents())
    counts = counts_of(rooms)
    boards = [room.devices.get(DeviceKind.BOARD, {}) for room in rooms]
    return SchoolFigures(
        rooms=counts.rooms,
        rooms_in_lesson=counts.in_lesson,
        agents=len(agents),
        agents_online=sum(agent.online for agent in agents),
        devices=counts.devices,
        devices_working=counts.working,
        boards=sum(sum(board.values()) for board in boards),
        boards_working=sum(board.get(Status.OK, 0) for board in boards),
        faults_open=sum(len(room.faults) for room in rooms),
        **records._asdict(),
    )


def _counts_of_records(program: Program) -> RecordCounts:
    refresh(program.store, program.school, program.zone, program.now_ms())
    return program.store.read(count_records, program.school)
