"""This file holds what a room's computer may know of its school beyond its own room's plan.

A computer that is carried about gets the school's rooms with who learns there and when, by class
alone, so that a teacher can choose one without a line; where the school wants to know who confirms
a roll, every computer gets the teachers with a slow digest of each one's PIN. No pupil is in it.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Final

import msgspec

from protocol.model import Code, Text
from protocol.plan import Booking, Hex, Period, Weekday

MAX_ROOMS: Final = 400
MAX_SLOTS: Final = 400  # of one room, as in its plan
MAX_TEACHERS: Final = 400

_SCRYPT_N: Final = 1 << 14  # 16 MiB and some 50 ms for each try
_SCRYPT_R: Final = 8
_DIGEST_BYTES: Final = 16

Pin = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4,6}$")]


class RoomSlot(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Which classes learn in a room in one period of the week; as short as can be, for all rooms.

    weeks: as a booking's.
    """

    weekday: Weekday
    period: Period
    classes: Annotated[tuple[Code, ...], msgspec.Meta(min_length=1, max_length=8)]
    weeks: Annotated[str, msgspec.Meta(pattern="^(every|odd|even)$")] = "every"


class RoomGuide(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A room of the school's plan."""

    room: Code
    slots: Annotated[tuple[RoomSlot, ...], msgspec.Meta(max_length=MAX_SLOTS)] = ()

    def bookings(self) -> tuple[Booking, ...]:
        """Its part of the timetable, as far as it is told here."""
        return tuple(
            Booking(
                weekday=slot.weekday,
                period=slot.period,
                room=self.room,
                classes=slot.classes,
                weeks=slot.weeks,
            )
            for slot in self.slots
        )


class TeacherKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By what a room knows a teacher. teacher: the school's own id, which no other school knows.

    salt, digest: of the PIN, see pin_digest; empty where the teacher has none.
    """

    teacher: Code
    name: Text
    salt: Hex = ""
    digest: Hex = ""

    def __repr__(self) -> str:
        """Nothing of a PIN stands in a log."""
        return f"TeacherKey({self.teacher})"


class Guide(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a computer may know of its school. rooms: for one that is carried about, else none.

    asks: whether who confirms a roll is asked for a PIN; teachers: of those who may be asked.
    """

    rooms: Annotated[tuple[RoomGuide, ...], msgspec.Meta(max_length=MAX_ROOMS)] = ()
    teachers: Annotated[tuple[TeacherKey, ...], msgspec.Meta(max_length=MAX_TEACHERS)] = ()
    asks: bool = False

    def room(self, code: str) -> RoomGuide | None:
        """A room, however its name is written."""
        return next(
            (one for one in self.rooms if room_spelling(one.room) == room_spelling(code)), None
        )

    def teacher(self, code: str) -> TeacherKey | None:
        """A teacher by the school's own id."""
        return next((one for one in self.teachers if one.teacher == code), None)

    def __repr__(self) -> str:
        return f"Guide({len(self.rooms)} rooms, {len(self.teachers)} teachers)"


def room_spelling(room: str) -> str:
    """By what two writings of a room are one: case and spaces do not tell rooms apart."""
    return "".join(room.split()).casefold()


def name_spelling(name: str) -> str:
    """By what two writings of a teacher's name are one: case, spaces, composed or not."""
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def pin_digest(pin: str, salt: str) -> str:
    """A PIN's digest by scrypt (RFC 7914), in hex; slow on purpose: not on the event loop.

    Raises ValueError if the salt is no hex.
    """
    import hashlib  # noqa: PLC0415 - brings OpenSSL, whose megabytes the teacher's window spares

    digest = hashlib.scrypt(
        pin.encode(), salt=bytes.fromhex(salt), n=_SCRYPT_N, r=_SCRYPT_R, p=1, dklen=_DIGEST_BYTES
    )
    return digest.hex()
