"""This file builds a school in a real store, and serves its face on a real port."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Self
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from msgspec.structs import replace

from controller.config import ControllerConfig
from controller.database.store import Store
from controller.feature import Program
from controller.features import FEATURES, counts, keep_batch, listeners_of
from controller.fleet.fleet import Change
from controller.fleet.records import (
    AgentRecord,
    AttendanceRecord,
    DeviceRecord,
    EventRecord,
    Record,
)
from controller.fleet.store import newest_change
from controller.incidents.causes import Signal
from controller.incidents.service import Incidents
from controller.live.live import LiveView
from controller.web.server import SCREENS, listening, server_of
from controller.web.site import create_web
from protocol.doors.limits import DoorLimits
from protocol.messages import HostMeasures, KitLine, LineMeasures
from protocol.model import (
    AttendanceStatus,
    DeviceKind,
    DeviceMeasures,
    Identity,
    Method,
    Place,
    Reason,
    Status,
)
from protocol.words import Translate, translator
from tests.controller.ears import Ears
from tests.controller.people import with_office
from tests.databases import sqlite_in
from tests.ports import free_port
from tests.waiting import LIMIT_S, until

SCHOOL = Place("79", "00123")
NAME = "Trường THCS Nguyễn Du"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
GRACE_S = 1.5
NOW_MS = 1_788_567_000_000  # 2026-09-05 07:10 in Vietnam

FOLDERS: WeakKeyDictionary[Store, Path] = WeakKeyDictionary()  # where a store's office is kept

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN


def agent(room: str, **changes: object) -> AgentRecord:
    """A healthy agent of a room."""
    well = AgentRecord(
        place=SCHOOL.of_agent(f"may-{room.lower()}"),
        room=room,
        version="0.1.0",
        boot="b1",
        online=True,
        status=OK,
        measures=HostMeasures(cpu_percent=12, memory_used_percent=48, disk_used_percent=61),
        since_ms=NOW_MS,
        first_seen_ms=NOW_MS,
        last_seen_ms=NOW_MS,
    )
    return replace(well, **changes)


def device(room: str, kind: DeviceKind, number: int = 1, **changes: object) -> DeviceRecord:
    """A healthy device of a room."""
    well = DeviceRecord(
        place=SCHOOL.of_agent(f"may-{room.lower()}"),
        device_id=f"{kind}-{room.lower()}-{number:02}",
        kind=kind,
        name=f"{kind} {number}",
        vendor="ViewSonic",
        model="IFP6550",
        serial=f"00{number:03}",
        room=room,
        status=OK,
        sources=("usb",),
        boot="b1",
        since_ms=NOW_MS,
        first_seen_ms=NOW_MS,
        last_seen_ms=NOW_MS,
    )
    return replace(well, **changes)


def a_full_room(room: str = "6A1") -> list[Record]:
    """A room of which all is told that the wire's second schema can tell; one camera is missing."""
    place = SCHOOL.of_agent(f"may-{room.lower()}")
    kit = (
        KitLine(kind=DeviceKind.HOST, wanted=1, here=1),
        KitLine(kind=DeviceKind.BOARD, wanted=1, here=1),
        KitLine(kind=DeviceKind.CAMERA, wanted=2, here=1),
        KitLine(kind=DeviceKind.TABLET, wanted=3, here=3),
        KitLine(name="LibreOffice", wanted=1, here=1, running=True),
        KitLine(name="GeoGebra", wanted=1, here=1, running=False),
    )
    computer = agent(
        room,
        kit=kit,
        line=LineMeasures(gateway=True, controller=True, internet=False, rtt_ms=12.3),
        measures=HostMeasures(cpu_percent=12, battery_wear_percent=31, wifi_signal_dbm=-64),
        reasons=(Reason("internet_unreachable"),),
        lesson="toan-1",
    )
    lamp = DeviceMeasures(power="on", input="HDMI 1", lamp_hours=1204, filter_hours=80)
    projector = device(
        room,
        DeviceKind.PROJECTOR,
        place=place,
        identity=Identity.UUID,
        aliases=("host-1",),
        address="192.0.2.30:4352",
        measures=lamp,
    )
    seen = device(
        room,
        DeviceKind.CAMERA,
        identity=Identity.MAC,
        measures=DeviceMeasures(picture="ok"),
    )
    asleep = {"identity": Identity.HOST, "reasons": (Reason("sleeping"),)}
    return [
        computer,
        device(room, DeviceKind.BOARD, identity=Identity.USB),
        projector,
        seen,
        device(room, DeviceKind.TABLET, 1, identity=Identity.TOKEN),
        *(device(room, DeviceKind.TABLET, number, **asleep) for number in (2, 3)),
    ]


