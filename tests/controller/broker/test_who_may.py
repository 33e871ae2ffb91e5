"""Who may say and hear what at the broker: every topic with every kind of credential, played."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from controller.broker import embedded
from controller.broker.brokerage import Brokerage
from controller.broker.credentials import Credentials
from controller.config import ControllerConfig
from protocol.model import Place
from protocol.topics import Channel
from tests.ports import free_port
from tests.waiting import LIMIT_S, until

SCHOOL = Place("14", "s1")
ROOT = "lophoc/v1/14/s1"
Role = Literal["", "school", "department"]
ROLES: list[Role] = ["", "school", "department"]

# By hand, and by no code of the program: what is said on which channel, and by whom.
TAILS = {
    "birth": "birth", "state": "state", "device": "device/camera-1", "health": "health",
    "event": "event", "retold": "retold", "school": "school", "command": "command/plan",
    "explained": "explained",
}  # fmt: skip
ROOM = {"birth", "state", "device", "health", "event", "retold", "explained"}
SAYS: dict[tuple[Role, str], set[str]] = {
    ("", "typed"): ROOM | {"school"},
    ("", "enrolled"): ROOM,
    ("", "below"): {"school"},
    ("", "local"): ROOM | {"school"},
    ("school", "typed"): ROOM,
    ("school", "enrolled"): ROOM,
    ("school", "below"): set(),
    ("school", "local"): ROOM,
    ("department", "typed"): {"school"},
    ("department", "enrolled"): set(),
    ("department", "below"): {"school"},
    ("department", "local"): {"school"},
}
NOBODY_SAYS = [
    f"{ROOT}/controller/state", f"{ROOT}/controller/health", f"{ROOT}/controller/event",
    "lophoc/v1/14/s2/{own}/event", "lophoc/v1/15/s1/{own}/event", "lophoc/v2/14/s1/{own}/event",
    ROOT, f"{ROOT}/{{own}}", f"{ROOT}/{{own}}/event/more", f"{ROOT}/{{own}}/device",
    f"{ROOT}/{{own}}/device/a/b", "event", "$JS/API/STREAM/UPDATE/$MQTT_rmsgs",
    "$JS/API/STREAM/DELETE/$MQTT_msgs", "$JS/API/INFO",
]  # fmt: skip
NOBODY_HEARS = [
    "#", "+/#", "lophoc/#", f"{ROOT}/#", f"{ROOT}/+/command/#", f"{ROOT}/+/command/plan",
    f"{ROOT}/other/command/#", f"{ROOT}/other/command/ack", f"{ROOT}/other/event",
    f"{ROOT}/+/state", f"{ROOT}/controller/#", f"{ROOT}/controller/health", "$SYS/#", "$JS/#",
    "lophoc/v1/+/+/controller/state", "lophoc/v1/14/s2/{own}/command/#", f"{ROOT}/{{own}}/#",
    f"{ROOT}/{{own}}/+", f"{ROOT}/{{own}}/event", f"{ROOT}/{{own}}/school",
]  # fmt: skip
ITS_OWN = [f"{ROOT}/{{own}}/command/#", f"{ROOT}/{{own}}/command/ack", f"{ROOT}/controller/state"]


class Client:
    """A client that says what it is told to and keeps what it hears."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.heard: set[tuple[str, bytes]] = set()
        self.granted: dict[int, bool] = {}
        self.answered = threading.Event()
        self.is_in = False
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, f"who-may-{free_port()}")
        if user:
            self.client.username_pw_set(user, password)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = lambda _c, _d, each: self.heard.add((each.topic, each.payload))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self.answered.wait(LIMIT_S)

    def _on_connect(self, _c: object, _d: object, _f: object, code: Any, _p: object) -> None:
        self.is_in = not code.is_failure
        self.answered.set()

    def _on_subscribe(self, _c: object, _d: object, mid: int, codes: Any, _p: object) -> None:
        self.granted[mid] = not codes[0].is_failure

    def may_hear(self, topics: list[str]) -> set[str]:
        """Those filters of which the broker grants it anything."""
        mids = {self.client.subscribe(each, 0)[1]: each for each in topics}
        until(lambda: mids.keys() <= self.granted.keys(), "all are answered")
        return {each for mid, each in mids.items() if mid and self.granted[mid]}

    def say(self, topics: list[str], word: bytes) -> None:
        """Say the word on all of them, and wait until the broker has it."""
        said = [self.client.publish(each, word, 1) for each in topics]
        for each in said:
            each.wait_for_publish(LIMIT_S)


@contextmanager
def client(port: int, user: str = "", password: str = "") -> Iterator[Client]:
    """A client, until it is left."""
    made = Client(port, user, password)
    try:
        yield made
    finally:
        made.client.disconnect()
        made.client.loop_stop()


