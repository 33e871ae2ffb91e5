"""What aSc Timetables exports is read: periods, cards, who and where; or what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from controller.schedule.findings import Reading
from controller.schedule.reading import read_schedule
from controller.sheets.errors import SheetError

DAYS: Final = "".join(
    f'<daysdef id="D{at}" name="{name}" days="{"0" * at}1{"0" * (5 - at)}"/>'
    for at, name in enumerate(("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy"))
)
LESSONS: Final = (
    '<lesson id="L1" classids="C1" subjectid="S1" teacherids="T1" periodspercard="1"/>'
    '<lesson id="L2" classids="C1,C2" subjectid="S1" teacherids="T1" classroomids="R2"/>'
    '<lesson id="L3" classids="C2" subjectid="S1" periodspercard="2"/>'
)


def export(cards: str, *, days: str = DAYS, encoding: str = "utf-8") -> bytes:
    """An export with these cards."""
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><timetable ascttversion="2021.6.2">'
        '<periods><period name="1" period="1" starttime="7:15" endtime="8:00"/>'
        '<period name="2" period="2" starttime="8:05" endtime="8:50"/></periods>'
        f"<daysdefs>{days}</daysdefs>"
        '<subjects><subject id="S1" name="Toán" short="T"/></subjects>'
        '<teachers><teacher id="T1" name="Nguyễn Văn An"/></teachers>'
        '<classrooms><classroom id="R1" name="Phòng 203" short="P203"/>'
        '<classroom id="R2" name="P305"/></classrooms>'
        '<classes><class id="C1" name="10A1" classroomids="R1"/>'
        '<class id="C2" name="10A2" classroomids=""/></classes>'
        f"<lessons>{LESSONS}</lessons><cards>{cards}</cards></timetable>"
    )
    return text.encode(encoding)


def read(tmp_path: Path, raw: bytes) -> Reading:
    """What a file of these bytes tells; each card ends somewhere."""
    file = tmp_path / "tkb.xml"
    file.write_bytes(raw)
    reading = read_schedule(file)
    for sheet in reading.sheets:
        assert set(range(1, sheet.rows + 1)) == sheet.lines | sheet.named.keys()
    return reading


def lessons(reading: Reading) -> set[tuple[int, int, str, tuple[str, ...], str]]:
    """The lessons that were read."""
    return {
        (each.weekday, each.period, each.room, each.classes, each.weeks)
        for each in reading.schedule.timetable or ()
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_export_is_read(tmp_path: Path, encoding: str) -> None:
    """Days by their names, rooms of the card, the lesson or the class, several classes, weeks."""
    cards = (
        '<card lessonid="L1" period="1" days="100000" weeks="1" classroomids=""/>'
        '<card lessonid="L1" period="2" days="100000" weeks="10" classroomids="R2"/>'
        '<card lessonid="L2" period="1" days="000001" weeks="11"/>'
    )
    reading = read(tmp_path, export(cards, encoding=encoding))
    assert reading.refused == []
    assert lessons(reading) == {
        (1, 1, "P203", ("10A1",), "every"),
        (1, 2, "P305", ("10A1",), "odd"),
        (6, 1, "P305", ("10A1", "10A2"), "every"),
    }
    assert {(each.subject, each.teacher) for each in reading.schedule.timetable or ()} == {
        ("Toán", "Nguyễn Văn An")
    }
    assert [(each.period, each.begins) for each in reading.schedule.bells or ()] == [
        *((1, "07:15"), (2, "08:05"))
    ]


def test_a_double_lesson_is_one_card_or_two(tmp_path: Path) -> None:
    """Told in both ways at once, it is refused."""
    one = '<card lessonid="L3" period="1" days="010000" classroomids="R2"/>'
    two = one + one.replace('period="1"', 'period="2"')
    both = {(2, 1, "P305", ("10A2",), "every"), (2, 2, "P305", ("10A2",), "every")}
    assert lessons(read(tmp_path, export(one))) == both
    assert lessons(read(tmp_path, export(two))) == both
    mixed = two + one.replace("010000", "100000")
    assert {each.code for each in read(tmp_path, export(mixed)).refused} == {"card_length"}


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ('<card lessonid="L9" period="1" days="100000"/>', "card_unknown"),
        ('<card lessonid="L1" period="1" days="100000" classroomids="R9"/>', "card_unknown"),
        ('<card lessonid="L1" period="1" days="0000001"/>', "card_days"),
        ('<card lessonid="L1" period="1" days="100000" weeks="1000"/>', "card_weeks"),
        ('<card lessonid="L1" period="1" days="100000" terms="10"/>', "card_terms"),
        ('<card lessonid="L1" period="x" days="100000"/>', "period_unknown"),
        ('<card lessonid="L3" period="1" days="100000" classroomids=""/>', "room_missing"),
    ],
)
def test_a_card_that_cannot_be_kept_is_refused(tmp_path: Path, card: str, code: str) -> None:
    """By its number among the cards."""
    (refused,) = read(tmp_path, export(card)).refused
    assert (refused.sheet, refused.row, refused.code) == ("<card>", 1, code)


def test_days_without_names_of_the_week_are_refused(tmp_path: Path) -> None:
    """Which is the first is not guessed."""
    days = '<daysdef id="D0" name="Poniedziałek" days="100000"/>'
    card = '<card lessonid="L1" period="1" days="100000"/>'
    assert [each.code for each in read(tmp_path, export(card, days=days)).refused] == ["card_days"]


def test_a_damaged_or_hostile_export_is_refused(tmp_path: Path) -> None:
    """Entities are not expanded."""
    bomb = b'<!DOCTYPE t [<!ENTITY a "aaaa">]><timetable><cards>&a;</cards></timetable>'
    for raw in (export("")[:-20], bomb, b'<?xml version="1.0" encoding="nix"?><timetable/>'):
        with pytest.raises(SheetError) as refused:
            read(tmp_path, raw)
        assert refused.value.code == "damaged"
    with pytest.raises(SheetError) as refused:
        read(tmp_path, b"<timetable>" + b"<card/>" * 100_001 + b"</timetable>")
    assert refused.value.code == "too_big"
