"""This file is what a hostile laptop runs: a false controller, its announcements, and its ears.

The broker speaks as much MQTT 3.1.1 as an agent needs to take it for one, and keeps what it hears.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Final

from zeroconf import ServiceInfo, Zeroconf

from controller.broker.authority import Certificate
from protocol.discovery import SERVICE, txt_of
from protocol.link import Letter
from tests.flows.rooms_apart import Side
from tests.hostile.school import LAPTOP, MQTT_PORT, SCHOOL

_TLS_HANDSHAKE: Final = 0x16
CLAIM_EVERY_S: Final = 0.2


class FalseBroker:
    """Listens as the school's broker would. heard: every byte it was told, out of any TLS.

    certificate: what it shows to who begins TLS. lies: what it says to each who subscribes.
    """

    def __init__(
        self,
        side: Side,
        address: str = LAPTOP,
        *,
        certificate: Certificate | None = None,
        lies: Callable[[], Sequence[Letter]] = list,
    ) -> None:
        self.heard, self.calls, self.sessions = b"", 0, 0
        self.published: list[tuple[str, bytes]] = []
        self._lies = lies
        self._lines: list[socket.socket] = []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self._tls and certificate:
            self._tls.load_cert_chain(certificate.chain, certificate.key)
        self._listener = side.ask(socket.create_server, (address, MQTT_PORT))
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Hang up, and listen no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        """End the lines that are there."""
        lines, self._lines = self._lines, []
        for line in lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                self.calls += 1
                threading.Thread(target=self._talk, args=(caller,), daemon=True).start()

    def _talk(self, caller: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError):
            first = caller.recv(1, socket.MSG_PEEK)
            if self._tls and first and first[0] == _TLS_HANDSHAKE:
                caller = self._tls.wrap_socket(caller, server_side=True)
            self._lines.append(caller)
            with caller, caller.makefile("rb") as file:
                while True:
                    self._answer(caller, *self._packet(file.read))

    def _packet(self, read: Callable[[int], bytes]) -> tuple[int, bytes]:
        """The next packet: its kind with flags, and its body (2.2)."""
        head = self._hear(read, 1)[0]
        size, shift = 0, 0
        while True:
            digit = self._hear(read, 1)[0]
            size |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                return head, self._hear(read, size)

    def _hear(self, read: Callable[[int], bytes], size: int) -> bytes:
        data = read(size)
        self.heard += data
        if len(data) < size:
            raise EOFError
        return data

    def _answer(self, line: socket.socket, head: int, body: bytes) -> None:
        match head >> 4:
            case 1:  # CONNECT
                self.sessions += 1
                line.sendall(b"\x20\x02\x00\x00")
            case 8:  # SUBSCRIBE: granted, whatever it is
                count = _filters_in(body[2:])
                line.sendall(bytes([0x90, 2 + count]) + body[:2] + b"\x01" * count)
                for lie in self._lies():
                    line.sendall(said(lie))
            case 3:  # PUBLISH
                size = struct.unpack_from(">H", body)[0]
                topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
                if head & 0x06:
                    line.sendall(b"\x40\x02" + rest[:2])
                    rest = rest[2:]
                self.published.append((topic, rest))
            case 12:  # PINGREQ
                line.sendall(b"\xd0\x00")


def said(letter: Letter) -> bytes:
    """A PUBLISH without a number: QoS 0 (3.3)."""
    topic = letter.topic.encode()
    body = struct.pack(">H", len(topic)) + topic + letter.payload
    size, length = len(body), b""
    while not length or size:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
    return bytes([0x30 | letter.retain]) + length + body


def _filters_in(text: bytes) -> int:
    """How many filters a SUBSCRIBE asks for (3.8.3)."""
    count = 0
    while text:
        text = text[2 + struct.unpack_from(">H", text)[0] + 1 :]
        count += 1
    return count


@contextmanager
def announced(side: Side, names: Sequence[str], address: str = LAPTOP) -> Iterator[None]:
    """Announce controllers of this school by these names, without asking whose they are."""
    zeroconf = side.ask(lambda: Zeroconf(interfaces=[address]))
    for name in names:
        info = ServiceInfo(
            SERVICE,
            f"{name}.{SERVICE}",
            port=MQTT_PORT,
            addresses=[socket.inet_aton(address)],
            properties=txt_of(SCHOOL),
            server=f"{name}.local.",
        )
        side.ask(partial(zeroconf.register_service, info, cooperating_responders=True))
    try:
        yield
    finally:
        zeroconf.close()


class Ears:
    """Every frame that crosses the laptop's card, which is at a hub."""

    def __init__(self, side: Side) -> None:
        self._frames: list[bytes] = []
        self._socket = side.ask(_raw, side.card, 3)
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    @property
    def heard(self) -> bytes:
        """All of it, one frame after the other."""
        return b"".join(self._frames)

    def said_to(self, address: str, port: int) -> bytes:
        """What all frames together say to a port, by TCP over IPv4 (RFC 791, RFC 9293)."""
        said = b""
        for frame in self._frames:
            if frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_TCP:
                continue
            packet = frame[14 : 14 + int.from_bytes(frame[16:18])]
            segment = packet[4 * (packet[0] & 0x0F) :]
            if packet[16:20] == socket.inet_aton(address) and segment[2:4] == port.to_bytes(2):
                said += segment[4 * (segment[12] >> 4) :]
        return said

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._frames.append(self._socket.recv(1 << 16))


def _raw(card: str, protocol: int) -> socket.socket:
    """A socket of whole frames; protocol: which are heard, 3 for all."""
    frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
    frames.bind((card, 0))
    return frames


@contextmanager
def claiming(side: Side, address: str) -> Iterator[None]:
    """Tell everybody again and again that an address is this card's (gratuitous ARP, RFC 826).

    The kernel keeps an entry of less than a second ago.
    """
    stop = threading.Event()
    with closing(side.ask(_raw, side.card, 0)) as out:
        mac, everybody, ours = out.getsockname()[4], b"\xff" * 6, socket.inet_aton(address)
        heading = everybody + mac + struct.pack(">HHHBBH", 0x0806, 1, 0x0800, 6, 4, 2)

        def claim() -> None:
            while not stop.wait(CLAIM_EVERY_S):
                out.send(heading + mac + ours + everybody + ours)

        claimer = threading.Thread(target=claim)
        claimer.start()
        try:
            yield
        finally:
            stop.set()
            claimer.join()
