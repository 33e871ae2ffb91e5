"""This file reads an equipment book from a workbook or a CSV, however a school wrote it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from controller.register.book import (
    Book,
    Doubt,
    DoubtKind,
    Fault,
    LeftOut,
    Line,
    NamedRow,
    Refused,
    RowReason,
    SeveralLines,
    SheetReading,
    Source,
)
from controller.register.choices import PRICE_FIELD, Choices, Several
from controller.register.fields import JUDGES, condition_ticked, single_room
from controller.register.headings import (
    FIELDS,
    MONEY,
    WARRANTY,
    BookHeading,
    counted_in,
    heading_at,
    heading_of,
    is_heading,
    known_fields,
)
from controller.register.merged_amounts import merged_amounts
from controller.register.pairing import told_fields
from controller.register.prices import as_one, is_product
from controller.register.room_parts import RoomReader
from controller.register.rows import (
    Group,
    Row,
    Shape,
    group_of,
    is_office,
    reason_of,
    room_of_sheet,
    room_of_title,
    shown,
)
from controller.register.snipeit import as_book
from controller.register.summing import Sums, sums_of
from controller.register.units import times_above
from controller.register.warranty import Warranty, day_in, later, unit_of, warranty_of
from controller.sheets.cells import RowTally, SheetReader, bounded_bytes, sheets_in
from controller.sheets.errors import Notice, SheetError
from controller.sheets.names import room_key, tag_key
from controller.sheets.text import (
    Cause,
    Cell,
    RefusedError,
    Unreadable,
    clean,
    display_of,
    folded,
)
from controller.sheets.worksheet import Worksheet, cell_at, visible
from controller.sheets.writing import EXCEL_MARK, csv_text
from protocol.words import N_, Translate

_CODES: Final = ("asset_tag", "serial")
_SUMMARIES: Final = ("tong hop", "bang tong hop", "tong cong", "thong ke", "summary", "total")
_MAX_SHOWN: Final = 64
_MAX_ROWS_NAMED: Final = 30
_REMEMBERED: Final = 4096  # distinct cells of a field

_UNKNOWN: Final = N_(
    'The heading "{value}" is not known and was left out: give --map "Heading=field" once.'
)
_DROPPED: Final = N_('The column "{value}" is not kept.')
_NUMBERS: Final = N_(
    "Codes in the column {value} are numbers in the sheet: zeros at their front are lost."
)
_REPEATED: Final = N_("The numbers of the lines (STT) repeat: the sheet's rows stand for them.")
_SKIPPED: Final = N_("Row {value} names no item and was left out.")
_ROOMLESS: Final = N_('No room is told for what "{value}" holds.')
_NONE_LEFT: Final = N_("The quantity is 0, so the line counts nothing. Rows: {value}")
_NO_QUANTITY: Final = N_(
    "No quantity stands here, so the line counts as one or as before. Rows: {value}"
)
_SUMS_UP: Final = N_(
    'The sheet "{value}" names the same things as the others: leave it out if it sums them up.'
)
_PRICE_OF: Final = {
    "unit_cost_vnd": (
        "price_of_one",
        N_('The column "{value}" is taken as the price of one thing of a line.'),
    ),
    "cost_vnd": (
        "price_of_all",
        N_('The column "{value}" is taken as what all things of a line cost together.'),
    ),
}
QUANTITY_BESIDE: Final = "quantity_beside"  # the notice of a column that can be chosen instead
_TAKEN: Final = N_('Several columns tell a quantity: "{value}" is taken.')
_BESIDE: Final = N_(
    'The column "{value}" tells a quantity, too; it was left out and can be chosen.'
)
_EACH_ONE: Final = N_(
    "One quantity stands for as many lines, so each of them is one thing. Rows: {value}"
)
_NO_HEADING: Final = N_('The sheet "{value}" has no heading of an equipment book: it was left out.')
_NO_ITEM: Final = N_("The file has a heading, and no item under it.")
_ALL_UNREADABLE: Final = N_("Nothing can be read of any row under the heading.")
_DOUBTS: Final = {
    DoubtKind.UNIT: N_(
        'What the money counts in is not understood: "{value}". No amount of it was kept.'
    ),
    DoubtKind.ROOM: N_(
        'A room cell may hold more than a room, such as "{value}": none of these was kept.'
    ),
    DoubtKind.SUMMARY: N_('The sheet "{value}" seems to sum up the others: it was left out.'),
    DoubtKind.BESIDE: N_(
        'A second table stands beside the first, from "{value}": it was left out.'
    ),
    DoubtKind.COLUMN: _UNKNOWN,
}
_CODE_OF: Final = {DoubtKind.COLUMN: "heading_unknown"}


def _judges(rooms: RoomReader) -> Mapping[str, Callable[..., object]]:
    """What judges the cells of each field; of a distinct cell it remembers what that says."""
    judges: dict[str, Callable[..., object]] = {**JUDGES, "room": partial(single_room, rooms=rooms)}
    judges |= dict.fromkeys(WARRANTY, warranty_of)
    return {name: lru_cache(_REMEMBERED)(judge) for name, judge in judges.items()}


@dataclass(slots=True)
class _Harvest:
    """What was found in the sheets so far; numbers: the STT of each line, headings: its own.

    said: what judges a field's cells, which are few and each on many lines. told: the sets of
    fields that lines tell, each once.
    """

    file: str
    choices: Choices
    lines: list[Line] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    numbers: list[int | None] = field(default_factory=list)
    headings: list[BookHeading] = field(default_factory=list)
    unreadable: list[Refused] = field(default_factory=list)
    raw: list[tuple[tuple[str, ...], Sequence[Cell]]] = field(default_factory=list)
    said: Mapping[str, Callable[..., object]] = field(default_factory=dict)
    told: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)
    notices: dict[tuple[str, str], Notice] = field(default_factory=dict)
    sheets: list[SheetReading] = field(default_factory=list)
    named: list[NamedRow] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    signed: list[int] = field(default_factory=list)  # signatures named since the last line
    title_rows: int = 0
    tally: RowTally = field(default_factory=lambda: RowTally(0))

    def notice(self, code: str, message: str, value: str = "") -> None:
        """Keep a notice once."""
        notice = Notice(file=self.file, code=code, message=message, value=value)
        self.notices.setdefault((code, value), notice)

    def beside(self) -> _Harvest:
        """An empty one for another sheet of the file; what is remembered is shared."""
        return _Harvest(self.file, self.choices, said=self.said, told=self.told, tally=self.tally)

    def join(self, other: _Harvest) -> None:
        """Add what was found in a sheet."""
        if not self.lines:
            self.title_rows = other.title_rows
        for name in ("lines", "sources", "numbers", "headings", "unreadable", "raw", "sheets",
                     "named", "doubts"):  # fmt: skip
            getattr(self, name).extend(getattr(other, name))
        self.fields |= other.fields
        self.notices |= other.notices

    def doubt(self, kind: DoubtKind, sheet: str, row: int, value: str) -> None:
        """Keep what a person is to be asked about, and tell it."""
        self.doubts.append(Doubt(kind, sheet, row, value))
        self.notice(_CODE_OF.get(kind, f"doubt_{kind}"), _DOUBTS[kind], value)

    def tell_rows(self, code: str, message: str, sheet: str, rows: Sequence[int]) -> None:
        """Keep a notice that names rows of a sheet, if there are any."""
        if not rows:
            return
        more = ", ..." if rows[_MAX_ROWS_NAMED:] else ""
        value = ", ".join(map(str, rows[:_MAX_ROWS_NAMED])) + more
        self.notices[code, f"{sheet}!{value}"] = Notice(
            file=self.file, code=code, message=message, value=value, sheet=sheet, row=rows[0]
        )


@dataclass(slots=True)
class _Part:
    """The part of a sheet that is read: its heading, and what holds for the lines below."""

    heading: BookHeading
    room: str
    group: Group = field(default_factory=lambda: Group("", ""))
    shape: Shape = field(default_factory=Shape)


def read_book(
    path: Path, choices: Choices | None = None, reader: SheetReader | None = None
) -> Book:
    """Read the book from an .xlsx, .xls or CSV file. Raises SheetError.

    choices: what a person has answered about it.
    """
    raw = bounded_bytes(path)
    reader = reader or SheetReader()
    choices = choices or Choices()
    rooms = RoomReader(choices.room)
    harvest = _Harvest(path.name, choices, said=_judges(rooms))
    explained = harvest.choices.headings

    def headed(rows: list[list[Cell]]) -> int:
        heading = heading_of(rows, explained)
        return known_fields(rows[heading.at], explained) if heading else 0

    sheets, notices = sheets_in(path, raw, headed, days=True, reader=reader)
    sheets, hidden = visible(sheets, path.name)
    harvest.notices |= {(notice.code, notice.value): notice for notice in (*notices, *hidden)}
    sheets = [_in_own_terms(sheet, harvest) for sheet in sheets]
    readable = _readable_sheets(sheets, harvest)
    harvest.tally = RowTally(sum(len(sheet.rows) for sheet, _ in readable), reader.note)
    _join(harvest, [_read_sheet(*part, harvest.beside()) for part in readable])
    order = [sheet.name for sheet in sheets]
    harvest.sheets.sort(key=lambda reading: order.index(reading.name))
    if not harvest.lines:
        message = _ALL_UNREADABLE if harvest.unreadable else _NO_ITEM
        raise SheetError("nothing_usable", message)
    _tell_rooms(harvest, rooms)
    return _settled(harvest)


def _in_own_terms(sheet: Worksheet, harvest: _Harvest) -> Worksheet:
    """The sheet, in a book's terms where it is the one that LopHoc writes for Snipe-IT."""
    own = as_book(sheet, harvest.file)
    if own is None:
        return sheet
    for notice in own[1]:
        harvest.notices[notice.code, f"{sheet.name}!{notice.value}"] = notice
    return own[0]


