"""This file reads the XML of aSc Timetables: its periods are bells, its cards are lessons; pure.

A card is a lesson on a day in a period: <card lessonid="L1" period="1" days="100000" weeks="1"
classroomids="R1"/>, where days and weeks have a digit for each of them. What the ids mean stands in
<lessons>, <classes>, <classrooms>, <subjects>, <teachers>, and the days' names in <daysdefs>.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from controller.schedule.findings import (
    Findings,
    RawBell,
    RawBooking,
    RowReason,
    SheetFindings,
    Spot,
)
from controller.schedule.headings import Part
from controller.schedule.lists import text_in
from controller.schedule.names import MAX_CLASSES
from controller.schedule.times import clock_of
from controller.schedule.weekdays import SCHOOL_WEEK, periods_of, weekday_of
from controller.sheets.bounds import DAMAGED, TOO_BIG
from controller.sheets.names import MAX_CODE
from controller.sheets.text import RefusedError, clean

_ROOT: Final = re.compile(rb"<timetable[\s>/]")
_HEAD_BYTES: Final = 4096
_MAX_ELEMENTS: Final = 100_000  # a big school has some ten thousand
_WEEKS: Final[Mapping[str, str]] = {
    "": "every",
    "1": "every",
    "11": "every",
    "10": "odd",
    "01": "even",
}
Names = Mapping[str, str]
_Read = TypeVar("_Read")
_Reader = Callable[[Element, Spot], _Read]


def is_asc(raw: bytes) -> bool:
    """Whether the file is such an export."""
    return _ROOT.search(raw[:_HEAD_BYTES].replace(b"\0", b"")) is not None


class _Lesson(NamedTuple):
    """What a card's lesson says. length: how many periods each card of it has."""

    classes: tuple[str, ...]
    rooms: tuple[str, ...]
    subject: str
    teacher: str
    length: int


def read_asc(raw: bytes, file: str, findings: Findings) -> None:
    """Add the bells and the lessons of an export. Raises SheetError."""
    root = _root(raw)
    periods = SheetFindings(file=file, name="<period>", part=Part.BELLS)
    cards = SheetFindings(file=file, name="<card>", part=Part.TIMETABLE)
    findings.sheets += [periods, cards]
    bells = [bell for bell in _Elements(root, "period", periods, findings).each(_bell) if bell]
    if bells:
        findings.raw.setdefault(Part.BELLS, []).extend(bells)
    else:
        periods.part = None
    export = _Export(root)
    read = _Elements(root, "card", cards, findings).each(export.bookings)
    findings.raw.setdefault(Part.TIMETABLE, []).extend(line for lines in read for line in lines)


def _root(raw: bytes) -> Element:
    """The export's first element, with all that is in it. Raises SheetError."""
    parsed = ElementTree.iterparse(io.BytesIO(raw), events=("start",), forbid_dtd=True)
    root: Element | None = None
    try:
        for count, (_, element) in enumerate(parsed):
            root = element if root is None else root
            if count >= _MAX_ELEMENTS:
                raise TOO_BIG
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise DAMAGED from None
    if root is None:
        raise DAMAGED
    return root


class _Elements:
    """The elements of one name, each of which may be refused."""

    def __init__(self, root: Element, name: str, found: SheetFindings, findings: Findings) -> None:
        self._elements = [*root.iter(name)]
        self._found = found
        self._findings = findings
        found.rows = len(self._elements)

    def each(self, read: _Reader[_Read]) -> Iterable[_Read]:
        """What is read of each; those that cannot be used are noted."""
        for number, element in enumerate(self._elements, 1):
            spot = self._found.spot(number)
            try:
                value = read(element, spot)
            except RefusedError as refused:
                self._found.named[number] = RowReason.REFUSED
                self._findings.refuse(str(refused), spot, " ".join(element.attrib.values()))
                continue
            if value:
                self._found.lines.add(number)
                yield value
            else:
                self._found.named[number] = RowReason.FREE


def _bell(element: Element, spot: Spot) -> RawBell | None:
    begins, ends = element.get("starttime", ""), element.get("endtime", "")
    if not (begins and ends):
        return None
    start, end = clock_of(begins), clock_of(ends)
    if end <= start:
        raise RefusedError("end_before_start")
    return RawBell(spot, _number(element), None, start, end, SCHOOL_WEEK)


def _number(element: Element) -> tuple[int, ...]:
    return periods_of(element.get("period", "")).numbers


