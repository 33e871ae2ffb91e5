"""Rooms as people write them become rooms, each once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.enrolment.rooms import MAX_ROOMS, rooms_in
from protocol.errors import ActionError


@pytest.mark.parametrize(
    ("typed", "rooms"),
    [
        ("P101-P104", ["P101", "P102", "P103", "P104"]),
        ("P101–P103", ["P101", "P102", "P103"]),  # noqa: RUF001 - as Word writes it
        ("P101-103", ["P101", "P102", "P103"]),
        ("P 101 - P 102", ["P 101", "P 102"]),
        ("6A1, 6A2;7B\n8C", ["6A1", "6A2", "7B", "8C"]),
        ("98-101", ["98", "99", "100", "101"]),
        ("P08-P10", ["P08", "P09", "P10"]),
        ("P-101", ["P-101"]),
        ("A2-1", ["A2-1"]),
        ("B1-02", ["B1-02"]),
        ("A1-B3", ["A1-B3"]),
        ("Phòng máy 1", ["Phòng máy 1"]),
        ("6A1, 6a1 , P101-P102, P102", ["6A1", "P101", "P102"]),
    ],
)
def test_rooms_are_read_as_they_are_written(typed: str, rooms: list[str]) -> None:
    """Ranges only where nobody would read a name."""
    assert rooms_in(typed) == rooms


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "room_missing"),
        (" ,; \n", "room_missing"),
        (f"1-{MAX_ROOMS + 1}", "rooms_many"),
        ("1-9999", "rooms_many"),
        ("x" * 65, "room_odd"),
    ],
)
def test_what_is_no_list_of_rooms_is_refused(typed: str, code: str) -> None:
    """With the reason."""
    with pytest.raises(ActionError) as refused:
        rooms_in(typed)
    assert refused.value.code == code


@given(st.text("P-", max_size=2), st.integers(1, 900), st.integers(1, 90))
def test_a_range_has_every_room_from_first_to_last(head: str, first: int, more: int) -> None:
    """Counted another way."""
    last = first + more
    made = rooms_in(f"{head}{first}-{head}{last}")
    if head.startswith("-") or "-" in head:
        return
    assert made == [f"{head}{number}" for number in range(first, last + 1)]


@given(st.text(max_size=200))
def test_whatever_is_typed_is_rooms_or_refused(typed: str) -> None:
    """Nothing else comes of it, and never too many."""
    try:
        rooms = rooms_in(typed)
    except ActionError:
        return
    assert 0 < len(rooms) <= MAX_ROOMS
