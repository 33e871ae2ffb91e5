"""A timetable comes in as a grid of classes, or of days for a class, a teacher, a room."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from controller.schedule.findings import Known, Reading, RowReason, known_of
from controller.schedule.reading import read_schedule
from protocol.plan import Bell, Booking

BELLS: Final = tuple(
    Bell(period=period, begins=f"{hour:02}:00", ends=f"{hour:02}:45")
    for period, hour in enumerate((7, 8, 9, 10, 11, 13, 14, 15, 16), 1)
)
KNOWN: Final = known_of([("10A1", "P203"), ("10A2", "P204"), ("3/2", "")], ["p203"], BELLS)


def read(tmp_path: Path, text: str, known: Known = KNOWN, *, empty: bool = False) -> Reading:
    """What a CSV of this text tells."""
    file = tmp_path / "tkb.csv"
    file.write_text(text, "utf-8")
    reading = read_schedule(file, known, is_empty_meant=empty)
    for sheet in reading.sheets:  # every row ends somewhere
        assert set(range(1, sheet.rows + 1)) == sheet.lines | sheet.named.keys()
        assert not sheet.lines & sheet.named.keys()
    return reading


def lessons(reading: Reading) -> set[tuple[int, int, str, tuple[str, ...], str, str]]:
    """The lessons that were read; nothing was refused."""
    assert reading.refused == []
    return {
        (each.weekday, each.period, each.room, each.classes, each.subject, each.teacher)
        for each in reading.schedule.timetable or ()
    }


def refused(reading: Reading) -> list[tuple[int, str, str]]:
    """What was refused: row, column, code."""
    return [(notice.row, notice.column, notice.code) for notice in reading.refused]


def codes(reading: Reading) -> set[str]:
    """What is told."""
    return {notice.code for notice in reading.notices}


def test_a_grid_of_classes(tmp_path: Path) -> None:
    """Titles above, a day once for its periods, a room in a cell, signatures below."""
    reading = read(
        tmp_path,
        "TRƯỜNG THPT A,,,\nTHỜI KHÓA BIỂU,,,\nThứ,Tiết,10A1,10A2\n2,1,Chào cờ,Toán - Lan\n"
        ',2,Văn,\n3,1,Lý (P305),"Hóa\nHùng"\n,,,\nNgười lập,,,Hiệu trưởng\n',
    )
    assert lessons(reading) == {
        (1, 1, "P203", ("10A1",), "Chào cờ", ""),
        (1, 1, "P204", ("10A2",), "Toán", "Lan"),
        (1, 2, "P203", ("10A1",), "Văn", ""),
        (2, 1, "P305", ("10A1",), "Lý", ""),
        (2, 1, "P204", ("10A2",), "Hóa", "Hùng"),
    }
    named = reading.sheets[0].named
    assert [named[row] for row in (1, 2, 3, 7, 8)] == [
        *(RowReason.TITLE, RowReason.TITLE, RowReason.HEADING, RowReason.BLANK, RowReason.NOTE),
    ]
    assert codes(reading) == {
        *("cells_parted", "weekday_carried", "rooms_of_classes", "rows_of_notes"),
    }


@pytest.mark.parametrize(
    "heading",
    ["Thứ,Tiết,10A1,,10A2,\n,,Môn,GV,Môn,GV\n", "Thứ,Tiết,10A1,10A1,10A2,10A2\n,,Môn,GV,Môn,GV\n"],
)
def test_a_grid_with_a_teacher_beside_each_lesson(tmp_path: Path, heading: str) -> None:
    """The class stands once above both, or above each."""
    assert lessons(read(tmp_path, f"{heading}Thứ Hai,1,Toán,Lan,Văn,Hoa\n")) == {
        (1, 1, "P203", ("10A1",), "Toán", "Lan"),
        (1, 1, "P204", ("10A2",), "Văn", "Hoa"),
    }


def test_a_row_of_rooms_below_the_classes(tmp_path: Path) -> None:
    """It tells where each class learns, before the lists do."""
    text = "Thứ,Tiết,10A1,10A2\nPhòng,,P.101,P.102\nGVCN,,Lan,Hùng\n2,1,Toán,Văn\n"
    assert {room for _, _, room, *_ in lessons(read(tmp_path, text))} == {"P.101", "P.102"}


def test_a_class_without_a_room_is_refused(tmp_path: Path) -> None:
    """By the cell of its lesson."""
    assert refused(read(tmp_path, "Thứ,Tiết,10A1,3/2\n2,1,Toán,Văn\n")) == [
        (2, "D", "room_missing")
    ]


def test_a_grid_of_days_for_each_class(tmp_path: Path) -> None:
    """Several on one sheet, each with its class above, halves of the day as rows between."""
    days = "Tiết,Thứ 2,Thứ 3,Thứ 4,Thứ 5,Thứ 6,Thứ 7\n"
    reading = read(
        tmp_path,
        f"THỜI KHÓA BIỂU LỚP 10A1 - NĂM HỌC 2026-2027\n{days}BUỔI SÁNG,,,,,,\n1,Toán,Lý,,,,Anh\n"
        f"BUỔI CHIỀU,,,,,,\n1,Tin,,,,,\n\nLỚP: 10A2  PHÒNG: P.305\n{days}1,Văn,,,,,\n",
    )
    assert lessons(reading) == {
        (1, 1, "P203", ("10A1",), "Toán", ""),
        (2, 1, "P203", ("10A1",), "Lý", ""),
        (6, 1, "P203", ("10A1",), "Anh", ""),
        (1, 6, "P203", ("10A1",), "Tin", ""),
        (1, 1, "P.305", ("10A2",), "Văn", ""),
    }
    assert "periods_counted_on" in codes(reading)


def test_a_grid_of_days_for_a_teacher_or_a_room(tmp_path: Path) -> None:
    """The cells name the classes then."""
    teacher = "Giáo viên: Nguyễn Văn An\nThứ/Tiết,2,3,4,5,6,7\n1,10A1,Toán - 10A2,,,,\n"
    assert lessons(read(tmp_path, teacher)) == {
        (1, 1, "P203", ("10A1",), "", "Nguyễn Văn An"),
        (2, 1, "P204", ("10A2",), "Toán", "Nguyễn Văn An"),
    }
    room = "Phòng 305\n,T2,T3,T4\nTiết 1,10A1 - Tin,,10A2\n"
    assert lessons(read(tmp_path, room)) == {
        (1, 1, "Phòng 305", ("10A1",), "Tin", ""),
        (3, 1, "Phòng 305", ("10A2",), "", ""),
    }
    nobody = "THỜI KHÓA BIỂU\n,T2,T3,T4\nTiết 1,Toán,,Văn\n"
    assert refused(read(tmp_path, nobody)) == [(3, "B", "class_missing"), (3, "D", "class_missing")]


def test_periods_of_the_afternoon_are_counted_on(tmp_path: Path) -> None:
    """By the bells that hold; without any they are refused."""
    text = "Buổi,Thứ,Tiết,Lớp\nSáng,2,1,10A1\nChiều,,1,10A1\n,3,1,10A1\n"
    reading = read(tmp_path, text)
    assert refused(reading) == [(4, "", "session_unknown")]
    text = "Thứ,Tiết,Lớp\n2,1,10A1\n2,1 (chiều),10A1\n2,Chiều 2,10A1\n"
    assert [each[1] for each in sorted(lessons(read(tmp_path, text)))] == [1, 6, 7]
    unknown = read(tmp_path, text, KNOWN._replace(bells=()))
    assert refused(unknown) == [(3, "", "period_unnumbered"), (4, "", "period_unnumbered")]
    absolute = "Buổi,Thứ,Tiết,Lớp\nChiều,2,6,10A1\nChiều,2,7,10A1\n"
    assert [each[1] for each in sorted(lessons(read(tmp_path, absolute)))] == [6, 7]


def test_bells_of_the_afternoon_are_counted_on(tmp_path: Path) -> None:
    """Behind the morning's, with breaks left out; alone they are refused."""
    text = "Tiết,Thời gian\nBuổi sáng,\n1,7h15 - 8h00\nRa chơi,8h00-8h20\n2,8h20-9h05\n"
    reading = read(tmp_path, f"{text}Buổi chiều,\n1,13h00 - 13h45\n")
    assert [each.period for each in reading.schedule.bells or ()] == [1, 2, 3]
    assert reading.sheets[0].named[4] is RowReason.BREAK
    alone = read(tmp_path, "Tiết,Thời gian\nBuổi chiều,\n1,13h00 - 13h45\n")
    assert refused(alone) == [(3, "", "period_unnumbered")]


