"""This file carries changes to browsers: a snapshot, then what changes, bounded for each of them.

Everything here happens on the event loop, so that a snapshot and the changes after it can
neither miss a change nor tell it twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from msgspec.structs import replace
from pydantic import BaseModel

from controller.attendance.store import lessons_of, marks_of, rolls_of
from controller.feature import Program
from controller.fleet.fleet import Change, Touched
from controller.fleet.items import AgentItem, DeviceItem, EventItem, Tombstone
from controller.fleet.records import (
    AgentRecord,
    AttendanceRecord,
    DeviceRecord,
    EventRecord,
    FaultRecord,
    LessonRecord,
    RollRecord,
)
from controller.fleet.store import agents_of, all_devices
from controller.live.items import room_item
from controller.live.rooms import RoomKey, RoomSummary, key_of, room_of
from controller.live.snapshots import Snapshots
from controller.live.subscription import ALL, News, NewsKind, Own, Present, Subscription, View
from controller.repairs.store import faults_of
from controller.sheets.names import room_code
from protocol.model import Place, is_equipment, iso

Thing = TypeVar("Thing", AgentRecord, DeviceRecord)


class MarkedItem(BaseModel):
    """That the roll grew; it names no pupil."""

    room: str
    agent_id: str
    at: str
    lesson: str | None
    marked_today: int


class LiveView:
    """The present as the browsers see it, kept up by `publish`; rooms as their tiles write them."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._agents: dict[tuple[str, str], AgentRecord] = {}
        self._devices: dict[tuple[str, str], DeviceRecord] = {}
        self._agents_in = defaultdict[RoomKey, set[tuple[str, str]]](set)
        self._devices_in = defaultdict[RoomKey, set[tuple[str, str]]](set)
        self._rooms: dict[RoomKey, RoomSummary] = {}
        self._lessons_in = defaultdict[RoomKey, dict[tuple[Place, str], LessonRecord]](dict)
        self._faults_in = defaultdict[RoomKey, dict[str, FaultRecord]](dict)
        self._day = ""
        self._marked = defaultdict[RoomKey, set[str]](set)
        self._subscriptions: set[Subscription] = set()
        self._snapshots = Snapshots()
        self._published = 0
        self._loading = asyncio.Lock()
        self._is_loaded = False
        self._reading: asyncio.Future[None] | None = None  # or nobody would hold it

    @property
    def edition(self) -> str:
        """Names the present: a page that was written of another one lacks something."""
        return f"{self._program.boot}.{self._published}"

    async def load(self) -> None:
        """Begin with what the store remembers, once; what was published meanwhile is newer."""
        async with self._loading:
            if not self._is_loaded:
                remembered = await asyncio.to_thread(self._remembered)
                self.publish([record for record in remembered if not self._has(record)])
                self._is_loaded = True

    def read_anew(self) -> None:
        """Take what is stored; soon, for others may have stored what was not told here."""
        self._reading = asyncio.ensure_future(self._read_all())

    async def _read_all(self) -> None:
        self.publish(await asyncio.to_thread(self._remembered))

    def publish(self, changes: Iterable[object]) -> None:
        """Take committed changes and pass them on to whoever looks. Call it on the event loop."""
        touched: dict[RoomKey, None] = {}
        news = [item for change in changes for item in self._take(change, touched)]
        self.announce([*news, *self._sum_up(touched)])

    def announce(self, news: Sequence[News]) -> None:
        """Pass on what others know of rooms. Call it on the event loop."""
        self._published += bool(news)
        self._snapshots.follow(news)
        for subscription in self._subscriptions:
            for item in news:
                subscription.offer(item)

    def subscribe(
        self, room: str = "", view: View = View.ALL, own: Own = ALL, edition: str = ""
    ) -> Subscription:
        """What happens from now on, in one room or in all that somebody may see.

        edition: the one that the page was written of; no snapshot is older.
        """
        key = room_code(room), view, own
        look, shown = partial(self.snapshot, room, view, own), self._number_of(edition)

        def present() -> Present:
            return self._snapshots.present(key, look, self._published, shown)

        return Subscription(self._subscriptions, *key[:2], present, self.pulse, own=own)

    def _number_of(self, edition: str) -> int:
        """How much had been published then; 0 for what is no edition of this start."""
        boot, _, number = edition.rpartition(".")
        is_own = boot == self._program.boot and number.isascii() and number.isdecimal()
        return int(number) if is_own else 0

    def pulse(self) -> dict[str, str]:
        """What a page must hear though nothing happens: the time, and trouble if there is any."""
        return {"at": iso(self._program.now_ms()), "trouble": self._program.trouble()}

    def rooms(self, own: Own = ALL) -> list[RoomSummary]:
        """Every room as it is now that somebody may see, in natural order."""
        rooms = (room for room in [*self._rooms.values()] if own.has(room.key))
        return sorted(rooms, key=lambda room: room.key.order)

    def agents(self, room: str = "", own: Own = ALL) -> list[AgentRecord]:
        """Every agent as it is now, of one room or of all that somebody may see."""
        return self._seen([*self._agents.values()], room, own)

    def devices(self, room: str = "", own: Own = ALL) -> list[DeviceRecord]:
        """The same of devices, removed ones left out."""
        devices = [*self._devices.values()]  # pages ask from threads, while others are added
        present = (device for device in devices if device.removed_ms is None)
        return self._seen(present, room, own)

    def named(self, record: Thing) -> Thing:
        """The record with its room written as on the room's tile."""
        name = self._name(key_of(record))
        return record if name == record.room else replace(record, room=name)

    def marked_today(self, own: Own = ALL) -> dict[str, int]:
        """How many marks each room's roll has today, of those that somebody may see."""
        self._turn_day()
        figures = Counter[str]()
        for key in filter(own.has, self._marked):
            figures[self._name(key)] += len(self._marked[key])
        return figures

    @property
    def browsers(self) -> int:
        """How many pages look."""
        return len(self._subscriptions)

    def snapshot(self, room: str, view: View, own: Own = ALL) -> dict[str, Any]:
        """The present, as a new page needs it."""
        code = room_code(room)
        rooms = (summary for summary in self.rooms(own) if code in {"", summary.key.code})
        devices = self.devices(room, own) if view is View.ALL else []
        return {
            **self.pulse(),
            "edition": self.edition,
            "school": self._program.name,
            "marked_today": self.marked_today(own),
            "rooms": _dumps(map(room_item, rooms)),
            "agents": _dumps(map(AgentItem.of, self.agents(room, own))),
            "devices": _dumps(map(DeviceItem.of, devices)),
        }

    def _seen(self, records: Iterable[Thing], room: str, own: Own) -> list[Thing]:
        code = room_code(room)
        keyed = ((key_of(record), record) for record in records)
        return [
            self.named(record) for key, record in keyed if code in {"", key.code} and own.has(key)
        ]

    def _remembered(self) -> list[Change]:
        read, scope = self._program.store.read, self._program.school
        today = self._today()
        return [
            *read(agents_of, scope, limit=None),
            *read(all_devices, scope),
            *read(marks_of, scope, day=today, limit=None),
            *read(rolls_of, scope, day=today, limit=None),
            *read(lessons_of, scope, today, today),
            *read(faults_of, scope),
        ]

    def _has(self, record: Change) -> bool:
        """Whether there is a word for the same thing already."""
        match record:
            case AgentRecord():
                return _agent_key(record) in self._agents
            case DeviceRecord():
                return _device_key(record) in self._devices
            case LessonRecord():
                return (record.place, record.lesson) in self._lessons_in[key_of(record)]
            case FaultRecord():
                return record.event_id in self._faults_in[key_of(record)]
            case _:
                return False

    def _take(self, change: object, touched: dict[RoomKey, None]) -> Sequence[News]:
        match change:
            case AgentRecord():
                return [self._take_agent(change, touched)]
            case DeviceRecord():
                return self._take_device(change, touched)
            case EventRecord():
                return [News(NewsKind.EVENT, [key_of(change)], partial(EventItem.of, change))]
            case AttendanceRecord() | RollRecord():
                return self._take_mark(change)
            case LessonRecord():
                self._take_lesson(change, touched)
            case FaultRecord():
                self._faults_in[key_of(change)][change.event_id] = change
                touched[key_of(change)] = None
            case Touched():
                self._touch(change)
        return ()

    def _take_agent(self, record: AgentRecord, touched: dict[RoomKey, None]) -> News:
        key = _agent_key(record)
        keys = _moved(self._agents.get(key), record)
        self._agents[key] = record
        for touched_key in keys:
            self._agents_in[touched_key].discard(key)
        self._agents_in[key_of(record)].add(key)
        touched |= dict.fromkeys(keys)
        return News(NewsKind.AGENT, keys, lambda: AgentItem.of(self.named(record)))

    def _take_device(self, record: DeviceRecord, touched: dict[RoomKey, None]) -> list[News]:
        key = _device_key(record)
        before = self._devices.get(key)
        if not is_equipment(record):
            if before is None or before.removed_ms is not None:
                return []
            record = replace(record, removed_ms=record.removed_ms or record.last_seen_ms)
        self._devices[key] = record
        if before is not None and _is_only_seen_again(before, record):
            return []
        keys = _moved(before, record)
        for touched_key in keys:
            self._devices_in[touched_key].discard(key)
        if record.removed_ms is None:
            self._devices_in[key_of(record)].add(key)
        touched |= dict.fromkeys(keys)
        return [News(NewsKind.DEVICE, keys, lambda: _device_or_tombstone(self.named(record)))]

    def _take_lesson(self, record: LessonRecord, touched: dict[RoomKey, None]) -> None:
        """Today's lessons, and one that runs past midnight."""
        self._turn_day()
        if record.day == self._day or record.how is None:
            self._lessons_in[key_of(record)][record.place, record.lesson] = record
            touched[key_of(record)] = None

    def _take_mark(self, record: AttendanceRecord | RollRecord) -> list[News]:
        self._turn_day()
        if record.day != self._day:
            return []
        key = key_of(record)
        if isinstance(record, RollRecord):
            pupils = {f"{record.event_id}/{number}" for number in range(len(record.lines))}
            self._marked[key] |= pupils
        else:
            self._marked[key].add(record.event_id)
        marked = MarkedItem(
            room=record.room,
            agent_id=record.place.agent,
            at=iso(record.at_ms),
            lesson=record.lesson,
            marked_today=len(self._marked[key]),
        )
        return [News(NewsKind.ATTENDANCE, [key], lambda: marked)]

    def _touch(self, change: Touched) -> None:
        for device_id in change.device_ids:
            key = (change.place.school, device_id)
            if (device_record := self._devices.get(key)) is not None:
                self._devices[key] = replace(device_record, last_seen_ms=change.last_seen_ms)

    def _today(self) -> str:
        return self._program.today().isoformat()

    def _turn_day(self) -> None:
        today = self._today()
        if today != self._day:
            self._day = today
            self._marked.clear()
            for lessons in self._lessons_in.values():
                for key, lesson_record in list(lessons.items()):
                    if lesson_record.how is not None:
                        del lessons[key]

    def _sum_up(self, touched: Iterable[RoomKey]) -> list[News]:
        """The rooms whose summary is another than before, or is written otherwise."""
        news = []
        for key in touched:
            before, room = self._rooms.get(key), self._summary(key)
            is_renamed = before is not None and before.key.room != room.key.room
            if not key.room or (before == room and not is_renamed):
                continue
            if before is not None and is_renamed:
                news.append(_room_news(room_of(before.key, (), ())))
            self._rooms[key] = room
            news.append(_room_news(room))
            if not self._agents_in[key] and not self._devices_in[key]:
                del self._rooms[key]  # that was the last word about a room that stands empty
        return news

    def _summary(self, key: RoomKey) -> RoomSummary:
        return room_of(
            key,
            [self._agents[agent_key] for agent_key in sorted(self._agents_in[key])],
            [self._devices[device_key] for device_key in sorted(self._devices_in[key])],
            self._lessons_in[key].values(),
            self._faults_in[key].values(),
        )

    def _name(self, key: RoomKey) -> str:
        room = self._rooms.get(key)
        return room.key.room if room else key.room


