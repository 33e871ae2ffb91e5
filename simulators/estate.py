"""This file says what an invented school owns, item by item, with the flaws of real books. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Final, NamedTuple

from msgspec.structs import replace

from protocol.model import DeviceKind
from protocol.upward import ItemTold, SchoolFigures, UseLine
from simulators.equipment import rooms_from

DAY_MS: Final = 86_400_000
BOARDS_A_ROOM: Final = 1
SHARED_SERIAL_SHARE: Final = 0.002
_SITES: Final = ("", "", "", "Bản Mế", "Chiềng Xuân")
_NAMES: Final = (
    "Tô Hiệu", "Nguyễn Trãi", "Chiềng Sinh", "Mộc Lỵ", "Mường Giôn", "Phù Yên", "Sông Mã",
    "Quyết Thắng",
)  # fmt: skip
_LEVELS: Final = ("TH", "THCS", "THPT")


class ItemKind(NamedTuple):
    """A kind of thing that rooms have."""

    type: str
    device: DeviceKind
    maker: str
    model: str
    cost_vnd: int


IN_A_ROOM: Final = (
    ItemKind("board", DeviceKind.BOARD, "ViewSonic", "IFP6550", 98_500_000),
    ItemKind("laptop", DeviceKind.HOST, "Dell", "Latitude 3420", 18_900_000),
    ItemKind("camera", DeviceKind.CAMERA, "Axis", "M3085-V", 9_200_000),
    ItemKind("access_point", DeviceKind.NETWORK, "TP-Link", "EAP245", 2_450_000),
    ItemKind("charging_cart", DeviceKind.OTHER, "", "", 32_000_000),
)
TABLET: Final = ItemKind("tablet", DeviceKind.TABLET, "Apple", "iPad 9", 8_990_000)
COMMON: Final = (
    *(ItemKind("printer", DeviceKind.PRINTER, "Canon", "LBP6030", 3_300_000) for _ in range(4)),
    *(ItemKind("speaker", DeviceKind.AUDIO, "", "", 4_100_000) for _ in range(4)),
    ItemKind("server", DeviceKind.HOST, "Dell", "PowerEdge T150", 45_000_000),
    ItemKind("switch", DeviceKind.NETWORK, "Cisco", "CBS110", 5_600_000),
)


def school_code(number: int) -> str:
    """The code of the n-th school; its zeros matter."""
    return f"{14_000_000 + number * 7:010}"


def school_name(number: int) -> str:
    """A name for it."""
    return f"{_LEVELS[number % 3]} {_NAMES[number % len(_NAMES)]} {number}"


def items_of(number: int, rooms: int, tablets: int, seed: int, now_ms: int) -> list[ItemTold]:
    """The n-th school's items, numbered from 1; the same for the same seed."""
    random = Random(f"{seed}/{number}")  # noqa: S311 - play, not secrets
    codes = rooms_from("P101", rooms)
    placed: list[tuple[ItemKind, str]] = []
    for room in codes:
        placed += [(kind, room) for kind in (*IN_A_ROOM, *(TABLET for _ in range(tablets)))]
    placed += [(kind, "Văn phòng") for kind in COMMON]
    made = [
        _item(kind, room, number=number, count=count, random=random, now_ms=now_ms)
        for count, (kind, room) in enumerate(placed, 1)
    ]
    return [_spoil(item, codes, random, now_ms) for item in made]


def _item(
    kind: ItemKind, room: str, *, number: int, count: int, random: Random, now_ms: int
) -> ItemTold:
    is_device = kind.device is not DeviceKind.OTHER
    return ItemTold(
        item=f"usb-{number:05x}{count:07x}" if is_device else f"line:{count}",
        change=count,
        line=count,
        row=count,
        asset_tag=f"TB{number:04}-{count:05}",
        type=kind.type,
        device=kind.device,
        maker=kind.maker,
        model=kind.model,
        serial=f"{number:04}{random.getrandbits(36):011}" if is_device else "",
        room=room,
        site=_SITES[number % len(_SITES)],
        year=2017 + random.randrange(9),
        cost_vnd=kind.cost_vnd,
        funding=random.choice(("Ngân sách", "Xã hội hóa", "Đề án")),
        condition="good",
        state="ok",
        there=room,
        by="agent" if is_device else "person_scan",
        verified=True,
        first_seen_ms=now_ms - 300 * DAY_MS,
        seen_ms=now_ms - random.randrange(3 * DAY_MS),
    )


def _spoil(item: ItemTold, rooms: Sequence[str], random: Random, now_ms: int) -> ItemTold:
    """One in eight is as real books have it."""
    match random.randrange(80):
        case 0:
            return replace(item, state="missing", seen_ms=now_ms - 60 * DAY_MS)
        case 1 | 2:
            return replace(item, state="moved", there=random.choice(rooms))
        case 3 | 4:
            nobody = {"state": "never_seen", "there": "", "by": "", "verified": False}
            return replace(item, seen_ms=0, **nobody)
        case 5:
            return replace(item, state="no_asset_tag", asset_tag="", lacks=("asset_tag",))
        case 6 | 7:
            return replace(item, year=None, lacks=("year",))
        case 8:
            return replace(item, condition=random.choice(("broken", "repair", "awaiting_disposal")))
        case 9 if random.random() < SHARED_SERIAL_SHARE * 80:
            return replace(item, serial=f"DUP{random.randrange(40):04}")
        case _:
            return item


def figures_of(items: Sequence[ItemTold], rooms: int) -> SchoolFigures:
    """The counts that go with the items."""
    complete = [item for item in items if not item.lacks]
    return SchoolFigures(
        rooms=rooms,
        rooms_in_lesson=rooms * 2 // 3,
        agents=rooms,
        agents_online=rooms,
        devices=sum(item.item.startswith("usb") for item in items),
        devices_working=sum(item.state == "ok" and item.condition == "good" for item in items),
        boards=rooms * BOARDS_A_ROOM,
        boards_working=rooms * BOARDS_A_ROOM,
        declared=len(items),
        complete=len(complete),
        verified=sum(item.verified for item in items),
        managed=sum(item.verified for item in complete),
        missing=sum(item.state == "missing" for item in items),
    )


def uses_of(
    items: Sequence[ItemTold], today: date, weeks: int, seed: int
) -> Iterator[tuple[str, tuple[UseLine, ...]]]:
    """How the boards were used in each of the last weeks; some are hardly used at all."""
    monday = today - timedelta(days=today.weekday())
    boards = [item for item in items if item.device is DeviceKind.BOARD]
    for back in range(weeks, 0, -1):
        week = (monday - timedelta(weeks=back)).isoformat()
        yield week, tuple(_use(board, week, seed) for board in boards)


def _use(board: ItemTold, week: str, seed: int) -> UseLine:
    random = Random(f"{seed}/{board.item}/{week}")  # noqa: S311 - play, not secrets
    on_min = random.choice((0, 30, 400, 700, 900, 1200))
    return UseLine(
        item=board.item,
        device=board.device,
        room=board.room,
        asset_tag=board.asset_tag,
        on_min=on_min,
        used_min=on_min * random.randrange(40, 96) // 100,
        planned_min=1350,
        known_min=2700,
    )


def move_item(
    item: ItemTold, change: int, rooms: Sequence[str], random: Random, now_ms: int
) -> ItemTold:
    """The item as it is told when somebody has just seen it in another room."""
    seen = {"seen_ms": now_ms, "by": item.by or "person_scan", "verified": True}
    return replace(item, change=change, there=random.choice(rooms), state="moved", **seen)
