"""This file keeps which schools may leave their copies here, each known by a token."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from protocol.errors import LopHocError
from protocol.folder import OWNER_ONLY, changing, write_whole
from protocol.model import Place, is_name
from protocol.shapes import from_json
from protocol.topics import level_of
from protocol.unreadable import UNREADABLE
from protocol.words import N_

GUESTS: Final = "guests"  # the folder of the list and of the copies, in the data folder
_FILE: Final = "guests.json"
_BYTES_OF_MB: Final = 1_000_000


class GuestError(LopHocError):
    """A guest cannot be added, ended or served; `code` says why."""


class Guest(Struct, frozen=True, kw_only=True):
    """A school whose copies are taken. token: the SHA-256 of what it shows."""

    province: str
    school: str
    token: str
    limit_mb: Annotated[int, Meta(ge=1)]

    @property
    def place(self) -> Place:
        """Whose copies they are."""
        return Place(self.province, self.school)

    @property
    def limit_bytes(self) -> int:
        """How much of this disk its copies may have."""
        return self.limit_mb * _BYTES_OF_MB

    def folder(self, data: Path) -> Path:
        """Where its copies stand."""
        return data / GUESTS / f"lophoc-{level_of(self.province)}-{level_of(self.school)}"


class _Guests(Struct, frozen=True):
    guests: tuple[Guest, ...] = ()


def guests_in(data: Path) -> Sequence[Guest]:
    """All guests. Raises GuestError where the list is damaged."""
    path = data / GUESTS / _FILE
    try:
        return from_json(path.read_bytes(), _Guests).guests
    except FileNotFoundError:
        return ()
    except (OSError, *UNREADABLE) as error:
        raise GuestError(
            "guests_damaged",
            N_("The list of schools that leave copies here, {path}, cannot be read."),
            N_("Delete it and add them again; their copies stay."),
            path=path,
        ) from error


def guest_of(data: Path, token: str) -> Guest | None:
    """The guest that has this token. Raises GuestError."""
    shown = _digest(token)
    return next((each for each in guests_in(data) if compare_digest(each.token, shown)), None)


def add_guest(data: Path, place: Place, limit_mb: int) -> str:
    """Let a school leave copies here; returns its token, which is shown once.

    One that was a guest before gets another token. Raises GuestError, OSError.
    """
    if not (is_name(place.province) and is_name(place.school)):
        raise GuestError(
            "guest_odd",
            N_("{school} cannot be the code of a school."),
            N_("Give 1 to 64 visible characters, without blanks at the ends."),
            school=repr(place.school),
        )
    token = secrets.token_urlsafe(32)
    guest = Guest(
        province=place.province, school=place.school, token=_digest(token), limit_mb=limit_mb
    )
    guest.folder(data).mkdir(mode=0o700, parents=True, exist_ok=True)
    with changing(data / GUESTS / _FILE):
        _keep(data, [*(each for each in guests_in(data) if each.place != place), guest])
    return token


def end_guest(data: Path, place: Place) -> None:
    """Take no more of a school's copies; those that are here stay. Raises GuestError, OSError."""
    with changing(data / GUESTS / _FILE):
        guests = guests_in(data)
        others = [each for each in guests if each.place != place]
        if len(others) == len(guests):
            raise GuestError(
                "guest_unknown", N_("{school} leaves no copies here."), school=place.school
            )
        _keep(data, others)


def _keep(data: Path, guests: Sequence[Guest]) -> None:
    text = msgspec.json.encode(_Guests(tuple(guests)))
    write_whole(data / GUESTS / _FILE, text, OWNER_ONLY)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
