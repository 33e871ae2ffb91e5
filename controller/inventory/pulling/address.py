"""This file reads where to pull from: no token, and no place in the list, is in it; pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from protocol.errors import LopHocError
from protocol.this_machine import is_this_machine
from protocol.words import N_

INVENTORY: Final = "/api/v1/inventory"
_OURS: Final = frozenset({"since", "limit", "format"})  # what the command asks by itself


class PullError(LopHocError):
    """The inventory cannot be pulled; `code` says why, `hint` what to do."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where an inventory is: its line, its path, and what is asked of it."""

    is_encrypted: bool
    host: str
    port: int | None
    path: str
    query: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """What the copy knows it by; the same question has the same name."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        place = host if self.port is None else f"{host}:{self.port}"
        scheme = "https" if self.is_encrypted else "http"
        return urlunsplit((scheme, place, self.path, urlencode(self.query), ""))

    def asking(self, **more: str) -> str:
        """The path with its question, and more of it."""
        asked = urlencode([*self.query, *((name, value) for name, value in more.items() if value)])
        return f"{self.path}?{asked}"


def address_of(text: str, *, has_token: bool) -> Address:
    """The address as somebody wrote it. Raises PullError."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _wrong(text) from None
    if parts.username is not None or parts.password is not None:
        raise PullError(
            "address_has_password",
            N_("The address holds a name or a password, which everybody on this computer can see."),
            N_("Put the token into a file and name that with --token-file."),
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
        raise _wrong(text)
    if has_token and parts.scheme == "http" and not is_this_machine(parts.hostname):
        raise PullError(
            "token_in_clear",
            N_("The token would go over the line unencrypted."),
            N_("Write the address with https://."),
        )
    return Address(
        is_encrypted=parts.scheme == "https",
        host=parts.hostname,
        port=port,
        path=INVENTORY if parts.path in {"", "/"} else parts.path,
        query=_question(parts.query),
    )


def _question(text: str) -> tuple[tuple[str, str], ...]:
    asked = sorted(parse_qsl(text, keep_blank_values=True))
    if ours := next((name for name, _ in asked if name in _OURS), ""):
        raise PullError(
            "address_asks_too_much",
            N_("{name} is what this command asks by itself."),
            N_("Leave it out of the address; filters such as area= and kind= may stand there."),
            name=ours,
        )
    return tuple(asked)


def _wrong(text: str) -> PullError:
    return PullError(
        "address_wrong",
        N_("{address} is no address of a controller."),
        N_("Write it like https://truong.example/api/v1/inventory."),
        address=text[:100],
    )