def event(event_id: str, room: str = "6A1", **changes: object) -> EventRecord:
    """A lesson that began."""
    began = EventRecord(
        place=SCHOOL.of_agent(f"may-{room.lower()}"),
        event_id=event_id,
        kind="lesson_started",
        room=room,
        at_ms=NOW_MS,
        received_ms=NOW_MS,
        body=b'{"lesson":"toan-1"}',
    )
    return replace(began, **changes)


def mark(event_id: str, day: str = "2026-09-05", **changes: object) -> AttendanceRecord:
    """A pupil who is there."""
    there = AttendanceRecord(
        place=SCHOOL.of_agent("may-6a1"),
        event_id=event_id,
        student="0007",
        status=AttendanceStatus.PRESENT,
        method=Method.MANUAL,
        room="6A1",
        lesson="toan-1",
        day=day,
        at_ms=NOW_MS,
        received_ms=NOW_MS,
    )
    return replace(there, **changes)


def room_codes(count: int) -> list[str]:
    """Room codes as schools write them: 6A1, 6A2 ... 9A8."""
    return [f"{6 + number // 8}A{1 + number % 8}" for number in range(count)]


def a_morning(rooms: int = 30, tablets: int = 40) -> list[Record]:
    """A school on an ordinary morning: mostly well, some rooms not, one of them cut off."""
    records: list[Record] = []
    for number, room in enumerate(room_codes(rooms)):
        lesson = "toan-1" if number % 3 else None
        records.append(agent(room, lesson=lesson))
        kinds = (DeviceKind.HOST, DeviceKind.BOARD, DeviceKind.CAMERA, DeviceKind.PROJECTOR)
        records += [device(room, kind) for kind in kinds]
        records += [device(room, DeviceKind.TABLET, each) for each in range(1, tablets + 1)]
    return [_troubled(record) for record in records]


def numbered(records: Sequence[Record], first_change: int = 1) -> list[Record]:
    """The records with numbers in the feed of changes, as a fleet gives them."""
    change = first_change
    told: list[Record] = []
    for record in records:
        if isinstance(record, DeviceRecord):
            told.append(replace(record, change=change))
            change += 1
        else:
            told.append(record)
    return told


@contextlib.contextmanager
def a_store(folder: Path, records: Sequence[Record] = (), url: str = "") -> Iterator[Store]:
    """A real store, holding the records: in the folder, or where the URL says."""
    with Store(url or sqlite_in(folder)) as store:
        FOLDERS[store] = folder
        store.write(keep_batch, numbered(records), NOW_MS)
        yield store


def changes_something(request: pytest.FixtureRequest) -> bool:
    """Whether a test asks for what it could write with; the others of its file share a school."""
    return not {"store", "served", "database", "monkeypatch"}.isdisjoint(request.fixturenames)


