"""One cell of an equipment book is judged alike however it was written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.register.fields import condition_in, money_of, year_of
from controller.register.vocabulary import maker_of, type_of
from controller.sheets.names import room_key, room_of, serial_key, serial_of, tag_key, tag_of
from controller.sheets.text import Cause, Day, RefusedError, Unreadable, clean, text_of


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("98.500.000", 98_500_000),
        ("1.850.000,00", 1_850_000),
        ("1,850,000.00", 1_850_000),
        ("98500000", 98_500_000),
        (98_500_000.0, 98_500_000),
        ("98 500 000 đ", 98_500_000),
        ("98.500.000 VNĐ", 98_500_000),
        ("98.500", 98_500),
        ("0", 0),
        ("", None),
        ("-", None),
    ],
)
def test_money_is_read_in_whole_dong(written: str | float, amount: int | None) -> None:
    """As Vietnamese and English books write it; what says nothing is nothing."""
    assert money_of(written) == amount


@pytest.mark.parametrize(
    "written", ["98.50.000", "1.850.000,55", "98,5", "tám triệu", "-5000", -5.0, Day(2021), 1e16]
)
def test_an_amount_that_may_be_another_is_refused(written: str | float | Day) -> None:
    """Nothing is guessed: 98,5 may be millions."""
    with pytest.raises(RefusedError, match="cost_invalid"):
        money_of(written)


def test_a_heading_may_count_in_thousands() -> None:
    """98.500 thousand đồng are 98,500,000; so are 98.500,5 thousand a whole number of đồng."""
    assert money_of("98.500", 1000) == 98_500_000
    assert money_of("98.500,5", 1000) == 98_500_500


@given(st.integers(0, 10**12), st.sampled_from(["", ",00", ",0"]), st.sampled_from(["", " đ"]))
def test_every_amount_survives_every_writing(amount: int, cents: str, currency: str) -> None:
    """With points, with commas, bare, as a number."""
    points = f"{amount:,}".replace(",", ".")
    assert money_of(f"{points}{cents}{currency}") == amount
    assert money_of(f"{amount:,}{cents.replace(',', '.')}{currency}") == amount
    assert money_of(f"{amount}{cents}") == amount
    assert money_of(float(amount)) == amount


@given(st.text(max_size=40))
def test_money_is_an_amount_or_refused(text: str) -> None:
    """Whatever a cell holds, nothing else comes of it."""
    try:
        amount = money_of(text)
    except RefusedError:
        return
    assert amount is None or amount >= 0


@pytest.mark.parametrize(
    ("written", "serial"),
    [
        ("0012345", "0012345"),
        ('="0012345"', "0012345"),
        ("'0012345", "0012345"),
        ("S/N: AB-12", "AB-12"),
        ("12E5", "12E5"),
        ("1-2", "1-2"),
        ("Không có", ""),
        ("n/a", ""),
        ("-", ""),
        ("0000", ""),
        (12345.0, "12345"),
    ],
)
def test_a_serial_is_text_and_keeps_its_zeros(written: str | float, serial: str) -> None:
    """What says that there is none is none, so that two of them are no duplicate."""
    assert serial_of(written) == serial


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (4.5e15, "code_rounded"),
        ("1.2E+12", "code_scientific"),
        ("8E+12", "code_scientific"),
        (Day(2021), "code_is_date"),
        (Unreadable(Cause.DATE), "code_is_date"),
        ("x" * 65, "code_too_long"),
    ],
)
def test_a_code_that_excel_spoilt_is_refused(written: str | float | Day | None, why: str) -> None:
    """It cannot be got back, so it is not kept as another."""
    with pytest.raises(RefusedError, match=why):
        serial_of(written)
    with pytest.raises(RefusedError, match=why):
        tag_of(written)


def test_serials_are_one_without_case_spaces_and_hyphens_but_never_as_numbers() -> None:
    """0012345 and 12345 are two machines; a dash of Word is a hyphen."""
    assert len({serial_key(each) for each in ("AB-12 3", "ab123", "A B–123", "ＡＢ123")}) == 1  # noqa: RUF001 - as books write it
    assert serial_key("0012345") != serial_key("12345")
    assert serial_key("12E5") != serial_key("1200000")


@given(st.text("abcXYZ019", min_size=1, max_size=12), st.data())
def test_a_serial_is_found_however_it_is_parted(serial: str, data: st.DataObject) -> None:
    """Case, spaces and hyphens anywhere change nothing; another letter does."""
    parted = "".join(
        data.draw(st.sampled_from(["", " ", "-", " - "])) + each.swapcase() for each in serial
    )
    assert serial_key(parted) == serial_key(serial)
    assert serial_key(f"0{serial}") != serial_key(serial)


@given(st.text(max_size=80))
def test_a_serial_is_kept_as_it_is_or_refused(text: str) -> None:
    """Reading it a second time changes nothing."""
    try:
        serial = serial_of(text)
    except RefusedError:
        return
    assert serial_of(serial) == serial


def test_tags_are_one_without_case_and_spaces_and_hyphens_count() -> None:
    """TS-1-23 and TS-12-3 are two items."""
    assert tag_key("ts-1-23 ") == tag_key("TS-1-23")
    assert tag_key("TS-1-23") != tag_key("TS-12-3")


@pytest.mark.parametrize(
    "written",
    ["P203", "p203", "P 203", "P.203", "P-203", "Phòng 203", "PHÒNG 203", "phòng học 203",
     "Phòng P203", "Room 203", "203", 203.0, unicodedata.normalize("NFD", "Phòng 203")],
)  # fmt: skip
def test_a_room_has_one_name(written: str | float) -> None:
    """However a book writes it, it is P203."""
    assert room_of(written) == "P203"
    assert room_key(room_of(written)) == "p203"


@pytest.mark.parametrize("written", ["Kho thiết bị", "Phòng máy 1", "6A1", "3/2", "Sân trường"])
def test_other_rooms_keep_their_names(written: str) -> None:
    """And are one room whatever the case."""
    assert room_of(written) == written
    assert room_key(written.upper()) == room_key(written) != ""


@given(st.integers(1, 9999), st.sampled_from(["P", "p ", "P.", "Phòng ", "phòng học ", "room "]))
def test_every_numbered_room_is_one_however_it_is_written(number: int, lead: str) -> None:
    """Two numbers are never one room."""
    assert room_key(f"{lead}{number}") == f"p{number}"


@given(st.text(max_size=80))
def test_a_rooms_name_read_twice_is_the_same(text: str) -> None:
    """A room that was kept is found again."""
    assert room_of(room_of(text)) == room_of(text)


@pytest.mark.parametrize(
    ("written", "year"),
    [("2021", 2021), (2021.0, 2021), ("Năm 2021", 2021), ("15/09/2021", 2021), (Day(2021), 2021),
     ("2021-2022", 2021), ("", None), ("-", None)],
)  # fmt: skip
def test_a_year_is_found_in_what_stands_there(written: str | float | Day, year: int | None) -> None:
    """A date, a school year, a number."""
    assert year_of(written) == year


@pytest.mark.parametrize("written", ["21", "năm ngoái", "12021", 44197.0])
def test_what_holds_no_year_is_refused(written: str | float) -> None:
    """Two digits may be any century."""
    with pytest.raises(RefusedError, match="year_invalid"):
        year_of(written)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("BẢNG TƯƠNG TÁC", "board"),
        ("Bảng tương tác thông minh 75 inch", "board"),
        ("interactive_board", "board"),
        ("máy tính bảng", "tablet"),
        ("Máy tính xách tay", "laptop"),
        ("Bộ máy tính để bàn", "desktop"),
        ("Máy tính", "computer"),
        ("MÁY CHIẾU", "projector"),
        ("Máy chiếu vật thể", "visualizer"),
        ("Camera lớp học", "camera"),
        ("Bộ phát Wi-Fi", "access_point"),
        ("access_point", "access_point"),
        ("Tủ sạc máy tính bảng", "charging_cart"),
        ("Giá treo máy chiếu", "Giá treo máy chiếu"),
        ("Máy tính bỏ túi", "calculator"),
        ("Bàn ghế học sinh", "desk"),
        ("BẢN ĐỒ VIỆT NAM", "Bản đồ việt nam"),
        ("", ""),
    ],
)
def test_a_type_is_known_in_any_case_by_the_words_it_begins_with(written: str, code: str) -> None:
    """A projector's bracket is no projector, a map is no desk."""
    assert type_of(text_of(written)) == code
    assert type_of(type_of(text_of(written.upper()))) == code


