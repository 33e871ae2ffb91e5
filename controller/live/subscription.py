"""This file is one browser's feed: a snapshot, then changes, bounded; a beat when all is quiet."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, Self

from pydantic import BaseModel

from controller.live.rooms import RoomKey

QUEUE: Final = 256  # changes that wait for one slow browser
BEAT_S: Final = 5.0  # a quiet line says this often that it is alive
SNAPSHOT_S: Final = 2.0  # between two snapshots of one browser: they are what costs


class Own(NamedTuple):
    """What somebody may see: rooms by their codes, schools by theirs; None for all."""

    rooms: frozenset[str] | None = None
    schools: frozenset[str] | None = None

    def has(self, room: RoomKey) -> bool:
        """Whether the room is among it."""
        in_school = self.schools is None or room.school in self.schools
        return in_school and (self.rooms is None or room.code in self.rooms)


ALL: Final = Own()


class View(StrEnum):
    """How much a page wants: everything; no devices; devices only as they change."""

    ALL = "all"
    ROOMS = "rooms"
    CHANGES = "changes"


class NewsKind(StrEnum):
    """What a change is about."""

    DEVICE = "device"
    AGENT = "agent"
    ROOM = "room"
    EVENT = "event"
    ATTENDANCE = "attendance"
    INCIDENT = "incident"


class News:
    """One change on its way; its text is made once, and only if somebody wants it.

    rooms: those it concerns; a device that moved concerns the room it left, too.
    """

    def __init__(
        self, what: NewsKind, rooms: Sequence[RoomKey], make: Callable[[], BaseModel]
    ) -> None:
        self.what = what
        self.rooms = rooms
        self._make = make
        self._text = ""

    @property
    def text(self) -> str:
        """The item as JSON."""
        if not self._text:
            self._text = self._make().model_dump_json(exclude={"no"})  # numbered by the store only
        return self._text


class Present(NamedTuple):
    """A snapshot's fields as JSON, without the braces, and what has changed since it was taken."""

    fields: str
    since: Sequence[News] = ()


class Subscription:
    """One browser's feed, as JSON texts; open it with `async with`, read it with `async for`.

    room: its code; empty for all. own: see Own. A browser too slow for it loses the oldest changes
    and is told to ask for a snapshot.
    """

    def __init__(
        self,
        subscriptions: set[Subscription],
        room: str,
        view: View,
        present: Callable[[], Present],
        pulse: Callable[[], dict[str, str]],
        *,
        own: Own = ALL,
    ) -> None:
        self._others = subscriptions
        self._room = room
        self._view = view
        self._present = present
        self._pulse = pulse
        self._own = own
        self._waiting: deque[News] = deque()
        self._woken = asyncio.Event()
        self._lost = False
        self._asked = True
        self._rests_until_s = 0.0
        self._seq = 0

    async def __aenter__(self) -> Self:
        self._others.add(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._others.discard(self)
        self._waiting.clear()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        """The next message; a beat when all has been quiet for BEAT_S."""
        if not (self._asked or self._lost or self._waiting):
            self._woken.clear()
            try:
                await asyncio.wait_for(self._woken.wait(), BEAT_S)
            except TimeoutError:
                return json.dumps({"type": "beat", **self._pulse()})
        if self._asked:
            await asyncio.sleep(self._rests_until_s - asyncio.get_running_loop().time())
            return self._snapshot()
        if self._lost:
            self._lost = False
            return self._numbered('"resync"')
        news = self._waiting.popleft()
        return self._numbered('"change"', f',"what":"{news.what}","item":{news.text}')

    def ask(self) -> None:
        """Have a snapshot sent next."""
        self._asked = True
        self._woken.set()

    def offer(self, news: News) -> None:
        """Keep a change for this browser, if it concerns it; never waits."""
        if news.what is NewsKind.DEVICE and self._view is View.ROOMS:
            return
        if self._room and all(self._room != room.code for room in news.rooms):
            return
        if not any(map(self._own.has, news.rooms)):
            return
        if len(self._waiting) >= QUEUE:
            self._waiting.popleft()
            self._lost = True
        self._waiting.append(news)
        self._woken.set()

    def _snapshot(self) -> str:
        """Whatever waited is in it, or has come since it was taken."""
        self._waiting.clear()
        self._asked = self._lost = False
        self._rests_until_s = asyncio.get_running_loop().time() + SNAPSHOT_S
        present = self._present()
        for news in present.since:
            self.offer(news)
        return self._numbered('"snapshot"', f",{present.fields}")

    def _numbered(self, kind: str, fields: str = "") -> str:
        self._seq += 1
        return f'{{"type":{kind},"seq":{self._seq}{fields}}}'
