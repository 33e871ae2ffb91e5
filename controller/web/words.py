"""This file says things on the screens: words and times in one language."""

from __future__ import annotations

from datetime import date, tzinfo
from typing import Final

from protocol import formats
from protocol.model import NO_ROOM, DeviceKind, Reason, Status, instant, iso
from protocol.words import LANGUAGES, N_, Translate, kind_word, sentence, status_word

COMPUTER: Final = N_("The room's computer")
WITHOUT_ROOM: Final = N_("No room yet")
SINCE: Final = N_("since {when}")


class Words:
    """The screens' words in one language; times in the school's zone."""

    def __init__(self, language: str, translate: Translate, zone: tzinfo) -> None:
        self.language = language
        self.translate = translate
        self.zone = zone

    @property
    def locale(self) -> str:
        """What scripts call the language."""
        return formats.LOCALES[self.language]

    def say(self, text: str, **values: object) -> str:
        """A text in this language, its {names} filled in; see formats.phrase."""
        return formats.phrase(text, self.translate, **values)

    def number(self, value: float | str | None) -> str:
        """A number as this language writes it."""
        return formats.number(value, self.translate)

    def status(self, status: Status) -> str:
        """The status in a word or two."""
        return status_word(status, self.translate)

    def kind(self, kind: DeviceKind | None) -> str:
        """What kind of thing it is; None is the agent's own machine."""
        if kind is None:
            return self.say(COMPUTER)
        return kind_word(kind, self.translate)

    def made(self, maker: str, model: str) -> str:
        """Who made a thing, and what it is called."""
        return formats.made(maker, model)

    def reason(self, reason: Reason | None) -> str:
        """Why, and what to do, in a sentence; nothing where no reason was given."""
        return sentence(reason, self.translate) if reason else ""

    def room(self, code: str) -> str:
        """What to call a room: its code, or that it is not known yet."""
        return self.say(WITHOUT_ROOM) if code == NO_ROOM else code

    def day(self, day: str) -> str:
        """A local date, with its year. day: as ISO 8601."""
        return formats.day(date.fromisoformat(day), self.translate)

    def short_day(self, day: str) -> str:
        """The same where the year is plain."""
        return formats.short_day(date.fromisoformat(day), self.translate)

    def when(self, at_ms: int) -> str:
        """A moment by the school's clock."""
        return formats.moment(at_ms, self.zone, self.translate)

    def since(self, at_ms: int, now_ms: int) -> str:
        """Since when: the hour if today, else the day, with the year if it is another."""
        at, now = (instant(moment_ms).astimezone(self.zone) for moment_ms in (at_ms, now_ms))
        if at.date() == now.date():
            when = formats.clock(at_ms, self.zone, self.translate)
        else:
            write = formats.short_day if at.year == now.year else formats.day
            when = write(at, self.translate)
        return self.say(SINCE, when=when)

    def iso(self, at_ms: int) -> str:
        """A time for the page's script."""
        return iso(at_ms)


def language_of(requested: str, remembered: str, default: str) -> str:
    """The language asked for, or remembered, or the school's.

    Not the browser's: school computers were often set up in English for people who read Vietnamese.
    """
    return next(
        (language for language in (requested, remembered) if language in LANGUAGES), default
    )