def _tell_rooms(harvest: _Harvest, rooms: RoomReader) -> None:
    """Refuse rooms that stand in several places, and ask about cells that may be more than one."""
    shared = rooms.shared
    for at, line in enumerate(harvest.lines if shared else ()):
        if room_key(line.room) in shared:
            fault = Fault("room", "room_shared")
            harvest.lines[at] = replace(line, room="", errors=(*line.errors, fault))
            _forget_refused(harvest, at, harvest.lines[at])
    if rooms.asked:
        harvest.doubt(DoubtKind.ROOM, "", 0, rooms.asked[:_MAX_SHOWN])


def _readable_sheets(
    sheets: Sequence[Worksheet], harvest: _Harvest
) -> list[tuple[Worksheet, BookHeading]]:
    """The sheets with a heading, but for those to be left out. Raises SheetError."""
    chosen = harvest.choices.sheets
    _check_names(sheets, harvest.choices)
    headed = [(sheet, _heading(sheet, harvest.choices)) for sheet in sheets]
    with_heading = [(sheet, heading) for sheet, heading in headed if heading]
    if not with_heading:
        raise SheetError(
            "no_heading",
            N_("No sheet has a heading of an equipment book."),
            N_("Columns such as Mã tài sản, Tên thiết bị, Số sê-ri and Phòng are needed."),
        )
    read: list[tuple[Worksheet, BookHeading]] = []
    for sheet, heading in headed:
        why = _left_out(sheet, heading, chosen, is_alone=len(with_heading) == 1)
        if heading and not why:
            read.append((sheet, heading))
            continue
        row = harvest.choices.row_of_heading(sheet.name) or 0
        harvest.sheets.append(
            SheetReading(name=sheet.name, rows=len(sheet.rows), heading_row=row, left_out=why)
        )
        if why is LeftOut.SUMMARY:
            harvest.doubt(DoubtKind.SUMMARY, sheet.name, 0, sheet.name)
        elif why is LeftOut.NO_HEADING and any(map(any, sheet.rows)):
            harvest.notice("sheet_without_heading", _NO_HEADING, sheet.name)
    return read


