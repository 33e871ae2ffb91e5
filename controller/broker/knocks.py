"""This file reads from the broker's log who was refused or put another out, and why."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from protocol.settings import SettingsError
from protocol.words import N_

BROKER_LOG: Final = Path("broker", "nats.log")
MAX_READ: Final = 1 << 20  # bytes of the log's end: some thousand refusals
MAX_NAMES: Final = 200  # who makes names up does not fill the screen
MAX_NAME: Final = 64

# Names are quoted as Go does it: what could not be shown is escaped already.
_LINE: Final = re.compile(
    r"^\[\d+\] (\S+ [\d:]{8})\S* \[(?:ERR|WRN)\] (\S+):\d+ - mid:\d+ - "
    r'(?:"(?:[^"\\]|\\.)*" - )?(.*?)(?: \(and ([\d,]+) like it\))?$'
)


class KnockReason(StrEnum):
    """Why somebody was refused, or what is wrong with how somebody came in."""

    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a code
    UNKNOWN_NAME = "unknown_name"
    NO_NAME = "no_name"
    NOT_ITS_PLACE = "not_its_place"  # a known one that speaks or listens as another, or elsewhere
    OTHERS_SESSION = "others_session"  # it was let in, and who had the session was cut off
    NOT_ENCRYPTED = "not_encrypted"
    OTHER_VERSION = "other_version"


# What nats-server says of each. The client's id is not told: an enrolled computer's is a secret.
_REASONS: Final[Mapping[KnockReason, re.Pattern[str]]] = {
    KnockReason.WRONG_PASSWORD: re.compile(
        r'authentication error - User "(?P<name>(?:[^"\\]|\\.)*)"'
    ),
    KnockReason.NO_NAME: re.compile(r"authentication error"),
    KnockReason.NOT_ITS_PLACE: re.compile(r"(?:Publish|Subscription) Violation - .*"),
    KnockReason.OTHERS_SESSION: re.compile(r'Replacing old client "(?P<before>\S+):\d+ - .*'),
    KnockReason.NOT_ENCRYPTED: re.compile(r"TLS handshake error: .*"),
    KnockReason.OTHER_VERSION: re.compile(r"unacceptable protocol version of \d+"),
}


class Knock(NamedTuple):
    """Who was refused: the name that was given, from where and when last, how often, why last.

    name: empty where the broker tells none.
    """

    name: str
    address: str
    last: str
    tries: int
    reason: KnockReason


def knocks_in(log: Path, users: Collection[str] | None = None) -> list[Knock]:
    """Who was refused lately, the latest first; nobody without a log. Raises SettingsError.

    users: who has a password here; None where that is not known.
    """
    try:
        text = "".join(_end_of(path) for path in (log.with_name(f"{log.name}.1"), log))
    except OSError as error:
        raise SettingsError(
            "data_unreadable",
            N_("{path} cannot be read: {cause}."),
            N_("Run the command as root, or as the user to whom it belongs."),
            path=log,
            cause=error.strerror,
        ) from error
    return knocks_of(text.splitlines(), users)


def _end_of(log: Path) -> str:
    """The last lines of a log; none of one that is not there. Raises OSError."""
    with contextlib.suppress(FileNotFoundError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - MAX_READ))
        return file.read(MAX_READ).decode("utf-8", "replace")
    return ""


def knocks_of(lines: Iterable[str], users: Collection[str] | None = None) -> list[Knock]:
    """Who was refused in these lines of nats-server's log, the latest first.

    Each name stands once; who gave none, once for each reason.
    """
    knocks: dict[tuple[str, ...], Knock] = {}
    for line in lines:
        if knock := _knock_of(line, users):
            key = (knock.name,) if knock.name else (knock.address, knock.reason)
            before = knocks.pop(key, None)  # so that the latest stands last
            knocks[key] = knock._replace(tries=knock.tries + (before.tries if before else 0))
            if len(knocks) > MAX_NAMES:
                del knocks[next(iter(knocks))]
    return [*reversed(knocks.values())]


def _knock_of(line: str, users: Collection[str] | None) -> Knock | None:
    if (match := _LINE.match(line)) is None:
        return None
    last, address, what, like_it = match.groups()
    tries = 1 + int((like_it or "0").replace(",", ""))
    for reason, pattern in _REASONS.items():
        if refused := pattern.fullmatch(what):
            told = refused.groupdict()
            if told.get("before") == address:  # its own line of before, which is dead
                return None
            name = told.get("name", "")[:MAX_NAME]
            is_unknown = users is not None and name not in users
            if reason is KnockReason.WRONG_PASSWORD and is_unknown:
                return Knock(name, address, last, tries, KnockReason.UNKNOWN_NAME)
            return Knock(name, address, last, tries, reason)
    return None
