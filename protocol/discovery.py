"""This file holds what a controller says of itself by mDNS, both ways (RFC 6763)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.model import Place

SERVICE: Final = "_lophoc._tcp.local."


ENROL_PORT: Final = 8884
_FREE: Final = frozenset({"v", "enrol"})  # these may differ


def txt_of(school: Place, enrol_port: int = ENROL_PORT) -> dict[str, str]:
    """What the controller of a school announces; the port is its broker's.

    enrol_port: where it is asked to add a room.
    """
    return {
        "enrol": str(enrol_port),
        "role": "controller",
        "v": "1",
        "province": school.province,
        "school": school.school,
    }


def is_controller_of(school: Place, txt: Mapping[bytes, bytes | None]) -> bool:
    """Whether an announcement is one of this school's controller; of whatever version."""
    expected = txt_of(school)
    return all(
        txt.get(key.encode()) == expected[key].encode() for key in expected if key not in _FREE
    )