def _join(harvest: _Harvest, parts: Sequence[_Harvest]) -> None:
    """Put together what the sheets hold, but for one that sums up the others."""
    is_free = harvest.choices.sheets is None
    sums = sums_of([part.lines for part in parts]) if is_free and len(parts) > 1 else Sums()
    for at, part in enumerate(parts):
        if at not in sums.sure:
            harvest.join(part)
    for at in sums.sure:
        (reading,) = parts[at].sheets
        harvest.sheets.append(replace(reading, lines=0, columns={}, left_out=LeftOut.SUMMARY))
        harvest.doubt(DoubtKind.SUMMARY, reading.name, 0, reading.name)
    for at in sums.maybe:
        harvest.notice("sheet_sums_up", _SUMS_UP, parts[at].sheets[0].name)


def _check_names(sheets: Sequence[Worksheet], choices: Choices) -> None:
    """Refuse a choice of a sheet that the file has not, or that is hidden. Raises SheetError."""
    names = {sheet.name for sheet in sheets}
    for name in sorted((choices.sheets or set()) | {*choices.heading_rows} - {""}):
        if name not in names:
            raise SheetError(
                "sheet_unknown",
                N_('The file has no sheet "{name}" that can be seen.'),
                N_("Its sheets: {names}."),
                name=name,
                names=", ".join(filter(None, (sheet.name for sheet in sheets))) or "-",
            )


