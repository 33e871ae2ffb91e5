"""Words of condition as people write them, by an independent table: not in use is not broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.register.fields import condition_in, condition_ticked
from controller.register.vocabulary import ticked_of
from controller.sheets.text import RefusedError

# By what they mean to whoever keeps a school's things, not by how they are looked for.
WORDS = {
    "good": (
        "Tốt", "còn tốt", "Bình thường", "Đang sử dụng", "đang dùng", "Hoạt động tốt",
        "Sử dụng được", "Còn sử dụng được", "Mới", "mới 100%", "rất tốt", "In use", "Còn dùng được",
    ),
    "broken": (
        "Hỏng", "hư", "Hư hỏng", "bị hỏng", "Đã hỏng", "hỏng nặng", "Hỏng màn hình",
        "Không sử dụng được", "không dùng được", "Không hoạt động", "Không còn sử dụng được",
        "không còn dùng được", "Không còn hoạt động", "broken",
    ),
    "repair": ("Đang sửa", "Đang sửa chữa", "chờ sửa chữa", "Cần sửa", "đang bảo hành"),
    "awaiting_disposal": ("Chờ thanh lý", "chờ thanh lí", "Đề nghị thanh lý", "Cần thanh lý"),
    "disposed": ("Đã thanh lý", "đã thanh lí", "Thanh lý"),
    "lost": ("Thất lạc", "Mất", "bị mất"),
}  # fmt: skip
IDLE = (
    "Không sử dụng", "không còn sử dụng", "Không dùng", "không dùng đến", "Không dùng tới",
    "Không sử dụng đến", "Chưa sử dụng", "chưa dùng", "Chưa đưa vào sử dụng", "Ngừng sử dụng",
    "Tạm ngừng sử dụng", "Dừng sử dụng", "tạm dừng sử dụng", "Không cần dùng", "Không cần sử dụng",
    "Không có nhu cầu sử dụng", "Không còn nhu cầu sử dụng", "Hết sử dụng", "Hiện không sử dụng",
    "Không sử dụng nữa", "Để kho", "Cất kho", "Lưu kho", "Trong kho", "Đang để trong kho",
    "Dự phòng", "Not in use", "unused", "spare", "Ko sử dụng",
)  # fmt: skip
UNKNOWN = ("hơi hơi", "Kho 2", "xem lại", "không rõ lắm", "dùng", "sử dụng kho", "Tốt 2", "Kho")


@pytest.mark.parametrize("condition", WORDS)
def test_a_word_of_condition_means_what_people_mean(condition: str) -> None:
    """In any case."""
    for word in WORDS[condition]:
        assert condition_in(word) == condition_in(word.upper()) == condition, word


@pytest.mark.parametrize("word", IDLE)
def test_what_is_not_in_use_is_not_broken(word: str) -> None:
    """It may be as new: the cell is refused by name, and what the register has stays."""
    for text in (word, word.upper()):
        with pytest.raises(RefusedError, match="condition_idle"):
            condition_in(text)


@pytest.mark.parametrize("word", UNKNOWN)
def test_other_words_are_no_condition(word: str) -> None:
    """Nor do they say that a thing is not used."""
    with pytest.raises(RefusedError, match="condition_unknown"):
        condition_in(word)


@given(st.sampled_from(["Tốt", "Hỏng", "Không sử dụng", "Chờ thanh lý"]))
def test_a_tick_means_what_the_word_does(head: str) -> None:
    """Under "Không sử dụng" it is refused as the word is."""
    ticks = {0: ticked_of(head), 1: ticked_of("Đang sửa")}
    try:
        assert condition_ticked(["x", ""], ticks) == condition_in(head)
    except RefusedError as refused:
        with pytest.raises(RefusedError, match=str(refused)):
            condition_in(head)
    assert condition_ticked(["", "x"], ticks) == "repair"
