"""This file says things on the screens: words and times in one language."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

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

    def say(self, text: str, **values: object) -> str:
        """A text in this language, its {names} filled in."""
        said = self.translate(text)
        for name, value in values.items():
            said = said.replace(f"{{{name}}}", str(value))
        return said

    def status(self, status: Status) -> str:
        """The status in a word or two."""
        return status_word(status, self.translate)

    def kind(self, kind: DeviceKind | None) -> str:
        """What kind of thing it is; None is the agent's own machine."""
        if kind is None:
            return self.say(COMPUTER)
        return kind_word(kind, self.translate)

    def reason(self, reason: Reason | None) -> str:
        """Why, and what to do, in a sentence; nothing where no reason was given."""
        return sentence(reason, self.translate) if reason else ""

    def room(self, code: str) -> str:
        """What to call a room: its code, or that it is not known yet."""
        return self.say(WITHOUT_ROOM) if code == NO_ROOM else code

    def day(self, day: str) -> str:
        """A local date, dd/mm/yyyy."""
        return f"{day[8:]}/{day[5:7]}/{day[:4]}"

    def when(self, at_ms: int) -> str:
        """A time of the school's clock, dd/mm/yyyy HH:MM."""
        return f"{instant(at_ms).astimezone(self.zone):%d/%m/%Y %H:%M}"

    def since(self, at_ms: int, now_ms: int) -> str:
        """Since when: the hour if today, else the day, with the year if it is another."""
        at, now = (instant(each).astimezone(self.zone) for each in (at_ms, now_ms))
        day = f"{at:%d/%m}" if at.year == now.year else f"{at:%d/%m/%Y}"
        when = f"{at:%H:%M}" if at.date() == now.date() else day
        return self.say(SINCE, when=when)

    def iso(self, at_ms: int) -> str:
        """A time for the page's script."""
        return iso(at_ms)


def language_of(asked: str, remembered: str, default: str) -> str:
    """The language asked for, or remembered, or the school's.

    Not the browser's: school computers were often set up in English for people who read Vietnamese.
    """
    return next((each for each in (asked, remembered) if each in LANGUAGES), default)
