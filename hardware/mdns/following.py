"""This file keeps a zeroconf on the networks that this machine is in, by IPv4 and by IPv6."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncZeroconf

from hardware.network import netlink
from hardware.network.interfaces import LOOPBACK, Interfaces, addresses, next_look, no_network
from hardware.network.links import ANY_LINK, LinkChoice, room_links
from hardware.text import read_raw

_LOGGER = logging.getLogger(__name__)

# Where zeroconf calls and hears: our IPv4 addresses, and the numbers of interfaces with IPv6.
Ears = tuple[str | int, ...]

_IF_INET6: Final = "proc/net/if_inet6"
_TABLE_LIMIT: Final = 20_000
_FIELDS: Final = 6  # address, number, prefix, scope, flags, name
_LINK_LOCAL: Final = 0x20
# linux/if_addr.h, IFA_F_TENTATIVE and IFA_F_DADFAILED: nothing can be bound there (yet).
_NOT_READY: Final = 0x40 | 0x08


def ears(choice: LinkChoice = ANY_LINK, root: Path = Path("/")) -> Ears:
    """Give where to call and hear: each of our IPv4 addresses, and each link with IPv6 once.

    Some devices announce themselves by IPv6 alone. A socket for both hears this machine's own
    programs on loopback only where it says so: one for IPv4 does without (IP_MULTICAST_ALL, ip(7)).
    root: where `sys` and `proc` are found. Source: RFC 6762 section 3 (ff02::fb); proc(5).
    """
    links = _ipv6_links(read_raw(root / _IF_INET6, _TABLE_LIMIT).decode("ascii", "replace"))
    numbers = sorted({links[name] for name in room_links(links, choice, root)})
    ipv4 = {*addresses(choice), *([LOOPBACK] if numbers else [])}
    return (*sorted(ipv4, key=socket.inet_aton), *numbers)


@contextlib.asynccontextmanager
async def open_zeroconf(choice: LinkChoice = ANY_LINK) -> AsyncIterator[AsyncZeroconf]:
    """Open a zeroconf to share, where this machine is; on loopback where it is nowhere yet.

    Keep it where the machine is by `follow(zeroconf, choice)` in a task beside its users.
    """
    async with zeroconf_at(ears(choice) or (LOOPBACK,)) as zeroconf:
        await zeroconf.zeroconf.async_wait_for_start()
        yield zeroconf


def zeroconf_at(places: Ears) -> AsyncZeroconf:
    """Make a zeroconf at those of these that are still there. Raises OSError, or RuntimeError."""
    there = tuple(one for one in places if isinstance(one, str) or _is_there(one)) or (LOOPBACK,)
    return AsyncZeroconf(interfaces=list(there), ip_version=_version(there))


async def follow(
    zeroconf: AsyncZeroconf,
    choice: LinkChoice = ANY_LINK,
    *,
    moved: Callable[[], None] = lambda: None,
    may_be_alone: bool = True,
) -> None:
    """Keep a zeroconf where this machine is; never returns.

    moved: called after each move, for what was asked on the old network must be asked anew.
    may_be_alone: wait for a network as long as it takes; else raises SenseMissing("no_network")
    after some seconds without. Source: zeroconf leaves interfaces to its owner (its issue 976).
    """
    interfaces, changed = Interfaces(_bound(zeroconf)), asyncio.Event()
    with netlink.listening(changed) as notified:
        while True:
            new = interfaces.see(ears(choice))
            if not may_be_alone and interfaces.is_gone:
                raise no_network()
            if new is not None and await _move(zeroconf, new):
                interfaces.bound = new
                moved()
            await next_look(interfaces, changed, notified=notified)


def _ipv6_links(table: str) -> dict[str, int]:
    """Give the interfaces with a link-local IPv6 address that is in use, and their numbers."""
    links: dict[str, int] = {}
    for line in table.splitlines():
        fields = line.split()
        with contextlib.suppress(ValueError, IndexError):
            number, scope, flags = (int(fields[at], 16) for at in (1, 3, 4))
            if len(fields) == _FIELDS and scope == _LINK_LOCAL and not flags & _NOT_READY:
                links[fields[-1]] = number
    return links


def _is_there(number: int) -> bool:
    try:
        return bool(socket.if_indextoname(number))
    except OSError:
        return False


def _version(places: Ears) -> IPVersion:
    return IPVersion.All if any(isinstance(one, int) for one in places) else IPVersion.V4Only


def _bound(zeroconf: AsyncZeroconf) -> Ears:
    """Give where it calls from now, in order."""
    senders: list[Any] = zeroconf.zeroconf.engine.senders
    ipv4 = {str(one.sock_name[0]) for one in senders if not one.is_ipv6}
    numbers = {int(one.sock_name[3]) for one in senders if one.is_ipv6}
    return (*sorted(ipv4, key=socket.inet_aton), *sorted(numbers))


async def _move(zeroconf: AsyncZeroconf, new: Ears) -> bool:
    try:
        await zeroconf.async_update_interfaces(interfaces=list(new), ip_version=_version(new))
    except (OSError, RuntimeError) as error:
        # An address may be listed a moment before its interface answers to it; tried again.
        _LOGGER.info("mDNS cannot move yet places=%s error=%s", _text(new), error)
        return False
    _LOGGER.info("mDNS moved places=%s", _text(new))
    return True


def _text(places: Ears) -> str:
    return ",".join(map(str, places))
