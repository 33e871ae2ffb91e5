"""This file says who is told, by which way, from which severity on; pure but for reading files.

Nobody is told of anything before the administrator's file, or a page, names them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from protocol.errors import LopHocError, cause_of
from protocol.settings import SettingsError, shaped, tree_in
from protocol.shapes import from_json
from protocol.this_machine import is_this_machine
from protocol.unreadable import UNREADABLE
from protocol.words import N_

FILE: Final = "alerts.toml"
OWN_FILE: Final = "alerts.json"  # what pages have set; the administrator's file wins
MAX_RECEIVERS: Final = 50
_OTHERS: Final = 0o077
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_SAFE: Final = {"smtps", "https"}
_NEAR: Final = {"smtp", "http"}  # unencrypted, within this machine alone; smtp asks for STARTTLS

_PLAIN: Final = r"[^\s<>@,;:\"\\()\[\]]+(?:@[^\s<>@,;:\"\\()\[\]]+)?"
_ADDRESS: Final = rf"(?:(?:\"[^\"\\]*\" *|[^<>@,;:\"\\()\[\]]*)<{_PLAIN}>|{_PLAIN})"
_SENDER: Final = re.compile(_ADDRESS)
_TO: Final = re.compile(rf"{_ADDRESS}(?: *, *{_ADDRESS})*,?")

Text = Annotated[str, msgspec.Meta(max_length=500)]


class AlertError(LopHocError):
    """The file of receivers, or a secret, cannot be used; `code` says why, `hint` what to do."""


class Way(StrEnum):
    """By which way somebody is told."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    NTFY = "ntfy"
    GOTIFY = "gotify"
    TELEGRAM = "telegram"


class Severity(StrEnum):
    """From which severity on somebody is told."""

    CRITICAL = "critical"
    WARNING = "warning"


class Receiver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is told. to: an address of e-mail, or Telegram's number of a chat.

    url: of the server of mail, of the webhook, of the topic, of Gotify; Telegram needs none.
    sender, user: of e-mail. secret_file: the password, the token, or what both sides know.
    each_cause: whether a message comes for each cause. digest_at: when a day of school is summed
    up, such as "06:45"; empty for never. ca_file, allow_private: as of a webhook.
    """

    way: Way
    url: Text = ""
    to: Text = ""
    sender: Text = ""
    user: Text = ""
    secret_file: Text = ""
    severity: Severity = Severity.CRITICAL
    each_cause: bool = True
    digest_at: Text = ""
    lang: Literal["vi", "en"] = "vi"
    ca_file: Text = ""
    allow_private: bool = False

    @property
    def host(self) -> str:
        """Which machine it is; what else stands in an address may be a secret."""
        return TELEGRAM_HOST if self.way is Way.TELEGRAM else urlsplit(self.url).hostname or ""


TELEGRAM_HOST: Final = "api.telegram.org"


Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]{1,40}$")]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    receivers: Mapping[Name, Receiver] = {}


def receivers_in(folder: Path) -> Mapping[str, Receiver]:
    """Who is told, by name: of the administrator's file, and of pages. Raises AlertError."""
    return {**own_receivers_in(folder), **file_receivers_in(folder)}


def own_receivers_in(folder: Path, file: str = OWN_FILE) -> dict[str, Receiver]:
    """Those that pages have set, their secrets' files by whole paths. Raises AlertError."""
    path = folder / file
    try:
        own = from_json(path.read_bytes(), dict[Name, Receiver])
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, *UNREADABLE) as error:
        raise AlertError(
            "own_alerts_unreadable",
            N_("The receivers that pages have set cannot be read: {path}."),
            N_(
                "Undo the last change, put the file back from a copy, or"
                " remove it and add them again; nothing is sent until then."
            ),
            path=path,
        ) from error
    return {
        name: replace(one, secret_file=one.secret_file and str(folder / one.secret_file))
        for name, one in own.items()
    }


