"""This file asks one address, typed or found, whether a projector is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from hardware.network.neighbours import NEIGHBOURS, mac_at
from hardware.network.typed import Asker, Typed, TypedPlace
from hardware.pjlink.known import Known, Look
from hardware.pjlink.talk import PORT, TalkError, Who, talking
from hardware.readings import Flaw, Seen

_SCHEMES = {"", "pjlink"}


class Entry(NamedTuple):
    """An address that a person typed; token: what that entry is known by, port: 0 for PJLink's."""

    token: str
    address: str
    port: int = 0


async def ask(
    address: str, port: int = PORT, *, password: str = "", neighbours: Path = NEIGHBOURS
) -> list[Seen]:
    """Say what speaks PJLink at an address: a sighting and a reading; nothing where none does.

    Its identity is Identity.HOST where it told neither MAC nor serial.
    """
    known = Known(address, port or PORT)
    look = await look_at(known.address, known.port, password)
    known.neighbour = mac_at(address, neighbours)
    seen = known.take(look, time.time(), time.monotonic())
    if known.speaks and look.trouble is not None and look.trouble.reason == "nonsense":
        seen.append(Flaw(source="pjlink", code="nonsense", address=address))
    return seen


def asker(password: Callable[[], str]) -> Asker:
    """Give what asks a typed place for PJLink, for hardware.network.typed."""

    async def asked(place: TypedPlace) -> list[Seen]:
        if place.scheme not in _SCHEMES:
            return []
        return await ask(place.host, place.port, password=place.password or password())

    return asked


def entries_of(typed: Iterable[Typed]) -> list[Entry]:
    """Give the typed places where a projector may be."""
    return [
        Entry(one.token, one.place.host, one.place.port)
        for one in typed
        if one.place.scheme in _SCHEMES
    ]


async def look_at(address: str, port: int, password: str, known: Who | None = None) -> Look:
    """Talk once with a projector. known: what it is, if that need not be asked again."""
    state, who = None, known
    try:
        async with talking(address, port, password) as talk:
            state = await talk.state()
            if who is None:
                talk.go_on()
                who = await talk.who()
            if who.pjlink_class > 1:
                state = await talk.with_filter(state)
    except TalkError as error:
        return Look(state=state, who=who, trouble=error)
    return Look(state=state, who=who)
