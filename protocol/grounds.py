"""This file says in sentences why a device is taken for this one, and for one of its kind. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from protocol.formats import phrase
from protocol.messages import DeviceGrounds
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
# By what a kind follows from, as hardware.readings.KindProof words it.
PROOFS: Final[Mapping[str, str]] = {
    "node": N_("Of this kind, for the computer's system made a device of it: {detail}."),
    "service": N_("Of this kind by the service that it announces: {detail}."),
    "capability": N_("Of this kind by what it says that it can do: {detail}."),
    "protocol": N_("Of this kind, for it answers in {detail}."),
    "wide": N_("Of this kind, for only a board is touched over such a width."),
    "class": N_("Of this kind by the class of its connection: {detail}."),
    "driver": N_("Of this kind by the driver that works it: {detail}."),
    "property": N_("Of this kind by a mark of the computer's system: {detail}."),
    "table": N_("Of this kind, for its product is known: {detail}."),
    "name": N_("Of this kind by what it calls itself: {detail}."),
}
_PERSON: Final = N_("Of this kind by a person's word.")
_OWN_NAME: Final = N_("the name that it bears")
_NAME_DIGEST: Final = re.compile("name:[0-9a-f]{32}")


def ground_lines(grounds: DeviceGrounds, say: Translate) -> Iterator[str]:
    """Give the sentences: which marks were believed, which not, why it is of its kind."""
    for name, text in _MARKS.items():
        if marks := getattr(grounds, name):
            words = (say(_OWN_NAME) if _NAME_DIGEST.fullmatch(mark) else mark for mark in marks)
            yield phrase(text, say, marks=", ".join(dict.fromkeys(words)))
    if grounds.by_person:
        yield say(_PERSON)
    for proof in grounds.proofs:
        word, _, detail = proof.partition(" ")
        if word in PROOFS:
            yield phrase(PROOFS[word], say, detail=detail or "-")
