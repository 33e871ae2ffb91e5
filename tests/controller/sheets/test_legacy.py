"""These tests hold that text in TCVN3 and VNI comes back exactly or is named, Unicode untouched."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.sheets.cells import bounded_bytes, sheets_in
from controller.sheets.legacy import Legacy, converted, is_syllable, words_of
from controller.sheets.letters import Mended, legacy_of, mend
from controller.sheets.text import Cause, Cell, Unreadable, letter_of

# What schools write: equipment, rooms, states, subjects, names, and rarer rhymes.
_WORDS = """
máy chiếu đa năng máy vi tính để bàn màn hình phẳng bảng tương tác thông minh loa trợ giảng điều
hòa nhiệt độ quạt trần tủ đựng hồ sơ ghế xoay bàn giáo viên kính hiển vi ống nghiệm bộ thí
nghiệm hóa học vật lý sinh học địa lý bản đồ thế giới mô hình giải phẫu đàn dương cầm trống
trường phòng tin học phòng ngoại ngữ thư viện nhà đa chức năng hội trường phòng bảo vệ văn phòng
đoàn kho tốt hỏng chờ thanh lý đang sửa chữa còn dùng được mất thiếu linh kiện cũ mới tình trạng
số lượng đơn vị tính nguyên giá năm sử dụng mã tài sản tên thiết bị ký hiệu nước sản xuất ghi
chú nguồn vốn ngân sách huyện phụ huynh đóng góp quyên tặng biên bản kiểm kê hiệu trưởng kế toán
thủ quỹ người lập biểu ngày tháng quý học kỳ lớp mười hai tiết buổi sáng chiều thứ bảy chủ nhật
nghỉ lễ toán ngữ văn lịch sử tiếng anh giáo dục công dân thể chất quốc phòng âm nhạc mỹ thuật tự
nhiên xã nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý đinh tạ tú ánh
mỹ ngọc uyên thủy thúy quỳnh khuê tuấn khánh hạnh phúc lộc thọ đức trí dũng hương thảo hiền
nhung yến oanh khoa chuyện trò nghiêng ngả khuỷu tay khuya khoắt ngoằn ngoèo loắt choắt rượu
bưởi giếng gì xoong quần quật ngoặc kép đèn pin ắc quy ổ cắm dây điện cầu dao áp tô mát thước kẻ
phấn giẻ lau chổi quét xô nhựa chậu thau khăn trải cửa kính khóa chìa rèm vải sân cỏ lưới bóng
rổ cầu lông vợt gậy chạy tiếp sức nhảy cao đệm mút xà đơn kép thảm yoga còi đồng hồ bấm giây cờ
vua tướng ô ăn quan kéo co ném vòng tủ lạnh lò vi sóng bếp ga nồi cơm chảo bát đĩa thìa ấm chén
phích nước nóng lọc bình chữa cháy
"""
CORPUS = _WORDS.split()
FOREIGN = [
    "Müller",
    "ÉPSON",
    "café",
    "Citroën",
    "Bjørn",
    "Ångström",
    "5 µm",
    "3 \u00d7 4",
    "®Intel",
    "½",
]

_TCVN3_SMALL = """
àµ ả¶ ã· á\u00b8 ạ¹ ă¨ ằ» ẳ¼ ẵ½ ắ¾ ặÆ â© ầÇ ẩÈ ẫÉ ấÊ ậË đ® èÌ ẻÎ
ẽÏ éÐ ẹÑ êª ềÒ ểÓ ễÔ ếÕ ệÖ ì\u00d7 ỉØ ĩÜ íÝ ịÞ òß ỏá õâ óã ọä ô«
ồå ổæ ỗç ốè ộé ơ¬ ờê ởë ỡì ớí ợî ùï ủñ ũò úó ụô ư\u00ad ừõ ửö ữ÷
ứø ựù ỳú ỷû ỹü ýý ỵþ
"""
TCVN3 = {pair[0]: pair[1] for pair in unicodedata.normalize("NFC", _TCVN3_SMALL).split()}
TONES = {"\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï", "": ""}
HATS = {"\u0301": "á", "\u0300": "à", "\u0309": "å", "\u0303": "ã", "\u0323": "ä", "": "â"}
BREVES = {"\u0301": "é", "\u0300": "è", "\u0309": "ú", "\u0303": "ü", "\u0323": "ë", "": "ê"}
VNI_I = {"\u0301": "í", "\u0300": "ì", "\u0309": "æ", "\u0303": "ó", "\u0323": "ò", "": "i"}


def vni_letter(char: str) -> str:
    """The letters of VNI for one small letter, by its marks."""
    if char == "đ":
        return "ñ"
    base, *marks = unicodedata.normalize("NFD", char)
    tone = "".join(mark for mark in marks if mark in TONES)
    if base == "i":
        return VNI_I[tone]
    if char == "ỵ":
        return "î"
    if "\u0302" in marks:
        return base + HATS[tone]
    if "\u0306" in marks:
        return base + BREVES[tone]
    return ({"o": "ô", "u": "ö"}[base] if "\u031b" in marks else base) + TONES[tone]


def written(text: str, legacy: Legacy) -> str:
    """A text as a font's user has it: the independent model."""
    letters = {char: vni_letter(char) for char in text if char.isalpha()}
    table = TCVN3 if legacy is Legacy.TCVN3 else letters
    return "".join(table.get(char, char) for char in text)


