"""What the line under paho leans on: members that paho calls its own and may change unasked."""

from __future__ import annotations

import inspect
import socket

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt import __version__

from protocol.line import BufferedSocket, Client

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
