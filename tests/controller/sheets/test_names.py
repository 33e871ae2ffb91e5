"""A room, a class, a serial, a tag is one however it is written, and never another."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controller.sheets.names import (
    class_key,
    natural,
    room_key,
    room_of,
    serial_key,
    spelling,
    tag_key,
    without_agent,
)
from protocol.model import NO_ROOM

Key = Callable[[str], str]
KEYS: dict[str, Key] = {
    "room": room_key,
    "class": class_key,
    "serial": serial_key,
    "tag": tag_key,
}
NAMES = Path(__file__).with_name("names.json")
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"
ROOM_WORDS = ["", "P", "p.", "P. ", "p-", "PH. ", "Phòng ", "Phòng: ", "phong ", "Phòng học ",
              "phòng P", "Room ", "classroom ", "ROOM: "]  # fmt: skip
NAMED_WORDS = ["", "Phòng ", "phong ", "PHÒNG HỌC ", "Room ", "room: "]
HALLS = ["Kho", "Thư viện", "Hội trường", "Sân trường", "Tin học", "Lab", "Phó", "Roma"]

Numbers = tuple[tuple[int, str], ...]
# What a room is, for a model that knows no text: numbers, each perhaps with a letter behind it.
numbered = st.lists(
    st.tuples(st.integers(0, 2000), st.sampled_from(["", "a", "b", "x"])), min_size=1, max_size=2
).map(tuple)


def any_form(data: st.DataObject, text: str) -> str:
    """The same text in another case, in another Unicode form, with blanks around it."""
    cased = data.draw(st.sampled_from([str.upper, str.lower, str.swapcase, str.title]))(text)
    form = data.draw(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
    ends = data.draw(st.sampled_from(["", " ", "\u00a0", "\t", "\u200b"]))
    return ends + unicodedata.normalize(form, cased) + ends


def written(data: st.DataObject, parts: Numbers, words: list[str]) -> str:
    """A room of numbers as somebody may write it."""
    signs = st.sampled_from([*DASHES, ".", "/", "_", " - ", " "])
    texts = []
    for number, letter in parts:
        gap = data.draw(st.sampled_from(["", " ", *DASHES])) if letter else ""
        texts.append(f"{number}{gap}{letter}")
    return any_form(data, data.draw(st.sampled_from(words)) + data.draw(signs).join(texts))


@given(numbered, st.data())
def test_two_rooms_are_one_exactly_where_their_numbers_are(
    one: Numbers, data: st.DataObject
) -> None:
    """203, 1203, 203A and 2-03 stay four rooms, with whatever word and sign they are written."""
    other = data.draw(st.just(one) | numbered)

    keys = room_key(written(data, one, ROOM_WORDS)), room_key(written(data, other, ROOM_WORDS))
    assert (keys[0] == keys[1]) is (one == other)
    assert "" not in keys


@given(numbered, st.data())
def test_a_class_is_one_however_it_is_written(parts: Numbers, data: st.DataObject) -> None:
    """And is known by its numbers: 3/2 is not 32."""
    words = ["", "Lớp ", "lop", "LỚP HỌC ", "Class "]
    first, second = written(data, parts, words), written(data, parts, words)
    assert class_key(first) == class_key(second) != class_key(f"1{parts[0][0]}x")


@given(st.sampled_from(HALLS), st.sampled_from(HALLS), st.integers(0, 30), st.data())
def test_a_room_with_a_name_needs_no_word_for_a_room(
    one: str, other: str, number: int, data: st.DataObject
) -> None:
    """Kho and Phòng kho are one, Kho 1 is another; Phó begins like the word and is a name."""
    words = st.sampled_from(NAMED_WORDS)
    keys = [room_key(any_form(data, data.draw(words) + name)) for name in (one, other)]
    assert (keys[0] == keys[1]) is (one == other)
    assert room_key(any_form(data, f"{data.draw(words)}{one} {number}")) not in keys


@pytest.mark.parametrize(
    "rooms",
    [
        ["203", "1203", "2031", "203A", "203B", "B203", "A203", "2-03", "20-3", "2.0.3", "0203",
         "Kho 203", "203 Kho", "Tầng 2 203"],
        ["3/2", "32", "3A2", "3/12", "31/2", "312"],
        ["Phòng Tin", "Phòng Tín", "Phòng Tinh", "Phó", "Hòng"],
    ],
    ids=["numbers", "parted", "words"],
)  # fmt: skip
def test_different_rooms_stay_different(rooms: list[str]) -> None:
    """Nothing that tells two rooms apart is lost."""
    assert len({room_key(room) for room in rooms}) == len(rooms)


@pytest.mark.parametrize("name", ["", " ", "?", NO_ROOM, "-", "Không có", "n/a", "PHÒNG: không rõ"])
def test_what_names_no_room_has_no_key(name: str) -> None:
    """So that two of them are not one room."""
    assert room_key(name) == ""


@pytest.mark.parametrize("kind", ["room", "tag", "serial"])
def test_each_group_is_one_name_and_no_two_groups_are(kind: str) -> None:
    """The phone's page is held to the same names."""
    groups: list[list[str]] = json.loads(NAMES.read_text("utf-8"))[kind]
    keys = [{KEYS[kind](name) for name in group} for group in groups]
    assert [len(each) for each in keys] == [1] * len(groups)
    assert len(set.union(*keys)) == len(groups)


