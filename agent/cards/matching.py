"""This file says whose the cards are that a camera read: by the class list, and at the door. Pure.

A class card is a number and proves nothing: what comes of it is a suggestion to the teacher.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from hardware.cards.acceptance import CardFlag, FoundCard
from protocol.doorcode import TEXT_LENGTH, fingerprint, read
from protocol.model import Method
from protocol.plan import ClassList, Plan

CHECK_CARD: Final = "check_card"  # two cards moved as if by one hand


class CardMark(NamedTuple):
    """A pupil whose card was seen. flags: of CHECK_CARD."""

    student: str
    method: Method
    flags: tuple[str, ...] = ()


class CardScanResult(NamedTuple):
    """What a scan suggests. copied: pupils whose number was at two places, who count as not seen.

    ambiguous: numbers seen that several pupils of this lesson have: given to nobody, and asked.
    repeated: of these, the numbers that were at two places at once.
    """

    marks: tuple[CardMark, ...] = ()
    copied: tuple[str, ...] = ()
    ambiguous: tuple[int, ...] = ()
    repeated: tuple[int, ...] = ()


class DoorRefusal(StrEnum):
    """Why a code shown at the door counts for nobody."""

    FORGED = "forged"  # or of another school, or no door card at all
    REVOKED = "revoked"
    UNKNOWN = "unknown"  # here: of another class, revoked or forged, where the plan has no key
    OTHER_CLASS = "other_class"


def allowed_ids(lists: Iterable[ClassList]) -> frozenset[int]:
    """The ids to look for: the numbers in these classes."""
    return frozenset(pupil.number for class_list in lists for pupil in class_list.pupils)


def scan_result(cards: Iterable[FoundCard], lists: Sequence[ClassList]) -> CardScanResult:
    """What all that a scan found so far suggests, in the order of the ids."""
    flags = defaultdict[int, set[CardFlag | None]](set)
    for card in cards:
        flags[card.id].add(card.flag)
    owners = {number: _owners(number, lists) for number in sorted(flags)}
    sole = {number: students[0] for number, students in owners.items() if len(students) == 1}
    ambiguous = tuple(number for number, students in owners.items() if len(students) > 1)
    copied = {number for number in sole if CardFlag.COPIED in flags[number]}
    return CardScanResult(
        marks=tuple(
            CardMark(who, Method.CARD, (CHECK_CARD,) if CardFlag.CHECK in flags[number] else ())
            for number, who in sole.items()
            if number not in copied
        ),
        copied=tuple(who for number, who in sole.items() if number in copied),
        ambiguous=ambiguous,
        repeated=tuple(number for number in ambiguous if CardFlag.COPIED in flags[number]),
    )


def keys_of(plan: Plan) -> dict[int, bytes]:
    """The keys of door cards, by version; a controller of before gives them."""
    return {
        int(version): bytes.fromhex(key)
        for version, key in plan.door_keys.items()
        if version.isascii() and version.isdecimal() and key
    }


def at_door(text: str, plan: Plan, roll: Collection[str]) -> CardMark | DoorRefusal:
    """Whose door card shows this text; or why it counts for nobody. roll: the lesson's pupils."""
    card = _card(text, plan)
    if card is None:
        return DoorRefusal.FORGED
    if card in plan.revoked:
        return DoorRefusal.REVOKED
    students = {each.serial: each.student for each in plan.door_cards}
    student = students.get(card)
    if student is None:
        return DoorRefusal.UNKNOWN
    return CardMark(student, Method.DOOR) if student in roll else DoorRefusal.OTHER_CLASS


def is_door_card(text: str, plan: Plan) -> bool:
    """Whether a card of this text is one of the plan's; where it has keys, of the school's."""
    if plan.door_keys:
        return read(text, keys_of(plan)) is not None
    return any(card.serial == fingerprint(text) for card in plan.door_cards)


def _card(text: str, plan: Plan) -> str | None:
    """By what the plan would know a card of this text; None where it can be no card of ours."""
    if not plan.door_keys:
        return fingerprint(text) if len(text) == TEXT_LENGTH else None
    serial = read(text, keys_of(plan))
    return serial.hex() if serial else None


def _owners(number: int, lists: Sequence[ClassList]) -> list[str]:
    pupils = (pupil for class_list in lists for pupil in class_list.pupils)
    return list(dict.fromkeys(pupil.student for pupil in pupils if pupil.number == number))
