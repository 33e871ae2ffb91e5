"""This file is a real school, each of its sides in a namespace, and a hostile laptop among them."""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from agent.lessons.meant import SETTLE_S
from controller.access.account import OFFICE, Account
from controller.access.codes import digest_of
from controller.access.store import begin_session, keep_account
from controller.broker.authority import Authority
from controller.broker.credentials import Credentials
from controller.database.store import Store
from controller.people.person import Role
from protocol.credential import credential_in, keep_credential
from protocol.enrolment import Credential
from protocol.model import Place
from protocol.pin import pinned
from tests.controller.fresh import fresh_folder
from tests.flooding import connect_packet
from tests.flows.programs import Program, get, request
from tests.flows.rooms_apart import Side, at_one_switch
from tests.waiting import until

SERVER, ROOM, LAPTOP = "10.82.0.1", "10.82.0.2", "10.82.0.66"
SCHOOL: Final = Place("14", "00140708")
MQTT_PORT: Final = 1883
_SCREENS: Final = "http://127.0.0.1:8000"
ACCEPTED: Final = b"\x20\x02\x00\x00"  # CONNACK (MQTT 3.1.1, 3.2)
_COOKIE: Final = "lophoc_session"


class ProgramInside(Program):
    """One of LopHoc's commands, run at one end of the network."""

    def __init__(self, side: Side, log: Path, *arguments: str) -> None:
        super().__init__(log, *arguments, is_true=True)
        self._side = side
        self.wait_first: Callable[[], object] = _nothing  # before its first start

    def start(self) -> Program:
        """Start it, or start it again."""
        wait, self.wait_first = self.wait_first, _nothing
        wait()
        return super().start()

    def _line(self) -> list[str]:
        return [*self._side.command(*super()._line())]


def _nothing() -> None:
    """What most programs wait for."""


class Room:
    """An agent, and its teacher's window. password: what stands in its settings or credential."""

    def __init__(self, side: Side, folder: Path, name: str, port: int, *options: str) -> None:
        self.name, self.folder, self.password = name, folder / name, ""
        self._side, self._local = side, f"http://127.0.0.1:{port}"
        self.program = ProgramInside(
            side,
            folder / f"{name}.log",
            *("lophoc-agent", "run", "--data", str(self.folder)),
            *("--school", SCHOOL.school, "--province", SCHOOL.province, "--room", name.upper()),
            *("--agent-id", name, "--local-port", str(port), "--internet", ""),
            *("--usb", "false", "--mdns", "false", "--onvif", "false", "--pjlink", "false"),
            *("--cameras", "false", "--tablets", "false"),
            *options,
        )

    @property
    def credential(self) -> Credential:
        """What it was given by enrolling."""
        found = credential_in(self.folder)
        assert found
        return found

    def status(self) -> dict[str, Any] | None:
        """What its window is told; None while it does not answer."""
        return self._side.ask(get, f"{self._local}/api/v1/status")

    def teacher(self) -> dict[str, Any]:
        """What the teacher sees; nothing while the agent does not answer."""
        nothing: dict[str, Any] = {"proposal": {"classes": []}, "notices": []}
        return self._side.ask(get, f"{self._local}/api/v1/teacher?lang=vi") or nothing

    def notices(self) -> set[str]:
        """What the teacher reads above the lesson, by code."""
        return {each["code"] for each in self.teacher()["notices"]}

    def press(self, path: str, body: object = None) -> Any:
        """Press something on the teacher's window."""
        time.sleep(SETTLE_S)  # as long as a button rests that has become another
        url = f"{self._local}/api/v1/{path}?lang=vi"
        status, answer = self._side.ask(request, "POST", url, body or {})
        assert status == 200, answer
        return answer

    def at_broker(self, address: str) -> None:
        """At its next start it goes to another broker."""
        self.program._arguments += ["--broker", address]

    def link(self) -> dict[str, Any]:
        """How the line to the school stands."""
        return (self.status() or {"link": {}})["link"]

    def is_online(self) -> bool:
        """Whether it has a line, and the controller listens behind it."""
        return bool(self.link().get("controller_listening"))

    def waiting(self) -> int | None:
        """How many messages wait in its outbox; None while it does not answer."""
        status = self.status()
        return status["outbox"]["pending"] if status else None

    def session(self) -> int:
        """How often it has begun to speak with its school."""
        return self.program.log.read_text().count("connected, session")

    def mark(self, student: str) -> None:
        """Mark a pupil present."""
        body = {"student": student, "status": "present", "method": "manual"}
        url = f"{self._local}/api/v1/attendance"
        until(
            lambda: self._side.ask(request, "POST", url, body)[0],
            f"{self.name} marks {student}",
            holds=lambda status: status == 201,
        )


