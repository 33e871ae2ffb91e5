"""This file asks one address, typed or found, whether a projector is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from hardware.network.neighbours import NEIGHBOURS, told_at
from hardware.network.place import TypedPlace
from hardware.network.typed import Asker, TypedDevice
from hardware.pjlink.talk import PORT, ProjectorInfo, Talk, TalkError, talking
from hardware.pjlink.tracked import TalkResult, TrackedProjector
from hardware.readings import Reading, SourceFlaw

_SCHEMES = {"", "pjlink"}


# The password for who tells these keys at an address.
Password = Callable[[Collection[str], str], str]


class ProjectorEntry(NamedTuple):
    """An address that a person typed; token: what that entry is known by, port: 0 for PJLink's."""

    token: str
    address: str
    port: int = 0


async def ask(
    address: str, port: int = PORT, *, password: str = "", neighbours: Path = NEIGHBOURS
) -> list[Reading]:
    """Say what speaks PJLink at an address: a sighting and a reading; nothing where none does.

    Its identity is Identity.HOST where it told neither MAC nor serial.
    """
    projector = TrackedProjector(address, port or PORT)
    result = await poll(projector.address, projector.port, password)
    projector.neighbour = told_at(address, neighbours)
    readings = projector.update(result, time.time(), time.monotonic())
    if projector.speaks_pjlink and result.is_nonsense:
        readings.append(SourceFlaw(source="pjlink", code="nonsense", address=address))
    return readings


def asker(password: Password) -> Asker:
    """Give what asks a typed place for PJLink, for hardware.network.typed."""

    async def ask_place(place: TypedPlace) -> list[Reading]:
        if place.scheme not in _SCHEMES:
            return []
        return await ask(
            place.host, place.port, password=place.password or password((), place.host)
        )

    return ask_place


def entries_of(typed: Iterable[TypedDevice]) -> list[ProjectorEntry]:
    """Give the typed places where a projector may be."""
    return [
        ProjectorEntry(one.token, one.place.host, one.place.port)
        for one in typed
        if one.place.scheme in _SCHEMES
    ]


async def poll(
    address: str, port: int, password: str, info: ProjectorInfo | None = None
) -> TalkResult:
    """Talk once with a projector. info: what it is, if that need not be asked again."""
    talk: Talk | None = None
    trouble: TalkError | None = None
    try:
        async with talking(address, port, password) as talk:
            now = await talk.reading()
            if info is None:
                info = await talk.info()
            if info.pjlink_class > 1:
                talk.said = replace(now, filter_hours=await talk.filter_hours())
    except TalkError as error:
        trouble = error
    # What was said before a talk broke off was said.
    if talk is None:
        return TalkResult(info=info, trouble=trouble)
    return TalkResult(reading=talk.said, info=info, trouble=trouble, odd=talk.odd, told=talk.told)
