"""Writes mDNS packets by hand, sound and otherwise, as no library would (RFC 1035 section 4)."""

from __future__ import annotations

import socket
import struct

PTR, TXT, SRV, A = 12, 16, 33, 1
_RESPONSE = 0x8400
Record = tuple[bytes, int, int, bytes]


def name(*labels: bytes) -> bytes:
    """Give a name on the wire; a label may be of any length that its byte can say."""
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def dotted(text: str) -> bytes:
    """Give a plain name on the wire."""
    return name(*(part.encode() for part in text.rstrip(".").split(".")))


def response(*records: Record, count: int | None = None) -> bytes:
    """Give a response. count: how many records it claims to hold."""
    lock_plan = len(records) if count is None else count
    header = struct.pack("!6H", 0, _RESPONSE, 0, lock_plan, 0, 0)
    return header + b"".join(
        owner + struct.pack("!HHIH", type_, 1, ttl, len(data)) + data
        for owner, type_, ttl, data in records
    )


def service(
    type_: str, instance: bytes, txt: bytes, *, host: bytes = b"h", address: str = "127.0.0.1"
) -> bytes:
    """Give a whole announcement: pointer, service, text and address."""
    full = bytes([len(instance)]) + instance + dotted(type_)
    server = name(host, b"local")
    return response(
        (dotted(type_), PTR, 4500, full),
        (full, SRV, 120, struct.pack("!3H", 0, 0, 7000) + server),
        (full, TXT, 4500, txt),
        (server, A, 120, socket.inet_aton(address)),
    )


class Sender:
    """Sends packets to everybody on loopback, from wherever."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        loopback = socket.inet_aton("127.0.0.1")
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)

    def __call__(self, packet: bytes) -> None:
        """Send one packet."""
        self._socket.sendto(packet, ("224.0.0.251", 5353))

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
