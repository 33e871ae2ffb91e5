"""This file words messages, in the receiver's language; no pupil and no teacher is in any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from controller.alerts.alert import Alert, about_cause
from controller.incidents.incident import Incident
from controller.incidents.words import IncidentWords
from protocol.words import N_

MAX_TITLE: Final = 120
MAX_TEXT: Final = 3000  # Telegram takes 4,096
_CAUSES: Final = 20
_CAUSE: Final = N_("{school}: {what}")
_SINCE: Final = N_("Since {when}.")
_DIGEST: Final = N_("{school}: {n} {n:thing needs|things need} doing")
_CALM: Final = N_("{school}: nothing needs doing")
_REPAIRS: Final = N_("{n} {n:repair is|repairs are} open")
_MORE: Final = N_("and {n} more")
_TEST: Final = N_("{school}: a test")
_TEST_TEXT: Final = N_("This is how LopHoc tells you what needs doing. Nothing is wrong.")


class Said(NamedTuple):
    """A message's title and text."""

    title: str
    text: str


class Letters:
    """Words of one school in one language."""

    def __init__(self, words: IncidentWords, school: str) -> None:
        self._words = words
        self._school = school

    def cause(self, incident: Incident) -> Said:
        """A cause: what, where, since when, why, and what to do first."""
        words = self._words
        title = words.say(_CAUSE, school=self._school, what=self._line(incident))
        since = words.say(_SINCE, when=words.when(incident.began_ms))
        return _cut(title, f"{since}\n{words.why(incident)}")

    def digest(self, incidents: Sequence[Incident], repairs: int) -> Said:
        """How the morning is."""
        words, count = self._words, len(incidents)
        title = words.say(_DIGEST if count else _CALM, school=self._school, n=count)
        lines = [f"- {self._line(incident)}" for incident in incidents[:_CAUSES]]
        if count > _CAUSES:
            lines.append(words.say(_MORE, n=count - _CAUSES))
        if repairs:
            lines.append(words.say(_REPAIRS, n=repairs))
        return _cut(title, "\n".join(lines))

    def test(self) -> Said:
        """What a press on the button sends."""
        return _cut(self._words.say(_TEST, school=self._school), self._words.say(_TEST_TEXT))

    def _line(self, incident: Incident) -> str:
        words = self._words
        rooms = [words.room(name) for _, name in words.rooms(incident)]
        where = ", ".join(rooms)
        if more := words.more_rooms(incident):
            where = f"{where} {words.say(_MORE, n=more)}"
        what = words.title(incident)
        return f"{what} ({where})" if where else what


def alert_of(receiver: str, incident: Incident, said: Said, now_ms: int) -> Alert:
    """The message of a cause."""
    about = about_cause(incident)
    return Alert(receiver=receiver, about=about, title=said.title, text=said.text, made_ms=now_ms)


def _cut(title: str, text: str) -> Said:
    """On one line, and as long as every way takes; what devices are called may be anything."""
    line = " ".join(title.split())
    return Said(line[:MAX_TITLE], text[:MAX_TEXT])
