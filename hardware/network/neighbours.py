"""This file reads the kernel's neighbour table: which MAC answers at an address; read-only."""

from __future__ import annotations

from pathlib import Path

from hardware.network.announced import trusted_mac

NEIGHBOURS = Path("/proc/net/arp")
_COLUMNS = 6
_COMPLETE = 0x2  # ATF_COM of <net/if_arp.h>: the address has answered
_BYTES_LIMIT = 256 << 10


def mac_at(address: str, table: Path = NEIGHBOURS) -> str:
    """Give the MAC at an IPv4 address as 12 hex digits; "" where none may be trusted.

    "" too where the table is absent (not Linux), and where the MAC answers for several addresses:
    then it is a router's. Source: proc(5), /proc/net/arp.
    """
    try:
        with table.open("rb") as file:
            text = file.read(_BYTES_LIMIT).decode("ascii", "replace")
    except OSError:
        return ""
    return mac_in(text, address)


def mac_in(text: str, address: str) -> str:
    """Find an address in the text of a neighbour table."""
    macs = dict(filter(None, map(_entry, text.splitlines())))
    mac = macs.get(address, "")
    return mac if list(macs.values()).count(mac) == 1 else ""


def _entry(line: str) -> tuple[str, str] | None:
    columns = line.split()
    if len(columns) != _COLUMNS:
        return None
    address, _, flags, mac, *_ = columns
    try:
        complete = int(flags, 16) & _COMPLETE
    except ValueError:
        return None
    return (address, trusted_mac(mac)) if complete else None