def test_a_maker_has_one_writing() -> None:
    """Known ones their own, others one for all cases."""
    assert {maker_of(each) for each in ("samsung", "SAMSUNG", "Samsung")} == {"Samsung"}
    assert {maker_of(each) for each in ("tp link", "TP-LINK")} == {"TP-Link"}
    assert maker_of("HÃNG LẠ") == maker_of("hãng lạ") == "Hãng Lạ"


def test_a_condition_is_one_of_the_words_of_a_stocktake() -> None:
    """A quality in percent is none, and no error."""
    told = [condition_in(each) for each in ("Tốt", "HỎNG", "đang sửa", "Chờ thanh lý", "80%", 0.8)]
    assert told == ["good", "broken", "repair", "awaiting_disposal", "", ""]
    assert [condition_in(each) for each in ("Đã thanh lý", "thất lạc")] == ["disposed", "lost"]
    with pytest.raises(RefusedError, match="condition_unknown"):
        condition_in("hơi hơi")


@given(st.text(max_size=40))
def test_the_quick_way_to_clean_a_cell_is_the_thorough_one(cell: str) -> None:
    """NFC, every kind of space one space, nothing unseen: whatever the text holds."""
    text = unicodedata.normalize("NFC", cell)
    spaced = "".join(" " if each.isspace() else each for each in text)
    seen = "".join(each for each in spaced if unicodedata.category(each)[0] != "C")
    assert clean(cell) == " ".join(seen.split())


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=20))
def test_the_quick_way_to_compare_serials_is_the_thorough_one(serial: str) -> None:
    """Letters and digits alone, or with anything between them."""
    assert serial_key(serial) == serial_key(f"\u00ad{serial}")  # a soft hyphen does not count