class _Export:
    """What the ids of an export mean."""

    def __init__(self, root: Element) -> None:
        self._lessons = {each.get("id", ""): each for each in root.iter("lesson")}
        self._classes = _names(root, "class", "short", "name")
        self._rooms = _names(root, "classroom", "short", "name")
        self._homes = {
            each.get("id", ""): each.get("classroomids", "") for each in root.iter("class")
        }
        self._subjects = _names(root, "subject", "name", "short")
        self._teachers = _names(root, "teacher", "name", "lastname", "short")
        self._days = _days(root)
        self._lengths = _lengths(root, self._lessons)

    def bookings(self, card: Element, spot: Spot) -> list[RawBooking]:
        """The lessons of a card: one in each of its rooms and on each of its days.

        Raises RefusedError.
        """
        lesson = self._lesson(card)
        weeks = _WEEKS.get(_mask(card.get("weeks", "")))
        if weeks is None:
            raise RefusedError("card_weeks")
        if "0" in card.get("terms", ""):
            raise RefusedError("card_terms")
        first = _number(card)[0]
        numbers = tuple(range(first, first + lesson.length))
        if not lesson.classes:
            return []
        return [
            RawBooking(
                spot=spot,
                weekday=day,
                numbers=numbers,
                session=None,
                classes=lesson.classes,
                room=room,
                subject=lesson.subject,
                teacher=lesson.teacher,
                weeks=weeks,
            )
            for day in self._weekdays(card)
            for room in lesson.rooms or ("",)
        ]

    def _lesson(self, card: Element) -> _Lesson:
        element = self._lessons.get(card.get("lessonid", ""))
        if element is None:
            raise RefusedError("card_unknown")
        classes = _meant(element.get("classids", ""), self._classes)
        if len(classes) > MAX_CLASSES:
            raise RefusedError("classes_many")
        ids = element.get("classids", "").split(",")
        homes = {self._homes.get(each, "") for each in ids}
        home = homes.pop() if len(homes) == 1 else ""
        rooms = card.get("classroomids", "") or element.get("classroomids", "") or home
        return _Lesson(
            classes,
            _meant(rooms, self._rooms),
            text_in(", ".join(_meant(element.get("subjectid", ""), self._subjects))),
            text_in(", ".join(_meant(element.get("teacherids", ""), self._teachers))),
            self._length(card.get("lessonid", "")),
        )

    def _length(self, lesson: str) -> int:
        length = self._lengths[lesson]
        if not length:
            raise RefusedError("card_length")
        return length

    def _weekdays(self, card: Element) -> list[int]:
        mask = card.get("days", "")
        if not mask and (day := card.get("day")) is not None:
            mask = day  # older exports tell the number of the day, which <days> names
            return [_day(self._days, mask)]
        return [_day(self._days, str(at)) for at, digit in enumerate(mask) if digit == "1"]


def _day(days: Mapping[str, int], place: str) -> int:
    if place not in days:
        raise RefusedError("card_days")
    return days[place]


def _days(root: Element) -> dict[str, int]:
    """The day of the week of each place in a mask, or of each number of an older export."""
    named = [(_place(each.get("days", "")), each.get("name", "")) for each in root.iter("daysdef")]
    named += [(each.get("day", ""), each.get("name", "")) for each in root.iter("day")]
    days: dict[str, int] = {}
    for place, name in named:
        try:
            if place:
                days[place] = weekday_of(name).weekday
        except RefusedError:
            continue
    return days


def _place(mask: str) -> str:
    """Where the only 1 of a mask stands; empty where it names several days."""
    return str(mask.index("1")) if mask.count("1") == 1 and "," not in mask else ""


def _mask(weeks: str) -> str:
    """The mask of the weeks, shortened where all are the same."""
    return "1" if weeks and set(weeks) == {"1"} else weeks


def _lengths(root: Element, lessons: Mapping[str, Element]) -> dict[str, int]:
    """How many periods a card of each lesson has; 0 where its cards say it in two ways.

    A double lesson is one card, or one for each of its periods.
    """
    slots = defaultdict[str, dict[tuple[str, ...], list[int]]](lambda: defaultdict(list))
    for card in root.iter("card"):
        key = (
            card.get("days", ""),
            card.get("day", ""),
            card.get("weeks", ""),
            card.get("terms", ""),
        )
        slots[card.get("lessonid", "")][key].append(_whole(card.get("period", "")))
    return {
        name: _length(_whole(lessons[name].get("periodspercard", "1")), slots[name].values())
        for name in slots
        if name in lessons
    }


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 2 else 0  # noqa: PLR2004


def _length(length: int, days: Iterable[Sequence[int]]) -> int:
    if length <= 1:
        return 1
    runs = [len(run) for periods in days for run in _runs(sorted(periods))]
    if all(run % length == 0 for run in runs):
        return 1
    return length if all(run == 1 for run in runs) else 0


def _runs(periods: Sequence[int]) -> list[list[int]]:
    """Periods that follow each other, together."""
    runs: list[list[int]] = []
    for period in periods:
        if runs and period == runs[-1][-1] + 1:
            runs[-1].append(period)
        else:
            runs.append([period])
    return runs


def _names(root: Element, element: str, *attributes: str) -> dict[str, str]:
    """The name of each id, by the first attribute that has one."""
    return {
        each.get("id", ""): next(
            (text for name in attributes if (text := clean(each.get(name, "")))), ""
        )
        for each in root.iter(element)
    }


def _meant(ids: str, names: Names) -> tuple[str, ...]:
    """The names of a list of ids. Raises RefusedError where one means nothing."""
    wanted = [each for each in ids.split(",") if each]
    if any(not names.get(each) or len(names[each]) > MAX_CODE for each in wanted):
        raise RefusedError("card_unknown")
    return tuple(dict.fromkeys(names[each] for each in wanted))
