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
        "Another device tells the same, so it names neither, or only the one that was there first:"
        " {marks}."
    ),
    "weak": N_("Many of its make tell the same, so it names no one piece: {marks}."),
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
# What the kernel calls what it made of a device.
_NODES: Final[Mapping[str, str]] = {
    "net": N_("a network card"),
    "video4linux": N_("a camera"),
    "input": N_("a touch surface"),
    "dvb": N_("a television tuner"),
}
# How marks begin whose end a person may read on the device, and what stands for each.
_READ: Final[Mapping[str, str]] = {
    "mac": N_("MAC {mark}"),
    "uuid": N_("id {mark}"),
    "usb": N_("serial number {mark}"),
    "serial": N_("serial number {mark}"),
}
# How marks begin that say nothing to people, the longest first, and what stands for each.
_SPOKEN: Final[Mapping[str, str]] = {
    "name:onvif-at:": N_("the address where it answers"),
    "name:pjlink-at:": N_("the address where it answers"),
    "name:": N_("the name that it bears"),
    "token:": N_("the address that a person typed"),
    "port:": N_("the socket that it is plugged into"),
    "channel:": N_("its place among the pictures of its recorder"),
    "host:": N_("what this computer itself is"),
}
_NAME: Final = "name:"
_QUESTION: Final = N_("it may be: {kind}. Is it?")


def ground_lines(grounds: DeviceGrounds, say: Translate) -> Iterator[str]:
    """Give the sentences: which marks were believed, which not, why it is of its kind."""
    for name, text in _MARKS.items():
        if marks := _doubted(grounds) if name == "contested" else getattr(grounds, name):
            words = (mark_word(mark, say) for mark in marks)
            yield phrase(text, say, marks=", ".join(dict.fromkeys(words)))
    if grounds.by_person:
        yield say(_PERSON)
    for proof in grounds.proofs:
        word, _, detail = proof.partition(" ")
        if word in PROOFS:
            is_untold = not detail and "{detail}" in PROOFS[word]
            detail = say(_NODES[detail]) if word == "node" and detail in _NODES else detail
            yield say(_UNTOLD) if is_untold else phrase(PROOFS[word], say, detail=detail)


def _doubted(grounds: DeviceGrounds) -> list[str]:
    """The contested marks that say more than the rest: not what many tell anyway.

    Nor its name, where it is known by more.
    """
    over = {*grounds.weak}
    if not all(mark.startswith(_NAME) for mark in grounds.believed):
        over |= {mark for mark in grounds.contested if mark.startswith(_NAME)}
    return [mark for mark in grounds.contested if mark not in over]


def mark_word(mark: str, say: Translate) -> str:
    """What to call a mark, as people read it on devices and their pages."""
    family, _, rest = mark.partition(":")
    if family in _READ:
        own = rest.rpartition(":")[2]
        pairs = ":".join(own[at : at + 2] for at in range(0, len(own), 2))
        return phrase(_READ[family], say, mark=pairs if family == "mac" else own)
    return next((say(words) for begin, words in _SPOKEN.items() if mark.startswith(begin)), mark)


def kind_question(kind: DeviceKind, say: Translate) -> str:
    """Ask a person whether a device is of the kind that it may well be; begins within a line."""
    return phrase(_QUESTION, say, kind=kind_word(kind, say))
