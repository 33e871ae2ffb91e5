"""This file serves the teacher's page from an agent's true door, store and outbox, on a port."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, Self, TypeVar

from agent import server
from agent.classroom import Classroom
from agent.database import DOCUMENTS, OUTBOX
from agent.database.documents import Documents
from agent.lessons import memos
from agent.local.api import application
from agent.local.keys import DoorKeys
from agent.local.surroundings import DeviceActions, Surroundings
from agent.room import Moment
from agent.school.connection import ConnectionState
from agent.store import ClassroomStore
from protocol.kit import KitTemplate
from protocol.messages import Up, up_from
from protocol.outbox import Outbox
from protocol.plan import Bell, Booking, ClassList, Plan, Pupil
from tests.agent.classrooms import PLACE, classroom, moment, room
from tests.ports import free_port
from tests.waiting import LIMIT_S

_NOTHING: Final = KitTemplate(computers=0, boards=0, cameras=0, access_points=0)
_FAMILIES: Final = ("Nguyễn", "Lò", "Trần", "Cà", "Lê", "Phạm", "Hoàng")
_GIVEN: Final = ("Văn An", "Thị Ánh", "Bình", "Văn Dũng", "Thu Hà", "Quốc Khánh")
PLAN: Final = Plan(
    bells=(
        Bell(period=1, begins="07:15", ends="08:00"),
        Bell(period=2, begins="08:05", ends="08:50"),
    ),
    timetable=tuple(
        Booking(weekday=1, period=period, room="6A1", classes=("10A1",), subject=subject)
        for period, subject in ((1, "Toán"), (2, "Ngữ văn"))
    ),
    classes=("10A1", "10A2"),
    lists=(
        ClassList(
            code="10A1",
            pupils=tuple(
                Pupil(
                    number=number,
                    student=f"14000000{number:02}",
                    name=f"{_FAMILIES[number % 7]} {_GIVEN[number % 6]}",
                )
                for number in range(1, 43)
            ),
        ),
    ),
)
Value = TypeVar("Value")


class TaughtRoom:
    """A room on a Monday morning: the wall's clock stands until it is set, the steady one runs."""

    def __init__(self, folder: Path, plan: Plan = PLAN) -> None:
        self.minute = 7 * 60 + 16  # of the day, on the wall
        self._folder, self._plan = folder, plan
        self._keys, self._port = DoorKeys(), free_port()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open, self._began_s = threading.Event(), time.monotonic()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    @property
    def url(self) -> str:
        """Where one page is let in, once."""
        return f"http://127.0.0.1:{self._port}/#t={self._keys.issue_code()}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._open.wait(LIMIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(LIMIT_S)

    def do(self, deed: Callable[[ClassroomStore], Awaitable[Value]]) -> Value:
        """Have something done where the agent lives."""

        async def done() -> Value:
            return await deed(self._store)

        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(LIMIT_S)

    def change(self, change: Callable[[Classroom], Classroom]) -> None:
        """Have the classroom be another, as if its machines or its school had said so."""

        async def changed(store: ClassroomStore) -> None:
            store.classroom = change(store.classroom)
            await store.teach(lambda teaching, now: teaching.beat(now))

        self.do(changed)

    def said(self) -> list[Up]:
        """What waits for the school."""
        return [up_from(one.payload) for one in self._outbox.waiting_events(0, 99)]

    def _now(self) -> Moment:
        passed_s = time.monotonic() - self._began_s
        return moment(passed_s)._replace(minute=float(self.minute))

    async def _serve(self) -> None:
        async with self._desk() as store:
            self._store, self._end = store, asyncio.Event()
            self._loop = asyncio.get_running_loop()
            around = Surroundings(PLACE, _line, "vi", _HANDS)
            app = application(store, around, self._keys)
            serving = asyncio.create_task(
                server.serve(
                    app, "127.0.0.1", self._port, server.LOCAL, while_open=self._while_open
                )
            )
            await self._end.wait()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _desk(self) -> AsyncIterator[ClassroomStore]:
        documents = Documents(self._folder / DOCUMENTS)
        documents.load()
        with Outbox(self._folder / OUTBOX, PLACE, "b1") as self._outbox:
            teaching = memos.restore_teaching(room(), {}, self._plan, self._now())
            yield ClassroomStore(
                replace(classroom(), teaching=teaching, template=_NOTHING),
                self._outbox,
                documents,
                now=self._now,
                stirred=lambda: None,
            )

    @contextlib.contextmanager
    def _while_open(self) -> Iterator[None]:
        self._open.set()
        yield


async def _nowhere(*_: object) -> bool:
    return False


def _line() -> ConnectionState:
    return ConnectionState("", connected=True, controller_listening=True)


_HANDS: Final = DeviceActions(typed=lambda _: None, switch=_nowhere, wake=_nowhere, login=_nowhere)  # type: ignore[arg-type, return-value]
