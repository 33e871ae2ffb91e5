"""This file says in sentences why a device is taken for this one, and for one of its kind. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hardware.readings import KindProof, Sighting
from protocol.formats import phrase
from protocol.words import N_, Translate

_MARKS: Final[Mapping[str, str]] = {
    "believed": N_("Known by {marks}."),
    "contested": N_(
        "{marks} is told by another device as well: it names neither, or only the one that was"
        " there first."
    ),
    "weak": N_("{marks} holds nothing of this one piece: its make has it in many."),
    "former": N_("Was known as {marks}."),
}
_PROOFS: Final[Mapping[KindProof, str]] = {
    KindProof.NODE: N_("Of this kind, for the computer's system made a device of it: {detail}."),
    KindProof.SERVICE: N_("Of this kind by the service that it announces: {detail}."),
    KindProof.CAPABILITY: N_("Of this kind by what it says that it can do: {detail}."),
    KindProof.PROTOCOL: N_("Of this kind, for it answers in {detail}."),
    KindProof.WIDE: N_("Of this kind, for only a board is touched over such a width."),
    KindProof.KIND_CLASS: N_("Of this kind by the class of its connection: {detail}."),
    KindProof.DRIVER: N_("Of this kind by the driver that works it: {detail}."),
    KindProof.PROPERTY: N_("Of this kind by a mark of the computer's system: {detail}."),
    KindProof.TABLE: N_("Of this kind, for its product is known: {detail}."),
    KindProof.NAME: N_("Of this kind by what it calls itself: {detail}."),
}
_PERSON: Final = N_("Of this kind by a person's word.")


def grounds_of(told: Iterable[Sighting], kinds: Iterable[str], say: Translate) -> list[str]:
    """Give the sentences, each once: which marks were believed, which not, why it is of its kind.

    told: what each source says. kinds: the kinds that people gave to the same things.
    """
    sightings = list(told)
    lines = [line for sighting in sightings for line in _marks(sighting, say)]
    kinds = list(kinds)
    for sighting, kind in zip(sightings, kinds, strict=True):
        if kind != sighting.kind:
            lines.append(say(_PERSON))
        elif proof := _proof(sighting, say):
            lines.append(proof)
    return list(dict.fromkeys(lines))


def _marks(sighting: Sighting, say: Translate) -> Iterator[str]:
    marks = {
        "believed": (sighting.key, *sighting.aliases),
        "contested": sighting.contested,
        "weak": sighting.weak,
        "former": tuple(mark for mark in sighting.former if mark not in sighting.weak),
    }
    for name, told in marks.items():
        if told:
            yield phrase(_MARKS[name], say, marks=", ".join(told))


def _proof(sighting: Sighting, say: Translate) -> str:
    word, _, detail = sighting.proof.partition(" ")
    if word not in set(KindProof):
        return ""
    return phrase(_PROOFS[KindProof(word)], say, detail=detail or "-")