def test_two_columns_for_one_thing_are_refused(tmp_path: Path) -> None:
    """Named by their letters."""
    reading = read(tmp_path, "Thứ,Tiết,Phòng,Phòng học,Lớp\n2,1,P1,P2,10A1\n")
    assert refused(reading) == [(1, "", "column_twice")]
    assert reading.refused[0].value == "C (Phòng), D (Phòng học)"
    classes = read(tmp_path, "Thứ,Tiết,10A1,10 a1\n2,1,Toán,Văn\n")
    assert refused(classes)[0] == (1, "", "column_twice")


def test_columns_that_are_not_understood_are_told(tmp_path: Path) -> None:
    """By letter and heading."""
    reading = read(tmp_path, "Thứ,Tiết,Phòng,Lớp,Ghi nhớ\n2,1,P1,10A1,dời\n")
    (left,) = (each for each in reading.notices if each.code == "columns_left")
    assert left.value == "E (Ghi nhớ)"


def test_a_separator_in_a_cell_is_refused(tmp_path: Path) -> None:
    """The row has more cells than the heading."""
    reading = read(tmp_path, "Thứ,Tiết,Phòng,Lớp\n2,1,P1,10A1,10A2\n3,1,P1,10A1\n")
    assert refused(reading) == [(2, "", "row_too_wide")]


