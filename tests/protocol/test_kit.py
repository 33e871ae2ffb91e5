"""The kit: what a room should have, held against what is there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.kit import KitProgram, KitTemplate, compare, lines_of, missing
from protocol.messages import KitLine
from protocol.model import DeviceKind

USUAL = KitTemplate(computers=1, boards=1, access_points=1)
ROOM = [DeviceKind.HOST, DeviceKind.BOARD, DeviceKind.NETWORK, DeviceKind.TABLET]


def test_a_room_with_all_that_it_should_have_misses_nothing() -> None:
    """More than is wanted is no fault."""
    lines = compare(lines_of(USUAL), [*ROOM, DeviceKind.BOARD], {})
    assert missing(lines) == ()
    assert lines[1] == KitLine(kind=DeviceKind.BOARD, wanted=1, here=2)


def test_what_is_missing_is_named_with_how_many() -> None:
    """Kinds in the order in which people look for them."""
    lines = compare(lines_of(replace(USUAL, cameras=2, tablets=3)), ROOM, {})
    assert missing(lines) == (
        KitLine(kind=DeviceKind.CAMERA, wanted=2, here=0),
        KitLine(kind=DeviceKind.TABLET, wanted=3, here=1),
    )


def test_a_program_is_missing_only_where_the_machine_says_so() -> None:
    """Whether it runs is told beside."""
    template = KitTemplate(software=" LibreOffice ,myViewBoard,,Zoom, LibreOffice")
    assert template.programs == ("LibreOffice", "myViewBoard", "Zoom")
    told = {"LibreOffice": KitProgram(True, False), "myViewBoard": KitProgram(False, False)}
    lines = [each for each in compare(lines_of(template), ROOM, told) if each.kind is None]
    assert lines == [
        KitLine(name="LibreOffice", wanted=1, here=1, running=False),
        KitLine(name="myViewBoard", wanted=1, here=0, running=False),
        KitLine(name="Zoom", wanted=1, here=1, running=None),
    ]


@given(st.lists(st.sampled_from(DeviceKind), max_size=12), st.integers(0, 5))
def test_a_kit_is_complete_exactly_if_no_kind_is_short(
    here: list[DeviceKind], cameras: int
) -> None:
    """Whatever the room holds."""
    template = KitTemplate(cameras=cameras)
    short = here.count(DeviceKind.CAMERA) < cameras
    assert bool(missing(compare(lines_of(template), here, {}))) == short
