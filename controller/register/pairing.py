"""This file finds which line of the register each line of a book is; pure.

By its tag, by its serial, then by what it says of the thing: name or type, room, maker, model,
year. A number in the book (STT) only orders what is alike. Where a line may be one of several
things that have codes, or a thing that it says something else of, nothing is guessed: it is asked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

from controller.register.book import Line
from controller.register.headings import FIELDS
from controller.sheets.names import room_key, serial_key, tag_key
from controller.sheets.text import folded

MAX_MAYBE: Final = 3
_word: Final = lru_cache(maxsize=4096)(folded)  # a book has few words, each on many lines
_DESCRIPTION: Final[Mapping[str, Callable[[Line], Hashable]]] = {
    "name": lambda line: _word(line.name),
    "type": lambda line: _word(line.type),
    "room": lambda line: room_key(line.room),
    "maker": lambda line: _word(line.maker),
    "model": lambda line: _word(line.model),
    "year": lambda line: line.year,
}
_THING: Final = ("name", "type")
_Fields = tuple[str, ...]
_Key = TypeVar("_Key", bound=Hashable)


class Known(NamedTuple):
    """A line of the register. no: its own for ever; counts: whether it has not left."""

    no: int
    line: Line
    counts: bool = True


class Pairs(NamedTuple):
    """For each line the number of the one that it is, and of those to ask about."""

    nos: list[int | None]
    maybe: list[list[int]]


class _Side(NamedTuple):
    """A line of the book (at: its place) or of the register (at: its number)."""

    at: int
    line: Line
    keys: Mapping[str, Hashable]

    @property
    def has_code(self) -> bool:
        return bool(self.line.asset_tag or self.line.serial)


def paired(register: Iterable[Known], lines: Sequence[Line], *, same: bool = False) -> Pairs:
    """Pair lines; each of the register is that of one line of the book at most.

    same: a person said that what may be a line of the register is that line.
    """
    search = _Search(register, lines, same=same)
    search.by_code(lambda line: tag_key(line.asset_tag), lambda _line, _before: True)
    search.by_code(
        lambda line: serial_key(line.serial),
        lambda line, before: not (line.asset_tag and before.asset_tag),
    )
    search.by_description(counting=True)
    search.by_description(counting=False)
    search.by_thing()
    return search.pairs()


def told_fields(line: Line) -> _Fields:
    """The fields that a line says something of."""
    return tuple(name for name in FIELDS if getattr(line, name) not in {"", None})


class _Search:
    """What is paired so far. free: the lines of the register that are nobody's yet."""

    def __init__(self, register: Iterable[Known], lines: Sequence[Line], *, same: bool) -> None:
        self.lines = lines
        self._same = same
        self.nos: list[int | None] = [None] * len(lines)
        self.maybe: list[list[int]] = [[] for _ in lines]
        self.free = {known.no: known for known in register}

    def by_code(self, key: Callable[[Line], str], fits: Callable[[Line, Line], bool]) -> None:
        """Pair by a code that names one line on either side; one that counts hides those gone."""
        fresh_counts = Counter(map(key, self.lines))
        held = Counter(key(known.line) for known in self.free.values() if known.counts)
        last = sorted(self.free.values(), key=lambda known: (known.counts, known.no))
        by_key = {key(known.line): known for known in last}
        for at, line in enumerate(self.lines):
            code = key(line)
            known = by_key.get(code)
            alone = fresh_counts[code] == 1 and held[code] <= 1
            if code and known and alone and self._is_open(at, known.no) and fits(line, known.line):
                self._pair(at, known.no)

    def by_description(self, *, counting: bool) -> None:
        """Pair by all that both say of the thing, those first that say most."""
        held = (known for known in self.free.values() if known.counts is counting)
        sides = (_side(known.no, known.line) for known in held)
        known = _by_pattern(side for side in sides if counting or not side.has_code)
        fresh = _by_pattern(self._unpaired())
        stages = [
            (fields, line_tells, known_tells)
            for line_tells in fresh
            for known_tells in known
            if (fields := _compared(line_tells, known_tells))
            and (counting or {*line_tells} <= {*known_tells})
        ]
        for fields, line_tells, known_tells in sorted(stages, key=_strength):
            rooms = ("room" in line_tells) == ("room" in known_tells)
            entries = _grouped(self._open(known[known_tells]), _key_by(fields))
            lines = _grouped(self._unasked(fresh[line_tells]), _key_by(fields))
            for key in lines.keys() & entries.keys():
                self._pair_group(lines[key], entries[key], rooms=rooms)

    def by_thing(self) -> None:
        """Note what may be meant though the line says something else of it: moved, or mended."""
        by_row = {
            (thing, known.line.row): known
            for known in self.free.values()
            if known.counts
            for thing in _things(known.line)
        }
        for side in self._unpaired():
            found = (by_row.get((thing, side.line.row)) for thing in _things(side.line))
            self._ask_about(side, [one.no for one in found if one and _agree(side.line, one.line)])

    def pairs(self) -> Pairs:
        """What was found; asked is about what is still nobody's."""
        for at, candidates in enumerate(self.maybe):
            self.maybe[at] = [no for no in dict.fromkeys(candidates) if self._is_open(at, no)]
        return Pairs(self.nos, self.maybe)

    def _pair_group(self, fresh: list[_Side], known: list[_Side], *, rooms: bool) -> None:
        """Pair what says the same of a thing. rooms: both say in which room, or neither."""
        if rooms:
            for has_code in (False, True):
                self._pair_exact(*(_parted(sides, has_code=has_code) for sides in (fresh, known)))
            self._pair_in_order(_parted(fresh, has_code=False), _parted(known, has_code=False))
            self._pair_sure(_parted(fresh, has_code=False), _parted(known, has_code=True))
            self._pair_sure(_parted(fresh, has_code=True), _parted(known, has_code=False))
        for has_code, entries in ((False, known), (True, _parted(known, has_code=False))):
            candidates = [entry.at for entry in self._open(entries)]
            for number, side in enumerate(self._still(_parted(fresh, has_code=has_code))):
                self._ask_about(side, candidates[number if self._same else 0 :][:MAX_MAYBE])

    def _pair_exact(self, fresh: list[_Side], known: list[_Side]) -> None:
        """Pair what changes nothing, the wordiest line first, with the barest that fits."""
        by_fields = _grouped(fresh, lambda side: told_fields(side.line))
        for fields in sorted(by_fields, key=len, reverse=True):
            bare_first = sorted(self._open(known), key=lambda side: len(told_fields(side.line)))
            values = _values_by(fields)
            entries = _grouped(bare_first, values)
            for key, sides in _grouped(by_fields[fields], values).items():
                self._pair_in_order(sides, entries.get(key, []))

    def _pair_in_order(self, fresh: Iterable[_Side], known: Iterable[_Side]) -> None:
        """Pair what is alike: what has one number first, then as it stands."""
        by_row = {side.line.row: side.at for side in self._open(known)}
        for side in self._still(fresh):
            no = by_row.get(side.line.row)
            if no is not None and self._is_open(side.at, no):
                self._pair(side.at, no)
        for side, entry in zip(self._still(fresh), self._open(known), strict=False):
            self._pair(side.at, entry.at)

    def _pair_sure(self, fresh: list[_Side], known: list[_Side]) -> None:
        """Pair where one side alone has codes, if as many stand there and all are one to us."""
        lines, entries = self._still(fresh), self._open(known)
        differ = len({_values_by(told_fields(side.line))(side) for side in lines}) > 1
        if len(lines) == len(entries) and not (differ and any(side.has_code for side in entries)):
            self._pair_in_order(lines, entries)

    def _ask_about(self, side: _Side, nos: Sequence[int]) -> None:
        """A question, or its answer."""
        self.maybe[side.at] += nos[: MAX_MAYBE - len(self.maybe[side.at])]
        if self._same and nos and self._is_open(side.at, nos[0]):
            self._pair(side.at, nos[0])

    def _unpaired(self) -> Iterator[_Side]:
        return (_side(at, line) for at, line in enumerate(self.lines) if self.nos[at] is None)

    def _still(self, sides: Iterable[_Side]) -> list[_Side]:
        return [side for side in sides if self.nos[side.at] is None]

    def _unasked(self, sides: Iterable[_Side]) -> list[_Side]:
        """Those that a stronger stage neither paired nor found to be unclear."""
        return [side for side in self._still(sides) if not self.maybe[side.at]]

    def _open(self, sides: Iterable[_Side]) -> list[_Side]:
        return [side for side in sides if side.at in self.free]

    def _is_open(self, at: int, no: int) -> bool:
        return self.nos[at] is None and no in self.free

    def _pair(self, at: int, no: int) -> None:
        del self.free[no]
        self.nos[at] = no


