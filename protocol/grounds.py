"""This file says in sentences why a device is taken for this one, and for one of its kind. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from protocol.formats import phrase
from protocol.messages import DeviceGrounds
from protocol.model import DeviceKind
from protocol.words import N_, Translate, kind_word

_MARKS: Final[Mapping[str, str]] = {
    "believed": N_("Known by {marks}."),
    "contested": N_(
        "{marks} is told by another device as well: it names neither, or only the one that was"
        " there first."
    ),
    "weak": N_("{marks} holds nothing of this one piece: its make has it in many."),
    "former": N_("Was known by {marks}."),
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
_UNTOLD: Final = N_("Nothing tells what kind it is.")
# How marks begin that say nothing to people, the longest first, and what stands for each.
_SPOKEN: Final[Mapping[str, str]] = {
    "name:onvif-at:": N_("the address where it answers"),
    "name:pjlink-at:": N_("the address where it answers"),
    "name:": N_("the name that it bears"),
    "port:": N_("the socket that it is plugged into"),
    "channel:": N_("its place among the pictures of its recorder"),
    "host:": N_("what this computer itself is"),
}
_QUESTION: Final = N_("it may be: {kind}. Is it?")


def ground_lines(grounds: DeviceGrounds, say: Translate) -> Iterator[str]:
    """Give the sentences: which marks were believed, which not, why it is of its kind."""
    for name, text in _MARKS.items():
        if marks := getattr(grounds, name):
            words = (_spoken(mark, say) for mark in marks)
            yield phrase(text, say, marks=", ".join(dict.fromkeys(words)))
    if grounds.by_person:
        yield say(_PERSON)
    for proof in grounds.proofs:
        word, _, detail = proof.partition(" ")
        if word in PROOFS:
            is_untold = not detail and "{detail}" in PROOFS[word]
            yield say(_UNTOLD) if is_untold else phrase(PROOFS[word], say, detail=detail)


def kind_question(kind: DeviceKind, say: Translate) -> str:
    """Ask a person whether a device is of the kind that it may well be; begins within a line."""
    return phrase(_QUESTION, say, kind=kind_word(kind, say))


def _spoken(mark: str, say: Translate) -> str:
    return next((say(words) for begin, words in _SPOKEN.items() if mark.startswith(begin)), mark)
