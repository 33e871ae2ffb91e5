"""This file holds the patterns of the class cards: the fifty markers of ArUco's 5x5_50.

Plain numbers, so that sheets can be drawn where no OpenCV is. Source: the dictionary
DICT_5X5_50 of OpenCV's aruco module; a test compares each with OpenCV's own drawing.
"""

from __future__ import annotations

from typing import Final

INSIDE: Final = 5  # cells of a side that tell the id
SIDE: Final = INSIDE + 2  # with the black border

# 25 bits each, row by row from the top left; 1 is white.
_PATTERNS: Final = (
    *(0x145B2BC, 0x01C06E6, 0x1AF0EDD, 0x10395F7, 0x1AEB524, 0x1D4082D, 0x0D3D7EC, 0x0E2146B),
    *(0x10D6132, 0x1313FA5, 0x13CEE03, 0x1A2DAC0, 0x1E62B11, 0x05E7166, 0x1FCFCA8, 0x051E37F),
    *(0x097A758, 0x0BEA26F, 0x0F64DC4, 0x1061DE8, 0x12DDA75, 0x150E440, 0x16B0CA1, 0x0BA12DE),
    *(0x19CD023, 0x1A59972, 0x1C3CE8B, 0x0224246, 0x03B9672, 0x024223B, 0x027376E, 0x0368873),
    *(0x040D0CE, 0x04AAAC8, 0x04643BA, 0x07A6FEA, 0x0998AAC, 0x082D101, 0x09AAD1D, 0x0863C72),
    *(0x0AD2825, 0x0A52F9E, 0x0D849F7, 0x0C309D9, 0x0DA7E31, 0x0E9627A, 0x0E9B997, 0x0F94806),
    *(0x0F59125, 0x0F6B7D7),
)
COUNT: Final = len(_PATTERNS)


def bits(marker_id: int) -> tuple[tuple[bool, ...], ...]:
    """The marker as SIDE rows of SIDE cells, its black border included; True is white.

    Raises ValueError for an id that the dictionary has not.
    """
    if not 0 <= marker_id < COUNT:
        raise ValueError(f"no such marker: {marker_id}")
    digits = f"{_PATTERNS[marker_id]:0{INSIDE * INSIDE}b}"
    border = (False,) * SIDE
    rows = (digits[at : at + INSIDE] for at in range(0, len(digits), INSIDE))
    return (border, *((False, *(cell == "1" for cell in row), False) for row in rows), border)
