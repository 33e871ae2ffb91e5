"""Whose a card is: by the class list, and at the door."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from agent.cards.matching import (
    CHECK_CARD,
    CardMark,
    CardScanResult,
    DoorRefusal,
    allowed_ids,
    at_door,
    is_door_card,
    keys_of,
    scan_result,
)
from hardware.cards.acceptance import CardFlag, FoundCard
from protocol.doorcode import fingerprint, sign
from protocol.model import Method
from protocol.plan import ClassList, DoorCard, Plan, Pupil

KEY = b"0123456789abcdef"
SERIAL, LOST, STRAY = b"serial", b"lost00", b"stray0"
PLAN = Plan(
    door_keys={"1": KEY.hex(), "v2": "00"},
    door_cards=(
        DoorCard(serial=SERIAL.hex(), student="A2"),
        DoorCard(serial=LOST.hex(), student="A3"),
    ),
    revoked=(LOST.hex(),),
)
ROLL = frozenset({"A1", "A2", "A3"})


def class_list(code: str, numbers: Iterable[int]) -> ClassList:
    pupils = tuple(Pupil(number=each, student=f"{code}{each}") for each in numbers)
    return ClassList(code=code, pupils=pupils)


A, B = class_list("A", [1, 2, 3]), class_list("B", [3, 4, 60])


def mark(student: str, *flags: str) -> CardMark:
    return CardMark(student, Method.CARD, flags)


def test_a_number_is_the_pupil_of_the_class_that_has_it() -> None:
    """What is on no list is nobody's."""
    assert scan_result([FoundCard(2), FoundCard(1), FoundCard(9)], [A]) == CardScanResult(
        marks=(mark("A1"), mark("A2"))
    )


def test_a_number_of_two_classes_is_given_to_none() -> None:
    """In a joint class; the others count."""
    found = [FoundCard(3), FoundCard(4)]
    assert scan_result(found, [A, B]) == CardScanResult(marks=(mark("B4"),), ambiguous=(3,))


def test_a_copied_card_counts_no_more_and_a_checked_one_does() -> None:
    """Even where it had counted before."""
    found = [
        FoundCard(1),
        FoundCard(2),
        FoundCard(1, CardFlag.COPIED),
        FoundCard(2, CardFlag.CHECK),
    ]
    assert scan_result(found, [A]) == CardScanResult(
        marks=(mark("A2", CHECK_CARD),), copied=("A1",)
    )


def test_every_number_of_the_classes_is_looked_for() -> None:
    """However long the class is."""
    assert allowed_ids([A, B]) == {1, 2, 3, 4, 60}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (sign(KEY, 1, SERIAL), CardMark("A2", Method.DOOR)),
        (sign(KEY, 1, LOST), DoorRefusal.REVOKED),
        (sign(KEY, 1, STRAY), DoorRefusal.UNKNOWN),
        (sign(b"theirs", 1, SERIAL), DoorRefusal.FORGED),
        (sign(KEY, 2, SERIAL), DoorRefusal.FORGED),
        ("http://example.org", DoorRefusal.FORGED),
    ],
)
def test_the_door_knows_its_cards(text: str, answer: CardMark | DoorRefusal) -> None:
    """Signed, not revoked, somebody's."""
    assert at_door(text, PLAN, ROLL) == answer


def test_a_card_of_another_class_is_no_pupils_of_this_lesson() -> None:
    """Its owner may only pass by."""
    assert at_door(sign(KEY, 1, SERIAL), PLAN, {"A1"}) == DoorRefusal.OTHER_CLASS


def test_a_key_without_a_number_is_no_key() -> None:
    """And nothing is raised for it."""
    assert keys_of(PLAN) == {1: KEY}


KEYLESS = Plan(
    door_cards=(
        DoorCard(serial=fingerprint(sign(KEY, 1, SERIAL)), student="A2"),
        DoorCard(serial=fingerprint(sign(KEY, 1, STRAY)), student="B1"),
    )
)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (sign(KEY, 1, SERIAL), CardMark("A2", Method.DOOR)),
        (sign(KEY, 1, STRAY), DoorRefusal.OTHER_CLASS),
        (sign(KEY, 1, LOST), DoorRefusal.UNKNOWN),
        (sign(b"theirs", 1, SERIAL), DoorRefusal.UNKNOWN),
        (sign(KEY, 2, SERIAL), DoorRefusal.UNKNOWN),
        (fingerprint(sign(KEY, 1, SERIAL)), DoorRefusal.FORGED),
        ("http://example.org", DoorRefusal.FORGED),
    ],
)
def test_a_door_without_a_key_knows_the_cards_of_its_classes(
    text: str, answer: CardMark | DoorRefusal
) -> None:
    """As they were printed; what the room itself holds of a card opens nothing."""
    assert at_door(text, KEYLESS, ROLL) == answer
    assert is_door_card(text, KEYLESS) == (
        answer is DoorRefusal.OTHER_CLASS or isinstance(answer, CardMark)
    )
