"""This file finds out what is at an address that a person typed or scanned, and keeps asking."""

from __future__ import annotations

import asyncio
import functools
import random
import socket
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hardware.network import probes
from hardware.network.neighbours import NEIGHBOURS, ToldMac, told_at
from hardware.network.place import PlaceError, TypedPlace, canonical_address
from hardware.readings import (
    CameraReading,
    IdentityKind,
    Kind,
    ProjectorReading,
    Reading,
    Report,
    Sighting,
    SourceFlaw,
)
from hardware.rest import Rest, polling

# Asks one place by one protocol. Gives nothing where it is not spoken there; its sighting has
# Identity.HOST where the device told no name that stays. May raise OSError.
Asker = Callable[[TypedPlace], Awaitable[list[Reading]]]
USUAL: tuple[Asker, ...] = (probes.rtsp, probes.http)

ASK_AGAIN_S = 60.0
_NEWS_S = 60.0
_ASKER_S = 10.0
_RESOLVE_S = 5.0
_JITTER = 0.2
_AT_ONCE = 4
_STRENGTH = (
    IdentityKind.MAC,
    IdentityKind.UUID,
    IdentityKind.USB,
    IdentityKind.PORT,
    IdentityKind.TOKEN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedDevice:
    """An entry that a person made. token: what it is known by, for as long as it stands."""

    token: str
    place: TypedPlace


async def find(
    place: TypedPlace,
    *,
    token: str,
    askers: Iterable[Asker] = USUAL,
    own: bool = False,
    neighbours: Path = NEIGHBOURS,
) -> list[Reading]:
    """Ask a place by all protocols, and name what is there by the strongest name it tells.

    At once, for each has its own port; one after the other where a port was typed, for what is
    there may take one connection only. What speaks none of them may still take one.
    Gives one sighting first, then readings of the same key and flaws; nothing where nothing
    answers. Without a name of its own it gets its MAC from the neighbour table, else the token.
    own: whether this computer itself may be asked. Raises PlaceError where the host's name leads
    to an address that is not one device's.
    """
    resolved = await _resolve(place, own=own)
    if resolved is None:
        return []
    readings = await (_in_turn(askers, resolved) if place.port else _at_once(askers, resolved))
    if not any(isinstance(one, Sighting) for one in readings):
        readings += await _ask(probes.tcp, resolved)
    return merge_readings(readings, token, told_at(resolved.host, neighbours))


def merge_readings(readings: Iterable[Reading], token: str, card: ToldMac) -> list[Reading]:
    """Make one sighting of several of one device, and give its key to their readings; pure.

    card: the MAC that answers there.
    """
    readings = list(readings)
    sightings = sorted((one for one in readings if isinstance(one, Sighting)), key=_rank)
    if not sightings:
        return [one for one in readings if isinstance(one, SourceFlaw)]
    whole = functools.reduce(_fill, sightings)
    if whole.identity is IdentityKind.HOST:
        identity, key = (
            (IdentityKind.MAC, f"mac:{card.sound}")
            if card.sound
            else (IdentityKind.TOKEN, f"token:{token}")
        )
        past = (*whole.former, *([f"mac:{card.weak}"] if card.weak else []))
        whole = replace(whole, identity=identity, key=key, former=tuple(dict.fromkeys(past)))
    return [replace(whole, source="typed"), *_rekeyed_readings(readings, whole.key)]


async def watch(
    report: Report,
    places: Callable[[], Iterable[TypedDevice]],
    *,
    askers: Iterable[Asker] = USUAL,
    own: bool = False,
    neighbours: Path = NEIGHBOURS,
    jitter: Callable[[], float] = random.random,
    again_s: float = ASK_AGAIN_S,
    rest: Rest = polling,
) -> None:
    """Ask every typed place, new ones at once, each again and again until found; never returns.

    rest: until the places may be others.
    """
    ask = functools.partial(find, askers=tuple(askers), own=own, neighbours=neighbours)
    turn = asyncio.Semaphore(_AT_ONCE)

    async def keep(entry: TypedDevice) -> None:
        while True:
            if await _ask_and_report(report, entry, ask, turn):
                return
            await asyncio.sleep(again_s * (1.0 + _JITTER * jitter()))

    asking: dict[TypedDevice, asyncio.Task[None]] = {}
    async with asyncio.TaskGroup() as group:
        while True:
            current = set(places())
            for entry in asking.keys() - current:
                asking.pop(entry).cancel()
            for entry in current - asking.keys():
                asking[entry] = group.create_task(keep(entry), name="typed find")
            await rest(_NEWS_S)


async def _ask_and_report(
    report: Report,
    entry: TypedDevice,
    ask: Callable[..., Awaitable[list[Reading]]],
    turn: asyncio.Semaphore,
) -> bool:
    try:
        async with turn:
            readings = await ask(entry.place, token=entry.token)
    except PlaceError:
        return False  # a name that leads elsewhere now; tried again
    for reading in readings:
        report(reading)
    return any(isinstance(reading, Sighting) and _is_known(reading) for reading in readings)


def _is_known(sighting: Sighting) -> bool:
    """Whether more is known than that a machine is there: it may still be starting."""
    return sighting.kind is not Kind.OTHER or sighting.identity is not IdentityKind.TOKEN


async def _at_once(askers: Iterable[Asker], place: TypedPlace) -> list[Reading]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_ask(one, place), name="typed ask") for one in askers]
    return [reading for task in tasks for reading in task.result()]