def _room_news(room: RoomSummary) -> News:
    return News(NewsKind.ROOM, [room.key], partial(room_item, room))


def _is_only_seen_again(before: DeviceRecord, now: DeviceRecord) -> bool:
    """Whether pages show nothing new; they show more than the feed tells of."""
    same_place = 0 < now.change == before.change
    return same_place and (now.address, now.measures) == (before.address, before.measures)


def _moved(
    before: AgentRecord | DeviceRecord | None, now: AgentRecord | DeviceRecord
) -> list[RoomKey]:
    """The room that a thing is in and, if it moved, the one that it left."""
    keys = [key_of(now)]
    return keys if before is None or key_of(before) in keys else [*keys, key_of(before)]


def _agent_key(record: AgentRecord) -> tuple[str, str]:
    return record.place.school, record.place.agent


def _device_key(record: DeviceRecord) -> tuple[str, str]:
    return record.place.school, record.device_id


def _device_or_tombstone(record: DeviceRecord) -> DeviceItem | Tombstone:
    if record.removed_ms is None:
        return DeviceItem.of(record)
    return Tombstone(
        device_id=record.device_id, school=record.place.school, removed_at=iso(record.removed_ms)
    )


def _dumps(items: Iterable[BaseModel]) -> list[dict[str, Any]]:
    return [item.model_dump(mode="json") for item in items]