def _heading(sheet: Worksheet, choices: Choices) -> BookHeading | None:
    row = choices.row_of_heading(sheet.name)
    heading = heading_of(sheet.rows, choices.headings, None if row is None else row - 1)
    return heading and _priced(heading, choices)


def _priced(heading: BookHeading, choices: Choices) -> BookHeading:
    """The heading with its price as a person has answered."""
    return heading.priced_of(PRICE_FIELD[choices.price]) if choices.price else heading


def _left_out(
    sheet: Worksheet,
    heading: BookHeading | None,
    chosen: frozenset[str] | None,
    *,
    is_alone: bool,
) -> LeftOut | None:
    """Why a sheet is not read. is_alone: no other has a heading."""
    if heading is None:
        return LeftOut.NO_HEADING
    if chosen is not None:
        return None if sheet.name in chosen else LeftOut.NOT_CHOSEN
    is_summary = folded(sheet.name).startswith(_SUMMARIES) and "serial" not in heading.places
    return LeftOut.SUMMARY if is_summary and not is_alone else None


def _read_sheet(sheet: Worksheet, heading: BookHeading, harvest: _Harvest) -> _Harvest:
    """Read a sheet into an empty harvest, and answer with it."""
    harvest.title_rows = heading.at
    for place, cells in enumerate(sheet.rows[: heading.at], start=1):
        is_blank = not any(map(shown, cells))
        _name(harvest, sheet, place, RowReason.BLANK if is_blank else RowReason.TITLE)
    titles = [*map(clean, itertools.chain.from_iterable(sheet.rows[: heading.at]))]
    room = next(filter(None, map(room_of_title, reversed(titles))), "") or room_of_sheet(sheet.name)
    for place, row, part in _items(sheet, _Part(heading, room), harvest):
        _take(sheet, place, row, part, harvest)
    _weigh_merged(sheet, harvest)
    read = zip(harvest.lines, harvest.sources, strict=True)
    if not any(_says_room(line, source) for line, source in read):
        harvest.notice("room_unknown", _ROOMLESS, sheet.name or harvest.file)
    harvest.sheets.append(
        SheetReading(
            name=sheet.name,
            rows=len(sheet.rows),
            lines=len(harvest.lines),
            heading_row=heading.at + 1,
            columns=heading.columns,
        )
    )
    return harvest


