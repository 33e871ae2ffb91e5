"""This file reads MACs, and asks the kernel's neighbour table which answers for an address."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from ipaddress import IPv6Address
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from hardware.network.neighbours_6 import neighbours_6
from hardware.text import read_raw

NEIGHBOURS = Path("/proc/net/arp")

# linux/if_arp.h: ATF_COM, the entry is complete: the neighbour has answered.
_COMPLETE = 0x2
_PREFIX_OCTETS = 3  # the maker's; the others are the piece's
_FIELDS = 4  # address, type, flags, MAC; then mask and device
_MAC = re.compile(r"([0-9a-f]{2})" + r"[:.-]?([0-9a-f]{2})" * 5, re.IGNORECASE)
# The lowest bits of the first octet: sent to many, and made up on the spot (IEEE 802, 8.2).
_TO_MANY, _MADE_UP = 0b01, 0b10
# A school's whole /22 has a thousand neighbours of some 80 characters each.
_TABLE_LIMIT = 200_000


class _Answer(NamedTuple):
    """Who has answered, and on which interface; "" where the table does not say."""

    address: str
    mac: str
    interface: str


class ToldMac(NamedTuple):
    """A MAC as 12 hex digits, in one of the two. weak: that of many, and up to 0.2 an identity."""

    sound: str = ""
    weak: str = ""


def mac_of(address: str, root: Path = Path("/"), interface: str = "") -> str:
    """Give the MAC that answers for an IPv4 address in our own network; "" if none is known.

    12 hex digits. root: where `proc` is found. interface: where it is asked for; a container's
    network may have the same addresses. Asks nobody: the table knows whom this machine has talked
    to lately. Source: proc(5), /proc/net/arp.
    """
    at = [one for one in _answers(_read(root / "proc/net/arp")) if one.address == address]
    near = [one for one in at if one.interface == interface]
    return next((one.mac for one in near or at), "")


def mac_at(address: str, table: Path = NEIGHBOURS) -> str:
    """Give the MAC of the one device at an address; "" where none may be trusted.

    "" too where the device made its MAC up, and where it answers for several IPv4 addresses: then
    it is a router's. table: as the kernel shows those.
    """
    return told_at(address, table).sound


def told_at(address: str, table: Path = NEIGHBOURS) -> ToldMac:
    """Give the same, and one that names no piece beside it."""
    return told_mac(_mac_by_ipv6(address)) if ":" in address else told_in(_read(table), address)


def told_in(text: str, address: str) -> ToldMac:
    """Find the MAC of the one device at an address in the text of a neighbour table."""
    answers = list(_answers(text))
    macs = {one.mac for one in answers if one.address == address}
    addresses = {one.address for one in answers if one.mac in macs}
    # Two networks of ours may have the same addresses: then nobody knows which of the two it is.
    return told_mac(macs.pop()) if len(macs) == len(addresses) == 1 else ToldMac()


def answered_on(root: Path = Path("/")) -> dict[str, frozenset[str]]:
    """Give the IPv4 addresses that have answered, by interface. root: where `proc` is found."""
    found: dict[str, set[str]] = {}
    for one in _answers(_read(root / "proc/net/arp")):
        if one.interface:
            found.setdefault(one.interface, set()).add(one.address)
    return {interface: frozenset(addresses) for interface, addresses in found.items()}


def plain_mac(text: str) -> str:
    """Give a MAC as 12 hex digits; "" if it is none, names nobody, or names many."""
    match = _MAC.fullmatch(text.strip())
    mac = "".join(match.groups()).lower() if match else ""
    return mac if mac.strip("0") and not int(mac[:2], 16) & _TO_MANY else ""


def told_mac(text: str) -> ToldMac:
    """Read a MAC that a device tells as plain_mac does; nothing of one made up."""
    mac = plain_mac(text)
    if not mac or is_made_up(mac):
        return ToldMac()
    return ToldMac(weak=mac) if _is_of_many(mac) else ToldMac(sound=mac)


def is_made_up(mac: str) -> bool:
    """Say whether a MAC of 12 hex digits was made up on the spot; nobody was given it."""
    return bool(int(mac[:2], 16) & _MADE_UP)


def trusted_mac(text: str) -> str:
    """Give a MAC that may name one device; "" of one made up, or left as its maker wrote it."""
    return told_mac(text).sound


def _is_of_many(mac: str) -> bool:
    """Whether a MAC is one that nobody gave to this piece: it counts up, stands still, or is empty.

    Of those that were given one in 30,000 looks so, and is known by its next mark. Source:
    home-assistant/core issue 59218 (00:12:34:56:78:9a), 00:11:22:33:44:55 of many chips' examples,
    00:50:43:02:02:02 of Marvell's.
    """
    octets = bytes.fromhex(mac)
    steps = {(after - before) % 256 for before, after in pairwise(octets[_PREFIX_OCTETS - 1 :])}
    has_own = len(set(octets[_PREFIX_OCTETS:])) > 1
    return len(steps) == 1 or not has_own or not any(octets[:_PREFIX_OCTETS])


def _mac_by_ipv6(address: str) -> str:
    """Give the card of a link-local address, for no router answers for those; else "".

    A device has several others, and so has the router that answers for them.
    """
    if not _is_link_local(address):
        return ""
    macs = {one.mac for one in neighbours_6() if one.address == address}
    return macs.pop() if len(macs) == 1 else ""


def _is_link_local(address: str) -> bool:
    try:
        return IPv6Address(address).is_link_local
    except ValueError:
        return False


def _read(table: Path) -> str:
    if sys.platform == "win32":
        from hardware.network.windows import ip_helper  # noqa: PLC0415 - there alone

        answered = ip_helper.neighbours()
        return "\n".join(f"{one.address} 0x1 0x2 {one.mac} * {one.interface}" for one in answered)
    return read_raw(table, _TABLE_LIMIT).decode("ascii", "replace")


def _answers(text: str) -> Iterator[_Answer]:
    """Give who has answered."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= _FIELDS and _is_complete(fields[2]) and (mac := plain_mac(fields[3])):
            interface = " ".join(fields[_FIELDS + 1 :])  # Windows' have blanks in their names
            yield _Answer(fields[0], mac, interface)


def _is_complete(flags: str) -> bool:
    try:
        return bool(int(flags, 16) & _COMPLETE)
    except ValueError:
        return False
