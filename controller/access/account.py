"""This file is an account: who may log in, as what, which classes and rooms are theirs; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from controller.people.person import OWN_ONLY, PERMISSIONS, Person, Role
from controller.sheets.names import room_code
from protocol.errors import LopHocError
from protocol.words import N_

OFFICE: Final = "van-phong"  # whose was the one password of older versions
MAX_NAME: Final = 120
MAX_OWN: Final = 60  # classes, rooms or areas of one account
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?")


class AccountError(LopHocError):
    """An account cannot be so; `code` says why, `hint` what to do."""


class Account(Struct, frozen=True, kw_only=True):
    """Who may log in. password: its hash; empty until the person has set one.

    classes, rooms, areas: their own, for roles that see only those.
    """

    account: str
    role: Role
    name: str = ""
    classes: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    password: str = ""
    setup: str = ""
    setup_until_ms: int | None = None
    made_ms: int = 0
    ended_ms: int | None = None

    def is_reset_by(self, after: Account) -> bool:
        """Whether what opened the account is to open it no more: it ends, or is set up anew."""
        is_invited = bool(after.setup) and after.setup != self.setup
        return after.ended_ms is not None or is_invited

    def person(self, session: int = 0) -> Person:
        """Who asks, when it is this account."""
        own = self.role in OWN_ONLY
        return Person(
            account=self.account,
            permissions=PERMISSIONS[self.role],
            name=self.name,
            classes=frozenset(self.classes) if own else None,
            rooms=frozenset(map(room_code, self.rooms)) if own else None,
            areas=frozenset(self.areas) if self.role is Role.OFFICER and self.areas else None,
            session=session,
        )


def account_name(text: str) -> str:
    """The name to log in by, as it is kept. Raises AccountError."""
    name = text.strip().casefold()
    if not _NAME.fullmatch(name):
        raise AccountError(
            "account_name",
            N_("An account's name has small letters a to z, digits, and . _ - @ between them."),
            N_("For example: nguyen.van.an"),
        )
    return name


def own_of(text: str) -> tuple[str, ...]:
    """The codes that a person wrote, parted by commas, semicolons or lines. Raises AccountError."""
    codes = [code.strip() for code in re.split(r"[,;\n]", text)]
    own = tuple(dict.fromkeys(code[:64] for code in codes if code))
    if len(own) > MAX_OWN:
        raise AccountError(
            "account_own",
            N_("One account has at most {most} classes, rooms or areas of its own."),
            N_("Choose another role for who sees all."),
            most=MAX_OWN,
        )
    return own


def lines_of(codes: Iterable[str]) -> str:
    """The codes as they are kept."""
    return "\n".join(codes)


def account_in(row: Mapping[str, Any]) -> Account:
    """The account that a row holds. Raises ValueError for a role that is not known."""
    own = {name: tuple(filter(None, row[name].split("\n"))) for name in _OWN}
    return Account(**{**row, **own, "role": Role(row["role"])})


_OWN: Final = ("classes", "rooms", "areas")
