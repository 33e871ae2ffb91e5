"""This file mends or refuses cells whose letters are those of old fonts, or were lost; pure.

Only what no Vietnamese text in Unicode can be is taken for such.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from controller.sheets.legacy import Evidence, Legacy, converted, words_of
from controller.sheets.text import Cause, Cell, Unreadable

_LOST: Final = re.compile(r"^(?!.*[/=&]).*[A-Za-z]\?[A-Za-z]", re.DOTALL)
_ENOUGH: Final = 2  # such words make a sheet doubtful
_OWN: Final = re.compile("[^\x00-\xff\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u20ac\u2122]")
_CERTAIN: Final = 3  # different words that are Vietnamese in an encoding and not as they stand


class Mended(NamedTuple):
    """What was done to a sheet: the places of converted columns; whether TCVN3 was refused."""

    columns: tuple[int, ...] = ()
    is_refused: bool = False


def mend(rows: Sequence[list[Cell]]) -> Mended:
    """Make Unicode of a sheet's cells in TCVN3 or VNI where that is certain, else unreadable ones.

    Cells whose letters are lost are made unreadable too. Each distinct text is looked at once.
    """
    texts = {cell for row in rows for cell in row if isinstance(cell, str)}
    lost = {text for text in texts if _is_lost(text)}
    if lost:
        _refuse_lost(rows, lost)
    texts -= lost
    marked = {text for text in texts if _is_marked(text)}
    legacy = legacy_of(marked)
    if legacy is None:
        return Mended(is_refused=_refuse_doubtful(rows, marked))
    own: set[Cell] = {text for text in texts if not _is_latin(text)}
    evidence: dict[Cell, Evidence] = {text: words_of(text, legacy) for text in marked}
    columns: set[int] = set()
    for row in rows:
        columns.update(_mend_row(row, legacy, evidence, own))
    return Mended(tuple(sorted(columns)))


def legacy_of(texts: Iterable[str]) -> Legacy | None:
    """The encoding that the words of many texts are Vietnamese in; None if that is not certain."""
    marked = {text for text in texts if _is_marked(text)}
    counts = {legacy: _weight(marked, legacy) for legacy in Legacy} if marked else {}
    best = max(counts, key=lambda legacy: counts[legacy], default=None)
    return best if best is not None and counts[best] >= _CERTAIN else None


def _weight(texts: Iterable[str], legacy: Legacy) -> int:
    """How many different words speak for an encoding; 0 where more are of no language there."""
    evidence = words_of(" ".join(texts), legacy)
    return len(evidence.legacy) if len(evidence.legacy) > len(evidence.neither) else 0


def _mend_row(
    row: list[Cell], legacy: Legacy, evidence: Mapping[Cell, Evidence], own: Collection[Cell]
) -> list[int]:
    """Convert a row's cells if any is of the encoding alone; the places of those converted.

    Where a row tells of no encoding, and has nothing of Unicode's own, its cells are refused.
    evidence: what each text with other than plain letters tells; own: the texts with Unicode's own.
    """
    told = {place: evidence[cell] for place, cell in enumerate(row) if cell in evidence}
    is_legacy = any(cell.legacy for cell in told.values())
    is_unicode = any(cell.plain for cell in told.values()) or any(cell in own for cell in row)
    if is_unicode and not is_legacy:
        return []
    sure = [place for place in told if is_legacy and _is_sure(told[place], is_mixed=is_unicode)]
    for place in told:
        row[place] = converted(str(row[place]), legacy) if place in sure else _refused(row[place])
    return sure


def _is_sure(evidence: Evidence, *, is_mixed: bool) -> bool:
    """Whether each word is Vietnamese in the encoding; in a mixed row the cell itself tells so."""
    return not (evidence.plain or evidence.neither) and bool(evidence.legacy or not is_mixed)


def _refuse_lost(rows: Sequence[list[Cell]], lost: Collection[str]) -> None:
    for row in rows:
        for place, cell in enumerate(row):
            if isinstance(cell, str) and cell in lost:
                row[place] = Unreadable(Cause.LETTERS, cell)


def _refuse_doubtful(rows: Sequence[list[Cell]], texts: Iterable[str]) -> bool:
    """Refuse what may be in an old encoding; answers whether that is TCVN3.

    In such a sheet a row is refused that has other than plain letters, and none of Unicode's own.
    """
    counts = {legacy: len(words_of(" ".join(texts), legacy).legacy) for legacy in Legacy}
    if max(counts.values()) >= _ENOUGH:
        for row in rows:
            if all(map(_is_latin, row)):
                row[:] = [_refused(cell) for cell in row]
    return counts[Legacy.TCVN3] >= _ENOUGH


def _is_lost(text: str) -> bool:
    """Whether letters became question marks, or bytes of UTF-8 were taken for letters."""
    if text.isascii():
        return "?" in text and _LOST.match(text) is not None
    try:
        return not text.encode("cp1252").decode("utf-8").isascii()
    except UnicodeError:
        return False


def _is_marked(text: str) -> bool:
    """Whether the text has letters that a font of Windows-1252 may show as others."""
    return not text.isascii() and _is_latin(text)


def _is_latin(cell: Cell) -> bool:
    """Whether a cell has no letter of Unicode's own; the quotes of Windows are none."""
    return not isinstance(cell, str) or _OWN.search(cell) is None


def _refused(cell: Cell) -> Cell:
    if isinstance(cell, str) and not cell.isascii():
        return Unreadable(Cause.LETTERS, cell)
    return cell
