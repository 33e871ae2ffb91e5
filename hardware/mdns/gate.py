"""This file stands before zeroconf's ears: floods are cut off, and nonsense is counted."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from zeroconf import Zeroconf

# A host with 500 services says all in some 100 packets; a room's worth is a tenth of that.
_HOST_PER_S: Final = 200.0
_ALL_PER_S: Final = 1000.0
_BURST_S: Final = 5.0
_HOSTS_KEPT: Final = 256
# What zeroconf reads at most; an Ethernet jumbo frame (RFC 6762 section 17).
_LONGEST_BYTES: Final = 8966

Tell = Callable[[str, str], None]


class Bucket:
    """Lets so many a second through, and after a pause as many as five seconds' worth at once."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._left = per_s * _BURST_S
        self._at = float("-inf")

    def admits(self, now: float) -> bool:
        """Take one if there is one."""
        refilled = self._left + (now - self._at) * self._per_s
        self._left, self._at = min(refilled, self._per_s * _BURST_S), now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class PacketGate:
    """Judges each packet by who sent it. tell: called with a code and an address for each flaw."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self._all = Bucket(_ALL_PER_S)
        self._hosts: OrderedDict[str, Bucket] = OrderedDict()

    def admits(self, host: str, now: float) -> bool:
        """Whether a packet of this host may pass now (steady seconds)."""
        bucket = self._hosts.get(host)
        if bucket is None:
            bucket = self._hosts[host] = Bucket(_HOST_PER_S)
            if len(self._hosts) > _HOSTS_KEPT:
                self._hosts.popitem(last=False)
        if bucket.admits(now) and self._all.admits(now):
            return True
        self.tell("flood", host)
        return False

    def stand_before(self, zeroconf: Zeroconf) -> None:
        """Hear everything first that zeroconf hears, also on the sockets it opened meanwhile."""
        for reader in zeroconf.engine.readers:
            inner = reader.transport.get_protocol()
            if not isinstance(inner, _Ear):
                reader.transport.set_protocol(_Ear(self, inner))

    def step_aside(self, zeroconf: Zeroconf) -> None:
        """Undo stand_before."""
        for reader in zeroconf.engine.readers:
            ear = reader.transport.get_protocol()
            if isinstance(ear, _Ear):
                reader.transport.set_protocol(ear.inner)


class _Ear(asyncio.DatagramProtocol):
    """Hears in another's place, and hands on what the gate admits."""

    def __init__(self, gate: PacketGate, inner: Any) -> None:
        self._gate = gate
        self.inner = inner

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Judge a packet, before and after it was read."""
        if len(data) > _LONGEST_BYTES:
            self._gate.tell("oversized", addr[0])
        elif self._gate.admits(addr[0], time.monotonic()):
            self.inner.datagram_received(data, addr)
            message = self.inner.last_message
            # Repeats are dropped unread, and were told of the first time.
            if message is not None and message.data is data and not message.valid:
                self._gate.tell("nonsense", addr[0])

    def error_received(self, exc: Exception) -> None:
        self.inner.error_received(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.inner.connection_lost(exc)
