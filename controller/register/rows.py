"""This file says of a row below a heading whether it is an item, and else what it is; pure.

A row is judged by its shape: which columns it fills against those that this table's lines fill.
Words help where the shape allows: a row with a tag or a serial is no total and no signature.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from controller.register.book import RowReason
from controller.register.headings import FIELDS, MONEY, RECORD, BookHeading
from controller.register.vocabulary import ticked_of
from controller.sheets.names import room_of
from controller.sheets.text import MAX_FIELD, Cell, clean, display_of, folded, is_empty
from controller.sheets.worksheet import cell_at

_CODES: Final = ("asset_tag", "serial")
_AMOUNTS: Final = ("quantity", *MONEY)
_SAYS_WHAT: Final = ("type", "name", "asset_tag", "serial", "model")
STRAY_WORD: Final = "ngoài sổ"  # in the column RECORD: not in the book
THING_WORD: Final = "thêm của một dòng"  # one more thing of a line of several
_RECORD_SAYS: Final = {
    folded(STRAY_WORD): RowReason.STRAY,
    "not in the book": RowReason.STRAY,
    folded(THING_WORD): RowReason.THING,
}
_MIN_COUNTED: Final = 4  # columns that a row numbers
_FILLED_LIKE_LINES: Final = 0.6
_MAX_ROW: Final = 10**9
_ROOM_DIGITS: Final = 4  # of a room that is a number alone, in a table of as many columns

_AMOUNT: Final = re.compile(
    r"[0-9.,\s%()x-]*(?:đồng|đ|vnđ|vnd|cái|chiếc|bộ|máy|món|thiết bị|tb)?\.?", re.IGNORECASE
)
_TOTAL: Final = re.compile(
    r"(?:[ivxlc0-9]{1,4}[.)] *)?"
    r"(?:(?:tổng|tong)(?! *đài| dai)|cộng|cong(?= )(?! tac)|luỹ kế|lũy kế"
    r"|(?:grand |sub-?)?total(?! station)|sum)"
    r"(?=[\s:.(]|$)",
    re.IGNORECASE,
)
_SURE_TOTAL: Final = re.compile(
    r"(?:tong|cong|tong cong|tong so|cong tong|total|grand total|sum)$"
    r"|(?:tong cong|tong so|tong gia tri|tong tien|tong nguyen gia|tong tai san|cong phong"
    r"|grand total|total) "
)
_CARRIED: Final = re.compile(
    r"\b(?:mang sang|chuyen sang|trang truoc|sang trang|carried forward)\b"
)
_FOOTER: Final = re.compile(
    r"(?:nguoi (?:lap|kiem|ky|viet|giao|nhan|bao)|ke toan|pho hieu truong|hieu truong|thu truong"
    r"|ban kiem ke|ban giam hieu|to truong|truong ban|chu tich|thu kho|dai dien|xac nhan|ghi chu"
    r"|bang chu|so tien bang chu|ky ten|ky ghi|ky va|ky ho|ngay [0-9. ])|(?:.*\b)?ngay .*\bthang\b"
)
_OFFICE: Final = re.compile(
    r"ke toan|(?:pho )?hieu truong|thu truong|to truong|thu kho|ban giam hieu"
)
_MARKER: Final = re.compile(
    r"^(?:[IVXLC]{1,6}|[A-Z]|[0-9]{1,2}(?:\.[0-9]{1,2})*)(?=[.):\s-]|$)[.):\s-]*"
)
_ROMAN: Final = re.compile(r"[IVXLC]+|[A-Za-z]")
_LEAD: Final = re.compile(
    r"(?:(?:danh mục|danh sách|sổ|bảng kê|thiết bị|tài sản|đồ dùng|tại|của|ở)\s+)+", re.IGNORECASE
)
_NUMBERED_ROOM: Final = re.compile(
    r"(?:phòng(?:\s+(?:học|số|máy|tin|tin học|bộ môn|thực hành|thí nghiệm))*\s*[:.]?\s*"
    r"(?:p\.?\s*)?|p\.?\s*)[a-z]{0,2}[.\s-]?[0-9][\w.]{0,5}(?:\s*\([^)]*\))?",
    re.IGNORECASE,
)
_NAMED_ROOM: Final = re.compile(
    r"(?:phòng|kho|thư viện|hội trường|văn phòng|nhà đa năng|nhà bếp|sân)\b.*", re.IGNORECASE
)
_NO_ROOM: Final = re.compile(
    r"phòng (?:giáo dục|gd|ban|học|chức năng|bộ môn|tài chính|nội vụ)(?:\b(?!.*[0-9])|\s*&).*",
    re.IGNORECASE,
)
_TWICE: Final = re.compile(r"^phòng(?:\s*:\s*|\s*[.]?\s*(?=p\.?\s*[0-9]))", re.IGNORECASE)


class Shape:
    """Which columns the lines of a table fill, and whether a total or a signature came last."""

    def __init__(self) -> None:
        self.is_behind = False
        self.last_number = 0
        self._lines = 0
        self._filled: Counter[int] = Counter()

    def add(self, filled: Sequence[int], number: int | None) -> None:
        """Count a line."""
        self.last_number = number or self.last_number
        self._lines += 1
        self._filled.update(filled)
        self.is_behind = False

    def has_like(self, filled: Sequence[int]) -> bool:
        """Whether there are lines, and a row fills what they fill, most of it."""
        return self._lines > 0 and self.fits(filled)

    def fits(self, filled: Sequence[int]) -> bool:
        """Whether a row fills what the lines fill, most of it."""
        usual = {place for place, count in self._filled.items() if count * 2 >= self._lines}
        return len(usual & {*filled}) >= _FILLED_LIKE_LINES * len(usual)


class Group(NamedTuple):
    """A row that heads the lines below it; marker: the kind of what numbers it."""

    room: str
    marker: str


class Row:
    """A row as the table's heading sees it. filled: the columns of known fields, but its number."""

    def __init__(self, cells: Sequence[Cell], heading: BookHeading) -> None:
        self.cells = cells if heading.width is None else cells[: heading.width]
        self.heading = heading
        places = heading.places
        self.texts = {at: text for at, cell in enumerate(self.cells) if (text := shown(cell))}
        self.number = number_of(cell_at(self.cells, places.get("row")))
        self._markers = {*self._marking()}
        self.filled = {
            place: name
            for name in FIELDS
            if name != "quantity"  # groups and totals have one, too
            and (place := places.get(name)) is not None
            and place in self.texts
            and place not in self._markers
        }
        self.codes = {places[name] for name in _CODES if name in places}
        self.words = {
            at: text
            for at, text in self.texts.items()
            if at not in self._markers and (at in self.codes or not _is_amount(text))
        }

    def _marking(self) -> Iterator[int]:
        """What numbers the row: 1, I, A; in the column for it, or before all others."""
        own, first = self.heading.places.get("row"), next(iter(self.texts), None)
        text = "" if own is None else self.texts.get(own, "")
        if own is not None and text and (self.number or _ROMAN.fullmatch(text.rstrip(".)"))):
            yield own
        if first is not None and first != own and _ROMAN.fullmatch(self.texts[first]):
            yield first

    @property
    def has_code(self) -> bool:
        """Whether it has a tag or a serial."""
        return any(
            any(char.isdigit() for char in text) and not _is_footer(text)
            for at, text in self.words.items()
            if at in self.codes
        )

    @property
    def label(self) -> str:
        """Its only words."""
        return next(iter(self.words.values())) if len(self.words) == 1 else ""


