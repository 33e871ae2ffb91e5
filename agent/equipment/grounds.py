"""This file gathers why a device is taken for this one, and for one of its kind. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hardware.readings import KindProof, Sighting
from protocol.messages import DeviceGrounds

_LIMIT: Final = 8
_TEXT_LIMIT: Final = 120
_PROOFS: Final = frozenset(map(str, KindProof))


def grounds_of(device_id: str, told: Iterable[Sighting], kinds: Iterable[str]) -> DeviceGrounds:
    """Give which marks were believed, which not, and what its kind follows from.

    told: what each source says. kinds: the kinds that people gave to the same things.
    """
    sightings, judged = list(told), list(kinds)
    pairs = [*zip(sightings, judged, strict=True)]
    own = [one for one, kind in pairs if kind == one.kind]
    return DeviceGrounds(
        device_id=device_id,
        believed=_texts(mark for one in sightings for mark in (one.key, *one.aliases)),
        contested=_texts(mark for one in sightings for mark in one.contested),
        weak=_texts(mark for one in sightings for mark in one.weak),
        former=_texts(mark for one in sightings for mark in _former(one)),
        proofs=_texts(one.proof for one in own if one.proof.partition(" ")[0] in _PROOFS),
        by_person=len(own) < len(pairs),
    )


def _former(sighting: Sighting) -> Iterator[str]:
    return (mark for mark in sighting.former if mark not in sighting.weak)


def _texts(marks: Iterable[str]) -> tuple[str, ...]:
    return tuple([mark[:_TEXT_LIMIT] for mark in dict.fromkeys(marks)][:_LIMIT])