def _says_room(line: Line, source: Source) -> bool:
    """Whether anything is said of the room, be it nothing that can be kept."""
    is_refused = any(fault.field == "room" for fault in line.errors)
    return bool(line.room) or "room" in source.fields or is_refused


def _items(sheet: Worksheet, part: _Part, harvest: _Harvest) -> Iterator[tuple[int, Row, _Part]]:
    """The rows that are items, with their numbers in the sheet; each other one is named."""
    below = part.heading.at
    for at in range(part.heading.at, len(sheet.rows)):
        harvest.tally.count()
        if at >= below and (fresh := _next_heading(sheet, at, part.heading, harvest.choices)):
            if fresh.places != part.heading.places:
                part.shape = Shape()
            part.heading = fresh
            below = at + fresh.depth
            _tell_heading(sheet, fresh, harvest)
        if at < below:
            _name(harvest, sheet, at + 1, RowReason.HEADING)
            continue
        row = Row(sheet.rows[at], part.heading)
        reason = reason_of(row, part.shape)
        if reason is None:
            part.shape.add([*row.filled], row.number)
            _regroup(part, harvest)
            yield at + 1, row, part
            continue
        _name(harvest, sheet, at + 1, reason)
        _pass(row, reason, part, harvest)


def _regroup(part: _Part, harvest: _Harvest) -> None:
    """No signature stands above lines: "Kế toán" headed a group, whose room is not known."""
    if not harvest.signed:
        return
    for at in harvest.signed:
        harvest.named[at] = replace(harvest.named[at], reason=RowReason.GROUP)
        named = harvest.named[at]
        harvest.tell_rows("row_skipped", _SKIPPED, named.sheet, [named.row])
    part.group = Group("", "")
    part.room = ""
    harvest.signed.clear()


def _pass(row: Row, reason: RowReason, part: _Part, harvest: _Harvest) -> None:
    """Note what a row that is no item says of the rows below."""
    if reason in {RowReason.TOTAL, RowReason.FOOTER}:
        part.shape.is_behind = True
        if reason is RowReason.FOOTER and len(row.texts) == 1 and is_office(row.label):
            harvest.signed.append(len(harvest.named) - 1)
    elif reason is RowReason.GROUP:
        group = group_of(row)
        part.shape.is_behind = False
        if group.room or group.marker == part.group.marker:
            part.group = group
        above = times_above([" ".join(row.texts.values())])
        if above != (None, "") and not harvest.choices.times:
            part.heading = counted_in(part.heading, above)


def _next_heading(
    sheet: Worksheet, at: int, heading: BookHeading, choices: Choices
) -> BookHeading | None:
    """The heading that this row is: the table's first, the same again, or that of another table."""
    if at > heading.at and not is_heading(sheet.rows[at], choices.headings):
        return None
    fresh = (
        heading if at == heading.at else heading_at(sheet.rows, at, choices.headings, heading.above)
    )
    if fresh is None:
        return None
    fresh = _priced(fresh, choices)
    if not choices.times:
        return fresh
    return replace(fresh, times=dict.fromkeys(fresh.times, choices.times))


def _tell_heading(sheet: Worksheet, heading: BookHeading, harvest: _Harvest) -> None:
    harvest.fields |= {*heading.places} | ({"condition"} if heading.ticks else set())
    row = heading.at + 1
    for text in heading.unknown:
        harvest.doubt(DoubtKind.COLUMN, sheet.name, row, text)
    _tell_quantities(heading, harvest)
    for text in heading.dropped:
        harvest.notice("column_dropped", _DROPPED, text)
    if None in heading.times.values():
        harvest.doubt(DoubtKind.UNIT, sheet.name, row, heading.unit[:_MAX_SHOWN])
    if heading.width is not None:
        beside = clean(sheet.rows[heading.at][heading.width])
        harvest.doubt(DoubtKind.BESIDE, sheet.name, row, beside)