def shown(cell: Cell) -> str:
    """The cell's text, or a sign that there is something that is no text."""
    if isinstance(cell, str) and len(cell) <= MAX_FIELD:
        return _shown_before(cell)
    return display_of(cell)[:MAX_FIELD] or ("" if is_empty(cell) else "#")


@lru_cache(maxsize=4096)  # a book has few words, each on many lines
def _shown_before(text: str) -> str:
    return clean(text)[:MAX_FIELD]


def reason_of(row: Row, shape: Shape) -> RowReason | None:
    """What a row is that is no item; None: an item."""
    if not row.texts:
        return RowReason.BLANK
    if _counts_columns(row) or _heads_ticks(row):
        return RowReason.HEADING
    if RECORD in row.heading.places and (reason := _reason_recorded(row)):
        return reason
    if len(row.texts) == 1 and (alone := number_of(next(iter(row.texts.values())))):
        return _of_number(row, shape, alone)
    reason = _of_label(row) if row.label else _of_words(row)
    if reason or row.number or row.has_code:
        return reason
    if shape.is_behind and not shape.fits([*row.filled]):
        return RowReason.FOOTER
    return None if _says_what(row) else RowReason.GROUP


def _reason_recorded(row: Row) -> RowReason | None:
    """What our own file says of a row that is no line of the book."""
    return _RECORD_SAYS.get(folded(clean(cell_at(row.cells, row.heading.places[RECORD]))))


