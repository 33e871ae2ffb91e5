"""This file is a room's agent without its process: real parts on real files, killed at will."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from agent.config import AgentConfig
from agent.database.restore import open_room
from agent.equipment.description import device_id_of
from agent.health.machine import ThisMachine
from agent.local.api import application
from agent.local.keys import DoorKeys
from agent.local.surroundings import DeviceActions, Surroundings
from agent.school.connection import ConnectionState
from agent.school.talk import SchoolTalk
from agent.store import ClassroomStore
from agent.tablets.backend import CART, CartFile, backend_of
from agent.tablets.cart import key_of, token_of
from agent.tablets.checkins import CheckInAnswer, CheckInAttempt
from agent.tablets.service import SuggestionRefused, TabletService
from hardware.readings import Reading
from protocol.door_key import bearer
from protocol.link import Letter, Link
from protocol.model import Place
from protocol.relay import Relay
from tests.agent.classrooms import CALM, host_sighting
from tests.days.line import End, Way, arrival
from tests.days.power import Machine, PowerCut, machine

KEYS = DoorKeys()
PORT = 8765
HEADERS = [
    (b"host", f"127.0.0.1:{PORT}".encode()),
    (b"content-type", b"application/json"),
    *((name.lower().encode(), value.encode()) for name, value in bearer(KEYS.key).items()),
]


class Answer(NamedTuple):
    """What the door said; status 0: the line was cut off before the answer."""

    status: int
    body: Any = None

    @property
    def code(self) -> str:
        """Why it refused."""
        return self.body["error"]["code"] if self.body and "error" in self.body else ""


async def ask(app: Any, method: str, path: str, body: object, client: str) -> Answer:
    """One request to an ASGI application, without a socket."""
    sent: list[dict[str, Any]] = []
    data = b"" if body is None else json.dumps(body).encode()
    where, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": where,
        "raw_path": quote(where).encode(),
        "query_string": query.encode(),
        "root_path": "",
        "scheme": "http",
        "headers": [*HEADERS, (b"content-length", str(len(data)).encode())],
        "client": (client, 50_000),
        "server": ("127.0.0.1", PORT),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    text = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], json.loads(text) if text else None)


class Room:
    """One room's agent. up, down: its ways to and from the school; seen: the school's last word."""

    def __init__(
        self, folder: Path, school: Place, room: str, box: Machine, chance: Random
    ) -> None:
        self.name, self.box = room, box
        self.is_carried = not room.startswith("R")
        self.place = school.of_agent(f"may-{room.lower()}")
        self.up, self.down = Way(chance), Way(chance)
        folder.mkdir()
        self.config = AgentConfig(
            province=school.province,
            school=school.school,
            room="" if self.is_carried else room,
            roaming=self.is_carried,
            agent_id=self.place.agent,
            data=folder,
            broker="mqtt://127.0.0.1:1",
        )
        self._stack: AsyncExitStack | None = None
        self._sessions = 0
        self._random = chance

    @property
    def is_up(self) -> bool:
        """Whether the program runs."""
        return self._stack is not None and not self.box.is_dead

    async def boot(self) -> None:
        """Start as `agent.app` does; the power may be cut meanwhile."""
        await self.drop()
        self.box.is_dead = False
        machine.set(self.box)
        self._stack = AsyncExitStack()
        try:
            await self._open(self._stack)
        except PowerCut:
            await self.drop()

    async def _open(self, stack: AsyncExitStack) -> None:
        itself = host_sighting()
        hardware = ThisMachine("may", "0" * 32, itself, lambda: None, dict)  # type: ignore[arg-type,return-value]
        self.parts = await stack.enter_async_context(open_room(self.config, hardware))
        classroom, self.outbox, documents, clock = self.parts
        boot, self._sessions = classroom.room.boot, 0
        self.end = End(self.up)
        self.talk = SchoolTalk(self.place, boot, now_ms=lambda: clock.now().at_ms)
        self.relay = Relay(self.outbox, cast("Link", self.end), now_s=self.box.now_s)
        self.store = ClassroomStore(
            classroom, self.outbox, documents, now=clock.now, stirred=self.relay.wake
        )
        self.cart = CartFile(self.config.data / CART)
        self.tablets = TabletService(
            backend_of(self.store, self.cart),
            now_s=self.box.steady_s,
            random=self._random.randbytes,
        )
        self._sighted: list[Reading] = []
        self.tablets._report = self._sighted.append
        around = Surroundings(self.place, self._line, "vi", cast("DeviceActions", None))
        self.app = application(self.store, around, KEYS, self.tablets)
        await self.store.see([itself])
        await self.store.birth(session=0)

    def _line(self) -> ConnectionState:
        is_on = self.end.connected.is_set()
        return ConnectionState("", connected=is_on, controller_listening=self.relay.hears_receiver)

    async def drop(self) -> None:
        """Nothing of the program is left; what is on the disk is."""
        stack, self._stack = self._stack, None
        if stack is not None:
            self.box.is_dead = True
            self.box.fuse = None
            await stack.aclose()

    # -- the line ---------------------------------------------------------------------------

    def connect(self) -> None:
        """A session begins."""
        if self.is_up and not self.end.connected.is_set():
            self.end.session += 1
            self.end.connected.set()
            for letter in self.talk.greeting(self.end.session):
                self.end.say(letter)

    def cut(self) -> Letter | None:
        """The session ends; what the broker then says for the agent."""
        if self._stack is None or not self.end.connected.is_set():
            return None
        self.end.connected.clear()
        return self.talk.will(self.end.session)

    async def talk_on(self) -> None:
        """Hear, say what is owed, and send what waits."""
        machine.set(self.box)
        try:
            for letter in self.down.carry():
                if self.end.connected.is_set():
                    await self.talk.hear(arrival(letter, self.end.session), self.relay, self.store)
            if self.talk._birth_owed.is_set() and self.end.connected.is_set():
                self.talk._birth_owed.clear()
                if not await self.store.birth(self.end.session):
                    self.talk.owe_birth()
            if self.relay.hears_receiver:
                await self.relay._fill_window()
                await self.relay._retell_some()
        except PowerCut:
            await self.drop()

    async def beat(self) -> None:
        """Time passes in the room."""
        machine.set(self.box)
        try:
            await self.store.beat(CALM, ())
            await self.tablets.look()
            sighted, self._sighted[:] = [*self._sighted], []
            await self.store.see(sighted)
            self.parts.clock.keep()
        except PowerCut:
            await self.drop()

    def save_cart(self) -> None:
        """The tablets' numbers go to the disk."""
        if self.is_up:
            self.cart.save(self.tablets._cart.slots())

    # -- who presses ------------------------------------------------------------------------

    async def ask(self, method: str, path: str, body: object = None) -> Answer:
        """What the teacher's page asks; status 0 where the power was cut."""
        if not self.is_up:
            return Answer(0)
        machine.set(self.box)
        try:
            return await ask(self.app, method, f"/api/v1/{path}", body, "127.0.0.1")
        except PowerCut:
            await self.drop()
            return Answer(0)

    async def check_in(self, tablet: str, number: tuple[int, int]) -> CheckInAnswer | None:
        """A pupil types the board's code on a tablet; None where no answer came."""
        if not self.is_up:
            return None
        machine.set(self.box)
        code = self.tablets.checkins().code
        digits = code.digits(self.box.steady_s()) if code else "0000"
        attempt = CheckInAttempt(
            tablet=key_of(tablet), address=f"10.0.0.{tablet}", number=number, digits=digits
        )
        try:
            return await self.tablets.check_in(attempt)
        except SuggestionRefused:
            return None
        except PowerCut:
            await self.drop()
            return None

    def device_of(self, tablet: str) -> str | None:
        """The id under which the room's equipment knows a tablet."""
        name = device_id_of(token_of(key_of(tablet)))
        return name if self.is_up and name in self.store.classroom.devices.by_id else None
