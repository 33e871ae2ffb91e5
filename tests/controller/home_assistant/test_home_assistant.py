"""Home Assistant reads what there is and how it fares, hears nothing else, and says nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion

from controller.broker.brokerage import Brokerage
from controller.broker.credentials import CredentialError, Credentials
from controller.broker.embedded import READER_USER
from controller.broker.reader import READER_FILE, ReaderKey
from controller.config import ControllerConfig
from controller.feature import Line
from controller.home_assistant.entities import OFF, ON, Present, entities_of, told_of
from controller.home_assistant.service import Teller
from controller.live.rooms import rooms_of
from protocol.link import Letter, Link
from protocol.model import DeviceKind, Place, Status
from protocol.topics import controller_state
from protocol.words import translator
from tests.controller.people import READER
from tests.controller.web_school import (
    SCHOOL,
    a_live,
    a_program,
    a_store,
    agent,
    asked,
    device,
    mark,
)
from tests.ports import free_port
from tests.waiting import LIMIT_S, until

FOUND = re.compile(r"homeassistant/(binary_sensor|sensor)/([A-Za-z0-9_-]+)/([A-Za-z0-9_-]+)/config")
NAMES = st.text(min_size=1, max_size=12).filter(str.strip)
DEVICES = st.lists(
    st.tuples(NAMES, st.sampled_from(DeviceKind), st.sampled_from(Status), NAMES), max_size=8
)


@given(DEVICES, st.sets(NAMES, max_size=3))
def test_what_is_told_is_as_home_assistant_reads_it(
    devices: list[tuple[str, DeviceKind, Status, str]], rooms: set[str]
) -> None:
    """Whatever things are called: each figure has its topic, an id of its own, and a value."""
    agents = [agent(room) for room in rooms]
    records = [
        device(room, kind, device_id=name, name=name, status=status)
        for room in sorted(rooms)
        for name, kind, status, _ in devices
    ]
    say = translator("vi")
    told = told_of(
        entities_of(Present(SCHOOL, "X", rooms_of(agents, records), records, 2, frozenset()), say),
        SCHOOL, say,
    )  # fmt: skip
    configs = {topic: json.loads(told[topic]) for topic in told if FOUND.fullmatch(topic)}
    states = {topic: json.loads(told[topic]) for topic in told if topic not in configs}
    assert len({config["unique_id"] for config in configs.values()}) == len(configs)
    devices_told = {config["device"]["identifiers"][0] for config in configs.values()}
    for config in configs.values():
        key = re.fullmatch(r"\{\{ value_json\.([a-z]+) \}\}", config["value_template"])
        assert key
        assert key[1] in states[config["state_topic"]]
        assert config["availability_topic"] == controller_state(SCHOOL)
        assert config["device"].get("via_device", next(iter(devices_told))) in devices_told
    for topic, state in states.items():
        assert topic.startswith("lophoc-read/v1/79/00123/")
        assert not any(sign in topic for sign in "+#$ ")
        assert all(isinstance(value, int | str) for value in state.values())


def test_tablets_lessons_and_people_are_not_named(tmp_path: Path) -> None:
    """A tablet counts in its room; a class is a lesson that runs, and no more."""
    teacher = agent("6A1", lesson="toan-6a1-lo-thi-anh")
    records = [
        device("6A1", DeviceKind.BOARD, device_id="b1", name="Bảng 1", status=Status.UNKNOWN),
        device("6A1", DeviceKind.TABLET, device_id="t1", name="của Lò Thị Ánh"),
    ]
    say = translator("vi")
    rooms = rooms_of([teacher], records)
    heard = frozenset({teacher.place.agent})
    entities = entities_of(Present(SCHOOL, "X", rooms, records, 0, heard), say)
    told = b"\n".join(told_of(entities, SCHOOL, say).values()).decode()
    assert "Bảng 1" in told
    assert "Ánh" not in told
    assert "toan" not in told
    states = {entity.name: entity.state for entity in entities}
    assert states["Bảng 1"]["connected"] == OFF
    assert states["6A1"] == {
        "computer": ON, "problem": ON, "lesson": ON, "devices": 2, "disconnected": 1,
    }  # fmt: skip


class Ears:
    """Home Assistant, as far as MQTT shows it: what lies where, by what it may hear."""

    def __init__(self, port: int, password: str) -> None:
        self.lies: dict[str, bytes] = {}
        self.granted: list[bool] = []
        self.is_in: bool | None = None
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, f"ha-{port}")
        self.client.username_pw_set(READER_USER, password)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.client.on_subscribe = lambda _c, _d, _m, codes, _p: self.granted.append(
            not codes[0].is_failure
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _on_connect(self, _c: object, _d: object, _f: object, code: object, _p: object) -> None:
        self.is_in = not getattr(code, "is_failure", True)
        self.client.subscribe("homeassistant/#")
        self.client.subscribe("lophoc-read/#")

    def _on_message(self, _c: object, _d: object, message: mqtt.MQTTMessage) -> None:
        if message.payload:
            self.lies[message.topic] = message.payload
        else:
            self.lies.pop(message.topic, None)

    def may_hear(self, topic: str) -> bool:
        """Whether the broker lets it."""
        before = len(self.granted)
        self.client.subscribe(topic)
        until(lambda: len(self.granted) > before, "the broker answers")
        return self.granted[-1]

    def leave(self) -> None:
        """Say good-bye."""
        self.client.disconnect()
        self.client.loop_stop()


@asynccontextmanager
async def a_line(brokerage: Brokerage, greet: Callable[[], None]) -> AsyncIterator[Line]:
    """The controller's own line to the broker."""

    def greeting(_session: int) -> list[Letter]:
        greet()
        return []

    link = Link(
        brokerage.address, brokerage.address.client_id, filters=[],
        will=lambda _: Letter(controller_state(SCHOOL), b"{}"), greeting=greeting,
    )  # fmt: skip
    running = asyncio.create_task(link.run())
    await link.connected.wait()
    nothing = asyncio.Event().wait
    try:
        yield Line(link.say, lambda: 0, nothing, nothing, nothing, lambda: False)  # type: ignore[arg-type]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_it_is_let_in_told_shut_out_and_everything_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the real broker: it finds things, hears of changes, and may do nothing else."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "session"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    records = [
        agent("6A1"),
        device("6A1", DeviceKind.BOARD, device_id="b1", name="Bảng 1"),
        mark("m1"),
    ]

    async def play() -> None:
        with a_store(tmp_path, records) as store:
            live = a_live(store)
            await live.load()
            port = free_port()
            config = ControllerConfig(
                province=SCHOOL.province, school=SCHOOL.school, data=tmp_path,
                mqtt_port=port, mdns=False,
            )  # fmt: skip
            program = a_program(store, live)
            program.config = config
            teller, key = Teller(program), ReaderKey(tmp_path)
            brokerage = Brokerage(config, SCHOOL)
            async with brokerage, a_line(brokerage, teller.forget_told) as line:
                await teller.look(line)
                password = key.renew()
                await brokerage.admit()
                ears = await asyncio.to_thread(Ears, port, password)
                await asyncio.to_thread(until, lambda: len(ears.granted) == 2, "it listens")
                assert ears.granted == [True, True]
                assert not ears.lies, "it was not let in before"
                await teller.look(line)
                await asyncio.to_thread(until, lambda: state_of(ears, "Bảng 1") == ON, "found")
                live.publish(
                    [
                        device(
                            "6A1",
                            DeviceKind.BOARD,
                            device_id="b1",
                            name="Bảng 1",
                            status=Status.UNKNOWN,
                        )
                    ]
                )
                await teller.look(line)
                await asyncio.to_thread(until, lambda: state_of(ears, "Bảng 1") == OFF, "lost")
                root = f"lophoc/v1/{SCHOOL.province}/{SCHOOL.school}"
                for topic in ("#", "lophoc/#", f"{root}/#", f"{root}/+/event", "$SYS/#"):
                    assert not await asyncio.to_thread(ears.may_hear, topic)
                assert await asyncio.to_thread(ears.may_hear, controller_state(SCHOOL))
                lies = dict(ears.lies)
                for topic in (next(iter(lies)), f"{root}/p1/event", "homeassistant/status"):
                    ears.client.publish(topic, b"false", 0, retain=True)
                key.take_away()
                again = Teller(program)  # a start that never told any of it
                await again.look(line)
                await asyncio.to_thread(until, lambda: not ears.lies, "all is taken back")
                await again.look(line)
                await brokerage.admit()
                await asyncio.to_thread(ears.leave)
                refused = await asyncio.to_thread(Ears, port, password)
                await asyncio.to_thread(until, lambda: refused.is_in is False, "shut out")
                await asyncio.to_thread(refused.leave)

    asyncio.run(asyncio.wait_for(play(), 4 * LIMIT_S))


