"""A pupil has a room's laptop, and with it a true credential: it is that room, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protocol.messages import ControllerState, to_bytes
from protocol.topics import CONTROLLER, school_root
from tests.flooding import mark
from tests.hostile.probe import probing
from tests.hostile.school import LAPTOP, SCHOOL, HostileNetwork, Room, hostile_network
from tests.waiting import until

ROOT = school_root(SCHOOL)
CONTROLLER_ID = f"lophoc-{SCHOOL.province}-{SCHOOL.school}-{CONTROLLER}"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileNetwork]:
    """A school that runs."""
    with hostile_network(tmp_path_factory.mktemp("school")) as running:
        yield running


@pytest.fixture(scope="module")
def room(network: HostileNetwork) -> Room:
    """A room that works."""
    working = network.enrolled("p101")
    working.program.start()
    until(working.is_online, "the room is heard")
    return working


@pytest.fixture(scope="module")
def password(network: HostileNetwork) -> str:
    """What the laptop has: the password of a room that was enrolled by it."""
    issued = network.passwords.issue("p109", "p109", 1)
    config = network.data / "broker" / "nats.conf"
    until(lambda: "p109" in config.read_text(), "the broker knows it")
    return issued.password


@pytest.mark.parametrize("client_id", [CONTROLLER_ID, CONTROLLER_ID.replace(CONTROLLER, "p101")])
def test_nobodys_session_is_taken_over(
    network: HostileNetwork, room: Room, password: str, client_id: str
) -> None:
    """By the names that every installation had: nobody is cut off, and nothing is heard."""
    before, session = len(network.stored()), sessions_of(network)
    with probing(network, client_id, "p109", password) as probe:
        until(probe.connected.is_set, "the laptop is let in")
        for no in range(10):
            room.mark(f"hs-{client_id}-{no}")
        until(network.stored, "all is stored", holds=lambda rows: len(rows) == before + 10)
        assert sessions_of(network) == session
        assert room.session() == 1
        assert probe.heard == []
    assert len({*network.stored()}) == before + 10


def test_a_session_that_is_taken_over_is_told(network: HostileNetwork, password: str) -> None:
    """Two computers of one identity, as after a disk was copied: with the address."""
    with (
        probing(network, "a-session", "p109", password, side=network.room) as first,
        probing(network, "a-session", "p109", password),
    ):
        until(first.lost.is_set, "the first one is cut off")
        page = until(lambda: network.knocks(LAPTOP), "it is told", holds=lambda it: "phiên" in it)
    assert "hai máy đang dùng chung một danh tính" in page


OTHERS = [
    "#",
    "+/+/+/+/#",
    "lophoc/#",
    f"{ROOT}/#",
    f"{ROOT}/+/event",
    f"{ROOT}/p101/#",
    f"{ROOT}/p101/event",
    f"{ROOT}/p101/state",
    f"{ROOT}/p101/command/ack",
    f"{ROOT}/p101/command/#",
    f"{ROOT}/+/command/#",
    f"{ROOT}/controller/#",
    "$SYS/#",
    "$SYS/REQ/SERVER/PING/CONNZ",
    "$JS/API/#",
    "$MQTT/#",
    "$MQTT/msgs/#",
    "$MQTT/sess/#",
    "_INBOX/#",
    "$share/x/lophoc/v1/#",
    ">",
    "*",
]


def test_no_topic_of_another_is_opened(network: HostileNetwork, room: Room, password: str) -> None:
    """To listen, nor to speak, nor to leave something lying; each try is told with its address."""
    with probing(network, "p109-probe", "p109", password) as probe:
        until(probe.connected.is_set, "the laptop is let in")
        assert [topic for topic in OTHERS if probe.subscribe(topic)] == []
        assert probe.subscribe(f"{ROOT}/p109/command/#")
        away = ControllerState(boot="x", at_ms=1, session=9, online=False)
        probe.publish(f"{ROOT}/controller/state", to_bytes(away), retain=True)
        for topic in (f"{ROOT}/p101/event", f"{ROOT}/p101/retold", f"{ROOT}/p101/command/ack"):
            probe.publish(topic, to_bytes(mark("p101", 9_000)))
            probe.publish(topic, to_bytes(mark("p101", 9_001)), retain=True)
        for topic in ("$SYS/REQ/SERVER/lophoc/RELOAD", "$JS/API/STREAM/PURGE/$MQTT_msgs"):
            probe.publish(topic, b"{}")
        probe.publish(f"{ROOT}/p109/retold", to_bytes(mark("p109", 1)))
        until(network.stored, "its own word is stored", holds=lambda it: ("p109", "hs-1") in it)
        room.mark("hs-after")
        until(network.stored, "a room's is stored", holds=lambda it: ("p101", "hs-after") in it)
        assert not any(student.startswith("hs-9") for _, student in network.stored())
        assert {topic for topic, _ in probe.heard} <= {f"{ROOT}/p109/command/ack"}
        assert "đang dò xem mật khẩu này mở được gì" in network.knocks(LAPTOP)


def sessions_of(network: HostileNetwork) -> int:
    """How often the controller has begun to speak with its broker."""
    return network.controller.log.read_text().count("connected, session")