@given(
    st.sampled_from([*KEYS]),
    st.text(max_size=30) | st.text("pP phòngroom hocọLớpclass 203./?\u00b8" + DASHES, max_size=20),
)
@example("serial", "R\u00b8")
@example("room", "Phòng phòng học 5")
def test_the_key_of_a_key_is_itself(kind: str, text: str) -> None:
    """Also of texts that nobody writes: a stored key can be made anew from itself."""
    key = KEYS[kind](text)
    assert KEYS[kind](key) == key


@given(st.text("aằĐđ 019.-/ßＡ¹", max_size=16), st.sampled_from([*KEYS]), st.data())
def test_no_form_of_the_same_letters_makes_another(
    text: str, kind: str, data: st.DataObject
) -> None:
    """Case, blanks around it, composed or decomposed, wide or narrow."""
    assert KEYS[kind](any_form(data, text)) == KEYS[kind](text)


@given(st.text(st.characters(codec="ascii"), max_size=16), st.sampled_from([*KEYS]))
def test_the_quick_way_to_compare_is_the_thorough_one(text: str, kind: str) -> None:
    """Letters of ASCII alone, or with a character that nobody sees."""
    assert KEYS[kind](f"{text}\u200b") == KEYS[kind](text)


@given(st.lists(st.text("AB019", min_size=1, max_size=4), min_size=2, max_size=3), st.data())
def test_a_dash_of_a_typesetter_is_a_hyphen(parts: list[str], data: st.DataObject) -> None:
    """It parts a tag, and counts for nothing in a serial."""
    dash = data.draw(st.sampled_from(DASHES))
    assert tag_key(dash.join(parts)) == "-".join(parts).casefold()
    assert serial_key(dash.join(parts)) == "".join(parts).casefold()
    assert room_of(f"Kho {dash} {parts[0]}") == f"Kho - {parts[0]}"


@given(st.text(max_size=60))
def test_a_room_in_its_one_writing_is_the_same_room(text: str) -> None:
    """What is shown is found again."""
    if room := room_of(text):
        assert room_key(room) == room_key(text)


def test_the_order_is_that_of_people_and_what_has_no_room_is_last() -> None:
    """Numbers by their value, without case, however many digits there are."""
    rooms = ["P10", "p9", "", "A2", "10A1", "7A2", NO_ROOM, f"P{'9' * 5000}", "Kho"]
    ordered = sorted(rooms, key=natural)
    assert ordered[:7] == ["7A2", "10A1", "A2", "Kho", "p9", "P10", f"P{'9' * 5000}"]
    assert {*ordered[7:]} == {"", NO_ROOM}


def test_a_name_is_written_as_the_known_ones_are() -> None:
    """Itself before its like, and one that none has stays as it is."""
    own = spelling(["10A1", "10a1", "3/2", "★"], class_key)
    assert [own(each) for each in ("Lớp 10 A1", "10a1", "3-2", "32", "★", "♥")] == [
        "10A1", "10a1", "3/2", "32", "★", "♥",
    ]  # fmt: skip


def test_the_rooms_that_no_agent_answers_to_are_named_once_in_order() -> None:
    """As they are written first; a computer without a room answers to none."""
    rooms = ["P10", "Phòng 203", "p.10", "P9", "203", "★", ""]
    assert without_agent(rooms, ["P203", NO_ROOM, ""]) == ["P9", "P10", "★"]
    assert without_agent(rooms, ["p 9", "Room 10", "203"]) == ["★"]
