"""This file says in plain sums how schools' books stand at a department: no product code is in it.

A case is what a seed makes of it: books with what was seen of them, clocks, arrivals, silences,
areas and mergers. What it comes to follows from docs/decisions/0022, 0096, 0101 and 0106 alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

Row = dict[str, Any]
DAY_MS = 86_400_000
MISSING_AFTER_MS = 45 * DAY_MS + 1
VERIFIED_MS = 365 * DAY_MS
HOUR_MS = 3_600_000
FROM_THE_FIRST = -9999
_MOST_ROWS = 15
PARENTS = {"A1": "", "A2": "A1", "A3": ""}
NO_AREA = "-"
# Who of a family merges into whom, None for retired, in the order in which it is told.
_MERGERS: tuple[tuple[tuple[int, int | None], ...], ...] = (
    *((), ((0, 1),), ((2, None),), ((0, 1), (1, 2)), ((0, 2), (1, 2))),
    *(((0, 1), (1, 2), (2, 3)), ((1, None), (0, 1)), ((2, 3), (1, 2), (3, None))),
)
_SILENT_DAYS = (1, 7, 21)
SENSED = {"board", "laptop"}  # what agents see, so that it is missed
WITH_SERIAL = {"board", "laptop", "ups"}
OUT_OF_USE = {"broken", "disposed"}
STATES = ("duplicate_serial", "no_asset_tag", "missing", "never_seen", "moved")
VIETNAM = timezone(timedelta(hours=7))
COUNTS = (
    *("declared", "complete", "verified", "managed"),
    *("missing", "never_seen", "moved", "unregistered"),
)


def a_case(dice: random.Random, now_ms: int, families: int) -> Row:
    """So many families of schools that may merge, their books, and of when it is asked.

    found: pieces that bear a mark which lives in several schools.
    """
    case: Row = {"schools": {}, "rows": [], "found": [], "mergers": [], "moves": []}
    merged = dice.choice((None, None, ("A3", "A1"), ("A3", "A2"), ("A2", "A3")))
    case["merged_areas"] = [(*merged, dice.randrange(-30, 300))] if merged else []
    for family in range(families):
        codes = [f"{family:03}{name}" for name in "abcd"]
        case["schools"] |= {code: _a_school(dice, now_ms) for code in codes}
        rows = _rows(dice, codes, family * _MOST_ROWS)
        contested = dice.choice((f"x{family}", f"y{family}", ""))
        found = (row for row in rows if row["serial"] == contested != "")
        case["found"] += [row for row in found if dice.random() < 0.6]
        case["rows"] += rows
        pairs = dice.choice(_MERGERS)
        case["mergers"] += [
            (
                codes[old],
                "" if new is None else codes[new],
                dice.randrange(*dice.choice(((-30, 0), (0, 300)))),
            )
            for old, new in pairs
        ]
        case["moves"] += [
            (code, dice.choice((*PARENTS, "")), days)
            for code in codes
            for days in (FROM_THE_FIRST, *[dice.randrange(1, 400)] * 2)  # twice on one day
            if dice.random() < 0.6
        ]
    case["is_found_before"] = dice.random() < 0.5
    case["asked"] = (HOUR_MS, dice.randrange(1, 500) * DAY_MS)  # after the first half was told
    return case


def _rows(dice: random.Random, codes: Sequence[str], first: int) -> list[Row]:
    rows = [
        _a_row(dice, no, codes, first) for no in range(first, first + dice.randrange(1, _MOST_ROWS))
    ]
    for row in rows:
        if dice.random() < 0.3:  # a line that may be another one's again
            twin = dice.choice(rows)
            row |= {name: twin[name] for name in ("type", "serial")}
            row["tag"] = twin["tag"] if row["is_line"] else ""
    return rows


def _a_school(dice: random.Random, now_ms: int) -> Row:
    """When it told its book, by whose clock, and when it was heard last: None for never."""
    off_ms = dice.choice((0, 0, 0, 5 * HOUR_MS, 400 * DAY_MS, -90 * DAY_MS))
    told_ms = now_ms - dice.randrange(40) * DAY_MS - dice.randrange(DAY_MS)
    is_heard, days = dice.random() < 0.8, dice.randrange(20)
    heard_ms = min(told_ms + days * DAY_MS, now_ms) if is_heard else None
    if is_heard and dice.random() < 0.3:  # to the millisecond when it is asked first
        exact_ms = dice.choice(_SILENT_DAYS) * DAY_MS + dice.choice((-1, 0, 1))
        heard_ms = max(now_ms + HOUR_MS - exact_ms, told_ms)
    return {"told_ms": told_ms, "own_ms": told_ms + off_ms, "heard_ms": heard_ms}


def _a_row(dice: random.Random, no: int, codes: Sequence[str], first: int) -> Row:
    """A line of a book, or something that is seen and in no book, and what was seen of it."""
    is_line = dice.random() < 0.85
    return {
        "no": no,
        "school": dice.choice(codes),
        "is_line": is_line,
        "serial": dice.choice(("", f"x{first // _MOST_ROWS}", f"y{first // _MOST_ROWS}", f"n{no}")),
        "tag": dice.choice(("", f"t{no}", "ta", "tb")) if is_line else "",
        "type": dice.choice(("board", "laptop", "desk", "ups")),
        "room": dice.choice(("P1", "P2", "")),
        "year": dice.choice((2020, None)),
        "quantity": dice.choice((1, 1, 1, 3, 0)),
        "condition": dice.choice(("good", "good", "", "broken", "disposed")),
        "is_gone": dice.random() < 0.1,  # told, and then told as gone
        "sights": [_a_sight(dice, no) for _ in range(dice.choice((0, 1, 1, 2, 4)))],
    }


def _a_sight(dice: random.Random, no: int) -> Row:
    """One look at it so long before its school told, by the school's clock; later: a wrong one."""
    return {
        "ago_ms": dice.randrange(-3, 420) * DAY_MS // dice.choice((1, 1, 8)),
        "by": dice.choice(("agent", "person_scan")),
        "how": dice.choice(("serial", "tag")),
        "room": dice.choice(("P1", "P2", "")),
        "device": dice.choice((f"d{no}a", f"d{no}b", f"d{no}c")),
        "condition": dice.choice(("", "", "", "good", "broken")),
    }


