"""This file says what the doctor thinks of the certificate that the screens show others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from controller.broker.authority import FOLDER
from controller.config import ControllerConfig
from controller.web.certificate import Seen, own_certificate, screen_certificate, seen_in
from protocol.doctor import Check, Diagnosis
from protocol.model import Status
from protocol.this_machine import is_this_machine
from protocol.words import N_

SOON: Final = timedelta(days=21)
_ABSENT: Final = (
    N_("Other machines are shown nothing: there is no certificate for https."),
    N_("Start the controller, which makes one; if that does not help, restore the folder tls."),
)
_UNREADABLE: Final = (
    N_("The certificate {path} cannot be shown: it cannot be read, or the key is another's."),
    N_("Look at http_chain_file and http_key_file, and at the files' owner."),
)
_ENDED: Final = (
    N_("The certificate of the screens is good from {since} until {day} only."),
    N_("Is the clock right? The controller's own is renewed within a minute once it is."),
)
_ENDS: Final = (
    N_("The school's certificate {path} is good until {day} only."),
    N_("Put the new one in its place; it is taken in by itself."),
)
_UNCOVERED: Final = (
    N_("Browsers warn at {names}: the controller may not sign such a name."),
    N_("Name a certificate for it in http_chain_file and http_key_file, or call the address."),
)


@dataclass(frozen=True, slots=True)
class ScreensFact:
    """What others are shown by https; seen: None where that is nothing.

    is_own: the school's own certificate, which nobody here renews. uncovered: names in the settings
    for which it is not good.
    """

    path: str
    seen: Seen | None
    is_own: bool
    now: datetime
    uncovered: Sequence[str] = ()

    def judge(self) -> Diagnosis:
        """Whether browsers take it, and for how long."""
        if self.seen is None:
            return self._unseen()
        if not self.seen.since <= self.now <= self.seen.until:
            return self._say(Status.CRITICAL, "screens_certificate_ended", _ENDED)
        if self.is_own and self.seen.until - self.now < SOON:
            return self._say(Status.WARNING, "screens_certificate_ends", _ENDS)
        if self.uncovered:
            return self._say(Status.WARNING, "screens_name_uncovered", _UNCOVERED)
        text = N_("The screens are encrypted; their certificate is good until {day}.")
        return self._say(Status.OK, "screens_encrypted", (text, ""))

    def _unseen(self) -> Diagnosis:
        if self.is_own:
            return self._say(Status.CRITICAL, "screens_certificate_unreadable", _UNREADABLE)
        return self._say(Status.CRITICAL, "screens_certificate_absent", _ABSENT)

    def _say(self, status: Status, code: str, words: tuple[str, str]) -> Diagnosis:
        never = datetime(1970, 1, 1, tzinfo=UTC)
        since, until = (self.seen.since, self.seen.until) if self.seen else (never, never)
        values = {
            "path": self.path,
            "since": since.date(),
            "day": until.date(),
            "names": ", ".join(self.uncovered),
        }
        return Diagnosis(Check.CERTIFICATE, status, code, *words, values)


def screens_fact(config: ControllerConfig, now: datetime) -> ScreensFact | None:
    """What others are shown by these settings; None where nobody comes from elsewhere."""
    own = own_certificate(config)
    if own is None and is_this_machine(config.http_host):
        return None
    shown = own or screen_certificate(config.data)
    seen = seen_in(shown, own.chain if own else config.data / FOLDER / "ca.pem")
    named = {name.strip().lower() for name in config.allowed_hosts.split(",")} - {"", "*"}
    uncovered = sorted(named - seen.names) if seen and own is None else ()
    return ScreensFact(str(shown.chain), seen, is_own=own is not None, now=now, uncovered=uncovered)
