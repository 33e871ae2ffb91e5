"""This file counts a stocktake: the list that the book gave at its beginning, and the scans; pure.

Scans come in any order, some twice, some late. Of one room the last word on a line counts; a thing
that is found in any room is found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from controller.register.decisions import Rulings
from controller.register.merging import Kept
from controller.register.vocabulary import Condition
from controller.sheets.names import natural, room_key, serial_key, tag_key
from controller.stocktake.scan import Scan
from protocol.formats import made
from protocol.shapes import from_plain


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """A line as the book had it when the stocktake began. room: where it belongs.

    quantity: how many things it is; cost_vnd: of all of them.
    """

    no: int
    row: int
    asset_tag: str = ""
    type: str = ""
    name: str = ""
    serial: str = ""
    room: str = ""
    year: int | None = None
    quantity: int = 1
    cost_vnd: int | None = None
    condition: str = ""

    @property
    def called(self) -> str:
        """Its maker and model, and how many things it is where it is not one."""
        return self.name if self.quantity == 1 else f"{self.name} x {self.quantity}".strip()


class Stocktake(msgspec.Struct, frozen=True, kw_only=True):
    """One stocktake. rooms: those that it is about, empty for all. book: the list at its beginning.

    finished_ms: None while it goes on; afterwards nothing of it changes. title: what it is for,
    where it is no ordinary one; only: the lines that it is about, by number, empty for all.
    """

    no: int
    begun_ms: int
    begun_by: str = ""
    rooms: tuple[str, ...] = ()
    finished_ms: int | None = None
    finished_by: str = ""
    book: tuple[Expected, ...] = ()
    title: str = ""
    only: tuple[int, ...] = ()

    def is_about(self, room: str) -> bool:
        """Whether the room is one of this stocktake."""
        return not self.rooms or room_key(room) in map(room_key, self.rooms)

    def expects(self, line: Expected) -> bool:
        """Whether the line's things are to be found: what was disposed of is not."""
        is_there = line.condition != Condition.DISPOSED and line.quantity > 0
        is_asked = not self.only or line.no in self.only
        return is_there and is_asked and self.is_about(line.room)

    @property
    def lines(self) -> tuple[Expected, ...]:
        """What is to be found, by room and the book's number."""
        own = [entry for entry in self.book if self.expects(entry)]
        return tuple(sorted(own, key=lambda entry: (natural(entry.room), entry.row)))


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
    told_ms: when the condition was told. seen_ms, how: of the scan that decides, 0 for none.
    """

    line: Expected
    outcome: Outcome
    rooms: tuple[str, ...] = ()
    times: int = 0
    condition: str = ""
    quality_pct: int | None = None
    note: str = ""
    told_ms: int = 0
    seen_ms: int = 0
    how: str = ""

    @property
    def actual(self) -> int:
        """How many there are: a person who finds a line looks at all of its things.

        What two rooms claim is there once.
        """
        return self.line.quantity if self.rooms else 0

    @property
    def difference(self) -> int:
        """Actual less book."""
        return self.actual - self.line.quantity


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
        return sum(entry.outcome in outcomes for entry in self.lines)

    def things(self, *outcomes: Outcome) -> int:
        """How many things are on the lines that came out so."""
        return sum(entry.line.quantity for entry in self.lines if entry.outcome in outcomes)


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """How far a room is. extra: things in it that the book has not there."""

    name: str
    counted: int = 0
    of: int = 0
    found: int = 0
    extra: int = 0


def part_of(take: Stocktake, has_room: Callable[[str], bool]) -> Stocktake | None:
    """What of a stocktake somebody sees who may see these rooms; None where that is nothing."""
    book = tuple(line for line in take.book if has_room(line.room))
    named = take.rooms or dict.fromkeys(line.room for line in book)
    rooms = tuple(filter(has_room, named))
    return replace(take, rooms=rooms, book=book) if rooms else None


def book_of(register: Iterable[Kept], rulings: Rulings) -> tuple[Expected, ...]:
    """The list that a stocktake which begins now goes by."""
    return tuple(_expected(entry, rulings) for entry in register if entry.removed_ms is None)


def _expected(line: Kept, rulings: Rulings) -> Expected:
    data = line.data
    own = {
        "no": line.no,
        "name": made(data.maker, data.model),
        "room": rulings.room_of(line.no, data.room),
        "quantity": data.count,
    }
    return from_plain(msgspec.structs.asdict(data) | own, Expected)


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
        lines=tuple(_counted(entry, by_line.get(entry.no, ())) for entry in take.lines),
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
    valid = [scan for scan in once.values() if not scan.cancels and scan.id not in gone]
    return sorted(valid, key=lambda scan: (scan.seen_ms, scan.at_ms, scan.id))


def rooms_of(take: Stocktake, result: Result) -> list[Room]:
    """The stocktake's rooms, and others in which something was found, in order."""
    room_by_key: dict[str, Room] = {}
    for name in (*(entry.line.room for entry in result.lines), *take.rooms):
        room_by_key.setdefault(room_key(name), Room(name=name))
    for entry in result.lines:
        before = room_by_key[room_key(entry.line.room)]
        room_by_key[room_key(entry.line.room)] = msgspec.structs.replace(
            before,
            of=before.of + 1,
            counted=before.counted + (entry.outcome is not Outcome.UNCOUNTED),
            found=before.found + bool(entry.rooms),
        )
    for extra in result.surplus:
        key = room_key(extra.scan.room)
        before = room_by_key.get(key, Room(name=extra.scan.room))
        room_by_key[key] = msgspec.structs.replace(before, extra=before.extra + 1)
    return sorted(room_by_key.values(), key=lambda room: natural(room.name))