class HostileNetwork:
    """A controller at one end, rooms at another, and the laptop at the third."""

    def __init__(self, folder: Path, server: Side, room: Side, laptop: Side) -> None:
        self.folder, self.server, self.laptop = folder, server, laptop
        self.room, self._stack = room, ExitStack()
        self._rooms: dict[str, Room] = {}
        self.data = fresh_folder(folder / "controller")
        self.passwords = Credentials(self.data / "agents.json")
        self.authority = Authority(self.data)
        self.authority.machine()
        self.controller = ProgramInside(
            server,
            folder / "controller.log",
            *("lophoc-controller", "run", "--data", str(self.data), "--name", "THCS Trần Phú"),
            *("--school", SCHOOL.school, "--province", SCHOOL.province, "--mqtt-host", "0.0.0.0"),  # noqa: S104
        )
        self.ca_file = str(self.authority.file)
        self._cookie = ""

    def close(self) -> None:
        """End everything."""
        self._stack.close()
        for room in self._rooms.values():
            room.program.close()
        self.controller.close()

    def start(self) -> None:
        """Start the controller, and log the office in."""
        self.controller.start()
        until(lambda: self.server.ask(get, "http://127.0.0.1:8000/healthz"), "the controller runs")
        if not self._cookie:
            self._cookie = _logged_in(self.data)

    def enrolled(self, name: str, *options: str) -> Room:
        """A room that was given its credential as the office's page gives it; not started yet."""
        room = self.joining(name, *options)
        issued = self.passwords.issue(name, name, 1)
        self._give(room, issued.password)
        keep_credential(
            room.folder,
            Credential(
                province=SCHOOL.province,
                school=SCHOOL.school,
                agent=name,
                room=name.upper(),
                host=SERVER,
                port=MQTT_PORT,
                authority=self.authority.file.read_text(),
                **issued._asdict(),
            ),
        )
        return room

    def typed(self, name: str, *options: str) -> Room:
        """A room whose password a person wrote into its settings; not started yet."""
        word = self.passwords.add(name)
        file = self.folder / f"{name}.password"
        file.write_text(word)
        room = self.joining(name, "--broker-password-file", str(file), *options)
        self._give(room, word)
        return room

    def admits(self, name: str, password: str) -> bool:
        """Whether the broker lets it in: the controller looks for new passwords from time to time.

        It is not asked before it was told, so that nobody seems to have knocked in vain.
        """
        if f'"{name}"' not in (self.data / "broker" / "nats.conf").read_text():
            return False
        return self.server.ask(_is_let_in, self.ca_file, name, password)

    def _give(self, room: Room, password: str) -> None:
        """Its password, and have it start once that opens the school, as on the office's page."""
        name, room.password = room.name, password
        told = f"{name} is let in"
        room.program.wait_first = lambda: until(lambda: self.admits(name, password), told)

    def page(self, path: str) -> str:
        """A page of the controller's as the office reads it, in Vietnamese."""
        return self.server.ask(self._page, path)

    def knocks(self, address: str) -> str:
        """What the office's page says of who was refused from an address."""
        listed = re.findall(r"<li data-reason.*?</li>", self.page("/connections"), re.DOTALL)
        return " ".join(each for each in listed if f"Từ {address}." in each)

    def stored(self) -> list[tuple[str, str]]:
        """Every mark that is stored, by the room that made it."""
        with contextlib.closing(sqlite3.connect(self.data / "lophoc.db")) as db:
            return [*db.execute("SELECT agent, student FROM marks ORDER BY agent, student")]

    def peer(self, name: str) -> str:
        """What the office's page says of who speaks here under this name."""
        rows = re.findall(r"<tr data-peer.*?</tr>", self.page("/connections"), re.DOTALL)
        return " ".join(row for row in rows if f'data-peer="{name}"' in row)

    def joining(self, name: str, *options: str) -> Room:
        """A room's computer that nobody has given anything yet; not started yet."""
        room = Room(self.room, self.folder, name, 8765 + len(self._rooms), *options)
        self._rooms[name] = room
        return room

    def press(self, path: str, form: Mapping[str, str]) -> str:
        """The page that follows a form of the controller's."""
        return self.server.ask(self._page, path, form)

    def _page(self, path: str, form: Mapping[str, str] | None = None) -> str:
        told = {"cookies": {_COOKIE: self._cookie}, "headers": {"origin": _SCREENS}}
        with httpx.Client(base_url=_SCREENS, follow_redirects=True, **told) as web:
            if form is None:
                answer = web.get(path, params={"lang": "vi"})
            else:
                answer = web.post(path, data=form)
        answer.raise_for_status()
        return answer.text


def _is_let_in(ca_file: str, name: str, password: str) -> bool:
    with (
        contextlib.suppress(OSError),  # it begins again to take plain lines as well
        socket.create_connection(("127.0.0.1", MQTT_PORT)) as plain,
        pinned(Path(ca_file)).wrap_socket(plain) as line,
    ):
        line.sendall(connect_packet(name, password))
        return line.recv(4) == ACCEPTED
    return False


def _logged_in(data: Path) -> str:
    """The cookie of an administrator's session, put into the very database."""
    cookie, now_ms = secrets.token_urlsafe(), time.time_ns() // 1_000_000
    with Store(f"sqlite:///{data / 'lophoc.db'}") as store, store.transaction() as db:
        keep_account(db, Account(account=OFFICE, role=Role.ADMIN, made_ms=now_ms))
        session = {"digest": digest_of(cookie), "device": "", "label": "test"}
        begin_session(db, OFFICE, **session, now_ms=now_ms)
    return cookie


@contextmanager
def hostile_network(folder: Path) -> Iterator[HostileNetwork]:
    """The school in its network, its controller running; what failed prints the logs."""
    with at_one_switch(SERVER, ROOM, LAPTOP) as (server, room, laptop):
        network = HostileNetwork(folder, server, room, laptop)
        try:
            network.start()
            yield network
        finally:
            network.close()
