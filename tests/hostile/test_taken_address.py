"""A laptop takes the server's address: what rooms give away then, and what is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from controller.broker.authority import Authority
from tests.hostile.impostor import FalseBroker, claiming
from tests.hostile.school import MQTT_PORT, SERVER, HostileNetwork, hostile_network
from tests.waiting import until

AT_SERVER = f"mqtt://{SERVER}:{MQTT_PORT}"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileNetwork]:
    """A school that runs."""
    with hostile_network(tmp_path_factory.mktemp("school")) as running:
        yield running


@contextmanager
def address_taken(network: HostileNetwork, folder: Path) -> Iterator[FalseBroker]:
    """While it is entered the server's address is the laptop's; then the server has it again."""
    stranger = Authority(folder / "stranger").machine()
    with ExitStack() as stack:
        network.laptop.has(SERVER, has=True)
        broker = stack.enter_context(
            closing(FalseBroker(network.laptop, SERVER, certificate=stranger))
        )
        with claiming(network.laptop, SERVER):
            yield broker
        network.laptop.has(SERVER, has=False)


@pytest.mark.wide(
    "tests/hostile/test_false_controller.py::test_a_room_that_starts_beside_it_speaks_with_its_school"
)
def test_rooms_that_were_connected(network: HostileNetwork, tmp_path: Path) -> None:
    """Enrolled, or given the certificate by hand, they say nothing; a typed password alone is lost.

    What was recorded meanwhile is stored once after it.
    """
    sure = network.enrolled("p101", "--beat-s", "1")
    ours = network.typed("p102", "--broker", AT_SERVER, "--broker-ca-file", network.ca_file)
    bare = network.typed("p103", "--broker", AT_SERVER)
    rooms = (sure, ours, bare)
    for room in rooms:
        room.program.start()
    until(lambda: all(room.is_online() for room in rooms), "all are heard")
    with address_taken(network, tmp_path) as false:
        for room in rooms:
            room.mark("hs-1")
        until(lambda: bare.password.encode() in false.heard, "it has one password")
        for room in (sure, ours):
            until(room.notices, "the teacher reads it", holds=lambda it: "not_believed" in it)
            room.mark("hs-2")
            assert room.waiting()
            assert room.password.encode() not in false.heard
            assert room.name.encode() not in false.heard
    rows = {("p101", "hs-2"), ("p102", "hs-2")}
    with claiming(network.server, SERVER):
        until(network.stored, "all is stored", holds=lambda it: rows <= {*it})
    assert len(network.stored()) == len({*network.stored()})
    told = "Có máy không phải máy chủ của trường trả lời như thể là máy chủ"
    until(lambda: network.page("/rooms/P101"), "the office reads it", holds=lambda it: told in it)
    assert "người khác trong mạng đọc được" in network.page("/enrolment")
