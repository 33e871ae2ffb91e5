"""This file calls for class 2 projectors over UDP, and hears those that say they are ready.

Source: PJLink Specifications, version 2.10 (JBMIA), sections 3.2 (search) and 3.3 (notification).
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, cast

from hardware.network.neighbours import told_mac

SEARCH = b"%2SRCH\r"
_LINE_LIMIT = 64
# Told in answer to a search; told unasked by one that became ready; told of its state.
_NOTIFICATION = re.compile(r"%2(ACKN|LKUP|POWR|ERST|INPT)=([^\r\n]*)[\r\n\0]*", re.IGNORECASE)


class Notification(NamedTuple):
    """A projector that spoke up. mac: 12 hex digits; "" where it told none that may be trusted.

    is_change: it told of its state, not that it is there. weak_mac: one that is that of many.
    """

    address: str
    mac: str = ""
    is_change: bool = False
    weak_mac: str = ""


def parse_notification(data: bytes, address: str) -> Notification | None:
    """Read one datagram; None of what is only a search. Raises ValueError of nonsense.

    address: the sender's. It counts, whatever address the datagram names: some projectors answer
    with theirs instead of their MAC, and a liar could name anyone's.
    """
    if data[: len(SEARCH) - 1].upper() == SEARCH[:-1]:
        return None  # our own search, or another controller's
    match = _NOTIFICATION.fullmatch(data[:_LINE_LIMIT].decode("ascii", "replace"))
    if match is None or len(data) > _LINE_LIMIT:
        raise ValueError("not a PJLink notification")
    name, value = match[1].upper(), match[2]
    if name in {"ACKN", "LKUP"}:
        mac = told_mac(value)
        return Notification(address, mac.sound, weak_mac=mac.weak)
    return Notification(address, is_change=True)


class SearchProtocol(asyncio.DatagramProtocol):
    """Hands on each notification, and what is wrong with any other datagram and whose it is.

    limit: how many datagrams are read from one search to the next.
    """

    def __init__(
        self,
        on_notification: Callable[[Notification], None],
        on_flaw: Callable[[str, str], None],
        limit: int,
    ) -> None:
        self._on_notification = on_notification
        self._on_flaw = on_flaw
        self._limit = limit
        self._left = limit
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket, to search with."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take in one datagram; beyond the limit they are dropped until the next search."""
        self._left -= 1
        if self._left <= 0:
            if self._left == 0:
                self._on_flaw("flood", addr[0])
            return
        try:
            notification = parse_notification(data, addr[0])
        except ValueError:
            self._on_flaw("nonsense", addr[0])
        else:
            if notification is not None:
                self._on_notification(notification)

    def search(self, targets: Iterable[tuple[str, int]]) -> None:
        """Call every target once, where there is a way to it."""
        self._left = self._limit
        for target in targets:
            if self._transport is not None:
                with suppress(OSError):
                    self._transport.sendto(SEARCH, target)


@asynccontextmanager
async def listening(
    protocol: SearchProtocol, address: str, port: int
) -> AsyncIterator[SearchProtocol]:
    """Listen for answers at a port, by the specification 4352; where it is taken, at any other.

    At another port only those are heard that answer to where the call came from.
    """
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: protocol, sock=_bound(address, port))
    try:
        yield protocol
    finally:
        transport.close()


def _bound(address: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    if os.name != "nt":
        # Other controllers on this computer listen there too; on Windows this would steal it.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            sock.bind((address, port))
        except OSError:
            sock.bind((address, 0))
    except OSError:
        sock.close()
        raise
    return sock
