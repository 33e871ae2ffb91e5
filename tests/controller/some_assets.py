"""This file builds items of an inventory: one of every kind, hostile ones, a whole school's."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from controller.inventory.asset import KIND_OF_TYPE, Asset, AssetState
from controller.reconcile.evidence import SeenBy
from controller.register.vocabulary import TYPE_WORDS, Condition
from protocol.model import DeviceKind, Identity, Place

SCHOOL: Final = Place("79", "00123")
NOW_MS: Final = 1_788_567_000_000  # 2026-09-05 07:10 in Vietnam

# What spreadsheets spoil, run or choke on; each must come back letter for letter.
TRAPS: Final = (
    "=1+1", '=HYPERLINK("http://192.0.2.1","x")', "+84 912", "-5", "@SUM(A1)", "\t=1+1", "\n=1+1",
    "1234567890123", "12345678901234567890", "0012345", "12E5", "1E+10", "1-2", "3/2", "01/02/2026",
    "2026-11-20", "12:30", "50%", "1,5", "1.000", "TRUE", "#N/A", "a\nb", 'say "hi"', "'quoted'",
    "a;b,c\td", "ế", "e\u0302\u0301", "Đặng Ngọc", "😀🏫", "_x0041_", "_x000D_",
    "<b>&amp;</b>", "<r>rich</r>", "]]>", " lead and trail ", "null", "{a}", "\u202etxt", "x" * 200,
)  # fmt: skip
# What no file can hold, and what is left of it.
IMPOSSIBLE: Final = {
    "a\x00b\x01\x1f": "ab",
    "a\x7f\x85b": "ab",
    "a\r\nb\rc": "a\nb\nc",
    "\ud83da\udfff": "a",
    "\ufffea\uffff": "a",
    "\r=1": "\n=1",
}


def asset(number: int = 1, **changes: object) -> Asset:
    """A tablet of the book, seen this morning."""
    well = Asset(
        place=SCHOOL.of_agent("may-6a1"),
        device_id=f"usb-{number:012x}",
        line=number,
        row=number,
        asset_tag=f"TS-{number:05}",
        type="tablet",
        kind=DeviceKind.TABLET,
        name=f"Máy {number}",
        maker="Samsung",
        model="SM-T225",
        serial=f"00{number:07}",
        room="6A1",
        year=2021,
        cost_vnd=5_250_000,
        funding="NSNN",
        condition=Condition.GOOD.value,
        there="6A1",
        by=SeenBy.AGENT.value,
        verified_ms=NOW_MS,
        seen_ms=NOW_MS,
    )
    return replace(well, **changes)


def unseen(number: int, type_: str, **changes: object) -> Asset:
    """A line of the book that no agent sees."""
    line = asset(
        number,
        place=SCHOOL.of_agent(""),
        device_id=f"line:{number}",
        type=type_,
        kind=KIND_OF_TYPE.get(type_, DeviceKind.OTHER),
        name="",
        there="",
        by="",
        seen_ms=0,
        verified_ms=0,
        state=AssetState.NEVER_SEEN,
    )
    return replace(line, **changes)


def stray(number: int, **changes: object) -> Asset:
    """A device that no line names."""
    found = asset(
        number, line=None, row=None, asset_tag="", year=None, cost_vnd=None, funding="",
        condition="", state=AssetState.UNREGISTERED, verified_ms=0,
    )  # fmt: skip
    return replace(found, **changes)


def host(number: int = 900, **changes: object) -> Asset:
    """The computer that stands in a room."""
    computer = asset(
        number, device_id=f"host-{number:012x}", type="computer", kind=DeviceKind.HOST,
        name="MAY-6A1", maker="Dell", model="OptiPlex 3090",
    )  # fmt: skip
    return replace(computer, **changes)


def of_every_kind() -> list[Asset]:
    """Every type of the book unseen, seen by cable and by network, in the book and not."""
    found = [host(), host(901, place=SCHOOL.of_agent("laptop-1"), room="6A2", type="laptop")]
    for number, type_ in enumerate([*TYPE_WORDS, "Bộ thí nghiệm"], start=1):
        kind = KIND_OF_TYPE.get(type_, DeviceKind.OTHER)
        found.append(unseen(number, type_))
        found.append(asset(100 + number, type=type_, kind=kind))
        by_net = {"device_id": f"net-{number:012x}", "identity": Identity.MAC}
        found.append(asset(200 + number, type=type_, kind=kind, room="6A9", **by_net))
        bare = {"name": "", "maker": "", "model": "", "serial": "", "room": ""}
        found.append(stray(300 + number, type=type_, kind=kind, **bare))
    return found


def many(count: int) -> list[Asset]:
    """A school of so many items: mostly tablets, a board and a computer a room, furniture."""
    types = ("tablet", "tablet", "tablet", "desk", "tablet", "board", "camera", "chair")
    items = []
    for number in range(1, count + 1):
        type_, room = types[number % len(types)], f"{6 + number % 4}A{number % 8}"
        kind = KIND_OF_TYPE.get(type_, DeviceKind.OTHER)
        items.append(asset(number, type=type_, kind=kind, room=room, there=room))
    return items