def _of_number(row: Row, shape: Shape, alone: int) -> RowReason | None:
    """What a row of one number is: numbered in advance, a group (room 204), or an amount below."""
    if row.number:
        is_next = alone == shape.last_number + 1
        shape.last_number = alone
        return RowReason.BLANK if is_next else RowReason.GROUP
    if _is_room_number(row, shape):
        return RowReason.GROUP
    return _of_label(row) if row.label else _of_words(row)


def _is_room_number(row: Row, shape: Shape) -> bool:
    """Whether a number that stands alone is a room's: as short, and no line tells as little."""
    ((place, text),) = row.texts.items()
    if len(text) > _ROOM_DIGITS:
        return False
    if len(row.heading.places) >= _ROOM_DIGITS:
        return True
    amounts = {row.heading.places.get(name) for name in _AMOUNTS}
    return place not in amounts and not shape.has_like([*row.filled])


def group_of(row: Row) -> Group:
    """What a row that heads a group says of the lines below; the room is empty if it names none."""
    text = row.label or next(iter(row.texts.values()), "")
    if _NUMBERED_ROOM.fullmatch(plain := _LEAD.sub("", text).strip()):
        return Group(_room(plain), "")  # the P of P.301 marks nothing
    first = next(iter(row.texts.values()), "")
    marker = _MARKER.match(text if first == text else first)
    kind = marker[0].strip(".):- ") if marker else ""
    kind = "" if not kind else "1" if kind[0].isdigit() else "I"
    plain = _LEAD.sub("", _MARKER.sub("", text, count=1) if text != kind else text).strip()
    return Group(_room(plain) if _is_room(plain) else "", kind)


def room_of_title(text: str) -> str:
    """The room that a line above a table or a sheet's name tells: "THIẾT BỊ PHÒNG: P.203"."""
    plain = _LEAD.sub("", text[:MAX_FIELD].strip()).strip(" :.-")
    return _room(plain) if _NUMBERED_ROOM.fullmatch(plain) else ""


def room_of_sheet(name: str) -> str:
    """The room whose sheet this is by its name; empty where that is none."""
    plain = name.strip()
    is_named = bool(_NAMED_ROOM.fullmatch(plain)) and not _NO_ROOM.match(plain)
    return _room(plain) if is_named else room_of_title(plain)


def number_of(cell: Cell) -> int | None:
    """The book's own number of a line; None where the cell holds none."""
    text = clean(cell).rstrip(".")
    if not (text.isascii() and text.isdecimal() and len(text) < len(str(_MAX_ROW))):
        return None
    return int(text) or None


def _is_room(text: str) -> bool:
    return not _NO_ROOM.fullmatch(text) and bool(
        _NUMBERED_ROOM.fullmatch(text) or _NAMED_ROOM.fullmatch(text)
    )