def sights_in(case: Row, school: str) -> list[Row]:
    """What was seen in a school, with stamps of its clock, none of a time to come."""
    own_ms = case["schools"][school]["own_ms"]
    return [
        sight
        | {
            "at_ms": min(own_ms - sight["ago_ms"], own_ms),
            "serial": row["serial"] if sight["how"] == "serial" else "",
            "tag": row["tag"] if sight["how"] == "tag" else "",
        }
        for row in case["rows"]
        if row["school"] == school and row["is_line"]
        for sight in row["sights"]
        if row[sight["how"]]
    ]


def lines_in(case: Row, school: str) -> list[Row]:
    """The lines of a school's book when it told it."""
    return [row for row in case["rows"] if row["school"] == school and row["is_line"]]


def judged(case: Row) -> list[Row]:
    """All rows with what the department knows of each: lacks, verified_ms, missing_ms, states."""
    rows = []
    for code, school in case["schools"].items():
        lines, sights = lines_in(case, code), sights_in(case, code)
        sights.sort(key=lambda one: (one["at_ms"], _name_of(one), one["by"]))
        for row in lines:
            own = [one for one in sights if _meant(one, lines) == [row["no"]]]
            rows.append(row | _as_told(row, own, lines, school))
    unlisted = {"lacks": (), "verified_ms": 0, "missing_ms": 0, "states": set()}
    rows += [row | unlisted for row in case["rows"] if not row["is_line"]]
    apart = {row["serial"] for row in case["found"]}
    return [row | {"is_apart": row["serial"] in apart} for row in rows]