def _tell_quantities(heading: BookHeading, harvest: _Harvest) -> None:
    """Name the column of quantities that is taken, and each other, which can be chosen instead."""
    if not heading.counts:
        return
    harvest.notice("quantity_taken", _TAKEN, heading.columns["quantity"])
    for text in heading.counts:
        harvest.notice(QUANTITY_BESIDE, _BESIDE, text)


def _name(harvest: _Harvest, sheet: Worksheet, row: int, reason: RowReason) -> None:
    """Say of a row that it is no line."""
    text = " ".join(filter(None, map(shown, sheet.rows[row - 1])))[:_MAX_SHOWN]
    harvest.named.append(NamedRow(sheet.name, row, reason, text))
    if reason is RowReason.GROUP:  # the others are what people expect
        harvest.tell_rows("row_skipped", _SKIPPED, sheet.name, [row])


def _take(sheet: Worksheet, place: int, row: Row, part: _Part, harvest: _Harvest) -> None:
    """Keep an item."""
    heading = part.heading
    line, fields = _line(row.cells, place, part, harvest.said)
    if line.errors and not _tells(line, heading):
        harvest.unreadable.append(Refused(heading.heads, tuple(row.cells), line))
        _name(harvest, sheet, place, RowReason.UNREADABLE)
        return
    harvest.lines.append(line)
    harvest.sources.append(Source(sheet.name, place, harvest.told.setdefault(fields, fields)))
    harvest.numbers.append(row.number)
    harvest.headings.append(heading)
    harvest.raw.append((heading.heads, row.cells))
    for name in _CODES:
        if isinstance(cell_at(row.cells, heading.places.get(name)), float):
            harvest.notice("code_is_number", _NUMBERS, heading.heads[heading.places[name]])


def _tells(line: Line, heading: BookHeading) -> bool:
    """Whether anything of the row itself could be read."""
    told = {*told_fields(line)}
    return bool(told if "room" in heading.places else told - {"room"})


def _line(
    row: Sequence[Cell], place: int, part: _Part, said: Mapping[str, Callable[..., object]]
) -> tuple[Line, frozenset[str]]:
    """The line of a row, and the fields that it validly tells."""
    fields: dict[str, object] = {}
    faults: list[Fault] = []
    heading = part.heading
    for name in FIELDS:
        try:
            if name in heading.places:
                cell = cell_at(row, heading.places[name])
                if isinstance(cell, Unreadable) and cell.cause is Cause.UNTOLD:
                    continue
                given = _beside(name, heading)
                told = said[name](cell, *given)
                fields |= _warranty(name, told) if isinstance(told, Warranty) else {name: told}
            elif name == "condition" and heading.ticks:
                fields[name] = condition_ticked(row, heading.ticks)
        except RefusedError as refused:
            faults.append(Fault(name, str(refused)))
    room = part.group.room or ("" if "room" in heading.places else part.room)
    if room and not fields.get("room") and "room" not in {fault.field for fault in faults}:
        fields.pop("room", None)
        try:
            fields["room"] = said["room"](room)
        except RefusedError as refused:
            faults.append(Fault("room", str(refused)))
    _end_warranty(fields, cell_at(row, heading.places.get("year")))
    line = Line(row=place, errors=tuple(faults), **fields)  # type: ignore[arg-type]  # JUDGES gives each field its type
    return line, frozenset(fields)


def _beside(name: str, heading: BookHeading) -> tuple[int | None, ...]:
    """What the heading of a field tells of the numbers below it."""
    if name in MONEY:
        return (heading.times[name],)
    return (unit_of(heading.heads[heading.places[name]]),) if name in WARRANTY else ()


def _warranty(name: str, told: Warranty) -> dict[str, object]:
    """What a cell under either heading of warranty tells; an empty one clears its own field."""
    fields: dict[str, object] = {"warranty_months": told.months, "warranty_until": told.until}
    return {field: value for field, value in fields.items() if field == name or value or value == 0}


