"""This file hears from the kernel when links or addresses change, where it tells (Linux)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator

# RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR. Source: rtnetlink(7).
_GROUPS = 0x1 | 0x10 | 0x100
_READ_BYTES = 1 << 16


@contextlib.contextmanager
def listening(changed: asyncio.Event) -> Iterator[bool]:
    """Set an event at each change while the block runs. Gives whether this machine tells at all."""
    netlink = _open_socket()
    if netlink is None:
        yield False
        return
    loop = asyncio.get_running_loop()
    with netlink:
        try:
            loop.add_reader(netlink, _drain, netlink, changed)
        except NotImplementedError:  # a loop that cannot wait for a socket alone
            yield False
            return
        try:
            yield True
        finally:
            loop.remove_reader(netlink)


def _open_socket() -> socket.socket | None:
    if sys.platform != "linux":
        return None
    with contextlib.ExitStack() as stack:
        try:
            netlink = stack.enter_context(
                socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
            )
            netlink.setblocking(False)
            netlink.bind((0, _GROUPS))
        except OSError:
            return None
        stack.pop_all()
        return netlink


def _drain(netlink: socket.socket, changed: asyncio.Event) -> None:
    """Read what waits; what it says does not matter, for all is looked at anew."""
    # ENOBUFS: more changed than was kept, which is a change too.
    with contextlib.suppress(OSError):
        while netlink.recv(_READ_BYTES):
            pass
    changed.set()