class FaceWriter:
    """Stores and shows what a person does, as the ingest does."""

    def __init__(self, program: Program) -> None:
        self._program = program

    async def apply(self, action: Callable[[int], Sequence[object]]) -> bool:
        """Let a listener change what is stored."""
        store = self._program.store
        for listener in listeners_of(self._program):
            store.read(listener.load)
        changes = action(NOW_MS)
        await asyncio.to_thread(store.write, keep_batch, changes, NOW_MS)
        self._program.publish(changes)
        return bool(changes)

    async def write(self, action: Callable[..., Sequence[object]], *args: object) -> bool:
        """Let a function write."""
        changes = await asyncio.to_thread(self._program.store.write, action, *args)
        self._program.publish(changes)
        return bool(changes)

    async def take_again(self, no: int, topic: str, payload: bytes) -> None:
        """Let the ingest take a message out of quarantine."""
        await Ears(self._program).ingest.take_again(no, topic, payload)


def a_program(
    store: Store,
    live: LiveView | None = None,
    *,
    scope: Place = SCHOOL,
    translate_to: Callable[[str], Translate] = translator,
    folder: Path | None = None,
    upstream: str = "mqtt://above",
    now_ms: Callable[[], int] = lambda: NOW_MS,
    boot: str = "face",
) -> Program:
    """A controller's program over a store; its clock is the live present's."""
    program = Program(
        config=ControllerConfig(
            province=scope.province,
            school=scope.school,
            name=NAME,
            data=folder or FOLDERS[store],
            upstream=upstream,
        ),
        features=FEATURES,
        store=store,
        zone=ZoneInfo("Asia/Ho_Chi_Minh"),
        boot=boot,
        wall_ms=live._program.wall_ms if live else now_ms,
        translate_to=translate_to,
        health=lambda: {"broker": "connected"},
        figures=lambda: {**store.read(counts), "messages_taken_total": 7.0},
    )
    program.writer = FaceWriter(program)
    if live:
        program._services[LiveView] = live
    return program


def a_face(
    store: Store,
    live: LiveView,
    *,
    scope: Place = SCHOOL,
    allowed_hosts: Sequence[str] = ("127.0.0.1", "localhost", "testserver"),
    translate_to: Callable[[str], Translate] = translator,
    folder: Path | None = None,
    boot: str = "face",
    settle_s: float = 0.0,
) -> FastAPI:
    """The face of a school whose store and fleet this process holds; it takes each press."""
    program = a_program(
        store, live, scope=scope, translate_to=translate_to, folder=folder, boot=boot
    )
    return with_office(create_web(program, allowed_hosts, settle_s=settle_s), program)


def a_live(
    store: Store, clock: Callable[[], float] = lambda: NOW_MS / 1000, scope: Place = SCHOOL
) -> LiveView:
    """A live present over a store, its clock at rest on a school morning."""
    return LiveView(a_program(store, scope=scope, now_ms=lambda: int(clock() * 1000)))


def asked(
    store: Store,
    path: str,
    *,
    method: str = "GET",
    host: str = "127.0.0.1",
    scope: Place = SCHOOL,
    face: Mapping[str, Any] | None = None,
    **options: Any,
) -> httpx.Response:
    """What a store's face answers to a host, on a morning at rest; no port is opened.

    face: more for `a_face`. options: more for `httpx.AsyncClient.request`.
    """
    return asked_of(_face_at_rest(store, scope, **(face or {})), path, method, host, **options)