def test_a_heading_alone_empties_nothing(tmp_path: Path) -> None:
    """Unless a person says so."""
    text = "Thứ,Tiết,Phòng,Lớp\n"
    assert refused(read(tmp_path, text)) == [(1, "", "part_empty")]
    reading = read(tmp_path, text, empty=True)
    assert (reading.schedule.timetable, reading.refused) == ((), [])


def test_rooms_and_weeks_that_cross_are_refused(tmp_path: Path) -> None:
    """Every week crosses odd ones; odd and even ones do not."""
    head = "Thứ,Tiết,Phòng,Lớp,Tuần\n"
    assert refused(read(tmp_path, f"{head}2,1,203,10A1,\n2,1,P.203,10A2,lẻ\n")) == [
        (3, "", "room_twice")
    ]
    assert len(lessons(read(tmp_path, f"{head}2,1,203,10A1,chẵn\n2,1,P.203,10A2,lẻ\n"))) == 2


def test_bells_of_one_day_hold_together(tmp_path: Path) -> None:
    """A period twice on one day, and times that overlap, are refused; other days have their own."""
    head = "Tiết,Bắt đầu,Kết thúc,Các thứ\n"
    twice = f"{head}1,7:00,7:45,2-7\n1,8:00,8:45,2\n"
    assert refused(read(tmp_path, twice)) == [(3, "", "bell_twice")]
    apart = f"{head}1,7:00,7:45,2-6\n1,7:30,8:15,7\n"
    assert len(read(tmp_path, apart).schedule.bells or ()) == 2


def test_lessons_of_several_classes_in_one_room(tmp_path: Path) -> None:
    """A grid tells them in each class's column; they are one lesson, and that is told."""
    reading = read(tmp_path, "Thứ,Tiết,10A1,10A2\n2,1,Thể dục (P.9),Thể dục (P.9)\n")
    assert lessons(reading) == {(1, 1, "P.9", ("10A1", "10A2"), "Thể dục", "")}
    assert "lessons_joined" in codes(reading)


def test_a_lesson_of_two_periods(tmp_path: Path) -> None:
    """As a range, or as a first period and how many there are."""
    ranged = lessons(read(tmp_path, "Thứ,Tiết,Lớp\n2,1-2,10A1\n"))
    counted = lessons(read(tmp_path, "Thứ,Tiết bắt đầu,Số tiết,Lớp\n2,1,2,10A1\n"))
    assert ranged == counted
    assert sorted(each[1] for each in ranged) == [1, 2]


