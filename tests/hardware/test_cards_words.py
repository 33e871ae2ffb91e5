"""What the process that reads cards says is believed only where it can be true."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.camera.order import Alive, Order, line_of
from hardware.cards.acceptance import Card, CardFlag, FoundCard
from hardware.cards.words import (
    CARDS_LIMIT,
    LINE_LIMIT,
    TEXT_LIMIT,
    TEXTS_LIMIT,
    CardPicture,
    Job,
    Over,
    Task,
    Text,
    Word,
    job_of,
    word_of,
)

HIDDEN = "hidden"
SQUARE = ((1.25, 2.5), (9.0, 2.5), (9.0, 9.0), (1.25, 9.0))
WORDS: list[Word] = [
    Alive(3.0),
    Over(),
    Over("stalled", 7),
    Over("no_vision"),
    FoundCard(120),
    FoundCard(1, CardFlag.COPIED),
    Text("ABC"),
    CardPicture(3, (Card(5, SQUARE),), ("ABC",), 12.5),
    CardPicture(0, error="missing"),
]
FIELDS = ("within_s", "reason", "frames", "id", "flag", "text", "number", "cards", "texts", "ms")
TAGS = ("Alive", "Over", "FoundCard", "Text", "CardPicture")
json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from((*FIELDS, "error", "framed")), inner, max_size=6).flatmap(
            lambda fields: st.sampled_from(TAGS).map(lambda tag: fields | {"type": tag})
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("word", WORDS, ids=repr)
def test_a_word_arrives_as_it_was_said(word: Word) -> None:
    """Each kind of them."""
    assert word_of(line_of(word)) == word


def test_a_job_arrives_as_it_was_given_and_shows_no_password() -> None:
    """With the camera's password, which is in no repr."""
    order = Order(place="rtsp://cam/", user="u", password=HIDDEN, seconds=15.0)
    job = Job(task=Task.CLASS, camera=order, allowed=frozenset({1, 2}), paths=("a b.jpg",))
    assert job_of(line_of(job)) == job
    assert HIDDEN not in repr(job)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"7",
        b'"within_s"',
        b"[" * 100_000,
        b'{"type": "Alive", "within_s": 1e999}',
        b'{"type": "Alive", "within_s": %s}' % (b"9" * 400),
        b'{"type": "Over", "reason": "of my own", "frames": 1}',
        b'{"type": "Over", "reason": "", "frames": -1}',
        b'{"type": "FoundCard", "id": 121}',
        b'{"type": "FoundCard", "id": true}',
        b'{"type": "FoundCard", "id": 1, "flag": "mine"}',
        b'{"type": "Text", "text": 5}',
        b'{"type": "CardPicture", "number": 0, "cards": [[1, [[0, 0]]]]}',
        line_of(CardPicture(0, texts=("a",) * 17)),
    ],
    ids=lambda line: line[:30].decode(),
)
def test_nonsense_is_refused(line: bytes) -> None:
    """By one error, whatever is wrong."""
    with pytest.raises(ValueError):  # noqa: PT011 - of many messages, all one to the caller
        word_of(line)


@given(json_trees)
def test_any_tree_is_a_word_or_refused(tree: object) -> None:
    """Nothing else is raised."""
    with suppress(ValueError):
        word_of(json.dumps(tree).encode())


def test_a_text_is_bounded_and_the_longest_line_fits() -> None:
    """However many cards and codes a stranger's picture has."""
    said = word_of(line_of(Text("x\n" * TEXT_LIMIT)))
    assert isinstance(said, Text)
    assert len(said.text) <= TEXT_LIMIT
    card = Card(120, ((12345.67, 12345.67),) * 4)
    full = CardPicture(9999, (card,) * CARDS_LIMIT, ("đ" * TEXT_LIMIT,) * TEXTS_LIMIT, 1e5)
    assert len(line_of(full)) < LINE_LIMIT
