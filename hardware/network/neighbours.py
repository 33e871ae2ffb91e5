"""This file asks the kernel's neighbour table which MAC answers for an address."""

from __future__ import annotations

import re
from pathlib import Path

from hardware.text import read_raw

# linux/if_arp.h: ATF_COM, the entry is complete: the neighbour has answered.
_COMPLETE = 0x2
_MULTICAST = 0x01
_MAC = re.compile(r"([0-9a-f]{2}):" * 5 + r"([0-9a-f]{2})", re.IGNORECASE)
# A school's whole /22 has a thousand neighbours of some 80 characters each.
_TABLE_LIMIT = 200_000


def mac_of(address: str, root: Path = Path("/")) -> str:
    """Give the MAC of an IPv4 address in our own network as 12 hex digits; "" if none is known.

    root: where `proc` is found. Asks nobody: the table knows whom this machine has talked to
    lately. Source: proc(5), /proc/net/arp.
    """
    table = read_raw(root / "proc/net/arp", _TABLE_LIMIT).decode("ascii", "replace")
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) >= 4 and fields[0] == address and _is_complete(fields[2]):  # noqa: PLR2004 - address, type, flags, MAC
            return plain_mac(fields[3])
    return ""


def plain_mac(text: str) -> str:
    """Give a MAC as 12 hex digits; "" if it is none, names nobody, or names many."""
    found = _MAC.fullmatch(text)
    mac = "".join(found.groups()).lower() if found else ""
    return mac if mac.strip("0") and not int(mac[:2], 16) & _MULTICAST else ""


def _is_complete(flags: str) -> bool:
    try:
        return bool(int(flags, 16) & _COMPLETE)
    except ValueError:
        return False
