"""This file says what is owed to whom: one message a cause, one digest a day; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from controller.alerts.receivers import Receiver, Severity
from controller.incidents.handling import Handling
from controller.incidents.incident import Incident
from controller.webhooks.hook import LONGEST_WAIT_MS, Trouble, is_due
from protocol.model import Status

MOST_WAITING: Final = 50  # of a receiver; beyond it the oldest go
TOO_LATE_MS: Final = 12 * 3_600_000  # nobody needs to be told of it any more
_FIRST_WAIT_MS: Final = 15_000
DIGEST_LATE_MIN: Final = 180  # a server that was off in the morning sends it until then
TEST: Final = "test"
_TOLD: Final = {
    Severity.CRITICAL: frozenset({Status.CRITICAL}),
    Severity.WARNING: frozenset({Status.CRITICAL, Status.WARNING, Status.UNKNOWN}),
}


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A message that waits, or went. about: what of, once for a receiver: a cause, a day, a test.

    next_ms: not before; tries: how often in vain; trouble: why, a code. sent_ms: when it was taken;
    dropped: whether it will never be sent.
    """

    no: int = 0
    receiver: str
    about: str
    title: str
    text: str
    made_ms: int
    next_ms: int = 0
    tries: int = 0
    trouble: str = ""
    sent_ms: int | None = None
    dropped: bool = False

    @property
    def waits(self) -> bool:
        """Whether it is to be sent still."""
        return self.sent_ms is None and not self.dropped

    def is_due(self, now_ms: int) -> bool:
        """Whether it may be tried now."""
        return is_due(self.next_ms, now_ms)

    @property
    def lets_others_by(self) -> bool:
        """Whether the other side takes messages, and not this one: it holds up none behind it."""
        return self.trouble == Trouble.MESSAGE.value

    def failed(self, now_ms: int, spread: float, trouble: str) -> Alert:
        """After a try in vain. spread: 0 to 1."""
        wait_ms = min(_FIRST_WAIT_MS << min(self.tries, 12), LONGEST_WAIT_MS)
        return replace(
            self,
            tries=self.tries + 1,
            next_ms=now_ms + int(wait_ms * (0.5 + spread / 2)),
            trouble=trouble,
            dropped=now_ms - self.made_ms >= TOO_LATE_MS,
        )


def about_cause(incident: Incident) -> str:
    """What a message of a cause is about, also when it comes back."""
    return f"incident/{incident.no}"


def owed_causes(
    receiver: Receiver, told: Collection[str], causes: Iterable[tuple[Incident, Handling]]
) -> Iterator[Incident]:
    """Of which causes a receiver is to be told: of those severe enough that nobody has yet.

    told: what they were told of. What is put off, or taken on, needs no message.
    """
    if not receiver.each_cause:
        return
    for incident, handling in causes:
        is_handled = handling.taken_by is not None or handling.until_ms is not None
        is_news = about_cause(incident) not in told
        if incident.status in _TOLD[receiver.severity] and is_news and not is_handled:
            yield incident


def owed_digest(receiver: Receiver, told: Collection[str], local: datetime) -> tuple[date, str]:
    """Which day's digest is due, and what it is about; "" where none is. local: the school's time.

    A time late in the evening is due until after midnight, for the day before.
    """
    if receiver.digest_at:
        due = time.fromisoformat(receiver.digest_at)
        for day in (local.date(), local.date() - timedelta(days=1)):
            late = local.replace(tzinfo=None) - datetime.combine(day, due)
            about = f"digest/{day.isoformat()}"
            if timedelta() <= late < timedelta(minutes=DIGEST_LATE_MIN) and about not in told:
                return day, about
    return local.date(), ""


def surplus(waiting: Iterable[Alert]) -> list[Alert]:
    """Those of a receiver that go without being sent, for too many wait."""
    newest = sorted(waiting, key=lambda alert: alert.no, reverse=True)
    return [replace(alert, dropped=True, trouble="too_many") for alert in newest[MOST_WAITING:]]
