"""This file says on which addresses this machine is in a network, and when they have changed."""

from __future__ import annotations

import ipaddress
import socket

import psutil

Addresses = tuple[str, ...]

POLL_S = 5.0
# Wi-Fi that moves between two transmitters drops its address and has it back within a second.
CALM_S = 1.0
# So many polls without any address, and the network is gone rather than changing.
_POLLS_UNTIL_GONE = 3


def addresses() -> Addresses:
    """Give the IPv4 addresses of the interfaces that are up, loopback left out, in order."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found = {
        entry.address
        for name, entries in psutil.net_if_addrs().items()
        for entry in entries
        if name in up and entry.family == socket.AF_INET
    }
    return tuple(sorted(one for one in found if not ipaddress.ip_address(one).is_loopback))


class Interfaces:
    """Damps changes of addresses: one counts when seen twice in a row. bound: those in use."""

    def __init__(self, bound: Addresses) -> None:
        self.bound = bound
        self._last = bound
        self._empty_polls = 0

    def see(self, found: Addresses) -> Addresses | None:
        """Take in the addresses found now. Gives those to move to, or None to stay."""
        calm = found == self._last
        self._last = found
        self._empty_polls = 0 if found else self._empty_polls + 1
        return found if calm and found and found != self.bound else None

    @property
    def gone(self) -> bool:
        """Whether there has been no network for so long that it must be said."""
        return self._empty_polls >= _POLLS_UNTIL_GONE

    @property
    def poll_in_s(self) -> float:
        """How long to wait until the next look: short while something changes."""
        return POLL_S if self._last in {self.bound, ()} else CALM_S
