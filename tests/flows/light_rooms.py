"""This file is rooms of which one machine holds thirty: a line, an outbox and updates, no senses.

The line, the files, the start that chooses a version and the program that fetches one are the
agent's own. What a version is here: the name under which a room is born, and whether it works.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from msgspec.structs import replace

from agent.classroom import Classroom
from agent.config import AgentConfig
from agent.database import DOCUMENTS, OUTBOX
from agent.database.restore import open_room
from agent.health.machine import ThisMachine
from agent.room import Moment
from agent.school.connection import SchoolConnection, broker_of
from agent.store import ClassroomStore
from agent.updates import launcher
from agent.updates.updating import Door, Updating
from hardware.readings import HostReading
from protocol.chain import link_record
from protocol.messages import AttendanceMarked, Birth, OutboxReport, to_bytes, up_from
from protocol.model import AttendanceStatus, Method
from tests.agent.classrooms import host_sighting
from tests.update_packages import PUBLIC

PROVINCE, SCHOOL = "14", "00140708"
LAYOUT: Final = Path(__file__).with_name("first_layout")
# How long a version may take to prove itself: one that works has all the time it needs.
WORKING_S, SILENT_S = 600.0, 2.0
LOOK_S: Final = 0.1
_AGENT, _ROOM, _BOOT = "p203", "P203", "524a63f8e2c54b08b19c7d229cfa1ea0"


def lay_first_out(data: Path, agent: str, room: str) -> list[str]:
    """The folder of an agent of 0.1.0 that was never heard; the ids of what it has to tell.

    As that version wrote it, under this room's name: each id is of this room alone.
    """
    data.mkdir(parents=True)
    text = (LAYOUT / DOCUMENTS).read_text("utf-8")
    (data / DOCUMENTS).write_text(text.replace(_AGENT, agent).replace(_ROOM, room), "utf-8")
    db = sqlite3.connect(data / OUTBOX)
    with db:
        db.executescript((LAYOUT / "outbox.sql").read_text("utf-8"))
        names = {_BOOT: uuid5(NAMESPACE_OID, agent).hex, f'"{_ROOM}"': f'"{room}"'}
        for (told,) in db.execute("SELECT id FROM parcel WHERE lane > 0").fetchall():
            names[told] = str(uuid5(NAMESPACE_OID, f"{agent}/{told}"))
        ids = _rename_parcels(db, agent, names)
        for name, value in db.execute("SELECT name, value FROM memo").fetchall():
            row = _renamed(value.decode(), names).encode(), name
            db.execute("UPDATE memo SET value = ? WHERE name = ?", row)
    db.close()
    return ids


def _rename_parcels(db: sqlite3.Connection, agent: str, names: dict[str, str]) -> list[str]:
    head, ids = "", []
    for no, lane, key, topic, payload in db.execute(
        "SELECT no, lane, id, topic, payload FROM parcel ORDER BY no"
    ).fetchall():
        content = _renamed(payload.decode(), names).encode()
        if lane:
            ids.append(names[key])
            message = up_from(content)
            if isinstance(message, AttendanceMarked):
                message = link_record(message, head)
                head, content = message.hash, to_bytes(message)
        row = (
            names.get(key, key), names[_BOOT], topic.replace(_AGENT, agent), content, no,
        )  # fmt: skip
        db.execute("UPDATE parcel SET id = ?, boot = ?, topic = ?, payload = ? WHERE no = ?", row)
    return ids


def _renamed(text: str, names: dict[str, str]) -> str:
    for old, new in names.items():
        text = text.replace(old, new)
    return text


@cache
def _of_version(version: str) -> type[Classroom]:
    """A classroom that is born under a version."""

    class OfVersion(Classroom):
        def birth(self, session: int, outbox: OutboxReport, moment: Moment) -> Birth:
            return replace(Classroom.birth(self, session, outbox, moment), version=version)

    return OfVersion


class LightRoom:
    """A room in a thread of its own. works: whether a version does; else its page is silent."""

    def __init__(
        self, data: Path, name: str, port: int, authority: Path, works: Callable[[str], bool]
    ) -> None:
        self.name, self._data, self._authority, self._works = name, data, authority, works
        self._config = AgentConfig(
            province=PROVINCE, school=SCHOOL, room=name.upper(), agent_id=name, data=data,
            broker=f"mqtt://127.0.0.1:{port}", mdns=False,
        )  # fmt: skip
        self.starts: list[str] = []
        self.marked: list[str] = []
        self.waiting = -1  # in the outbox, as of the last look
        self.faults: list[BaseException] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)

    def start(self) -> None:
        """Switch it on."""
        self._thread.start()

    def end(self) -> None:
        """Switch it off, and wait until it is."""
        self._is_over.set()
        self._thread.join()

    def _live(self) -> None:
        """Start what its start chooses, again and again, until a fault or its end."""
        self._data.mkdir(exist_ok=True)
        while not self.faults and not self._is_over.is_set():
            environ: dict[str, str] = {}
            folder = launcher.choose(["run", "--data", str(self._data)], environ)
            version = folder.name if folder else environ[launcher.INSTALLED_BUILD]
            self.starts.append(version)
            asyncio.run(self._run(version, environ))

    async def _run(self, version: str, environ: dict[str, str]) -> None:
        swap = asyncio.Event()
        async with open_room(self._config, _machine()) as restored:
            classroom, outbox, documents, clock = restored
            connection = SchoolConnection(
                broker_of(self._config, classroom.room.place), classroom.room, outbox,
                now_ms=lambda: clock.now().at_ms, hear_clock=clock.hear_school,
                hear_update=lambda offer: updating.hear(offer),
            )  # fmt: skip
            updating = Updating(
                self._data, (PUBLIC,),
                Door(connection.controller, str(self._authority), is_file=True),
                swap=swap.set, answers=lambda: self._works(version), running=version,
                session=lambda: connection.session, environ=environ,
                prove_s=WORKING_S if self._works(version) else SILENT_S,
            )  # fmt: skip
            born = _of_version(version)(**{
                one.name: getattr(classroom, one.name) for one in fields(classroom)
            })  # fmt: skip
            store = ClassroomStore(born, outbox, documents, now=clock.now, stirred=connection.wake)
            await store.see([host_sighting()])
            await store.birth(session=0)
            await self._mark(store)
            works = [
                asyncio.create_task(connection.run(store)),
                asyncio.create_task(updating.run(store)),
            ]
            while not (swap.is_set() or self._is_over.is_set() or any(map(_has_ended, works))):
                self.waiting = outbox.report().pending
                await asyncio.sleep(LOOK_S)
            for work in works:
                work.cancel()
            await asyncio.wait(works)
            self.faults += [
                error for work in works if not work.cancelled() and (error := work.exception())
            ]

    async def _mark(self, store: ClassroomStore) -> None:
        """Something to tell in each start, that nobody has heard when it ends."""
        student = f"hs-{self.name}-{len(self.starts)}"
        marked = await store.mark(student, AttendanceStatus.LATE, Method.MANUAL)
        self.marked.append(marked.mark.event_id)


def _has_ended(work: asyncio.Task[None]) -> bool:
    return work.done()


def _machine() -> ThisMachine:
    """A machine that is never looked at."""
    return ThisMachine("light", "0" * 32, host_sighting(), read=_unread, programs=dict)


def _unread() -> HostReading:
    raise AssertionError("a light room measures nothing")
