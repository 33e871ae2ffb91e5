"""This file keeps the receivers that pages set, in the data folder; secrets are written only.

A secret goes to where it was entered for: for another address it is entered again.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from controller.alerts.receivers import (
    MAX_RECEIVERS,
    OWN_FILE,
    AlertError,
    Receiver,
    Way,
    check_receiver,
    check_secret,
    file_receivers_in,
    own_receivers_in,
)
from controller.sheets.text import clean
from protocol.folder import OWNER_ONLY, keep_undoable, write_whole
from protocol.shapes import from_plain
from protocol.words import N_

SECRETS: Final = "alert-secrets"
_BEFORE: Final = "alerts.before.json"
_NAME: Final = re.compile(r"[a-z0-9-]{1,40}")
_TEXTS: Final = ("way", "url", "to", "sender", "user", "severity", "digest_at", "lang")
_TICKS: Final = ("each_cause", "allow_private")
_NEEDS_SECRET: Final = frozenset({Way.WEBHOOK, Way.GOTIFY, Way.TELEGRAM})
MAX_SECRET: Final = 500


def receiver_of(fields: Mapping[str, str]) -> tuple[str, Receiver]:
    """A form's receiver and its name, without a secret. Raises AlertError."""
    name = fields.get("was", "") or fields.get("name", "").strip()
    if not _NAME.fullmatch(name):
        raise AlertError(
            "alert_name",
            N_("This name cannot be used."),
            N_("Use the letters a to z, digits and hyphens, such as thay-minh."),
        )
    values: dict[str, object] = {key: clean(fields.get(key, "")) for key in _TEXTS}
    values |= {key: key in fields for key in _TICKS}
    try:
        receiver = from_plain(values, Receiver)
    except msgspec.ValidationError as error:
        raise AlertError(
            "alert_form", N_("This form cannot be used."), N_("Open the page anew.")
        ) from error
    check_receiver(name, receiver)
    return name, receiver


def keep_receiver(folder: Path, fields: Mapping[str, str]) -> str:
    """Add or change (`was`) a receiver by a form; its name. Raises AlertError, OSError."""
    name, receiver = receiver_of(fields)
    own = own_receivers_in(folder)
    before = own.get(fields.get("was", ""))
    if name in file_receivers_in(folder):
        raise AlertError(
            "alert_of_file",
            N_("{name} stands in the administrator's file."),
            N_("Change it there."),
            name=name,
        )
    if before is None and name in own:
        raise AlertError(
            "alert_known",
            N_("There is a receiver {name} already."),
            N_("Choose another name, or change that one."),
            name=name,
        )
    if before is None and len(own) >= MAX_RECEIVERS:
        raise AlertError(
            "alert_many", N_("There are too many receivers."), N_("Take one out first.")
        )
    secret = fields.get("secret", "").strip()[:MAX_SECRET]
    file = before.secret_file if before else ""
    if secret:
        check_secret(receiver.way, secret)
        file = _keep_secret(folder, name, secret)
    elif before and file and _goes_to(before) != _goes_to(receiver):
        raise AlertError(
            "alert_secret_again",
            N_("The secret was entered for another address."),
            N_("Enter it again."),
        )
    elif not file and receiver.way in _NEEDS_SECRET:
        raise AlertError(
            "alert_secret_none",
            N_("This way needs a secret."),
            N_("Enter the token, or what both sides know."),
        )
    own[name] = replace(receiver, secret_file=file, ca_file=before.ca_file if before else "")
    _keep(folder, own)
    return name


def remove_receiver(folder: Path, name: str) -> bool:
    """Whether there was one to remove. Raises AlertError, OSError."""
    own = own_receivers_in(folder)
    is_there = own.pop(name, None) is not None
    if is_there:
        _keep(folder, own)
    return is_there


def can_undo(folder: Path) -> bool:
    """Whether a change can be taken back."""
    return (folder / _BEFORE).exists()


def undo_receivers(folder: Path) -> None:
    """Put back what was before the last change. Raises AlertError, OSError."""
    if can_undo(folder):
        _keep(folder, own_receivers_in(folder, _BEFORE))


def _keep(folder: Path, receivers: Mapping[str, Receiver]) -> None:
    """Keep these; those before stay beside, with their secrets, to be put back."""
    kept = {name: _without_folder(folder, one) for name, one in sorted(receivers.items())}
    path = folder / OWN_FILE
    if not path.exists():
        write_whole(path, b"{}", OWNER_ONLY)
    keep_undoable(path, msgspec.json.encode(kept), folder / _BEFORE)
    try:
        named = [*receivers.values(), *own_receivers_in(folder, _BEFORE).values()]
    except AlertError:  # it was damaged, and so nobody knows which secrets were its
        return
    files = {Path(one.secret_file).name for one in named if one.secret_file}
    for secret in (folder / SECRETS).glob("*"):
        if secret.name not in files:
            secret.unlink(missing_ok=True)


def _without_folder(folder: Path, receiver: Receiver) -> Receiver:
    file = receiver.secret_file
    return replace(receiver, secret_file=file and str(Path(file).relative_to(folder)))


def _keep_secret(folder: Path, name: str, secret: str) -> str:
    """A file of its own that only we read; its path."""
    (folder / SECRETS).mkdir(mode=0o700, exist_ok=True)
    path = folder / SECRETS / f"{name}.{secrets.token_hex(4)}"
    write_whole(path, secret.encode(), OWNER_ONLY)
    return str(path)


def _goes_to(receiver: Receiver) -> tuple[object, ...]:
    """Where its secret is sent."""
    parts = urlsplit(receiver.url)
    return receiver.way, parts.scheme, parts.hostname, parts.port
