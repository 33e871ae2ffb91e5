from __future__ import annotations

import pytest

from agent.placement import (
    Placement,
    PlacementEvidence,
    PlacementSource,
    SavedPlacement,
    placement_at_start,
    room_code,
)
from protocol.model import NO_ROOM

NOTHING = PlacementEvidence()
BOARD = PlacementEvidence(wired=frozenset({"usb:0b8c:0001:AB12"}))
CAMERA = PlacementEvidence(wired=frozenset({"usb:046d:082d:73BD"}))


def air(*access_points: str, wired: PlacementEvidence = NOTHING) -> PlacementEvidence:
    """What is heard by Wi-Fi, and what is plugged in."""
    return PlacementEvidence(wired=wired.wired, access_points=frozenset(access_points))


def roaming(room: str = "", stay: SavedPlacement | None = None) -> Placement:
    """A laptop that is carried about."""
    return placement_at_start(room, roaming=True, stay=stay or SavedPlacement())


def test_a_fixed_computer_is_where_the_settings_say() -> None:
    """Nothing that it sees moves it, and nobody can."""
    fixed = placement_at_start(
        "P101", roaming=False, stay=SavedPlacement(room="P9", how=PlacementSource.LEARNT)
    )
    assert (fixed.room, fixed.how, fixed.roaming) == ("P101", PlacementSource.SETTINGS, False)
    heard = fixed.hear("pi-203", "P203", present=True)
    assert heard.learn(BOARD).pick("P203", BOARD).room == "P101"


def test_a_new_laptop_does_not_know_and_is_told_once() -> None:
    """The teacher picks; after a restart it still knows."""
    new = roaming()
    assert (new.room, new.how) == (NO_ROOM, PlacementSource.UNKNOWN)
    picked = new.pick("P203", air("ap1", wired=BOARD))
    assert (picked.room, picked.how) == ("P203", PlacementSource.PICKED)
    again = roaming(stay=picked.saved)
    assert (again.room, again.how) == ("P203", PlacementSource.PICKED)
    assert again.candidates() == ("P203",)


def test_a_laptop_with_a_room_in_its_settings_starts_there() -> None:
    """Until it learns better."""
    assert roaming("P203").room == "P203"


def test_it_learns_its_room_from_a_board_whose_room_is_known() -> None:
    """The cable is the surest."""
    laptop = roaming().pick("P203", BOARD).pick("P207", CAMERA)
    assert laptop.room == "P207"
    assert laptop.learn(BOARD).room == "P203"
    assert laptop.learn(BOARD).how is PlacementSource.LEARNT
    assert laptop.learn(BOARD).learn(CAMERA).room == "P207"


def test_it_learns_its_room_from_an_access_point_that_only_one_room_has() -> None:
    """One that two rooms share says nothing."""
    laptop = roaming().pick("P203", air("ap1")).pick("P207", air("ap2"))
    assert laptop.learn(air("ap1")).room == "P203"
    shared = roaming().pick("P203", air("ap1")).pick("P207", air("ap1"))
    assert shared.learn(air("ap1")).room == "P207"


def test_a_teachers_word_holds_until_something_changes() -> None:
    """Though the access point was known for another room."""
    laptop = roaming().pick("P203", air("ap1")).pick("P207", air("ap1", wired=BOARD))
    assert laptop.learn(air("ap1", wired=BOARD)).room == "P207"


def test_one_fixed_computer_near_by_tells_the_room_and_many_tell_nothing() -> None:
    """A school's whole network may be near by."""
    one = roaming().hear("pi-203", "P203", present=True)
    assert one.learn(NOTHING).room == "P203"
    many = one.hear("pi-207", "P207", present=True)
    assert many.learn(NOTHING).room == NO_ROOM
    assert many.candidates() == ("P203", "P207")
    assert many.hear("pi-207", "P207", present=False).learn(NOTHING).room == "P203"


def test_somewhere_unknown_it_asks_rather_than_guesses() -> None:
    """Another access point and nothing of the old room."""
    laptop = roaming().pick("P203", air("ap1", wired=BOARD))
    lost = laptop.learn(air("ap9"))
    assert (lost.room, lost.how) == (NO_ROOM, PlacementSource.UNKNOWN)
    assert laptop.learn(NOTHING).room == "P203"


def test_it_remembers_a_rooms_things_only_while_sure_of_the_room() -> None:
    """What is met on the way to the next room is not put into the old one."""
    laptop = roaming().pick("P203", air("ap1", wired=BOARD))
    sure = laptop.note(PlacementEvidence(wired=BOARD.wired | CAMERA.wired))
    assert sure.seen_in["usb:046d:082d:73BD"] == ("P203",)
    assert "ap9" not in laptop.note(air("ap9")).seen_in


@pytest.mark.parametrize("text", ["", "   ", "?", "x" * 65, "a\u202eb", "a\x00b"])
def test_a_room_that_cannot_be_is_refused(text: str) -> None:
    """Whoever typed it is told."""
    with pytest.raises(ValueError, match=r"^"):
        room_code(text)


def test_a_rooms_code_is_kept_as_it_is_but_for_spaces() -> None:
    """Leading zeros survive."""
    assert room_code("  007  B ") == "007 B"
