"""These tests hold the contributor's twenty words against the code: one word, one class."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("protocol", "hardware", "agent", "controller", "simulators")
ROW = re.compile(r"^\| ([a-z ]+) \| (.+) \| `(\w+)` \| `([\w/]+\.py)` \| (.+) \|$", re.MULTILINE)


class Word(NamedTuple):
    """A row of the glossary."""

    english: str
    vietnamese: str
    name: str
    path: str
    meaning: str


WORDS = [Word(*row) for row in ROW.findall((ROOT / "docs/dong-gop.md").read_text("utf-8"))]


@lru_cache
def classes() -> dict[str, list[str]]:
    """The files that define a class of each name."""
    places = defaultdict[str, list[str]](list)
    for path in (each for package in PACKAGES for each in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(ROOT)))
    return places


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.english)
def test_a_word_is_one_class_at_its_place(word: Word) -> None:
    """Whoever reads the class's name anywhere in the product knows which is meant."""
    assert classes()[word.name] == [word.path]


def test_the_words_are_few_and_each_stands_once() -> None:
    """In both languages; a row that is not read would not be held."""
    assert len(WORDS) == 22
    for column in ("english", "vietnamese", "name", "meaning"):
        assert len({getattr(word, column) for word in WORDS}) == len(WORDS)
