"""This file writes numbers, durations, days and times as a language writes them.

How it does, the catalogue says: whoever has a language's words has its formats too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from functools import cache
from typing import Final

from protocol.language import N_, Translate, fill

# What scripts call the language, for Intl: LopHoc's English is of a country that writes days first.
LOCALES: Final[Mapping[str, str]] = {"vi": "vi-VN", "en": "en-GB"}

_NUMBER: Final = N_("1,234.5")
_DAY: Final = N_("%d/%m/%Y")
_SHORT_DAY: Final = N_("%d/%m")
_CLOCK: Final = N_("%H:%M")
_MOMENT: Final = N_("%d/%m/%Y %H:%M")
_MOMENT_IN_TEXT: Final = N_("%H:%M on %d/%m/%Y")


def number(value: float | str | None, translate: Translate) -> str:
    """A number to one decimal at most, thousands parted; text as it is, "?" for nothing."""
    if value is None or isinstance(value, str):
        return value or "?"
    digits = f"{value:,.1f}" if value % 1 else f"{value:,.0f}"
    return digits.translate(_separators(translate(_NUMBER)))


def phrase(text: str, translate: Translate, **values: object) -> str:
    """A text in the language, its {names} filled in, numbers and days as the language writes them.

    What is a name rather than a number, such as a line's, a port's or a year's, is given as a text.
    """
    return fill(translate(text), {name: _in(each, translate) for name, each in values.items()})


def made(maker: str, model: str) -> str:
    """Who made a thing, and what it is called; a model that begins with its maker says both."""
    named, rest = model[: len(maker)], model[len(maker) :]
    if named.casefold() == maker.casefold() and not rest[:1].isalnum():
        return model
    return " ".join(part for part in (maker, model) if part)


def with_kind(kind: str, name: str) -> str:
    """What a thing is called behind the word of its kind, which is said once, too."""
    return made(kind, name)


def hours(minutes: float | None, translate: Translate) -> str:
    """Minutes as hours, to one decimal."""
    return number(None if minutes is None else round(minutes / 60, 1), translate)


def day(at: date, translate: Translate) -> str:
    """A day with its year."""
    return at.strftime(translate(_DAY))


def day_of(at_ms: int, zone: tzinfo | None, translate: Translate) -> str:
    """The day of a moment, by the clock of a zone; None: by this computer's."""
    return day(_at(at_ms, zone), translate)


def short_day(at: date, translate: Translate) -> str:
    """A day where the year is plain."""
    return at.strftime(translate(_SHORT_DAY))


def clock(at_ms: int, zone: tzinfo | None, translate: Translate) -> str:
    """Hour and minute of a moment."""
    return _at(at_ms, zone).strftime(translate(_CLOCK))


def moment(at_ms: int, zone: tzinfo | None, translate: Translate) -> str:
    """Day, hour and minute by the clock of a zone."""
    return _at(at_ms, zone).strftime(translate(_MOMENT))


def moment_in_text(at_ms: int, zone: tzinfo | None, translate: Translate) -> str:
    """The same within a sentence."""
    return _at(at_ms, zone).strftime(translate(_MOMENT_IN_TEXT))


def _in(value: object, translate: Translate) -> object:
    match value:
        case int() | float():
            return number(value, translate)
        case date():
            return day(value, translate)
        case _:
            return value


def _at(at_ms: int, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, zone)


@cache
def _separators(sample: str) -> dict[int, int]:
    """For str.translate, from how a language writes 1,234.5."""
    return str.maketrans(",.", sample[1] + sample[-2])