def state_of(ears: Ears, name: str) -> str | None:
    """Whether Home Assistant shows a device of this name as connected."""
    for topic, payload in list(ears.lies.items()):
        if FOUND.fullmatch(topic):
            config = json.loads(payload)
            if config["device"]["name"] == name and config["unique_id"].endswith("-connected"):
                lies = ears.lies.get(config["state_topic"])
                return json.loads(lies)["connected"] if lies else None
    return None


def test_a_room_of_the_same_name_stays_a_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own password lets it in, and it may speak for itself."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "session"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    ReaderKey(tmp_path).renew()
    config = ControllerConfig(
        province="14", school="s1", data=tmp_path, mqtt_port=free_port(), mdns=False
    )
    alone = Brokerage(config, Place("14", "s1"))
    assert alone._users()[READER_USER].startswith("$2")
    assert not alone._channels_of(READER_USER)
    word = Credentials(tmp_path / "agents.json").add(READER_USER)
    beside = Brokerage(config, Place("14", "s1"))
    assert beside._users()[READER_USER] == word
    assert beside._channels_of(READER_USER)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"hash": 1}', "\x00" * 40])
def test_a_file_that_cannot_be_read_lets_nobody_in_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """A cut in the middle of writing, a hand that slipped."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "session"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / READER_FILE).write_text(text)
    with pytest.raises(CredentialError, match="cannot be read"):
        ReaderKey(tmp_path).users()
    config = ControllerConfig(
        province="14", school="s1", data=tmp_path, mqtt_port=free_port(), mdns=False
    )
    assert READER_USER not in Brokerage(config, Place("14", "s1"))._users()


def test_the_page_lets_it_in_shows_the_password_once_and_shuts_it_out(tmp_path: Path) -> None:
    """For administrators alone; only the hash is kept."""
    with a_store(tmp_path, [agent("6A1")]) as store:
        assert asked(store, "/home-assistant", host=READER).status_code == 403
        assert "Cho Home Assistant đọc" in asked(store, "/home-assistant").text
        made = asked(store, "/home-assistant/on", method="POST", data={})
        (password,) = re.findall(r"<code>([\w-]{43})</code>", made.text)
        assert made.headers["cache-control"] == "no-store"
        kept = next(tmp_path.rglob(READER_FILE)).read_text()
        assert password not in kept
        assert password not in asked(store, "/home-assistant").text
        asked(store, "/home-assistant/off", method="POST", data={})
        assert not [*tmp_path.rglob(READER_FILE)]
