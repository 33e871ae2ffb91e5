"""This file carries changes to browsers: a snapshot, then what changes, bounded for each of them.

Everything here happens on the event loop, so that a snapshot and the changes after it can
neither miss a change nor tell it twice.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

from msgspec.structs import replace
from pydantic import BaseModel

from controller.attendance.store import lessons_of, marks_of, rolls_of
from controller.dashboard.items import RoomItem, room_item
from controller.dashboard.rooms import RoomKey, RoomSummary, key_of, room_of
from controller.dashboard.subscription import News, NewsKind, Subscription, View
from controller.database.store import Store
from controller.feature import Program
from controller.fleet.fleet import Change, Touched
from controller.fleet.items import (
    AgentItem,
    DeviceItem,
    EventItem,
    Tombstone,
)
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
from controller.repairs.store import faults_of
from protocol.model import Place, iso


class MarkedItem(BaseModel):
    """That the roll grew; it names no pupil."""

    room: str
    agent_id: str
    at: str
    lesson: str | None
    marked_today: int


class LiveView:
    """The present as the browsers see it, kept up by `publish`.

    trouble: why the present may be out of date though the page's line is well; empty if it is not.
    """

    def __init__(
        self,
        store: Store,
        scope: Place,
        *,
        zone: tzinfo,
        name: str,
        clock: Callable[[], float] = time.time,
        trouble: Callable[[], str] = str,
    ) -> None:
        self._store = store
        self._scope = scope
        self._zone = zone
        self._name = name
        self._clock = clock
        self._trouble = trouble
        self._agents: dict[tuple[str, str], AgentRecord] = {}
        self._devices: dict[tuple[str, str], DeviceRecord] = {}
        self._agents_in = defaultdict[RoomKey, set[tuple[str, str]]](set)
        self._devices_in = defaultdict[RoomKey, set[tuple[str, str]]](set)
        self._rooms: dict[RoomKey, RoomSummary] = {}
        self._lessons_in = defaultdict[RoomKey, dict[tuple[Place, str], LessonRecord]](dict)
        self._faults_in = defaultdict[RoomKey, dict[str, FaultRecord]](dict)
        self._day = ""
        self._marked = defaultdict[str, set[str]](set)
        self._subscriptions: set[Subscription] = set()

    async def load(self) -> None:
        """Begin with what the store remembers; what was published meanwhile is newer and stays."""
        agents, devices, records = await asyncio.to_thread(self._remembered)
        news = [agent for agent in agents if _agent_key(agent) not in self._agents]
        more = [device for device in devices if _device_key(device) not in self._devices]
        unknown = [
            record
            for record in records
            if not (isinstance(record, LessonRecord) and self._knows_lesson(record))
            and not (isinstance(record, FaultRecord) and self._knows_fault(record))
        ]
        self.publish([*news, *more, *unknown])

    def publish(self, changes: Iterable[object]) -> None:
        """Take committed changes and pass them on to whoever looks. Call it on the event loop."""
        news: list[News] = []
        touched: dict[RoomKey, None] = {}
        for change in changes:
            match change:
                case AgentRecord():
                    news.append(self._take_agent(change, touched))
                case DeviceRecord():
                    news += self._take_device(change, touched)
                case EventRecord():
                    news.append(News(NewsKind.EVENT, [change.room], _later(EventItem.of, change)))
                case AttendanceRecord() | RollRecord():
                    news += self._take_mark(change)
                case LessonRecord():
                    self._take_lesson(change, touched)
                case FaultRecord():
                    self._faults_in[key_of(change)][change.event_id] = change
                    touched[key_of(change)] = None
                case Touched():
                    self._touch(change)
                case _:
                    pass
        news += self._sum_up(touched)
        for subscription in self._subscriptions:
            for item in news:
                subscription.offer(item)

    def subscribe(self, room: str = "", view: View = View.ALL) -> Subscription:
        """What happens from now on, in one room or in all."""
        return Subscription(
            self._subscriptions, room, view, partial(self.snapshot, room, view), self.pulse
        )

    def pulse(self) -> dict[str, str]:
        """What a page must hear though nothing happens: the time, and trouble if there is any."""
        return {"at": self.now_iso(), "trouble": self._trouble()}

    def rooms(self) -> list[RoomSummary]:
        """Every room as it is now, in natural order."""
        return [self._rooms[key] for key in sorted(self._rooms, key=lambda key: key.order)]

    def agents(self, room: str = "") -> list[AgentRecord]:
        """Every agent as it is now, of one room or of all."""
        return [agent for agent in self._agents.values() if room in {"", agent.room}]

    def devices(self, room: str = "") -> list[DeviceRecord]:
        """Every device as it is now, of one room or of all, removed ones left out."""
        present = (device for device in self._devices.values() if device.removed_ms is None)
        return [device_record for device_record in present if room in {"", device_record.room}]

    def marked_today(self) -> dict[str, int]:
        """How many marks each room's roll has today."""
        self._turn_day()
        return {room: len(marks) for room, marks in self._marked.items()}

    @property
    def browsers(self) -> int:
        """How many pages look."""
        return len(self._subscriptions)

    def now_ms(self) -> int:
        """This instant."""
        return int(self._clock() * 1000)

    def now_iso(self) -> str:
        """This instant as RFC 3339 text."""
        return iso(self.now_ms())

    def snapshot(self, room: str, view: View) -> dict[str, Any]:
        """The present, as a new page needs it."""
        rooms = [summary for summary in self.rooms() if room in {"", summary.key.room}]
        devices = self.devices(room) if view is View.ALL else []
        return {
            **self.pulse(),
            "school": self._name,
            "marked_today": self.marked_today(),
            "rooms": _dumps(room_item(summary) for summary in rooms),
            "agents": _dumps(AgentItem.of(agent) for agent in self.agents(room)),
            "devices": _dumps(DeviceItem.of(device) for device in devices),
        }

    def _remembered(
        self,
    ) -> tuple[list[AgentRecord], list[DeviceRecord], list[Change]]:
        today = self._today()
        return (
            self._store.read(agents_of, self._scope, limit=None),
            self._store.read(all_devices, self._scope),
            [
                *self._store.read(marks_of, self._scope, day=today, limit=None),
                *self._store.read(rolls_of, self._scope, day=today, limit=None),
                *self._store.read(lessons_of, self._scope, today, today),
                *self._store.read(faults_of, self._scope),
            ],
        )

    def _take_agent(self, record: AgentRecord, touched: dict[RoomKey, None]) -> News:
        key = _agent_key(record)
        keys = _moved(self._agents.get(key), record)
        self._agents[key] = record
        for touched_key in keys:
            self._agents_in[touched_key].discard(key)
        self._agents_in[key_of(record)].add(key)
        touched |= dict.fromkeys(keys)
        return News(NewsKind.AGENT, [key.room for key in keys], _later(AgentItem.of, record))

    def _take_device(self, record: DeviceRecord, touched: dict[RoomKey, None]) -> list[News]:
        key = _device_key(record)
        before = self._devices.get(key)
        self._devices[key] = record
        if before is not None and _is_only_seen_again(before, record):
            return []
        keys = _moved(before, record)
        for touched_key in keys:
            self._devices_in[touched_key].discard(key)
        if record.removed_ms is None:
            self._devices_in[key_of(record)].add(key)
        touched |= dict.fromkeys(keys)
        rooms = [touched_key.room for touched_key in keys]
        return [News(NewsKind.DEVICE, rooms, _later(_device_or_tombstone, record))]

    def _knows_lesson(self, record: LessonRecord) -> bool:
        return (record.place, record.lesson) in self._lessons_in[key_of(record)]

    def _knows_fault(self, record: FaultRecord) -> bool:
        return record.event_id in self._faults_in[key_of(record)]

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
        if isinstance(record, RollRecord):
            pupils = {f"{record.event_id}/{number}" for number in range(len(record.lines))}
            self._marked[record.room] |= pupils
        else:
            self._marked[record.room].add(record.event_id)
        marked = MarkedItem(
            room=record.room,
            agent_id=record.place.agent,
            at=iso(record.at_ms),
            lesson=record.lesson,
            marked_today=len(self._marked[record.room]),
        )
        return [News(NewsKind.ATTENDANCE, [record.room], lambda: marked)]

    def _touch(self, change: Touched) -> None:
        for device_id in change.device_ids:
            key = (change.place.school, device_id)
            if (device_record := self._devices.get(key)) is not None:
                self._devices[key] = replace(device_record, last_seen_ms=change.last_seen_ms)

    def _today(self) -> str:
        return datetime.fromtimestamp(self._clock(), self._zone).date().isoformat()

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
        """The rooms whose summary is another than before."""
        news = []
        for key in touched:
            agents = [self._agents[agent_key] for agent_key in sorted(self._agents_in[key])]
            devices = [self._devices[device_key] for device_key in sorted(self._devices_in[key])]
            lessons = list(self._lessons_in[key].values())
            faults = list(self._faults_in[key].values())
            room = room_of(key, agents, devices, lessons, faults)
            if not key.room or self._rooms.get(key) == room:
                continue
            self._rooms[key] = room
            news.append(News(NewsKind.ROOM, [key.room], _later(room_item, room)))
            if not agents and not devices:  # the last word about a room that stands empty
                del self._rooms[key]
        return news


def live_of(program: Program) -> LiveView:
    """The program's live present."""
    return LiveView(
        program.store,
        program.school,
        zone=program.zone,
        name=program.name,
        clock=lambda: program.now_ms() / 1000,
        trouble=lambda: program.trouble(),  # noqa: PLW0108 - it is known later
    )


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


def _later(
    make: Callable[[Any], AgentItem | DeviceItem | Tombstone | EventItem | RoomItem], of: Any
) -> Callable[[], BaseModel]:
    return lambda: make(of)


def _dumps(items: Iterable[BaseModel]) -> list[dict[str, Any]]:
    return [item.model_dump(mode="json") for item in items]