async def _in_turn(askers: Iterable[Asker], place: TypedPlace) -> list[Reading]:
    readings: list[Reading] = []
    for one in askers:
        readings += await _ask(one, place)
        if any(isinstance(one, Sighting) and one.kind is not Kind.OTHER for one in readings):
            break
    return readings


async def _ask(asker: Asker, place: TypedPlace) -> list[Reading]:
    with suppress(OSError):  # and the TimeoutError, which is one
        async with asyncio.timeout(_ASKER_S):
            return await asker(place)
    return []


async def _resolve(place: TypedPlace, *, own: bool) -> TypedPlace | None:
    """Put an address in the place of a host name; None where it has none now.

    The address is checked too: a name may lead to this computer itself.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_RESOLVE_S):
            answers = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except OSError:
        return None
    address = str(answers[0][4][0])
    scope = place.host.partition("%")[2]
    if scope and "%" not in address:
        address = f"{address}%{scope}"
    return replace(place, host=canonical_address(address, own=own))


def _rank(sighting: Sighting) -> tuple[int, bool]:
    strong = sighting.identity in _STRENGTH
    rank = _STRENGTH.index(sighting.identity) if strong else len(_STRENGTH)
    return rank, sighting.kind is Kind.OTHER


def _fill(device: Sighting, other: Sighting) -> Sighting:
    """Fill what one protocol left open with what another of the same device says."""
    keys = (*device.aliases, other.key, *other.aliases)
    strong = other.identity is not IdentityKind.HOST
    aliases = (key for key in keys if key and key != device.key) if strong else device.aliases
    return replace(
        device,
        kind=other.kind if device.kind is Kind.OTHER else device.kind,
        name=device.name or other.name,
        vendor=device.vendor or other.vendor,
        model=device.model or other.model,
        serial=device.serial or other.serial,
        aliases=tuple(dict.fromkeys(aliases)),
        weak=tuple(dict.fromkeys((*device.weak, *other.weak))),
        former=tuple(dict.fromkeys((*device.former, *other.former))),
        url=device.url or other.url,
    )


def _rekeyed_readings(readings: Iterable[Reading], key: str) -> list[Reading]:
    rekeyed: list[Reading] = []
    for one in readings:
        if isinstance(one, CameraReading | ProjectorReading):
            rekeyed.append(replace(one, key=key))
        elif isinstance(one, SourceFlaw):
            rekeyed.append(one)
    return rekeyed
