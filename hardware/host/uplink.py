"""This file tells what this machine hangs on: its access point, or with a cable its gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hardware.host.gateway import gateway_sighting
from hardware.host.wifi import Ioctl, access_point, interfaces
from hardware.network.routes import gateway
from hardware.readings import Report, Sighting

EVERY_S = 30.0
# Wi-Fi that moves between two access points has none for a moment.
_MISSES = 2


def uplink(root: Path = Path("/"), ioctl: Ioctl | None = None) -> Sighting | None:
    """Give the access point or gateway by which this machine reaches its network, or None.

    root: where `sys` and `proc` are found. Wi-Fi tells its access point; a cable's switch tells
    nothing, so there the gateway stands for it.
    """
    route = gateway(root)
    wireless = interfaces(root)
    if route is not None and route.interface not in wireless:
        return gateway_sighting(root)
    # One that leads out before one that only scans, or lends our own network.
    in_use = sorted(wireless, key=lambda name: route is None or name != route.interface)
    points = (access_point(name, ioctl) for name in in_use)
    return next((point for point in points if point is not None), None)


async def watch_uplink(
    report: Report, *, look: Callable[[], Sighting | None] = uplink, every_s: float = EVERY_S
) -> None:
    """Report the access point or gateway now and whenever it is another. Never returns."""
    links = Links()
    while True:
        for sighting in links.see(await asyncio.to_thread(look)):
            report(sighting)
        await asyncio.sleep(every_s)


class Links:
    """What this machine hangs on over time; pure."""

    def __init__(self) -> None:
        self._last: Sighting | None = None
        self._misses = 0

    def see(self, now: Sighting | None) -> list[Sighting]:
        """Take in one look. Gives what to report: the old one gone, the new one here."""
        before = self._last
        self._misses = 0 if now else self._misses + 1
        if now is None and self._misses < _MISSES:
            return []
        self._last = now
        gone = before is not None and (now is None or now.key != before.key)
        left = [replace(before, present=False, reason="unplugged")] if before and gone else []
        return left + ([now] if now and now != before else [])
