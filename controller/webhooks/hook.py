"""This file says where changes are sent, how they are signed, and when to try again; pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from protocol.errors import LopHocError, cause_of
from protocol.settings import SettingsError, shaped, tree_in
from protocol.this_machine import is_this_machine
from protocol.waits import goes_on
from protocol.words import N_

FILE: Final = "webhooks.toml"
LEAST_SECRET: Final = 32  # characters: nobody can try them all
LONGEST_WAIT_MS: Final = 3_600_000
_FIRST_WAIT_MS: Final = 5_000
STOPPED_MS: Final = 86_400_000

Text = Annotated[str, msgspec.Meta(max_length=500)]


class HookError(LopHocError):
    """The file of addresses cannot be used; `code` says why, `hint` what to do."""


class Hook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address that is told of changes. area, school, kind: only of these, empty for all.

    secret_file: what both sides know. ca_file: a certificate to believe in place of the world's.
    allow_private: it may be a machine of one's own network.
    """

    url: Text
    secret_file: Text
    area: Text = ""
    school: Text = ""
    kind: Text = ""
    ca_file: Text = ""
    allow_private: bool = False

    @property
    def host(self) -> str:
        """Which machine it is; what else stands in an address may be a secret."""
        return urlsplit(self.url).hostname or ""

    @property
    def digest(self) -> str:
        """What its place in the list is kept under: another address or question begins anew."""
        asked = f"{self.url}\n{self.area}\n{self.school}\n{self.kind}"
        return hashlib.sha256(asked.encode()).hexdigest()[:16]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hooks: Mapping[Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]{1,40}$")], Hook] = {}


class Trouble(StrEnum):
    """Why an address took nothing."""

    STATUS = "status"  # it answered, and not with 2xx
    NO_ANSWER = "no_answer"
    NO_NAME = "no_name"
    NO_LINE = "no_line"
    CERTIFICATE = "certificate"
    PRIVATE = "private"  # it leads into a network that allow_private does not allow
    SECRET = "secret"  # noqa: S105 - a word, no secret
    MESSAGE = "message"  # it takes others, and this one never


class Untaken(NamedTuple):
    """Why an address took nothing. status: what it answered, 0 for nothing."""

    trouble: Trouble
    status: int = 0


class HookPlace(msgspec.Struct, frozen=True):
    """How far an address was told. token: of the feed; failures: in a row; next_ms: not before.

    taken_ms: when it took something last; since_ms: since when it takes nothing, 0 where it does;
    trouble, status: why, as Untaken has it.
    """

    token: str = ""
    failures: int = 0
    next_ms: int = 0
    taken_ms: int = 0
    since_ms: int = 0
    trouble: str = ""
    status: int = 0

    def failed(self, now_ms: int, spread: float, why: Untaken) -> HookPlace:
        """After a try that was not taken. spread: 0 to 1, so that many do not come at once."""
        wait_ms = min(_FIRST_WAIT_MS << min(self.failures, 10), LONGEST_WAIT_MS)
        return replace(
            self,
            failures=self.failures + 1,
            next_ms=now_ms + int(wait_ms * (0.5 + spread / 2)),
            since_ms=self.since_ms or now_ms,
            trouble=why.trouble.value,
            status=why.status,
        )

    def is_due(self, now_ms: int) -> bool:
        """Whether it may be told now."""
        return is_due(self.next_ms, now_ms)

    def has_stopped(self, now_ms: int) -> bool:
        """Whether it has taken nothing for more than a day."""
        return bool(self.since_ms) and now_ms - self.since_ms > STOPPED_MS


def is_due(next_ms: int, now_ms: int) -> bool:
    """Whether a wait is over; one that is longer than any began by a clock that was set back."""
    return not goes_on(next_ms, now_ms, LONGEST_WAIT_MS)


def hooks_in(folder: Path) -> Mapping[str, Hook]:
    """The addresses of the folder's file, by name; none without one. Raises HookError."""
    path = folder / FILE
    try:
        hooks = shaped(tree_in(path), _File, path).hooks
    except FileNotFoundError:
        return {}
    except (OSError, SettingsError) as error:
        raise HookError(
            "webhooks_broken",
            N_("{path} cannot be used: {cause}."),
            N_("Correct it; nothing is sent until then."),
            path=path,
            cause=cause_of(error),
        ) from error
    for name, hook in hooks.items():
        _check(name, hook)
    return hooks


def _check(name: str, hook: Hook) -> None:
    """Raises HookError for an address to which nothing may be sent, whatever it resolves to."""
    try:
        parts = urlsplit(hook.url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    is_near = is_whole and parts.scheme == "http" and is_this_machine(parts.hostname or "")
    is_safe = is_near or (is_whole and parts.scheme == "https")
    if not is_safe or parts.username is not None or parts.password is not None or parts.fragment:
        raise HookError(
            "webhook_address",
            N_("The address of {name} cannot be used."),
            N_("Write it like https://truc.example/lophoc, without a password."),
            name=name,
        )


def secret_of(hook: Hook) -> bytes:
    """What both sides know. Raises HookError."""
    try:
        secret = Path(hook.secret_file).read_bytes().strip()
    except OSError as error:
        raise _no_secret(hook) from error
    if len(secret) < LEAST_SECRET:
        raise _no_secret(hook)
    return secret


def _no_secret(hook: Hook) -> HookError:
    return HookError(
        "webhook_secret",
        N_("{path} holds no secret of {least} characters or more."),
        N_("Make one: openssl rand -hex 32"),
        path=hook.secret_file,
        least=LEAST_SECRET,
    )


def signature(secret: bytes, at_s: int, body: bytes) -> str:
    """What proves a body and its time: HMAC-SHA256 over both (RFC 2104)."""
    mac = hmac.new(secret, f"{at_s}.".encode() + body, hashlib.sha256)
    return f"t={at_s},v1={mac.hexdigest()}"


def may_be_reached(address: IPv4Address | IPv6Address, *, allow_private: bool) -> bool:
    """Whether a name that the administrator wrote may lead there.

    Never to what machines tell themselves of (169.254.169.254), nor to many at once; to this
    machine and its networks only where the administrator says so.
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return allow_private or address.is_global
