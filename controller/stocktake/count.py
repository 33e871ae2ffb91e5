"""This file counts a stocktake: the list that the book gave at its beginning, and the scans; pure.

Scans come in any order, some twice, some late. Of one room the last word on a line counts; a thing
that is found in any room is found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from controller.register.decisions import Rulings
from controller.register.merging import Kept
from controller.register.vocabulary import Condition
from controller.sheets.names import natural, room_key, serial_key, tag_key
from controller.stocktake.scan import Scan


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """A line as the book had it when the stocktake began. room: where it belongs."""

    no: int
    row: int
    asset_tag: str = ""
    type: str = ""
    name: str = ""
    serial: str = ""
    room: str = ""
    year: int | None = None
    cost_vnd: int | None = None
    condition: str = ""


class Stocktake(msgspec.Struct, frozen=True, kw_only=True):
    """One stocktake. rooms: those that it is about, empty for all. book: the list at its beginning.

    finished_ms: None while it goes on; afterwards nothing of it changes.
    """

    no: int
    begun_ms: int
    begun_by: str = ""
    rooms: tuple[str, ...] = ()
    finished_ms: int | None = None
    finished_by: str = ""
    book: tuple[Expected, ...] = ()

    def is_about(self, room: str) -> bool:
        """Whether the room is one of this stocktake."""
        return not self.rooms or room_key(room) in map(room_key, self.rooms)

    def expects(self, line: Expected) -> bool:
        """Whether the line's thing is to be found: what was disposed of is not."""
        return line.condition != Condition.DISPOSED and self.is_about(line.room)

    @property
    def lines(self) -> tuple[Expected, ...]:
        """What is to be found, by room and the book's number."""
        mine = [each for each in self.book if self.expects(each)]
        return tuple(sorted(mine, key=lambda each: (natural(each.room), each.row)))


class Outcome(StrEnum):
    """What became of a line."""

    FOUND = "found"
    ELSEWHERE = "elsewhere"
    TWICE = "twice"
    MISSING = "missing"
    UNCOUNTED = "uncounted"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A line and what was found. rooms: where, the last first; times: how many scans said so.

    condition, quality_pct, note: as the last finder told; empty or None where nobody did.
    told_ms: when the condition was told.
    """

    line: Expected
    outcome: Outcome
    rooms: tuple[str, ...] = ()
    times: int = 0
    condition: str = ""
    quality_pct: int | None = None
    note: str = ""
    told_ms: int = 0

    @property
    def actual(self) -> int:
        """How many there are: a thing that two rooms claim is one."""
        return int(bool(self.rooms))

    @property
    def difference(self) -> int:
        """Actual less book."""
        return self.actual - 1


class Surplus(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that this stocktake's list lacks. line: of the book, where it is another room's."""

    scan: Scan
    line: Expected | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """All of a stocktake, line by line in the order of its list, and what is beyond it."""

    lines: tuple[Counted, ...] = ()
    surplus: tuple[Surplus, ...] = ()

    def count(self, *outcomes: Outcome) -> int:
        """How many lines came out so."""
        return sum(each.outcome in outcomes for each in self.lines)


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """How far a room is. extra: things in it that the book has not there."""

    name: str
    counted: int = 0
    of: int = 0
    found: int = 0
    extra: int = 0


def book_of(register: Iterable[Kept], rulings: Rulings) -> tuple[Expected, ...]:
    """The list that a stocktake which begins now goes by."""
    return tuple(_expected(each, rulings) for each in register if each.removed_ms is None)


def _expected(kept: Kept, rulings: Rulings) -> Expected:
    data = kept.data
    own = {
        "no": kept.no,
        "name": " ".join(filter(None, (data.maker, data.model))),
        "room": rulings.room_of(kept.no, data.room),
    }
    return msgspec.convert(msgspec.structs.asdict(data) | own, Expected)


def counted(take: Stocktake, scans: Iterable[Scan]) -> Result:
    """What the scans come to."""
    index = _Index(take.book)
    by_line: dict[int, list[Scan]] = defaultdict(list)
    strange: dict[str, Surplus] = {}
    for scan in standing(scans):
        line = index.line_of(scan)
        if line is not None and take.expects(line):
            by_line[line.no].append(scan)
        elif scan.found:
            strange[_name_of(scan, line)] = Surplus(scan=scan, line=line)
    return Result(
        lines=tuple(_counted(each, by_line.get(each.no, ())) for each in take.lines),
        surplus=tuple(
            sorted(
                strange.values(),
                key=lambda thing: (natural(thing.scan.room), thing.scan.seen_ms, thing.scan.id),
            )
        ),
    )