phrases = st.lists(st.sampled_from(CORPUS), min_size=1, max_size=4).map(" ".join)


@pytest.mark.parametrize("legacy", Legacy)
def test_each_word_of_the_corpus_comes_back(legacy: Legacy) -> None:
    """All of them are Vietnamese, and none is taken for another."""
    assert len(set(CORPUS)) > 250
    assert [word for word in CORPUS if not is_syllable(word)] in ([], ["yoga"])
    for word in CORPUS:
        assert converted(written(word, legacy), legacy) == word
    assert legacy_of(written(word, legacy) for word in CORPUS) is legacy


@given(rows=st.lists(st.lists(phrases, min_size=1, max_size=4), max_size=30), data=st.data())
def test_rows_come_back_exactly_or_are_named(rows: list[list[str]], data: st.DataObject) -> None:
    """Each cell is the truth or refused, save in a sheet of too few words to be recognised."""
    legacy = data.draw(st.sampled_from(Legacy))
    sheet: list[list[Cell]] = [[written(text, legacy) for text in row] for row in rows]
    before = [list(row) for row in sheet]
    mended = mend(sheet)
    if not mended.columns and not mended.is_refused:
        words = {word for row in before for cell in row for word in str(cell).split()}
        assert len(words_of(" ".join(words), legacy).legacy) < 3
        return
    for row, cells in zip(rows, sheet, strict=True):
        for text, cell in zip(row, cells, strict=True):
            assert cell == text or isinstance(cell, Unreadable)


@given(
    rows=st.lists(
        st.lists(phrases | st.sampled_from(FOREIGN) | st.floats(0, 9), max_size=5), max_size=30
    ),
    form=st.sampled_from(["NFC", "NFD"]),
    change=st.sampled_from([str.lower, str.upper, str.title]),
)
def test_unicode_is_never_touched(
    rows: list[list[Cell]], form: str, change: Callable[[str], str]
) -> None:
    """In either form, large or small, with the words of other languages between."""
    sheet = [
        [
            unicodedata.normalize(form, change(cell)) if isinstance(cell, str) else cell
            for cell in row
        ]
        for row in rows
    ]
    before = [list(row) for row in sheet]
    assert mend(sheet) == Mended()
    assert sheet == before


@pytest.mark.parametrize(
    ("text", "legacy", "unicode"),
    [
        ("PHßNG TIN HäC", Legacy.TCVN3, "PHÒNG TIN HỌC"),
        ("§Æng tr\u00adêng", Legacy.TCVN3, "Đặng trường"),
        ("PHOØNG TIN HOÏC", Legacy.VNI, "PHÒNG TIN HỌC"),
        ("Ñaëng tröôøng tyû leä kyø", Legacy.VNI, "Đặng trường tỷ lệ kỳ"),
        ("toát", Legacy.VNI, "tốt"),
    ],
)
def test_capitals_are_as_a_person_sees_them(text: str, legacy: Legacy, unicode: str) -> None:
    """TCVN3 has none with tones: there the word's other letters tell."""
    assert converted(text, legacy) == unicode


def test_one_short_cell_tells_nothing() -> None:
    """Nor does it many times."""
    rows: list[list[Cell]] = [["chiÕu"], ["chiÕu"], ["toát"], ["TS-001"]]
    assert mend(rows) == Mended()
    assert rows == [["chiÕu"], ["chiÕu"], ["toát"], ["TS-001"]]


@pytest.mark.parametrize("words", [["chiÕu", "n\u00a8ng"], ["hoïc", "phoøng"]])
def test_two_words_are_refused_not_converted(words: list[str]) -> None:
    """They are too few to be sure."""
    rows: list[list[Cell]] = [[word] for word in words]
    assert mend(rows).columns == ()
    assert rows == [[Unreadable(Cause.LETTERS, word)] for word in words]


def test_what_is_not_sure_in_such_a_sheet_is_named() -> None:
    """A foreign word within, and a row that could be either; a row of Unicode stays."""
    rows: list[list[Cell]] = [
        ["m\u00b8y chiÕu ®a n¨ng", "Müller"],
        ["tã"],
        ["Máy", "phòng", "hỏng"],
    ]
    assert mend(rows) == Mended((0,))
    assert rows == [
        ["máy chiếu đa năng", Unreadable(Cause.LETTERS, "Müller")],
        [Unreadable(Cause.LETTERS, "tã")],
        ["Máy", "phòng", "hỏng"],
    ]


@pytest.mark.parametrize("legacy", Legacy)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_file_is_read_with_its_headings(tmp_path: Path, legacy: Legacy, encoding: str) -> None:
    """Whether a program saved its letters or its bytes; one notice names the columns."""
    text = "phòng;số;tên thiết bị\nphòng bảo vệ;5;máy chiếu\n"
    path = tmp_path / "a.csv"
    path.write_bytes(written(text, legacy).encode(encoding))
    [sheet], notices = sheets_in(path, bounded_bytes(path), len)
    assert sheet.rows == [["phòng", "số", "tên thiết bị"], ["phòng bảo vệ", "5", "máy chiếu"]]
    assert [(told.code, told.value) for told in notices] == [("letters_converted", "A, B, C")]


def test_the_letters_of_columns() -> None:
    """As a spreadsheet names them."""
    assert [letter_of(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