def _room(text: str) -> str:
    return room_of(_TWICE.sub("", text))


def _of_label(row: Row) -> RowReason | None:
    """What a row with words in one cell is, beside amounts."""
    at, label = next(iter(row.words.items()))
    plain = _plain(label)
    if _TOTAL.match(label) and (not row.number or _SURE_TOTAL.match(plain)):
        return RowReason.CARRIED if _CARRIED.search(plain) else RowReason.TOTAL
    if row.number:
        return RowReason.GROUP if _heads_room(row, at, label) else None
    if _CARRIED.search(plain):
        return RowReason.CARRIED
    if len(row.texts) == 1 and _is_footer(label):
        return RowReason.FOOTER
    if at in row.codes and _heads_room(row, at, label):
        return RowReason.GROUP
    is_tag = at == row.heading.places.get("asset_tag") and len(row.texts) == 1
    if is_tag and _heads_room(row, at, label):
        return RowReason.GROUP  # a thing of which a book tells nothing but such a tag is none
    if row.has_code and " " not in label:
        return None
    is_serial = at == row.heading.places.get("serial") and " " not in label
    is_alone = len(row.filled) <= 1 and not (is_serial and any(map(str.isdigit, label)))
    return RowReason.GROUP if is_alone or _heads_room(row, at, label) else None


def _heads_room(row: Row, at: int, label: str) -> bool:
    """Whether the words are a room's, where no room is asked for, and no more is said."""
    is_ticked = any(place in row.texts for place in row.heading.ticks if place != at)
    stands_apart = at != row.heading.places.get("room") and not is_ticked
    return stands_apart and len(row.filled) <= 2 and bool(_NUMBERED_ROOM.fullmatch(label))  # noqa: PLR2004 - a name column is of two fields


def _of_words(row: Row) -> RowReason | None:
    """What a row with words in several cells is, or in none."""
    if not row.words:
        if len(row.texts) == 1 and _says_what(row):
            return RowReason.GROUP  # a room that is a number alone
        return None if row.number or _says_what(row) else RowReason.TOTAL
    if not row.number and all(map(_is_footer, row.words.values())):
        return RowReason.FOOTER
    return None


def _says_what(row: Row) -> bool:
    """Whether it says what the item is."""
    return bool({*row.filled.values()} & {*_SAYS_WHAT})


def is_office(text: str) -> bool:
    """Whether these words alone may be a signature's, or the name of a room."""
    return bool(_OFFICE.fullmatch(_plain(text)))


@lru_cache(maxsize=4096)
def _is_footer(text: str) -> bool:
    return bool(_FOOTER.match(_plain(text)))


@lru_cache(maxsize=4096)
def _is_amount(text: str) -> bool:
    return bool(_AMOUNT.fullmatch(text))


def _plain(text: str) -> str:
    return folded(text.replace("(", " ").replace(")", " "))


def _counts_columns(row: Row) -> bool:
    """Whether the row numbers the columns: 1, 2, 3 or (1), (2), (3) or A, B, 1, 2."""
    first = next(iter(row.texts.values())).strip("()[] ")
    if len(row.texts) < _MIN_COUNTED or first not in {"1", "A"}:
        return False  # as almost every row
    words = [text.strip("()[] ") for text in row.texts.values()]
    letters = sum(1 for word in words if word.isalpha())
    wanted = [chr(ord("A") + at) for at in range(min(letters, 26))]
    numbers = [str(number) for number in range(1, len(words) - len(wanted) + 1)]
    return words == [*wanted, *numbers]


def _heads_ticks(row: Row) -> bool:
    """Whether the row only names the conditions that are ticked below."""
    ticks: Mapping[int, str] = row.heading.ticks
    if not ticks:
        return False
    own = [at for at in row.texts if at in ticks]
    return len(own) > 1 and all(ticked_of(row.texts[at]) for at in own) and not row.filled
