"""The catalogue is read where it lies, and says what gettext's own table says."""

from __future__ import annotations

import gettext
from pathlib import Path

import protocol
from protocol.language import translator

LOCALE = Path(protocol.__file__).with_name("locale")


def test_each_sentence_is_what_gettext_says() -> None:
    """All of them, the first and the last among them; and what is none stays as it is."""
    by_gettext = gettext.translation("lophoc", LOCALE, ["vi"])
    sentences = dict(vars(by_gettext)["_catalog"])
    sentences.pop("")
    assert len(sentences) > 1000
    say = translator("vi")
    assert {text: say(text) for text in sentences} == sentences
    for unknown in ("", " ", "no such sentence", "\U0010ffff", "\udcff", min(sentences) + "\0"):
        assert say(unknown) == unknown


def test_where_there_is_no_catalogue_it_is_english() -> None:
    """English itself, and a language that nobody has written."""
    assert [translator(language)("working") for language in ("en", "xx")] == ["working"] * 2