def test_every_wrong_cell_is_told(tmp_path: Path) -> None:
    """Not only the first."""
    reading = read(tmp_path, "Thứ,Tiết,Phòng,Lớp\n9,0x1,P1,10A1\n2,1,P1,10A1\nx,1,P1,10A1\n")
    assert refused(reading) == [
        (2, "B", "period_unknown"),
        (2, "A", "weekday_unknown"),
        (4, "A", "weekday_unknown"),
    ]


def test_a_free_period_is_no_lesson(tmp_path: Path) -> None:
    """And says so."""
    reading = read(tmp_path, "Thứ,Tiết,Phòng,Lớp,Môn\n2,1,P1,,\n2,2,P1,10A1,Toán\n")
    assert reading.sheets[0].named[2] is RowReason.FREE
    assert reading.schedule.timetable == (
        Booking(weekday=1, period=2, room="P1", classes=("10A1",), subject="Toán"),
    )


@pytest.mark.parametrize(
    "days", [",Thứ 2,,Thứ 3,\n,1,2,1,2\n", ",Thứ 2,Thứ 2,Thứ 3,Thứ 3\n,T1,T2,T1,T2\n"]
)
def test_a_grid_across(tmp_path: Path, days: str) -> None:
    """A row for each class, teacher or room; a column for each period of each day."""
    classes = read(tmp_path, f"Lớp{days}10A1,Toán - Lan,,Văn,\n10A2,,Lý,,\n,,,,\n3/2,,,,\n")
    assert lessons(classes) == {
        (1, 1, "P203", ("10A1",), "Toán", "Lan"),
        (2, 1, "P203", ("10A1",), "Văn", ""),
        (1, 2, "P204", ("10A2",), "Lý", ""),
    }
    teachers = read(tmp_path, f"Giáo viên{days}Lan,10A1,10A2,,\nHùng,,,10A1 - Tin,\n")
    assert lessons(teachers) == {
        (1, 1, "P203", ("10A1",), "", "Lan"),
        (1, 2, "P204", ("10A2",), "", "Lan"),
        (2, 1, "P203", ("10A1",), "Tin", "Hùng"),
    }
    nobody = read(tmp_path, f"Lớp{days},Toán,Văn,Lý,\n")
    assert refused(nobody)[0] == (3, "A", "class_missing")


@pytest.mark.parametrize("head", ["10A1 (P.9)", '"10A1\nP.9"', "10A1 - P.9", '"10A1\n(Lan)\nP.9"'])
def test_a_class_is_headed_by_its_room_as_well(tmp_path: Path, head: str) -> None:
    """The room holds for the lessons below; a homeroom teacher's name is none."""
    reading = read(tmp_path, f"Thứ,Tiết,{head},10A2 (Hùng)\n2,1,Toán,Văn\n")
    assert lessons(reading) == {
        (1, 1, "P.9", ("10A1",), "Toán", ""),
        (1, 1, "P204", ("10A2",), "Văn", ""),
    }


def test_a_column_of_two_classes_is_no_class(tmp_path: Path) -> None:
    """It is told as left out."""
    reading = read(tmp_path, "Thứ,Tiết,10A1 - 10A2,3/2 (P.9)\n2,1,Toán,Văn\n")
    assert {each.classes for each in reading.schedule.timetable or ()} == {("3/2",)}
    assert "columns_left" in codes(reading)


def test_bells_of_both_halves_side_by_side(tmp_path: Path) -> None:
    """The afternoon's are counted on behind the morning's; a wrong cell is named."""
    text = "Tiết,Buổi sáng,Buổi chiều\n1,7h00 - 7h45,13h00 - 13h45\nRa chơi,8h40-9h00,\n"
    reading = read(tmp_path, f"{text}2,7h50 - 8h35,13h50 - 14h35\n3,9h00 - 9h45,\n")
    assert reading.refused == []
    assert [(each.period, each.begins) for each in reading.schedule.bells or ()] == [
        *((1, "07:00"), (4, "13:00"), (2, "07:50"), (5, "13:50"), (3, "09:00")),
    ]
    assert refused(read(tmp_path, f"{text}2,7h50 - 8h35,1h50 - 2h35\n")) == [
        (4, "C", "clock_of_morning")
    ]
