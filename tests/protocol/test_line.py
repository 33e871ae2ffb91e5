"""What the line under paho leans on: members that paho calls its own and may change unasked."""

from __future__ import annotations

import inspect
import itertools
import select
import socket
from collections.abc import Callable
from typing import Self

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt import __version__

from protocol.line import READ_BYTES, BufferedSocket, Client
from tests.waiting import LIMIT_S

CONNACK = b"\x20\x02\x00\x00"
PUBLISH = b"\x32\x0c\x00\x03a/b\x00\x07hello"  # QoS 1, number 7
CHANGED = f"paho-mqtt {__version__} has changed %s, on which protocol/line.py leans: compare both"


@pytest.mark.parametrize("method", ["_create_socket", "_handle_publish"])
def test_paho_still_has_the_methods_that_the_line_replaces(method: str) -> None:
    """By these names, and called with nothing but the client."""
    theirs = getattr(mqtt.Client, method, None)
    assert theirs is not None, CHANGED % method
    assert list(inspect.signature(theirs).parameters) == ["self"], CHANGED % method


def test_paho_still_calls_what_the_line_replaces() -> None:
    """Its socket is our line, and a PUBLISH comes to us whole in _in_packet's two fields."""
    arrived: list[tuple[str, bytes, int, int, bool]] = []
    client = Client(lambda *message: arrived.append(message), manual_ack=True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        client.connect("127.0.0.1", server.getsockname()[1])
        broker, _ = server.accept()
    with broker:
        line = client.line()
        assert isinstance(line, BufferedSocket), CHANGED % "_create_socket"
        broker.sendall(CONNACK + PUBLISH)
        for _ in range(2):
            assert client.loop_read() is mqtt.MQTT_ERR_SUCCESS, CHANGED % "_handle_publish"
        assert arrived == [("a/b", b"hello", 7, 1, False)], CHANGED % "_handle_publish"
        assert {"command", "packet"} <= set(client._in_packet), CHANGED % "_in_packet"
        line.close()


PINGRESP = b"\xd0\x00"


def message_packet(mid: int, size: int) -> bytes:
    """A PUBLISH of QoS 1 as a broker writes it (MQTT 3.1.1, 3.3); size: its payload's, in bytes."""
    body = b"\x00\x03a/b" + mid.to_bytes(2) + bytes(size)
    length, digits = len(body), bytearray()
    while length or not digits:
        digits.append(length & 0x7F | (0x80 if length > 0x7F else 0))
        length >>= 7
    return b"\x32" + bytes(digits) + body


class OneLine:
    """A client on its line, and the broker's end of it."""

    def __init__(self) -> None:
        self.arrived: list[tuple[int, int]] = []
        self.client = Client(
            lambda _topic, payload, mid, *_: self.arrived.append((mid, len(payload))),
            manual_ack=True,
        )
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.client.connect("127.0.0.1", server.getsockname()[1])
            self.broker, _ = server.accept()
        self.line = self.client.line()
        self.broker.recv(READ_BYTES)  # its CONNECT

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.broker.close()
        if self.line is not None:
            self.line.close()

    def read(self, until: Callable[[], bool], limit: int) -> None:
        """Read all that was sent as a link does, at most `limit` messages at once."""
        self.broker.shutdown(socket.SHUT_WR)
        while not until():
            if not self.client.hand_over(limit):
                line = self.client.line()
                assert line is not None
                if not line.pending():
                    assert select.select([line], [], [], LIMIT_S)[0]
                self.client.loop_read()


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.sampled_from([0, 1, 120, 121, 16_376, 16_377, 70_000]), max_size=12),
    pieces=st.lists(st.integers(1, 30_000), min_size=1, max_size=12),
    pings=st.sets(st.integers(0, 12)),
    limit=st.integers(1, 5),
)
def test_messages_arrive_once_and_in_order_however_their_bytes_are_cut(
    sizes: list[int], pieces: list[int], pings: set[int], limit: int
) -> None:
    """Between other packets, and wherever a read ends."""
    packets = [CONNACK]
    for number, size in enumerate(sizes):
        packets.append(message_packet(number + 1, size) + PINGRESP * (number in pings))
    text, cuts = b"".join(packets), itertools.cycle(pieces)
    with OneLine() as one:
        at = 0
        while at < len(text):
            piece = next(cuts)
            one.broker.sendall(text[at : at + piece])
            at += piece
            one.client.loop_read()
            one.client.hand_over(limit)
        one.read(lambda: len(one.arrived) == len(sizes), limit)
    assert one.arrived == [(number + 1, size) for number, size in enumerate(sizes)]


@pytest.mark.parametrize(
    "wrong",
    [b"\x34\x05\x00\x01a\x00\x07", b"\x32\x03\x00\x09a"],
    ids=["qos-2", "long-topic"],
)
def test_what_is_no_message_ends_the_line(wrong: bytes) -> None:
    """QoS 2, or a topic that is longer than its packet; what came before it has arrived."""
    with OneLine() as one:
        one.broker.sendall(CONNACK + message_packet(1, 3) + message_packet(2, 3) + wrong)
        one.read(lambda: one.client.line() is None, 100)
    assert one.arrived == [(1, 3), (2, 3)]


def test_acks_leave_together_and_in_order() -> None:
    """As paho writes each (MQTT 3.1.1, 3.4)."""
    with OneLine() as one:
        assert one.line is not None
        one.client.ack_all([1, 2, 0xFFFF])
        assert one.line.flush()
        assert one.broker.recv(READ_BYTES) == b"\x40\x02\x00\x01\x40\x02\x00\x02\x40\x02\xff\xff"
