"""This file finds the sheets of a book that sum the others up, by what their lines say; pure.

A sheet is sure to where it names once, without codes and rooms, each thing that the others name, as
often as they together, and they need more lines for it; or where it repeats the tags of several
others, all of them. It may, where only the names are those of the others, which have codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from controller.register.book import Line
from controller.sheets.names import tag_key
from controller.sheets.text import folded

_REMEMBERED: Final = 4096  # distinct names
_MIN_PARTS: Final = 2  # sheets whose tags another repeats


class Sums(NamedTuple):
    """Which sheets sum up the others, by their place: surely, or perhaps."""

    sure: tuple[int, ...] = ()
    maybe: tuple[int, ...] = ()


class _Sheet(NamedTuple):
    """What a sheet's lines say together."""

    things: Counter[str]  # by name
    lines: Counter[str]
    tags: frozenset[str]
    is_coded: bool
    is_placed: bool


def sums_of(sheets: Sequence[Sequence[Line]]) -> Sums:
    """The sheets of a book that sum up the others. sheets: the lines of each."""
    word = lru_cache(_REMEMBERED)(folded)
    said = [_said(lines, word) for lines in sheets]
    things = sum((sheet.things for sheet in said), Counter[str]())
    lines = sum((sheet.lines for sheet in said), Counter[str]())
    tags = Counter(tag for sheet in said for tag in sheet.tags)
    sure = [
        at
        for at, sheet in enumerate(said)
        if _counts_all(sheet, things, lines) or _repeats_all(sheet, tags, said)
    ]
    sure = sure if len(sure) == 1 else []  # of two that say the same none is the sum of the other
    coded = sum(sheet.is_coded for sheet in said)
    maybe = [
        at
        for at, sheet in enumerate(said)
        if at not in sure and not sheet.is_coded and _names_again(sheet, things, lines, coded=coded)
    ]
    return Sums((*sure,), (*maybe,))


def _said(lines: Sequence[Line], word: Callable[[str], str]) -> _Sheet:
    things, counts = Counter[str](), Counter[str]()
    for line in lines:
        name = word(line.name or line.type)
        things[name] += line.count
        counts[name] += 1
    keys = [tag_key(line.asset_tag) for line in lines]
    return _Sheet(
        things=things,
        lines=counts,
        tags=frozenset(keys) if all(keys) else frozenset(),
        is_coded=any(line.asset_tag or line.serial for line in lines),
        is_placed=any(line.room for line in lines),
    )


def _counts_all(sheet: _Sheet, things: Counter[str], lines: Counter[str]) -> bool:
    """Whether it names once what all others name, with their sums."""
    is_list = not sheet.is_coded and not sheet.is_placed and sheet.lines.total() == len(sheet.lines)
    is_whole = is_list and len(sheet.lines) == len(lines)
    is_sum = is_whole and all(things[name] == 2 * own for name, own in sheet.things.items())
    return is_sum and lines.total() > 2 * len(lines)


def _repeats_all(sheet: _Sheet, tags: Counter[str], said: Sequence[_Sheet]) -> bool:
    """Whether its tags are those of several others together."""
    parts = [other for other in said if other is not sheet and other.tags]
    is_whole = bool(sheet.tags) and len(sheet.tags) == len(tags) and all(map(bool, parts))
    return is_whole and len(parts) >= _MIN_PARTS and all(tags[tag] > 1 for tag in sheet.tags)


def _names_again(sheet: _Sheet, things: Counter[str], lines: Counter[str], *, coded: int) -> bool:
    """Whether it may count again what the others hold, but need not."""
    if not sheet.lines:
        return False
    is_sum = all(things[name] == 2 * own for name, own in sheet.things.items())
    if is_sum and sheet.things.total() > len(sheet.things):
        return True
    is_list = not sheet.is_placed and sheet.lines.total() == len(sheet.lines)
    return is_list and coded > 0 and all(lines[name] > own for name, own in sheet.lines.items())