def _name_of(sight: Row) -> str:
    if sight["serial"]:
        return f"serial:{sight['serial']}"
    return f"tag:{sight['tag']}"


def _meant(sight: Row, lines: Sequence[Row]) -> list[int]:
    """The lines that a look may be at: by the serial, else the label; of many by label or room."""
    labelled = [row["no"] for row in lines if row["tag"] == sight["tag"] != ""]
    same = [row for row in lines if row["serial"] == sight["serial"] != ""]
    if len(same) <= 1:
        return [row["no"] for row in same] or labelled
    sure = [row["no"] for row in same if row["no"] in labelled] or [
        row["no"] for row in same if sight["room"] and row["room"] == sight["room"]
    ]
    return sure if len(sure) == 1 else [row["no"] for row in same]


def _as_told(row: Row, sights: Sequence[Row], lines: Sequence[Row], school: Row) -> Row:
    """How a line stands by its school, and what of it holds where it arrived."""
    is_twin = any(
        other["no"] != row["no"] and other["serial"] == row["serial"] != "" for other in lines
    )
    told = [one["condition"] for one in sights if one["condition"]]
    out = bool({told[-1] if told else row["condition"], row["condition"]} & OUT_OF_USE)
    rooms = [one["room"] for one in sights if one["room"]]
    last_ms = sights[-1]["at_ms"] if sights else 0
    is_watched = bool(sights) and row["type"] in SENSED and not out and row["quantity"] > 0
    missing_ms = last_ms + MISSING_AFTER_MS if is_watched else 0
    is_missing = 0 < missing_ms <= school["own_ms"]
    holds = {
        "duplicate_serial": is_twin,
        "no_asset_tag": not row["tag"],
        "never_seen": row["quantity"] > 0 and not sights,
        "moved": bool(row["room"] and rooms) and rooms[-1] != row["room"],
    }
    needs_serial = row["type"] in WITH_SERIAL
    lacks = {
        "asset_tag": not row["tag"],
        "room": not row["room"],
        "year": row["year"] is None,
        "serial": needs_serial and (not row["serial"] or row["quantity"] > 1),
        "unique_serial": is_twin,
    }
    arrived_ms = school["told_ms"]
    return {
        "lacks": tuple(name for name, is_so in lacks.items() if is_so),
        "verified_ms": min(_whole_ms(row, sights), arrived_ms),
        # What is missing by its school's own clock is missing whatever that clock shows.
        "missing_ms": min(missing_ms, arrived_ms + (0 if is_missing else MISSING_AFTER_MS)),
        "states": {name for name, is_so in holds.items() if is_so},
    }


def _whole_ms(row: Row, sights: Sequence[Row]) -> int:
    """As of when all things of a line were seen: a person looks at all, a device is one."""
    if row["quantity"] <= 1:
        return sights[-1]["at_ms"] if sights else 0
    scans = [one["at_ms"] for one in sights if one["by"] == "person_scan"]
    devices = sorted({one["device"]: one["at_ms"] for one in sights}.values(), reverse=True)
    enough = devices[row["quantity"] - 1 : row["quantity"]]
    return max([0, *scans, *enough])


def day_of(at_ms: int) -> str:
    """The day in Vietnam."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(VIETNAM).date().isoformat()


def home_of(case: Row, school: str, now_ms: int, then_ms: int) -> str:
    """Whose a school's items are; "" where it is closed. then_ms: from when days are counted."""
    into = {
        old: new
        for old, new, days in case["mergers"]
        if day_of(then_ms + days * DAY_MS) <= day_of(now_ms)
    }
    while school in into:
        school = into[school]
    return school


def areas_of(case: Row, school: str, now_ms: int, then_ms: int) -> set[str]:
    """The areas that a school is in: its own, and the ones around it."""
    own = [
        area
        for code, area, days in case["moves"]
        if code == school and (days < 0 or day_of(then_ms + days * DAY_MS) <= day_of(now_ms))
    ]
    area, found = area_now(case, own[-1] if own else "", now_ms, then_ms), set[str]()
    while area:
        found.add(area)
        area = area_now(case, PARENTS[area], now_ms, then_ms)
    return found


