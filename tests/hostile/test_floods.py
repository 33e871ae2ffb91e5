"""A laptop floods the school with lines, logins and messages: rooms work on, and it is told."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import threading
from collections.abc import Iterator

import pytest

from controller.broker.embedded import MAX_SUBSCRIPTIONS
from tests.flooding import connect_packet, flood
from tests.hostile.probe import probing
from tests.hostile.school import LAPTOP, MQTT_PORT, SERVER, HostileNetwork, Room, hostile_network
from tests.waiting import until

LINES, LOGINS, EVENTS, MARKS, SUBSCRIPTIONS = 400, 150, 20_000, 20, 200


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileNetwork]:
    """A school that runs, and takes plain lines: one of its rooms has a typed password."""
    with hostile_network(tmp_path_factory.mktemp("school")) as running:
        yield running


@pytest.fixture(scope="module")
def flooding_password(network: HostileNetwork) -> str:
    """A true password that the laptop has."""
    word = network.passwords.add("p109")
    config = network.data / "broker" / "nats.conf"
    until(lambda: "p109" in config.read_text(), "the broker knows it")
    return word


@pytest.fixture(scope="module")
def room(network: HostileNetwork, flooding_password: str) -> Room:
    """A room that works."""
    working = network.enrolled("p101")
    working.program.start()
    until(working.is_online, "the room is heard")
    return working


def works(network: HostileNetwork, room: Room, name: str) -> None:
    """Mark pupils, and see each stored once; the room's line is the same all the while."""
    session = room.session()
    for no in range(MARKS):
        room.mark(f"{name}-{no}")
    mine = [("p101", f"{name}-{no}") for no in range(MARKS)]
    until(
        network.stored,
        "all is stored",
        holds=lambda it: sorted(row for row in it if name in row[1]) == sorted(mine),
    )
    assert room.session() == session


def ended_of(lines: list[socket.socket]) -> int:
    """How many of the lines somebody has ended."""
    poll = select.poll()
    for line in lines:
        poll.register(line, select.POLLRDHUP)
    return len(poll.poll(0))


@pytest.mark.wide
def test_lines_that_say_nothing_and_logins_that_fail(network: HostileNetwork, room: Room) -> None:
    """Some hundred of each at once: a room that comes just then is let in, and all are ended."""

    def open_lines() -> list[socket.socket]:
        lines = [socket.create_connection((SERVER, MQTT_PORT)) for _ in range(LINES)]
        for line in lines[::2]:
            line.sendall(b"\x16\x03\x01\x02\x00")  # a TLS hello that never ends
        return lines

    def log_in() -> None:
        for no in range(LOGINS):
            with (
                contextlib.suppress(OSError),
                contextlib.closing(socket.create_connection((SERVER, MQTT_PORT))) as line,
            ):
                line.sendall(connect_packet("p101" if no % 2 else f"guess-{no}", "wrong"))
                line.recv(4)

    late = network.enrolled("p102")
    lines = network.laptop.ask(open_lines)
    late.program.start()
    network.laptop.ask(log_in)
    works(network, room, "silent")
    until(late.is_online, "a room that came meanwhile is heard")
    until(lambda: ended_of(lines), "all are ended", holds=lambda count: count == LINES)
    for line in lines:
        line.close()
    page = until(
        lambda: network.knocks(LAPTOP), "it is told", holds=lambda it: "Mật khẩu sai" in it
    )
    assert "Ở đây không có mật khẩu nào cho tên này." in page


def test_messages_and_subscriptions(
    network: HostileNetwork, room: Room, flooding_password: str
) -> None:
    """By a true password: it has its share, is cut off, and is named; the room works on."""
    enough = threading.Event()

    def flood_it() -> None:
        while not enough.is_set():  # a school that keeps up with all of it cuts nobody off
            with contextlib.suppress(OSError):
                flood(MQTT_PORT, "p109", flooding_password, EVENTS, SERVER, enough=enough.is_set)

    flooding = threading.Thread(target=network.laptop.ask, args=(flood_it,))
    with (
        contextlib.ExitStack() as ending,
        probing(network, "many", "p109", flooding_password, side=network.room) as probe,
    ):
        until(probe.connected.is_set, "it is let in")
        topics = [f"lophoc/v1/14/00140708/p109/command/{no}" for no in range(SUBSCRIPTIONS)]
        granted = sum(probe.subscribe(topic, 0) for topic in topics)  # of QoS 1 it grants fewer
        assert 0 < granted <= MAX_SUBSCRIPTIONS
        ending.callback(enough.set)
        flooding.start()
        until(probe.lost.is_set, "it is cut off")
    works(network, room, "busy")
    flooding.join()
    until(lambda: messages_of(network, "p109"), "it is named", holds=lambda it: it > MARKS)


def messages_of(network: HostileNetwork, name: str) -> int:
    """How many messages the office's page counts under this name."""
    row = re.search(r'<td class="n"[^>]*>([\d.]+)</td>', network.peer(name))
    return int(row[1].replace(".", "")) if row else 0
