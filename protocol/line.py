"""This file is a TCP line under paho, read and written in large pieces.

paho reads a packet's first bytes one by one and sends every packet by itself; here one system
call brings or takes many packets, and a message that is here whole is taken from them at once,
which is most of what receiving it costs.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

Frame = tuple[int, bytes]  # a packet without its length: its first byte, and what follows
Arrived = Callable[[str, bytes, int, int, bool], None]  # topic, payload, mid, qos, retained

READ_BYTES: Final = 64 * 1024
_PUBLISH: Final = 0x30  # a packet's first byte without its flags (MQTT 3.1.1, 2.2)
_PUBACK: Final = b"\x40\x02"  # and the length of what follows, which is a number
_LENGTH_BYTES: Final = 4  # of a packet, at most (2.2.3); each says whether more come
_MORE: Final = 0x80


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

    def publish_frames(self, limit: int) -> list[Frame]:
        """The next packets, at most so many, as long as each is a PUBLISH and here whole."""
        read, at, frames = self._read, self._at, list[Frame]()
        while at < len(read) and read[at] & 0xF0 == _PUBLISH and len(frames) < limit:
            start, length = _length_in(read, at + 1)
            if not start or start + length > len(read):
                break
            frames.append((read[at], read[start : start + length]))
            at = self._at = start + length
        return frames

    def gather(self, data: bytes) -> None:
        """Take bytes that leave at the next flush."""
        self._unsent += data

    def send(self, data: bytes) -> int:
        """Take the bytes; they leave at the next flush once the line gathers."""
        if not self.gathers:
            return self._sock.send(data)
        self.gather(data)
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


def _length_in(data: bytes, at: int) -> tuple[int, int]:
    """Where a packet begins behind its length, and that length; 0, 0 where it is not here whole."""
    length = shift = 0
    for place in range(at, min(at + _LENGTH_BYTES, len(data))):
        byte = data[place]
        if byte < _MORE:
            return place + 1, length | byte << shift
        length |= (byte - _MORE) << shift
        shift += 7
    return 0, 0


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

    def hand_over(self, limit: int) -> int:
        """Hand over at most so many messages that are here whole; returns how many those were.

        Whatever else is next, loop_read reads.
        """
        line = self.line()
        if line is None or self._in_packet["command"]:  # paho has read a part of the next one
            return 0
        frames = line.publish_frames(limit)
        if not all(self._hand(command, body) for command, body in frames):
            self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
        return len(frames)

    def ack_all(self, mids: Iterable[int]) -> None:
        """Gather acks of messages of QoS 1, in this order (MQTT 3.1.1, 3.4)."""
        if (line := self.line()) is not None:
            line.gather(b"".join([_PUBACK + mid.to_bytes(2) for mid in mids]))

    def _handle_publish(self) -> MQTTErrorCode:
        is_good = self._hand(self._in_packet["command"], self._in_packet["packet"])
        return MQTTErrorCode.MQTT_ERR_SUCCESS if is_good else MQTTErrorCode.MQTT_ERR_PROTOCOL

    def _hand(self, command: int, body: bytes | bytearray) -> bool:
        """Read a PUBLISH of QoS 0 or 1 (3.3), which the receiver acks later; False if it is not."""
        qos = (command & 0x06) >> 1
        topic_end = 2 + int.from_bytes(body[:2])
        payload_at = topic_end + 2 * qos
        if qos > 1 or payload_at > len(body):
            return False
        mid = int.from_bytes(body[topic_end:payload_at])
        topic = str(body[2:topic_end], "utf-8", "replace")
        self._arrived(topic, bytes(body[payload_at:]), mid, qos, bool(command & 0x01))
        return True
