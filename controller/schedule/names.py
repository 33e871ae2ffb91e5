"""This file reads which classes and which room a cell names, where it may name several; pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from controller.schedule.plain import plain, unmarked
from controller.sheets.names import MAX_CODE, class_key, room_key
from controller.sheets.text import FORMULA_STARTS, Cell, Day, RefusedError, clean, text_of

MAX_CLASSES: Final = 8  # of one lesson
_LIST: Final = re.compile(r"\s*(?:[,;+&\n\r]|\bvà\b)\s*", re.IGNORECASE)
_RANGE: Final = re.compile("\\s*[-\u2010-\u2015\u2212~]\\s*|\\s+đến\\s+")
# A grade and what parts its classes: 10A1, 6/1, 12 Toán, 11 chuyên Anh.
_CLASS: Final = re.compile(
    r"(?:lop )?(?:1[0-2]|[1-9])(?:\s?[a-z][a-z0-9]*(?:[./]?[0-9]+)?|[/.][0-9]+)"
)
_LONG_CLASS: Final = re.compile(r"(?:lop )?(?:1[0-2]|[6-9]) (?:chuyen )?[a-z]+(?: [a-z]+)? ?[0-9]*")
_WHOLE: Final = re.compile(r"[0-9]{1,2}[A-Za-zĐđ][A-Za-zĐđ0-9.]*")
_ROOM: Final = re.compile(
    r"(?:p|ph|phong|room)(?: hoc| so)?[\s.:]*(?:[a-z][\s.-]?)?[0-9][a-z0-9./-]*"
)
_ROOMS: Final = re.compile(r"[,;+&\n]|\s/\s|(?<=[0-9])/(?=[A-Za-z])")
_HEAD_PARTS: Final = re.compile("[\n\r()]|\\s[-\u2013\u2014]\\s")
_GRADE: Final = re.compile(r"[0-9]")


def classes_of(cell: Cell, known: Collection[str]) -> tuple[str, ...]:
    """The classes of "10A1, 10A2"; 3/2 is one. known: keys of the classes that have lists.

    Raises RefusedError.
    """
    whole = _class(cell)
    if class_key(whole) in known:
        return (whole,)
    parts = [piece for part in _LIST.split(_raw(cell)) for piece in _pieces(clean(part), known)]
    codes = tuple(dict.fromkeys(part for part in parts if part))
    if any(_is_short(code, codes[0], known) for code in codes):
        raise RefusedError("class_short")
    if len(codes) > MAX_CLASSES:
        raise RefusedError("classes_many")
    return codes


def is_class(cell: Cell, known: Collection[str]) -> bool:
    """Whether the cell names one class: a known one, or one that is written as classes are."""
    if not isinstance(cell, str) or not (text := clean(cell)) or len(text) > MAX_CODE:
        return False
    bare = unmarked(text)
    return class_key(text) in known or bool(_CLASS.fullmatch(bare) or _LONG_CLASS.fullmatch(bare))


def class_in_head(head: Cell, known: Collection[str]) -> tuple[str, str]:
    """The class that a column's heading names, and its room: "10A1", "10A1 (P.203)".

    Empty where it names none, or several.
    """
    parts = [clean(part) for part in _HEAD_PARTS.split(head)] if isinstance(head, str) else []
    classes = [part for part in parts if is_class(part, known)]
    if len(classes) != 1 or classes != parts[:1]:
        return "", ""
    return classes[0], next((part for part in parts[1:] if is_room(part, ())), "")


def is_room(text: str, known: Collection[str]) -> bool:
    """Whether a text names a room: a known one, or one that is written as P.203 is."""
    return bool(_ROOM.fullmatch(unmarked(text))) or bool(text and room_key(text) in known)


def room_of(cell: Cell) -> str:
    """The room as it is written; empty where none is. Raises RefusedError."""
    text = text_of(cell)
    if len(text) > MAX_CODE:
        raise RefusedError("cell_too_long")
    if len([part for part in _ROOMS.split(_raw(cell)) if any(map(str.isalnum, part))]) > 1:
        raise RefusedError("rooms_many")
    return text


def _raw(cell: Cell) -> str:
    return cell if isinstance(cell, str) else clean(cell)


def _class(cell: Cell) -> str:
    """The cell as one class. Raises RefusedError."""
    if isinstance(cell, Day):
        raise RefusedError("class_invalid")
    plain(cell)  # a broken number is no class
    text = text_of(cell)
    if not text:
        raise RefusedError("class_missing")
    if text[0] in FORMULA_STARTS or len(text) > MAX_CODE * MAX_CLASSES:
        raise RefusedError("class_invalid")
    return text


def _pieces(part: str, known: Collection[str]) -> list[str]:
    """The classes of a part between commas: of "10A1/10A2", of "10A1 10A2", or the part."""
    if len(part) > MAX_CODE:
        raise RefusedError("class_invalid")
    if class_key(part) in known:
        return [part]
    for split in (part.split("/"), part.split()):
        pieces = [clean(piece) for piece in split]
        if len(pieces) > 1 and all(_is_whole(piece, known) for piece in pieces):
            return pieces
    ends = _RANGE.split(part)
    if len(ends) > 1 and all(_is_whole(end, known) for end in ends):
        raise RefusedError("classes_range")
    return [part]


def _is_whole(piece: str, known: Collection[str]) -> bool:
    return class_key(piece) in known or bool(_WHOLE.fullmatch(piece))


def _is_short(code: str, first: str, known: Collection[str]) -> bool:
    """Whether a class leaves out the grade that the first one tells: the A2 of "10A1, A2"."""
    told = _GRADE.match(code) or class_key(code) in known
    return not told and _GRADE.match(first) is not None
