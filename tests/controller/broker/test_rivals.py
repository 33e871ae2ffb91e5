"""Who else says that he is the school's controller is told, and the controller itself is not."""

from __future__ import annotations

import pytest

from controller.broker.rivals import Rival, Rivals
from protocol.discovery import SERVICE, txt_of
from protocol.model import Place

SCHOOL = Place("14", "S1")
OWN = "192.168.1.10"
TXT: dict[bytes, bytes | None] = {k.encode(): v.encode() for k, v in txt_of(SCHOOL).items()}


@pytest.fixture
def rivals() -> Rivals:
    """Heard at a computer of one address."""
    return Rivals(SCHOOL, lambda: [OWN, "fe80::1"])


@pytest.mark.parametrize(
    ("properties", "addresses", "foreign"),
    [
        (TXT, [OWN], []),
        (TXT, [OWN, "fe80::1"], []),
        (TXT, [OWN, "10.0.0.6"], ["10.0.0.6"]),  # our own name, with another's address
        (TXT, ["10.0.0.6", "fe80::6"], ["10.0.0.6", "fe80::6"]),
        (TXT | {b"v": b"9", b"enrol": None}, ["10.0.0.6"], ["10.0.0.6"]),
        (TXT | {b"school": b"S2"}, ["10.0.0.6"], []),
        ({}, ["10.0.0.6"], []),
    ],
)
def test_another_address_that_claims_this_school_is_a_rival(
    rivals: Rivals, properties: dict[bytes, bytes | None], addresses: list[str], foreign: list[str]
) -> None:
    """Whatever it is called; another school's controller is none."""
    rivals.take(f"controller-s1.{SERVICE}", properties, addresses)
    assert rivals.listed() == ([Rival("controller-s1", foreign, is_here=True)] if foreign else [])


def test_who_has_gone_is_still_told(rivals: Rivals) -> None:
    """After those who are here; who comes back is here."""
    for name in ("a", "b"):
        rivals.take(f"{name}.{SERVICE}", TXT, ["10.0.0.6"])
    rivals.drop(f"a.{SERVICE}")
    rivals.drop(f"never.{SERVICE}")
    assert [(rival.name, rival.is_here) for rival in rivals.listed()] == [("b", True), ("a", False)]
    rivals.take(f"a.{SERVICE}", TXT, ["10.0.0.6"])
    assert all(rival.is_here for rival in rivals.listed())