def file_receivers_in(folder: Path) -> Mapping[str, Receiver]:
    """Those of the administrator's file; nobody without it. Raises AlertError."""
    path = folder / FILE
    try:
        receivers = shaped(tree_in(path), _File, path).receivers
        if len(receivers) > MAX_RECEIVERS:
            raise ValueError(N_("too many receivers"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, SettingsError) as error:
        raise _broken(path, cause_of(error)) from error
    for name, receiver in receivers.items():
        check_receiver(name, receiver)
    return receivers


def _broken(path: Path, cause: object) -> AlertError:
    return AlertError(
        "alerts_broken",
        N_("{path} cannot be used: {cause}."),
        N_("Correct it; nothing is sent until then."),
        path=path,
        cause=cause,
    )


def check_receiver(name: str, receiver: Receiver) -> None:
    """Raises AlertError for a receiver to whom nothing may be sent."""
    texts = (getattr(receiver, field) for field in ("url", "to", "sender", "user"))
    if not all(text.isprintable() for text in texts):
        raise AlertError(
            "alert_signs",
            N_("What is written for {name} has an invisible character."),
            N_("Write each on one line."),
            name=name,
        )
    is_mail = receiver.way is Way.EMAIL
    is_nobody = is_mail and not _TO.fullmatch(receiver.to)
    if is_nobody or (receiver.way is Way.TELEGRAM and not receiver.to):
        raise AlertError(
            "alert_nobody",
            N_("{name} names nobody."),
            N_("Write an address of e-mail, or the number of a chat (to)."),
            name=name,
        )
    if is_mail and receiver.sender and not is_sender(receiver.sender):
        raise AlertError(
            "alert_sender",
            N_("The sender of {name} cannot be used."),
            N_("Write one address of e-mail, such as lophoc@truong.edu.vn (sender)."),
            name=name,
        )
    if receiver.digest_at and not _TIME.fullmatch(receiver.digest_at):
        raise AlertError(
            "alert_time",
            N_("The time of {name} cannot be used."),
            N_("Write it like 06:45 (digest_at)."),
            name=name,
        )
    if receiver.way is Way.TELEGRAM or is_address(receiver):
        return
    raise AlertError(
        "alert_address",
        N_("The address of {name} cannot be used."),
        N_(
            "Write it like https://… , for e-mail smtps://… or smtp://… , without a password (url)."
        ),
        name=name,
    )


def is_sender(text: str) -> bool:
    """Whether it is one address of e-mail, with or without a name before it."""
    return bool(_SENDER.fullmatch(text))


def is_address(receiver: Receiver) -> bool:
    """Whether its URL fits its way, and what is said there is read by nobody on the way."""
    try:
        parts = urlsplit(receiver.url)
        host, is_whole = parts.hostname or "", bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    is_mail = parts.scheme in {"smtp", "smtps"}
    if not is_whole or is_mail != (receiver.way is Way.EMAIL) or parts.fragment:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    is_near = parts.scheme in _NEAR and is_this_machine(host)
    return parts.scheme in _SAFE or parts.scheme == "smtp" or is_near


def secret_of(receiver: Receiver) -> str:
    """The secret, which nobody else on this machine can read; "" where none is named.

    Raises AlertError.
    """
    if not receiver.secret_file:
        return ""
    path = Path(receiver.secret_file)
    try:
        mode, secret = path.stat().st_mode, path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _no_secret(path) from error
    if mode & _OTHERS:
        raise AlertError(
            "alert_secret_open",
            N_("Others on this computer can read {path}."),
            N_("Close it: chmod 600 {path}"),
            path=path,
        )
    if not secret:
        raise _no_secret(path)
    check_secret(receiver.way, secret)
    return secret


def check_secret(way: Way, secret: str) -> None:
    """Raises AlertError for what no line of this way can carry; a webhook signs with any text."""
    if way is not Way.WEBHOOK and not (secret.isascii() and secret.isprintable()):
        raise AlertError(
            "alert_secret_signs",
            N_("The secret holds more than one line, or signs that no password or token has."),
            N_("Write it alone, on one line, without Vietnamese marks."),
        )


def _no_secret(path: Path) -> AlertError:
    return AlertError(
        "alert_secret",
        N_("{path} holds no secret."),
        N_("Write the password or the token into it."),
        path=path,
    )