def area_now(case: Row, area: str, now_ms: int, then_ms: int) -> str:
    """The area that one which merged is part of."""
    for old, new, days in case["merged_areas"]:
        if area == old and day_of(then_ms + days * DAY_MS) <= day_of(now_ms):
            return str(new)
    return area


def lie_in(case: Row, area: str, rows: Iterable[Row], now_ms: int, then_ms: int) -> list[Row]:
    """The rows of an area's schools, of NO_AREA of those in none; of a merged one of its heir's."""
    found, asked = [], area_now(case, area, now_ms, then_ms)
    for row in rows:
        around = areas_of(case, row["home"], now_ms, then_ms)
        if not around if area == NO_AREA else asked in around:
            found.append(row)
    return found


def is_same(row: Row, other: Row) -> bool:
    """Whether two are one piece: one serial, or one tag and type and no other serial.

    Of one serial that lives in several schools each is its own.
    """
    serials = {row["serial"], other["serial"]} - {""}
    if row["serial"] and row["serial"] == other["serial"]:
        return not row["is_apart"]
    same_tag = row["tag"] and (row["tag"], row["type"]) == (other["tag"], other["type"])
    return bool(same_tag) and len(serials) < 2


def counting(case: Row, rows: Iterable[Row], now_ms: int, then_ms: int) -> list[Row]:
    """What counts: of pieces in several lists of one school a line, and the first list's."""
    there = [
        row | {"home": home_of(case, row["school"], now_ms, then_ms)}
        for row in rows
        if not row["is_gone"]
    ]

    def rank(row: Row) -> tuple[bool, bool, str]:
        return not row["is_line"], row["school"] != row["home"], row["school"]

    return [
        row
        for row in there
        if row["home"]
        and not any(
            other["home"] == row["home"]
            and other["school"] != row["school"]
            and rank(other) < rank(row)
            and is_same(row, other)
            for other in there
        )
    ]


def standing(row: Row, now_ms: int) -> Mapping[str, Any]:
    """How a row stands at a moment: its states, the most pressing first; whether it was seen."""
    if not row["is_line"]:
        return {"states": ("unregistered",), "verified": False, "complete": False}
    known = row["states"] | ({"missing"} if 0 < row["missing_ms"] <= now_ms else set())
    return {
        "states": tuple(state for state in STATES if state in known) or ("ok",),
        "verified": row["verified_ms"] > 0 and row["verified_ms"] >= now_ms - VERIFIED_MS,
        "complete": not row["lacks"],
    }


def summed(rows: Iterable[Row], now_ms: int) -> dict[str, int]:
    """The counts of a first page: things of books, lines that are so, and what is in no book."""
    sums = dict.fromkeys(COUNTS, 0)
    for row in rows:
        if not row["is_line"]:
            sums["unregistered"] += 1
            continue
        stands, things = standing(row, now_ms), row["quantity"]
        sums["declared"] += things
        sums["complete"] += things * stands["complete"]
        sums["verified"] += things * stands["verified"]
        sums["managed"] += things * (stands["complete"] and stands["verified"])
        for state in ("missing", "never_seen", "moved"):
            sums[state] += state in stands["states"]
    return sums


def resting(case: Row, rows: Iterable[Row], now_ms: int) -> list[int]:
    """How many things of books lie in lists of schools silent for more than 1, 7, 21 days."""
    silent_ms = {
        code: now_ms - school["heard_ms"] if school["heard_ms"] is not None else 9999 * DAY_MS
        for code, school in case["schools"].items()
    }
    lines = [row for row in rows if row["is_line"]]
    return [
        sum(row["quantity"] for row in lines if silent_ms[row["school"]] > days * DAY_MS)
        for days in _SILENT_DAYS
    ]
