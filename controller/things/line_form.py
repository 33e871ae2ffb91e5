"""This file says what the form of a line of the book shows; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.register.book import Line
from controller.register.by_hand import MAX_WRITTEN, WRITTEN
from controller.register.headings import FIELD_WORDS
from controller.register.life import MAX_NOTE
from controller.register.vocabulary import CONDITION_WORDS, TYPE_WORDS, type_word
from controller.sheets.text import searchable
from protocol.words import Translate


def form_values(line: Line, form: Mapping[str, str], say: Translate) -> dict[str, Any]:
    """What the fields of a line's form show. form: as it was sent, if it was refused."""
    told = {name: form.get(name, _written(getattr(line, name))) for name in WRITTEN}
    types = [(type_, type_word(type_, say)) for type_ in TYPE_WORDS]
    if told["type"] and told["type"] not in TYPE_WORDS:
        types.append((told["type"], told["type"]))
    return {
        "told": told,
        "labels": {name: FIELD_WORDS[name] for name in WRITTEN},
        "types": sorted(types, key=lambda pair: searchable(pair[1])),
        "most": MAX_WRITTEN,
        "conditions": CONDITION_WORDS,
        "most_note": MAX_NOTE,
    }


def _written(value: object) -> str:
    """A field as the form holds it: nothing, where the line says nothing."""
    return "" if value is None else str(value)
