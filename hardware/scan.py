"""This file looks around once with every sense, for someone who asks what this machine sees."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from hardware.host.machine import identify, identity_sighting
from hardware.host.uplink import uplink
from hardware.http.login import NOBODY
from hardware.mdns import watch as mdns
from hardware.onvif import watch as onvif
from hardware.pjlink import watch as pjlink
from hardware.pjlink.ask import Password
from hardware.readings import Reading, Report, SenseMissing, Sighting, SourceFlaw
from hardware.usb import watch as usb
from hardware.usb.keys import Holders, remembered_holders


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A sense that this machine lacks, such as "usb"; why (code), and what to do (hint)."""

    sense: str
    code: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareScan:
    """What was there at the end of the look, and the senses that were missing.

    sightings: one for each source and key. flaws: how often a source heard nonsense.
    """

    sightings: tuple[Sighting, ...]
    missing: tuple[Missing, ...] = ()
    flaws: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What devices may ask for during a look; shown nowhere.

    Each by the keys that a device tells, and its address.
    """

    camera: onvif.Credentials = field(default=lambda _keys, _address: NOBODY, repr=False)
    pjlink: Password = field(default=lambda _keys, _address: "", repr=False)


Start = Callable[[Report], Awaitable[None]]
Senses = Mapping[str, Start]


async def look(
    seconds: float,
    secrets: Secrets | None = None,
    *,
    known: Iterable[Sighting] = (),
    senses: Senses | None = None,
) -> HardwareScan:
    """Look around for so many seconds with every sense at once; a sense that is missing is told.

    known: what was seen before, so that what is known is called as it was. senses: those to use
    instead of all, by name.
    """
    identity = await asyncio.to_thread(identify)
    gathered = _Gathered()
    gathered.report(identity_sighting(identity))
    if (link := await asyncio.to_thread(uplink)) is not None:
        gathered.report(link)
    missing: list[Missing] = []

    async def sense(name: str, start: Start) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await start(gathered.report)
        except* SenseMissing as group:
            error = _first(group)
            missing.append(Missing(sense=name, code=error.code, hint=error.hint))

    async with asyncio.TaskGroup() as group:
        every = _senses(identity.machine, secrets or Secrets(), remembered_holders(known))
        for name, start in (every if senses is None else senses).items():
            group.create_task(sense(name, start), name=f"scan {name}")
    return HardwareScan(
        sightings=tuple(gathered.sightings.values()),
        missing=tuple(sorted(missing, key=lambda one: one.sense)),
        flaws=dict(gathered.flaws),
    )


def _senses(machine: str, secrets: Secrets, holders: Holders) -> Senses:
    return {
        "usb": lambda report: usb.watch(report, host=machine, holders=holders),
        "mdns": mdns.watch,
        "onvif": lambda report: onvif.watch(report, credentials=secrets.camera),
        "pjlink": lambda report: pjlink.watch(report, password=secrets.pjlink),
    }


class _Gathered:
    """What is there now, each source's word on each key, and the flaws so far."""

    def __init__(self) -> None:
        self.sightings: dict[tuple[str, str], Sighting] = {}
        self.flaws: Counter[str] = Counter()

    def report(self, reading: Reading) -> None:
        if isinstance(reading, SourceFlaw):
            self.flaws[reading.source] += reading.count
        elif isinstance(reading, Sighting) and reading.present:
            self.sightings[reading.source, reading.key] = reading
        elif isinstance(reading, Sighting):
            self.sightings.pop((reading.source, reading.key), None)


def _first(group: BaseExceptionGroup[SenseMissing]) -> SenseMissing:
    for error in group.exceptions:
        return error if isinstance(error, SenseMissing) else _first(error)
    raise AssertionError
