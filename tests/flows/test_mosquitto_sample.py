"""The sample for Mosquitto is right: our programs work by it, and it carries nothing else."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from controller.broker.authority import Authority
from protocol.model import Place
from protocol.pin import pinned
from protocol.topics import (
    CONTROLLER,
    ROOM_CHANNELS,
    TAILED,
    commands_to,
    controller_state,
    school_root,
)
from tests.conftest import answers, need
from tests.flows.programs import School
from tests.ports import free_port
from tests.waiting import LIMIT_S, until

SAMPLE = Path(__file__).parents[2] / "docs/mosquitto"
SCHOOL = Place("14", "00140708")
ROOT = school_root(SCHOOL)
USERS = (CONTROLLER, "p203", "p204")


def test_its_rights_are_those_of_the_topics() -> None:
    """A channel that comes later is missing here until it is written down."""
    own = SCHOOL.of_agent("%u")
    says = [f"{each}/+" if each in TAILED else str(each) for each in ROOM_CHANNELS]
    hears = commands_to(own).replace("-x25-u", "%u")
    lines = (SAMPLE / "acl").read_text("utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == [
        f"user {CONTROLLER}",
        f"topic readwrite {ROOT}/#",
        *(f"pattern write {ROOT}/%u/{each}" for each in says),
        f"pattern read {hears}",
        f"pattern read {controller_state(SCHOOL)}",
    ]


class Sampled:
    """A real Mosquitto that runs by the sample, moved into a folder and onto a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        program, passwd = need("mosquitto", "mosquitto"), need("mosquitto_passwd", "mosquitto")
        machine = Authority(folder).machine()
        self.authority = Authority(folder).file
        home = folder / "lophoc"
        home.mkdir()
        for path in (self.authority, *machine, SAMPLE / "acl"):
            shutil.copy(path, home)
        for user in USERS:
            (folder / user).write_text(f"word of {user}")
            made = ["-c"] if user == USERS[0] else []
            subprocess.run(
                [passwd, "-b", *made, home / "passwords", user, f"word of {user}"], check=True
            )
        text = (SAMPLE / "mosquitto.conf").read_text("utf-8")
        text = text.replace("/etc/mosquitto/lophoc", str(home)).replace(
            "/var/lib/mosquitto/", f"{folder}/"
        )
        text = text.replace("listener 8883", f"listener {self.port} 127.0.0.1")
        (folder / "mosquitto.conf").write_text(f"user root\n{text}")
        with (folder / "mosquitto.log").open("wb") as log:
            self.process = subprocess.Popen(
                [program, "-c", folder / "mosquitto.conf"], stdout=log, stderr=log
            )
        until(lambda: answers(self.port), "mosquitto listens")

    def client(self, user: str, password: str = "", client_id: str = "x") -> Client:
        """A client, connected or refused."""
        return Client(self, user, password or f"word of {user}", client_id)


class Client:
    """A client that says and hears; is_in: whether it is connected now."""

    def __init__(self, broker: Sampled, user: str, password: str, client_id: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.is_in: bool | None = None
        self.losses = 0
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id)
        self.client.tls_set_context(pinned(broker.authority))
        if user:
            self.client.username_pw_set(user, password)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = lambda _c, _d, each: self.heard.append(
            (each.topic, bytes(each.payload))
        )
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        until(lambda: self.is_in is not None, "it is answered")

    def _on_connect(self, _c: object, _d: object, _f: object, code: object, _p: object) -> None:
        self.is_in = not code.is_failure  # type: ignore[attr-defined]

    def _on_disconnect(self, *_: object) -> None:
        self.losses += 1

    def say(self, topic: str, payload: bytes) -> None:
        self.client.publish(topic, payload, 1).wait_for_publish(LIMIT_S)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def sampled(tmp_path: Path) -> Iterator[Sampled]:
    """Mosquitto by the sample."""
    broker = Sampled(tmp_path)
    yield broker
    broker.process.kill()
    broker.process.wait()


def test_a_room_says_and_hears_its_own_alone(sampled: Sampled) -> None:
    """Probing: everything is subscribed to, everything is said; nothing of others is carried."""
    school = sampled.client(CONTROLLER)
    room = sampled.client("p203")
    school.client.subscribe(f"{ROOT}/#", 1)
    for each in ("#", f"{ROOT}/#", f"{ROOT}/+/command/#", f"{ROOT}/p204/#", "$SYS/#"):
        room.client.subscribe(each, 1)
    own = [f"{ROOT}/p203/{each}{'/d' if each in TAILED else ''}" for each in ROOM_CHANNELS]
    foreign = [topic.replace("p203", "p204") for topic in own]
    never = [f"{ROOT}/p203/school", f"{ROOT}/p203/command/plan", controller_state(SCHOOL), "x"]
    for topic in (*foreign, *never, *own):
        room.say(topic, b"said")
    until(lambda: len(school.heard) >= len(own), "its own words are carried")
    assert sorted(topic for topic, _ in school.heard) == sorted(own)
    for topic in (f"{ROOT}/p204/command/plan", f"{ROOT}/p204/event", f"{ROOT}/p203/command/ack"):
        school.say(topic, b"answered")
    until(lambda: room.heard, "its command is carried")
    assert {*room.heard} == {(f"{ROOT}/p203/command/ack", b"answered")}
    room.close()
    school.close()


def test_nobody_comes_in_without_a_password_or_takes_anothers_session(sampled: Sampled) -> None:
    """Who names another's session gets the one of the own name."""
    for user, password in (("", ""), ("nobody", "x"), ("p203", "wrong")):
        stranger = sampled.client(user, password)
        assert not stranger.is_in
        stranger.close()
    room = sampled.client("p203", client_id="p203")
    thief = sampled.client("p204", client_id="p203")
    assert thief.is_in
    thief.say(f"{ROOT}/p204/event", b"said")
    room.say(f"{ROOT}/p203/event", b"said")
    assert (room.losses, thief.losses) == (0, 0)
    room.close()
    thief.close()


def test_what_is_too_long_is_not_carried(sampled: Sampled) -> None:
    """And what comes behind it is."""
    school, room = sampled.client(CONTROLLER), sampled.client("p203")
    school.client.subscribe(f"{ROOT}/#", 1)
    room.client.publish(f"{ROOT}/p203/event", b"x" * 300_001, 1)

    def is_carried() -> bool:
        room.client.publish(f"{ROOT}/p203/event", b"short", 1)  # again: who listens may come late
        return (f"{ROOT}/p203/event", b"short") in school.heard

    until(is_carried, "the short one is carried")
    assert all(len(payload) <= 300_000 for _, payload in school.heard)
    room.close()
    school.close()


def test_our_agent_and_controller_work_by_it(sampled: Sampled, tmp_path: Path) -> None:
    """A mark of the room is stored at the school."""
    with School(tmp_path / "school", broker=f"mqtts://127.0.0.1:{sampled.port}") as school:
        for program, user in ((school.controller, CONTROLLER), (school.agent, "p203")):
            program.close()
            program._arguments += [
                *("--broker", f"mqtts://{user}@127.0.0.1:{sampled.port}"),
                *("--broker-password-file", str(sampled.folder / user)),
                *("--broker-ca-file", str(sampled.authority)),
            ]
            program.start()
        school.ready()
        assert school.mark("hs-0001")[0] == 201
        until(school.marks, "its mark is stored")