def _end_warranty(fields: dict[str, object], used_from: Cell) -> None:
    """Of a length, and the very day from which a thing is used, the end follows."""
    months, until = fields.get("warranty_months"), fields.get("warranty_until")
    if isinstance(months, int) and months and not until and (day := day_in(used_from)):
        fields["warranty_until"] = later(day, months).isoformat()


def _weigh_merged(sheet: Worksheet, harvest: _Harvest) -> None:
    """Judge what is merged over several lines and is of all of them together."""
    if not sheet.spans:
        return
    rows = [source.row for source in harvest.sources]
    weighed = merged_amounts(sheet.spans, rows, harvest.headings, harvest.lines)
    harvest.lines = [*weighed.lines]
    for at, line in enumerate(weighed.lines):
        _forget_refused(harvest, at, line)
    harvest.tell_rows("quantity_shared", _EACH_ONE, sheet.name, [rows[at] for at in weighed.shared])


def _forget_refused(harvest: _Harvest, at: int, line: Line) -> None:
    """What is refused is not told."""
    source = harvest.sources[at]
    if refused := {fault.field for fault in line.errors} & source.fields:
        harvest.sources[at] = replace(source, fields=source.fields - refused)


def _counted(harvest: _Harvest) -> SeveralLines:
    """Weigh quantities against prices, and take lines of several as was chosen."""
    several: list[int] = []
    for at, line in enumerate(harvest.lines):
        harvest.lines[at] = _multiplied(line)
        _forget_refused(harvest, at, harvest.lines[at])
        if line.quantity not in {None, 1}:
            several.append(line.count)
        if harvest.choices.several is Several.ONE and line.count > 1:
            _take_as_one(harvest, at)
    _tell_counts(harvest)
    found = SeveralLines(len(several), sum(several))
    if several and harvest.choices.several is None:
        harvest.doubts.append(Doubt(DoubtKind.QUANTITY, "", 0, f"{found.lines}"))
    return found


def _take_as_one(harvest: _Harvest, at: int) -> None:
    """Make a line of several one thing, which costs what they do."""
    line, source = as_one(harvest.lines[at]), harvest.sources[at]
    own = {"cost_vnd"} if line.cost_vnd is not None else set()
    harvest.lines[at] = line
    harvest.sources[at] = replace(source, fields=source.fields | own)


def _multiplied(line: Line) -> Line:
    """The line, without prices of which nobody can tell which is right."""
    unit, cost = line.unit_cost_vnd, line.cost_vnd
    if unit is None or cost is None or is_product(unit, line.count, cost):
        return line
    if "quantity" in {fault.field for fault in line.errors}:
        lone = Fault(
            "unit_cost_vnd", "cost_uncounted"
        )  # what all cost holds, however many they are
        return replace(line, unit_cost_vnd=None, errors=(*line.errors, lone))
    faults = [Fault(field, "cost_product") for field in MONEY]
    return replace(line, unit_cost_vnd=None, cost_vnd=None, errors=(*line.errors, *faults))


def _tell_counts(harvest: _Harvest) -> None:
    """Name the lines that count nothing, and those without a quantity where others have one."""
    none: dict[str, list[int]] = {}
    blank: dict[str, list[int]] = {}
    has_several = any((line.quantity or 1) > 1 for line in harvest.lines)
    for line, source in zip(harvest.lines, harvest.sources, strict=True):
        if line.quantity == 0:
            none.setdefault(source.sheet, []).append(source.row)
        elif line.quantity is None and "quantity" in source.fields and has_several:
            blank.setdefault(source.sheet, []).append(source.row)
    prices: dict[int, str] = {}  # of each heading, which many lines share
    for heading, line in zip(harvest.headings, harvest.lines, strict=True):
        if line.count <= 1 or harvest.choices.price:
            continue
        if id(heading) not in prices:
            prices[id(heading)] = heading.lone_price
        field = prices[id(heading)]
        if field and getattr(line, field) is not None:
            _ask_price(harvest, field, heading.heads[heading.places[field]])
    for sheet, rows in none.items():
        harvest.tell_rows("quantity_none", _NONE_LEFT, sheet, rows)
    for sheet, rows in blank.items():
        harvest.tell_rows("quantity_blank", _NO_QUANTITY, sheet, rows)


