"""This file looks around once with every sense, for someone who asks what this machine sees."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

from hardware.host.machine import identify, identity_sighting
from hardware.network import mdns
from hardware.readings import Seen, SenseMissing, Sighting
from hardware.usb import watch as usb


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A sense that this machine lacks: "usb" or "mdns"; why (code), and what to do (hint)."""

    sense: str
    code: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What was there at the end of the look, each device once, and the senses that were missing."""

    sightings: tuple[Sighting, ...]
    missing: tuple[Missing, ...] = ()


async def look(seconds: float) -> Scan:
    """Look around for so many seconds with every sense at once; a sense that is missing is told."""
    identity = await asyncio.to_thread(identify)
    own = identity_sighting(identity)
    seen = {own.key: own}
    missing: list[Missing] = []

    def report(said: Seen) -> None:
        if not isinstance(said, Sighting):
            return
        if said.present:
            seen[said.key] = said
        else:
            seen.pop(said.key, None)

    async def sense(name: str, watching: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(seconds):
                await watching
        except TimeoutError:
            return
        except SenseMissing as error:
            missing.append(Missing(sense=name, code=error.code, hint=error.hint))

    async with asyncio.TaskGroup() as group:
        watch_usb = usb.watch(report, host=identity.machine)
        group.create_task(sense("usb", watch_usb), name="scan usb")
        group.create_task(sense("mdns", mdns.watch(report)), name="scan mdns")
    ordered = sorted(missing, key=lambda one: one.sense)
    return Scan(sightings=tuple(seen.values()), missing=tuple(ordered))
