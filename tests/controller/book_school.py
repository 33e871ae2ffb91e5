"""This file builds a school with an equipment book of which every state and decision is seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from controller.database.store import Store
from controller.fleet.records import DeviceRecord
from controller.reconcile.reconcile import DAY_MS
from controller.register import store as register
from controller.register.book import Line
from protocol.model import DeviceKind, Identity
from tests.controller.web_school import SCHOOL, device

HOSTILE: Final = "<script>alert(1)</script>\"'&{{7*7}}"
# A line of each state, by its row.
DUPLICATE, TAGLESS, MISSING, UNSEEN, MOVED, WELL, EMPTY = 1, 3, 4, 5, 6, 7, 9


def now_ms() -> int:
    """The clock of a school that is served."""
    return time.time_ns() // 1_000_000


def line(row: int, **told: Any) -> Line:
    """A complete line of a board."""
    whole = {
        "asset_tag": f"TS-{row:03}", "type": "board", "maker": "ViewSonic", "model": "IFP6550",
        "serial": f"VS{row:05}", "room": "6A1", "year": 2021, "condition": "good",
    }  # fmt: skip
    return Line(row=row, **(whole | told))


def a_book() -> list[Line]:
    """Lines of every state."""
    return [
        line(DUPLICATE),
        line(2, serial=f"VS{DUPLICATE:05}", room="6A2"),
        line(TAGLESS, asset_tag="", type="projector", maker="Epson", model="EB-X51"),
        line(MISSING, room="6A3"),
        line(UNSEEN, type="desk", maker="Hòa Phát", model="BHS-29", serial="", room="6A2"),
        line(MOVED, type="tablet", maker="Samsung", model="Galaxy Tab A9", room="6A1"),
        line(WELL, type="camera", maker="Hikvision", model="DS-2CD1", room="6A2"),
        line(8, type="projector", maker="Epson", model="EB-E01", room="6A4", year=None),
        line(EMPTY, asset_tag="", type="", maker="", model="", serial="", room="", year=None),
        line(10, asset_tag=HOSTILE[:60], model=HOSTILE, maker=HOSTILE, condition="broken"),
    ]


def what_is_seen() -> list[DeviceRecord]:
    """What the agents saw: also two things that are not in the book."""
    at = now_ms()

    def seen(row: int, kind: DeviceKind, room: str, days: float = 0.0) -> DeviceRecord:
        when = at - round(days * DAY_MS)
        return device(room, kind, row, serial=f"VS{row:05}", last_seen_ms=when, since_ms=when)

    return [
        seen(DUPLICATE, DeviceKind.BOARD, "6A1"),
        seen(TAGLESS, DeviceKind.PROJECTOR, "6A1"),
        seen(MISSING, DeviceKind.BOARD, "6A3", days=60),
        seen(MOVED, DeviceKind.TABLET, "6A2"),
        seen(WELL, DeviceKind.CAMERA, "6A2"),
        device("6A4", DeviceKind.PROJECTOR, 20, serial="X9-0001", last_seen_ms=at),
        device(
            "6A4", DeviceKind.PRINTER, 21, serial=HOSTILE[:40], name=HOSTILE, last_seen_ms=at,
            identity=Identity.MAC,
        ),
    ]  # fmt: skip


def bring_in(store: Store, lines: Sequence[Line], *, whole: bool = False) -> None:
    """Keep lines as the school's book."""
    with store.locked(SCHOOL) as db:
        register.bring_in(db, SCHOOL, lines, whole=whole, now_ms=now_ms())
