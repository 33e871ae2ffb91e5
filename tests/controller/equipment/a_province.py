"""This file makes up a province: mergers, silences, twins, what is unknown; always alike."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from msgspec.structs import replace

from controller.areas.areas import Area, Membership, Merger, MergerKind, SchoolFacts
from controller.database.store import Store
from controller.inventory.asset import Asset, AssetState
from controller.reconcile.kpi import figure_of
from controller.reconcile.store import note_figure
from controller.use.hours import BoardWeek
from controller.use.store import keep_use
from protocol.model import Place
from tests.controller.web_department import DAY_MS, PROVINCE, fill, hear, know, line, stranger
from tests.controller.web_school import NOW_MS

SCHOOLS = tuple(f"S{n:02}" for n in range(9))
AREAS = (
    Area(code="A1", name="Mộc Châu", kind="huyện"),
    Area(code="A2", name="Tô Hiệu", kind="phường", parent="A1"),
    Area(code="A3", name="Sốp Cộp", kind="xã"),
    Area(code="A4", name="Mường Và", kind="xã"),
)
MERGED = (
    Merger(old="S07", new="S01", since="2026-08-01"),
    Merger(old="S08", new="", since="2026-08-01"),
    Merger(old="A4", new="A3", since="2026-08-01", what=MergerKind.AREA),
)
SILENT_DAYS = (0, 2, 9, 30, 0, 4, None, 25, 0)  # None: never heard
TYPES = ("board", "board", "projector", "tablet", "laptop", "chair", "bản đồ treo tường", "")
LACKS = ("asset_tag", "room", "year", "serial", "unique_serial", "type")


def items_of(school: str, dice: Random) -> Iterator[Asset]:
    """A school's list: lines of every state, and what stands in no book."""
    for number in range(1, dice.randint(9, 17)):
        kind = dice.choice(TYPES)
        lacks = tuple(sorted(dice.sample(LACKS, dice.choice((0, 0, 0, 1, 1, 2)))))
        state = dice.choice(("ok", "ok", "ok", "never_seen", "moved", "missing"))
        also = ("moved",) if state == "missing" and dice.random() < 0.5 else ()
        fields: dict[str, Any] = {
            "type": kind,
            "lacks": lacks,
            "state": AssetState(state),
            "also": also,
            "verified": False,
            "quantity": dice.choice((1, 1, 1, 5, 12)),
            "year": None if "year" in lacks else dice.randint(2008, 2026),
            "condition": dice.choice(("good", "good", "broken", "awaiting_disposal", "lost", "")),
            "cost_vnd": dice.choice((None, 3_000_000)),
            "serial": dice.choice(("", f"{school}X{number}", f"CHUNG{dice.randint(1, 6)}")),
            "warranty_months": (None, 12, 60, 0, 240)[number % 5],
            "warranty_until": ("", "", "2026-09-04", "2026-09-05", "2027-05-31")[number % 7 % 5],
        }
        item = line(school, number, **fields)
        seen_ms = NOW_MS - dice.choice((1, 40, 364, 366, 800)) * DAY_MS
        verified_ms = 0 if state == "never_seen" else seen_ms
        missing_ms = dice.choice((0, NOW_MS + DAY_MS, NOW_MS - DAY_MS)) if state == "ok" else 0
        missing_ms = NOW_MS - 5 * DAY_MS if state == "missing" else missing_ms
        yield _stamped(item, seen_ms, verified_ms, missing_ms)
    for number in range(100, 100 + dice.randint(0, 3)):
        yield stranger(school, number, serial=dice.choice(("", f"CHUNG{dice.randint(1, 6)}")))
    yield stranger(school, 200, state=AssetState.ACCESSORY, serial="CHUNG1")


def _stamped(item: Asset, seen_ms: int, verified_ms: int, missing_ms: int) -> Asset:
    return replace(
        item,
        seen_ms=seen_ms if verified_ms else 0,
        verified_ms=verified_ms,
        missing_ms=missing_ms,
        first_seen_ms=NOW_MS - 900 * DAY_MS,
    )


def tell(store: Store, seed: int) -> None:
    """Fill a department's store with it."""
    dice = Random(seed)
    know(
        store,
        [SchoolFacts(code=code, name=f"Trường số {code[1:]}") for code in SCHOOLS[:6]],
        AREAS,
        [Membership(school=code, area=("A2", "A1", "A3", "")[n % 4]) for n, code in
         enumerate(SCHOOLS)],
        MERGED,
    )  # fmt: skip
    for code, days in zip(SCHOOLS, SILENT_DAYS, strict=True):
        if days is not None:
            hear(store, code, ago_ms=days * DAY_MS, name=f"Tự xưng {code}", rooms=9, boards=4)
        if code != "S05":
            fill(store, [*items_of(code, dice)])
        boards = [
            BoardWeek(
                device_id=f"board-{n}", asset_tag=f"B-{n}", room=f"P{n}", kind="board",
                on_min=400, used_min=dice.choice((0, 20, 300)), planned_min=900,
                known_min=dice.choice((0, 1500)),
            )
            for n in range(3)
        ]  # fmt: skip
        for week in ("2026-08-24", "2026-08-17"):
            store.write(keep_use, Place(PROVINCE, code), week, boards)
    with store.locked(Place(PROVINCE)) as db:
        for code in SCHOOLS[:3]:
            then = figure_of(declared=12, complete=8, verified=7, managed=5)
            note_figure(db, Place(PROVINCE, code), "2026-07-30", then)
