"""This file wakes sleeping devices by Wake-on-LAN, and finds out whether they woke."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

PORT = 9  # discard: the card looks at the bytes only
WITHIN_S = 60.0
AGAIN_S = 5.0
_PROBE_S = 5.0
_OCTETS = 6


@dataclass(frozen=True, slots=True)
class WakeResult:
    """What came of a call. sent: packets; after_s: when it was seen to be awake, else None."""

    sent: int
    after_s: float | None = None

    @property
    def is_verified(self) -> bool:
        """Whether the device answered; a packet that was sent proves nothing."""
        return self.after_s is not None


def magic_packet(mac: str) -> bytes:
    """Give the packet that wakes a MAC of 12 hex digits, `:` and `-` allowed between.

    Raises ValueError. Source: AMD, Magic Packet Technology, publication 20213.
    """
    octets = bytes.fromhex(mac.replace(":", "").replace("-", ""))
    if len(octets) != _OCTETS:
        raise ValueError("a MAC has six octets")
    return b"\xff" * _OCTETS + octets * 16


async def wake(mac: str, addresses: Iterable[str], *, port: int = PORT) -> int:
    """Send the magic packet to each broadcast address. Gives how many were sent."""
    packet, sent = magic_packet(mac), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setblocking(False)
        for address in addresses:
            with suppress(OSError):  # no way there, or no room now: the next call may do
                sock.sendto(packet, (address, port))
                sent += 1
    return sent


async def wake_and_verify(
    mac: str,
    answers: Callable[[], Awaitable[bool]],
    addresses: Callable[[], Iterable[str]],
    *,
    within_s: float = WITHIN_S,
    again_s: float = AGAIN_S,
    port: int = PORT,
) -> WakeResult:
    """Call a device until it answers, or within_s are over.

    answers: a probe that says whether the device is awake. addresses: the broadcast addresses
    now, for a network may change meanwhile. Raises ValueError of what is no MAC.
    """
    began, sent = time.monotonic(), 0
    while True:
        sent += await wake(mac, addresses(), port=port)
        with suppress(TimeoutError):
            async with asyncio.timeout(_PROBE_S):
                if await answers():
                    return WakeResult(sent, time.monotonic() - began)
        if time.monotonic() - began + again_s > within_s:
            return WakeResult(sent)
        await asyncio.sleep(again_s)
