"""This file holds the patterns of the class cards, ArUco markers: one for every number of a class.

Plain numbers, so that sheets can be drawn where no OpenCV is. Source: the dictionary
DICT_5X5_250 of OpenCV's aruco module, as far as it is used. Its first fifty are 5x5_50, of which
cards were printed before. Any two differ in 7 cells, however they are turned.
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
    *(0x0F59125, 0x0F6B7D7, 0x11B58E4, 0x11AD279, 0x11E380B, 0x1169445, 0x12FFB4A, 0x158CB8D),
    *(0x15987F0, 0x1422FDF, 0x14E1227, 0x156DF22, 0x173DBF1, 0x164C93C, 0x17CBB86, 0x1880A87),
    *(0x19147DD, 0x184EB8A, 0x18D85AD, 0x1B2CDA9, 0x1BABD73, 0x1E9D432, 0x1E76528, 0x0F5740A),
    *(0x1B11A53, 0x018CE65, 0x02AB219, 0x098E981, 0x0A8061C, 0x141A158, 0x185314C, 0x196D12C),
    *(0x1FAD3A2, 0x00922B5, 0x019BCE0, 0x00B547C, 0x002C76F, 0x0132289, 0x012D2A7, 0x00C4B43),
    *(0x0067BC5, 0x00FAA0D, 0x01F1F54, 0x038E879, 0x0323B23, 0x02C3647, 0x02DA51B, 0x02E9D8D),
    *(0x027C562, 0x03EFDF5, 0x0521EE0, 0x0448EFD, 0x0542F81, 0x055F6C9, 0x047E008, 0x04F9BF8),
    *(0x046D558, 0x05EF65E, 0x0692188, 0x06013AD, 0x068BC21, 0x072A5D0, 0x06400E2, 0x06DCE3A),
    *(0x0891409, 0x089D9FD, 0x08A3EE5, 0x08A952A, 0x08C277D, 0x09D0612, 0x08EE533, 0x09F04FB),
    *(0x0B86F1B,),
)
COUNT: Final = len(_PATTERNS)
LAST: Final = COUNT - 1  # the highest number of a class that has a card


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
