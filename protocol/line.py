"""This file is a TCP line under paho, read and written in large pieces.

paho reads a packet's first bytes one by one and sends every packet by itself; here one system
call brings or takes many packets, which is most of what receiving a message costs.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

Arrived = Callable[[str, bytes, int, int, bool], None]  # topic, payload, mid, qos, retained

READ_BYTES: Final = 64 * 1024


class BufferedSocket:
    """What paho takes for its socket (it asks for recv, send, pending, fileno and close)."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._read = b""
        self._at = 0
        self._unsent = bytearray()
        self.gathers = False

    def recv(self, size: int) -> bytes:
        """At most `size` bytes. Raises BlockingIOError when there are none now."""
        if self._at >= len(self._read):
            self._read = self._sock.recv(READ_BYTES)
            self._at = 0
        data = self._read[self._at : self._at + size]
        self._at += len(data)
        return data

    def send(self, data: bytes) -> int:
        """Take the bytes; they leave at the next flush once the line gathers."""
        if not self.gathers:
            return self._sock.send(data)
        self._unsent += data
        return len(data)

    def flush(self) -> bool:
        """Send what was gathered; False if some must wait until the line is writable."""
        while self._unsent:
            try:
                sent = self._sock.send(self._unsent)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return False
            del self._unsent[:sent]
        return True

    def pending(self) -> int:
        """How many bytes are here already, of which no selector would tell."""
        tls = self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0
        return len(self._read) - self._at + tls

    def fileno(self) -> int:
        """The socket's descriptor, for a selector."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - the socket's own signature
        """As a socket's."""
        self._sock.setblocking(flag)

    def close(self) -> None:
        """Send what can still be sent, and close."""
        with contextlib.suppress(OSError):
            self.flush()
        self._sock.close()


class Client(mqtt.Client):
    """paho's client on such a line, handing over every message as it came.

    paho wraps each message in an object with a lock of its own and seeks its callback in a tree
    of topics; a receiver of one kind of message needs neither, and they cost as much as the rest.
    """

    def __init__(self, arrived: Arrived, **options: Any) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311, **options)
        self._arrived = arrived

    def line(self) -> BufferedSocket | None:
        """The line while there is one."""
        sock: Any = self.socket()
        return sock if isinstance(sock, BufferedSocket) else None

    def _create_socket(self) -> Any:
        sock: Any = super()._create_socket()
        return BufferedSocket(sock)

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        """As paho's, which leaves the socket open where the handshake fails."""
        tcp_sock.settimeout(self.connect_timeout)
        context: ssl.SSLContext = self._ssl_context  # type: ignore[assignment]  # set with TLS
        return context.wrap_socket(tcp_sock, server_hostname=self.host)

    def _handle_publish(self) -> MQTTErrorCode:
        """Read a PUBLISH of QoS 0 or 1 (MQTT 3.1.1, 3.3); the receiver acks it later."""
        qos = (self._in_packet["command"] & 0x06) >> 1
        packet = self._in_packet["packet"]
        topic_end = 2 + int.from_bytes(packet[:2])
        payload_at = topic_end + 2 * qos
        if qos > 1 or payload_at > len(packet):
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        mid = int.from_bytes(packet[topic_end:payload_at])
        topic = packet[2:topic_end].decode("utf-8", "replace")
        retained = bool(self._in_packet["command"] & 0x01)
        self._arrived(topic, bytes(packet[payload_at:]), mid, qos, retained)
        return MQTTErrorCode.MQTT_ERR_SUCCESS