def _side(at: int, line: Line) -> _Side:
    keys = {name: key(line) for name, key in _DESCRIPTION.items() if getattr(line, name)}
    return _Side(at, line, keys)


def _by_pattern(sides: Iterable[_Side]) -> dict[_Fields, list[_Side]]:
    return _grouped(sides, lambda side: tuple(side.keys))


def _compared(told: _Fields, held: _Fields) -> _Fields:
    """What both say of a thing; nothing if they do not name it. A name says more than a type."""
    both = [name for name in _DESCRIPTION if name in told and name in held]
    if "name" in both and "type" in both:
        both.remove("type")
    return tuple(both) if {*both} & {*_THING} else ()


def _strength(stage: tuple[_Fields, _Fields, _Fields]) -> tuple[int, int]:
    """In which order it is tried: what is compared most first, and of that what says no more."""
    fields, told, held = stage
    return -len(fields), len({*told} ^ {*held})


def _key_by(fields: _Fields) -> Callable[[_Side], Hashable]:
    return lambda side: tuple(side.keys[name] for name in fields)


def _values_by(fields: _Fields) -> Callable[[_Side], Hashable]:
    return lambda side: tuple(getattr(side.line, name) for name in fields)


def _grouped(sides: Iterable[_Side], key: Callable[[_Side], _Key]) -> dict[_Key, list[_Side]]:
    groups: dict[_Key, list[_Side]] = defaultdict(list)
    for side in sides:
        groups[key(side)].append(side)
    return groups


def _parted(sides: Iterable[_Side], *, has_code: bool) -> list[_Side]:
    return [side for side in sides if side.has_code is has_code]


def _things(line: Line) -> list[tuple[str, str]]:
    return [(name, _word(getattr(line, name))) for name in _THING if getattr(line, name)]


def _agree(line: Line, before: Line) -> bool:
    """Whether no code that both tell contradicts."""
    tags, serials = (
        {tag_key(line.asset_tag), tag_key(before.asset_tag)} - {""},
        {serial_key(line.serial), serial_key(before.serial)} - {""},
    )
    return len(tags) <= 1 and len(serials) <= 1
