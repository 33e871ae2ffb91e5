"""This file holds what a controller says of itself by mDNS, both ways (RFC 6763)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.model import Place

SERVICE: Final = "_lophoc._tcp.local."


def txt_of(school: Place) -> dict[str, str]:
    """What the controller of a school announces; the port is its broker's."""
    return {
        "role": "controller",
        "v": "1",
        "province": school.province,
        "school": school.school,
    }


def is_controller_of(school: Place, txt: Mapping[bytes, bytes | None]) -> bool:
    """Whether an announcement is one of this school's controller; of whatever version."""
    expected = txt_of(school)
    return all(txt.get(key.encode()) == expected[key].encode() for key in expected if key != "v")