class _Index:
    """The book's lines by what they are known by."""

    def __init__(self, book: Sequence[Expected]) -> None:
        self._by_no = {entry.no: entry for entry in book}
        self._by_tag: dict[str, list[Expected]] = defaultdict(list)
        self._by_serial: dict[str, list[Expected]] = defaultdict(list)
        for entry in book:
            self._by_tag[tag_key(entry.asset_tag)].append(entry)
            self._by_serial[serial_key(entry.serial)].append(entry)

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
    same_room = [entry for entry in fit if room_key(entry.room) == room_key(room)]
    return fit[0] if len(fit) == 1 else same_room[0] if len(same_room) == 1 else None


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
    sightings = [scan for scan in reversed(last.values()) if scan.found]
    words = [scan for scan in reversed(scans) if scan.found == bool(sightings)]
    return Counted(
        line=line,
        outcome=_outcome(line, sightings, looked=any(_is_home(line, scan.room) for scan in scans)),
        rooms=tuple(scan.room for scan in sightings),
        times=sum(scan.found for scan in scans),
        condition=next((scan.condition for scan in words if scan.condition), ""),
        quality_pct=next(
            (scan.quality_pct for scan in words if scan.quality_pct is not None), None
        ),
        note=next((scan.note for scan in words if scan.note), ""),
        told_ms=next((scan.seen_ms for scan in words if scan.condition), 0),
        seen_ms=words[0].seen_ms if words else 0,
        how=next((scan.how for scan in words if scan.how), ""),
    )


def _outcome(line: Expected, sightings: Sequence[Scan], *, looked: bool) -> Outcome:
    """looked: somebody told of it where it belongs; that it is in no other room says little."""
    if not sightings:
        return Outcome.MISSING if looked else Outcome.UNCOUNTED
    if len(sightings) > 1:
        return Outcome.TWICE
    return Outcome.FOUND if _is_home(line, sightings[0].room) else Outcome.ELSEWHERE


def _is_home(line: Expected, room: str) -> bool:
    return not line.room or room_key(room) == room_key(line.room)