def standing(scans: Iterable[Scan]) -> list[Scan]:
    """The scans that count, in the order of their time: once each, in time, not taken back."""
    once = {scan.id: scan for scan in scans if not scan.late}
    gone = {scan.cancels for scan in once.values() if scan.cancels}
    told = [scan for scan in once.values() if not scan.cancels and scan.id not in gone]
    return sorted(told, key=lambda scan: (scan.seen_ms, scan.at_ms, scan.id))


def rooms_of(take: Stocktake, result: Result) -> list[Room]:
    """The stocktake's rooms, and others in which something was found, in order."""
    found: dict[str, Room] = {}
    for name in (*(each.line.room for each in result.lines), *take.rooms):
        found.setdefault(room_key(name), Room(name=name))
    for each in result.lines:
        before = found[room_key(each.line.room)]
        found[room_key(each.line.room)] = msgspec.structs.replace(
            before,
            of=before.of + 1,
            counted=before.counted + (each.outcome is not Outcome.UNCOUNTED),
            found=before.found + each.actual,
        )
    for extra in result.surplus:
        key = room_key(extra.scan.room)
        before = found.get(key, Room(name=extra.scan.room))
        found[key] = msgspec.structs.replace(before, extra=before.extra + 1)
    return sorted(found.values(), key=lambda room: natural(room.name))


class _Index:
    """The book's lines by what they are known by."""

    def __init__(self, book: Sequence[Expected]) -> None:
        self._by_no = {each.no: each for each in book}
        self._by_tag: dict[str, list[Expected]] = defaultdict(list)
        self._by_serial: dict[str, list[Expected]] = defaultdict(list)
        for each in book:
            self._by_tag[tag_key(each.asset_tag)].append(each)
            self._by_serial[serial_key(each.serial)].append(each)

    def line_of(self, scan: Scan) -> Expected | None:
        """The line that is meant; of several that fit, the only one of the room.

        What was typed for a tag may be a serial.
        """
        if scan.line is not None:
            return self._by_no.get(scan.line)
        for key, lines in (
            (tag_key(scan.asset_tag), self._by_tag),
            (serial_key(scan.serial or scan.asset_tag), self._by_serial),
        ):
            if key and key in lines:
                return _only(lines, key, scan.room)
        return None


def _only(lines: Mapping[str, Sequence[Expected]], key: str, room: str) -> Expected | None:
    fit = lines[key]
    here = [each for each in fit if room_key(each.room) == room_key(room)]
    return fit[0] if len(fit) == 1 else here[0] if len(here) == 1 else None


def _name_of(scan: Scan, line: Expected | None) -> str:
    """What a surplus thing is known by, so that a label scanned twice is one thing."""
    if line is not None:
        return f"line:{line.no}"
    if scan.asset_tag:
        return f"tag:{tag_key(scan.asset_tag)}"
    return f"serial:{serial_key(scan.serial)}" if scan.serial else f"scan:{scan.id}"


def _counted(line: Expected, scans: Sequence[Scan]) -> Counted:
    last: dict[str, Scan] = {}
    for scan in scans:  # in the order of their time
        key = room_key(scan.room)
        last.pop(key, None)
        last[key] = scan
    there = [scan for scan in reversed(last.values()) if scan.found]
    words = [scan for scan in reversed(scans) if scan.found == bool(there)]
    return Counted(
        line=line,
        outcome=_outcome(line, there, looked=any(_is_home(line, scan.room) for scan in scans)),
        rooms=tuple(scan.room for scan in there),
        times=sum(scan.found for scan in scans),
        condition=next((scan.condition for scan in words if scan.condition), ""),
        quality_pct=next(
            (scan.quality_pct for scan in words if scan.quality_pct is not None), None
        ),
        note=next((scan.note for scan in words if scan.note), ""),
        told_ms=next((scan.seen_ms for scan in words if scan.condition), 0),
    )


def _outcome(line: Expected, there: Sequence[Scan], *, looked: bool) -> Outcome:
    """looked: somebody told of it where it belongs; that it is in no other room says little."""
    if not there:
        return Outcome.MISSING if looked else Outcome.UNCOUNTED
    if len(there) > 1:
        return Outcome.TWICE
    return Outcome.FOUND if _is_home(line, there[0].room) else Outcome.ELSEWHERE


def _is_home(line: Expected, room: str) -> bool:
    return not line.room or room_key(room) == room_key(line.room)
