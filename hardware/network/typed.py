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
from hardware.network.neighbours import NEIGHBOURS, mac_at
from hardware.network.place import PlaceError, TypedPlace, allowed, place_of
from hardware.readings import (
    CameraReading,
    Flaw,
    Identity,
    Kind,
    ProjectorReading,
    Report,
    Seen,
    Sighting,
)

__all__ = ["USUAL", "Asker", "PlaceError", "Typed", "TypedPlace", "find", "place_of", "watch"]

# Asks one place by one protocol. Gives nothing where it is not spoken there; its sighting has
# Identity.HOST where the device told no name that stays. May raise OSError.
Asker = Callable[[TypedPlace], Awaitable[list[Seen]]]
USUAL: tuple[Asker, ...] = (probes.rtsp, probes.http)

ASK_AGAIN_S = 60.0
_LOOK_S = 2.0
_ASKER_S = 10.0
_RESOLVE_S = 5.0
_JITTER = 0.2
_AT_ONCE = 4
_STRENGTH = (Identity.MAC, Identity.UUID, Identity.USB, Identity.PORT, Identity.TOKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
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
) -> list[Seen]:
    """Ask a place by all protocols, and name what is there by the strongest name it tells.

    At once, for each has its own port; one after the other where a port was typed, for what is
    there may take one connection only. What speaks none of them may still take one.
    Gives one sighting first, then readings of the same key and flaws; nothing where nothing
    answers. Without a name of its own it gets its MAC from the neighbour table, else the token.
    own: whether this computer itself may be asked. Raises PlaceError where the host's name leads
    to an address that is not one device's.
    """
    resolved = await _resolved(place, own=own)
    if resolved is None:
        return []
    seen = await (_in_turn(askers, resolved) if place.port else _at_once(askers, resolved))
    if not any(isinstance(one, Sighting) for one in seen):
        seen += await _asked(probes.tcp, resolved)
    return named(seen, token, mac_at(resolved.host, neighbours))


def named(seen: Iterable[Seen], token: str, mac: str) -> list[Seen]:
    """Make one sighting of several of one device, and give its key to their readings; pure."""
    seen = list(seen)
    sightings = sorted((one for one in seen if isinstance(one, Sighting)), key=_rank)
    if not sightings:
        return [one for one in seen if isinstance(one, Flaw)]
    whole = functools.reduce(_filled, sightings)
    if whole.identity is Identity.HOST:
        identity, key = (Identity.MAC, f"mac:{mac}") if mac else (Identity.TOKEN, f"token:{token}")
        whole = replace(whole, identity=identity, key=key)
    return [replace(whole, source="typed"), *_others(seen, whole.key)]


async def watch(
    report: Report,
    places: Callable[[], Iterable[Typed]],
    *,
    askers: Iterable[Asker] = USUAL,
    own: bool = False,
    neighbours: Path = NEIGHBOURS,
    jitter: Callable[[], float] = random.random,
    again_s: float = ASK_AGAIN_S,
) -> None:
    """Ask every typed place, new ones at once, each again and again until found; never returns."""
    ask = functools.partial(find, askers=tuple(askers), own=own, neighbours=neighbours)
    turn = asyncio.Semaphore(_AT_ONCE)

    async def keep(entry: Typed) -> None:
        while True:
            if await _found(report, entry, ask, turn):
                return
            await asyncio.sleep(again_s * (1.0 + _JITTER * jitter()))

    asking: dict[Typed, asyncio.Task[None]] = {}
    async with asyncio.TaskGroup() as group:
        while True:
            wanted = set(places())
            for entry in asking.keys() - wanted:
                asking.pop(entry).cancel()
            for entry in wanted - asking.keys():
                asking[entry] = group.create_task(keep(entry), name="typed find")
            await asyncio.sleep(_LOOK_S)


async def _found(
    report: Report,
    entry: Typed,
    ask: Callable[..., Awaitable[list[Seen]]],
    turn: asyncio.Semaphore,
) -> bool:
    try:
        async with turn:
            seen = await ask(entry.place, token=entry.token)
    except PlaceError:
        return False  # a name that leads elsewhere now; tried again
    for each in seen:
        report(each)
    return any(isinstance(each, Sighting) and _is_known(each) for each in seen)


def _is_known(sighting: Sighting) -> bool:
    """Whether more is known than that a machine is there: it may still be starting."""
    return sighting.kind is not Kind.OTHER or sighting.identity is not Identity.TOKEN


async def _at_once(askers: Iterable[Asker], place: TypedPlace) -> list[Seen]:
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(_asked(one, place), name="typed ask") for one in askers]
    return [each for task in asked for each in task.result()]


async def _in_turn(askers: Iterable[Asker], place: TypedPlace) -> list[Seen]:
    seen: list[Seen] = []
    for one in askers:
        seen += await _asked(one, place)
        if any(isinstance(each, Sighting) and each.kind is not Kind.OTHER for each in seen):
            break
    return seen


async def _asked(asker: Asker, place: TypedPlace) -> list[Seen]:
    with suppress(OSError):  # and the TimeoutError, which is one
        async with asyncio.timeout(_ASKER_S):
            return await asker(place)
    return []


async def _resolved(place: TypedPlace, *, own: bool) -> TypedPlace | None:
    """Put an address in the place of a host name; None where it has none now.

    The address is checked too: a name may lead to this computer itself.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_RESOLVE_S):
            found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except OSError:
        return None
    address = str(found[0][4][0])
    scope = place.host.partition("%")[2]
    if scope and "%" not in address:
        address = f"{address}%{scope}"
    return replace(place, host=allowed(address, own=own))


def _rank(sighting: Sighting) -> tuple[int, bool]:
    strong = sighting.identity in _STRENGTH
    rank = _STRENGTH.index(sighting.identity) if strong else len(_STRENGTH)
    return rank, sighting.kind is Kind.OTHER


def _filled(device: Sighting, other: Sighting) -> Sighting:
    """Fill what one protocol left open with what another of the same device says."""
    keys = (*device.aliases, other.key, *other.aliases)
    strong = other.identity is not Identity.HOST
    aliases = (key for key in keys if key and key != device.key) if strong else device.aliases
    return replace(
        device,
        kind=other.kind if device.kind is Kind.OTHER else device.kind,
        name=device.name or other.name,
        vendor=device.vendor or other.vendor,
        model=device.model or other.model,
        serial=device.serial or other.serial,
        aliases=tuple(dict.fromkeys(aliases)),
        url=device.url or other.url,
    )


def _others(seen: Iterable[Seen], key: str) -> list[Seen]:
    others: list[Seen] = []
    for one in seen:
        if isinstance(one, CameraReading | ProjectorReading):
            others.append(replace(one, key=key))
        elif isinstance(one, Flaw):
            others.append(one)
    return others