def asked_of(
    face: FastAPI, path: str, method: str = "GET", host: str = "127.0.0.1", **options: Any
) -> httpx.Response:
    """What a face answers to a host. options: more for `httpx.AsyncClient.request`."""

    async def answered() -> httpx.Response:
        way = httpx.ASGITransport(face, client=(host, 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
            return await web.request(method, path, **options)

    return asyncio.run(answered())


@lru_cache(maxsize=8)
def _face_at_rest(store: Store, scope: Place, **face: Any) -> FastAPI:
    """A face for all that is asked of a store: building one takes longer than its answers."""
    return a_face(store, a_live(store, scope=scope), scope=scope, **face)


class NoFindings:
    """A server with which nothing is wrong."""

    def signals(self, now_ms: int) -> list[Signal]:
        """Nothing."""
        del now_ms
        return []


def at_rest() -> float:
    """The clock of a school morning that does not go on."""
    return NOW_MS / 1000


class Served:
    """A school's face on a real port, until closed; it can be stopped and started again."""

    def __init__(
        self,
        store: Store,
        *,
        port: int = 0,
        scope: Place = SCHOOL,
        limits: DoorLimits = SCREENS,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
        **face: object,
    ) -> None:
        self._store = store
        self._clock = clock
        self._passed_s = 0.0
        self._scope = scope
        self._limits = limits
        self.tls = tls
        self._face = face
        self._looking: Incidents | None = None
        self.port = port or free_port()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address of the first screen."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Serve, and return when the port answers."""
        self._server = server_of(self.made(), self._limits, tls=lambda: self.tls)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        until(lambda: self._server.started or not self._thread.is_alive())

    def made(self) -> FastAPI:
        """The face to serve."""
        self._looking = None
        self.live = a_live(self._store, lambda: self._clock() + self._passed_s, self._scope)
        return a_face(self._store, self.live, scope=self._scope, **self._face)  # type: ignore[arg-type]

    def stop(self) -> None:
        """Stop serving; the port is free again."""
        self._server.should_exit = True
        self._thread.join(GRACE_S)
        self._server.force_exit = True  # a browser's page that sleeps does not close its line
        self._thread.join(LIMIT_S)

    def tell(self, *records: Record) -> None:
        """Commit and publish, as ingest does."""
        self._loop.call_soon_threadsafe(self.live.publish, self.tell_store(*records))

    def judge(self, *, passing_s: float = 0.0) -> None:
        """Let time pass, and look for incidents of rooms before and after it."""
        for passed_s in (0.0, passing_s):
            self._passed_s += passed_s
            asyncio.run_coroutine_threadsafe(self._incidents().look(), self._loop).result(LIMIT_S)

    def _incidents(self) -> Incidents:
        """What looks; this machine's own disk is no part of a test."""
        if self._looking is None:
            self._looking = a_program(self._store, self.live, scope=self._scope).service(Incidents)
            self._looking._own = NoFindings()
        return self._looking

    def tell_store(self, *records: Record) -> list[Change]:
        """Commit alone, as happens while nobody serves."""
        told = numbered(records, self._store.read(newest_change, SCHOOL) + 1)
        return [*told, *self._store.write(keep_batch, told, NOW_MS)]

    def _run(self) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            with listening("127.0.0.1", self.port) as listener:
                await self._server.serve(sockets=[listener])

        asyncio.run(serve())


def _troubled(record: Record) -> Record:
    """What is wrong in the morning's school."""
    if not isinstance(record, AgentRecord | DeviceRecord):
        return record
    earlier = NOW_MS - 2_700_000
    if record.room == "7A3":
        reason = Reason("agent_lost")
        fields = {"status": UNKNOWN, "reasons": (reason,), "since_ms": earlier}
        if isinstance(record, AgentRecord):
            fields |= {"online": False, "lesson": None}
        return replace(record, **fields)
    if isinstance(record, AgentRecord):
        if record.room == "8A2":
            reason = Reason("disk_low", 97.4, 97.0)
            return replace(record, status=CRITICAL, reasons=(reason,), since_ms=earlier)
        return record
    match record.room, record.kind, int(record.serial):
        case "7A2", DeviceKind.TABLET, number if number <= 12:
            return replace(record, status=UNKNOWN, reasons=(Reason("goodbye"),), since_ms=earlier)
        case "6A4", DeviceKind.CAMERA, _:
            return replace(record, status=WARNING, reasons=(Reason("unplugged"),), since_ms=earlier)
        case "9A1", DeviceKind.PROJECTOR, _:
            reason = Reason("temperature_high", 93.5, 92.0)
            return replace(record, status=CRITICAL, reasons=(reason,), since_ms=earlier)
        case _:
            return record