def _ask_price(harvest: _Harvest, field: str, head: str) -> None:
    """Say how a price is taken of which nobody can tell whether it is of one or of all."""
    harvest.notice(*_PRICE_OF[field], head)
    doubt = Doubt(DoubtKind.PRICE, "", 0, head[:_MAX_SHOWN])
    if doubt not in harvest.doubts:
        harvest.doubts.append(doubt)


def _numbered(harvest: _Harvest) -> tuple[list[Line], list[Source]]:
    tag_counts: Counter[str] = Counter()
    lines: list[Line] = []
    sources: list[Source] = []
    read = zip(_numbers(harvest), harvest.lines, harvest.sources, strict=True)
    for number, line, source in read:
        key = tag_key(line.asset_tag)
        tag_counts[key] += 1
        lines.append(line if line.row == number else replace(line, row=number))
        sources.append(source)
        if key and tag_counts[key] > 1:
            errors = (*line.errors, Fault("asset_tag", "tag_twice"))
            lines[-1] = replace(lines[-1], asset_tag="", errors=errors)
            sources[-1] = replace(source, fields=source.fields - {"asset_tag"})
    return lines, sources


def _settled(harvest: _Harvest) -> Book:
    """Number the lines, and take a tag away that another line has."""
    several = _counted(harvest)
    lines, sources = _numbered(harvest)
    refused = (
        Refused(head, tuple(cells), line)
        for (head, cells), line in zip(harvest.raw, lines, strict=True)
        if line.errors
    )
    says = {name for name in FIELDS if any(getattr(line, name) for line in lines)}
    return Book(
        lines=tuple(lines),
        sources=tuple(sources),
        sheets=tuple(harvest.sheets),
        named=tuple(harvest.named),
        doubts=tuple(harvest.doubts),
        several=several,
        fields=frozenset(harvest.fields | says),
        title_rows_skipped=harvest.title_rows,
        total_row_skipped=any(row.reason is RowReason.TOTAL for row in harvest.named),
        warnings=tuple(harvest.notices.values()),
        refused=(*refused, *harvest.unreadable),
    )


def _numbers(harvest: _Harvest) -> list[int]:
    """A number for each line that no other has: the book's own, if it does not count anew."""
    own = [number for number in harvest.numbers if number is not None]
    if own and len(own) == len({*own}):
        free = itertools.count(max(own) + 1)
        return [next(free) if number is None else number for number in harvest.numbers]
    if own:
        harvest.notice("stt_repeated", _REPEATED)
    rows = [line.row for line in harvest.lines]
    return rows if len({*rows}) == len(rows) else [*range(1, len(rows) + 1)]


def refused_csv(refused: Sequence[Refused], say: Translate) -> str:
    """The rows in error as they stood, and why, with the mark that Excel needs."""
    width = max((len(row.head) for row in refused), default=0)
    rows: list[list[str]] = []
    head: tuple[str, ...] = ()
    for row in refused:
        if row.head != head:
            head = row.head
            rows.append([*_padded(head, width), say(N_("Error"))])
        why = " ".join(fault.said(say)["message"] for fault in row.line.errors)
        cells = [display_of(cell) for cell in row.cells]
        rows.append([*_padded(cells, width), why])
    return EXCEL_MARK + csv_text(rows, delimiter=";")


def _padded(cells: Sequence[str], width: int) -> list[str]:
    """As many cells as the heading has."""
    return [*cells[:width], *[""] * (width - len(cells))]