@asynccontextmanager
async def broker(
    folder: Path, monkeypatch: pytest.MonkeyPatch, role: Role
) -> AsyncIterator[tuple[int, dict[str, tuple[str, str]]]]:
    """The controller's broker with a witness who hears all; logins by kind of credential."""
    made = embedded.config_text

    def with_witness(*args: Any, **options: Any) -> str:
        config = json.loads(made(*args, **options))
        config["authorization"]["users"].append({"user": "witness", "password": "w"})
        return json.dumps(config)

    monkeypatch.setattr(embedded, "config_text", with_witness)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "session"))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    credentials = Credentials(folder / "agents.json")
    logins = {name: (name, credentials.add(name)) for name in ("typed", "other", "revoked")}
    logins["enrolled"] = ("enrolled", credentials.issue("enrolled", "a laptop", 1).password)
    below = credentials.issue("below", "a school's server", 1, is_school=True)
    logins["below"] = ("below", below.password)
    credentials.remove("revoked")
    port = free_port()
    config = ControllerConfig(
        province=SCHOOL.province, school=SCHOOL.school, data=folder, mqtt_port=port, mdns=False,
        role=role,
    )  # fmt: skip
    brokerage = Brokerage(config, SCHOOL)
    async with brokerage:
        logins["controller"] = ("controller", brokerage.address.password)
        logins["local"] = (" local", brokerage._key)
        yield port, logins


def own_name(kind: str) -> str:
    """Under which name it speaks: who plays all rooms here takes any."""
    return "played" if kind == "local" else kind


def said(witness: Client, word: bytes) -> set[str]:
    """Where the witness heard the word."""
    return {topic for topic, each in witness.heard if each == word}


def check(port: int, logins: dict[str, tuple[str, str]], role: Role) -> None:
    """Every topic with every credential that lets in."""
    assert {*map(str, Channel)} == {*TAILS}, "a channel has no row in the tables"
    with client(port, "witness", "w") as witness:
        assert len(witness.may_hear(["#", "$JS/#"])) == 2
        for kind in ("typed", "enrolled", "below", "local"):
            own, foreign = own_name(kind), kind != "local"
            with client(port, *logins[kind]) as one:
                may = {f"{ROOT}/{own}/{TAILS[each]}" for each in SAYS[role, kind]}
                others = [f"{ROOT}/other/{tail}" for tail in TAILS.values()] if foreign else []
                says = [f"{ROOT}/{own}/{tail}" for tail in TAILS.values()] + others
                says += [each.format(own=own) for each in NOBODY_SAYS]
                word = kind.encode()
                one.say(says, word)
                until(lambda may=may, word=word: may <= said(witness, word), "it is carried")  # type: ignore[misc]
                witness.client.publish("end", word, 1).wait_for_publish(LIMIT_S)
                until(lambda word=word: "end" in said(witness, word), "so would all else be")  # type: ignore[misc]
                assert said(witness, word) == may | {"end"}, (role, kind)
                hears = [each.format(own=own) for each in ITS_OWN]
                never = [each.format(own=own) for each in NOBODY_HEARS]
                if not foreign:
                    never = [each for each in never if "/command/" not in each]
                assert one.may_hear(hears + never) == {*hears}, (role, kind)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_says_and_hears_what_the_tables_let_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    """On the real broker, by each role of the controller; nothing else is carried or granted."""

    async def play() -> None:
        async with broker(tmp_path, monkeypatch, role) as (port, logins):
            await asyncio.to_thread(check, port, logins, role)

    asyncio.run(play())


def test_who_has_no_credential_is_not_let_in_and_the_controller_hears_its_own_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody, somebody unknown, a wrong word, a revoked one; the controller is bound as well."""

    def play_clients(port: int, logins: dict[str, tuple[str, str]]) -> None:
        strangers = [
            ("", ""),
            ("nobody", "x"),
            ("typed", "wrong"),
            ("controller", ""),
            ("other", ""),
        ]
        for login in (*strangers, logins["revoked"], (logins["typed"][0], logins["other"][1])):
            with client(port, *login) as one:
                assert not one.is_in, login
        with client(port, *logins["controller"]) as one:
            wide = ["#", "lophoc/#", "lophoc/v1/14/s2/#", "$JS/#", "$SYS/#"]
            assert one.may_hear([f"{ROOT}/#", *wide]) == {f"{ROOT}/#"}

    async def play() -> None:
        async with broker(tmp_path, monkeypatch, "") as (port, logins):
            await asyncio.to_thread(play_clients, port, logins)

    asyncio.run(play())
