"""This file says who asks: a person or a program, what they may, and whose data they may see."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from controller.database.part import narrow
from controller.sheets.names import room_code
from protocol.model import Place
from protocol.words import N_


class Permission(StrEnum):
    """What somebody may do here; a role is a set of them, and so is what a token may."""

    ROOMS = "rooms"  # rooms as they are now, of those who have rooms of their own only these
    SCHOOL = "school"  # what is told of the whole school: lists, the book, hours of use
    MARKS = "marks"  # pupils' marks, of those who have classes of their own only these
    CORRECT = "correct"  # correct these marks, with a reason that stays
    STOCKTAKE = "stocktake"
    BOOK = "book"  # change the book, decide, repair, remove a device
    MANAGE = "manage"  # accounts, tokens, copies, what could not be taken, who looked
    DEPARTMENT = "department"  # figures of the schools below
    FIGURES = "figures"  # what supervision counts


class Role(StrEnum):
    """What an account is for."""

    TEACHER = "teacher"
    HOMEROOM = "homeroom"
    ADMIN = "school_admin"
    READ_ONLY = "read_only"
    OFFICER = "department_officer"


PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.TEACHER: frozenset({Permission.ROOMS, Permission.MARKS, Permission.STOCKTAKE}),
    Role.HOMEROOM: frozenset({Permission.ROOMS, Permission.MARKS, Permission.CORRECT}),
    Role.ADMIN: frozenset(Permission),
    Role.READ_ONLY: frozenset({Permission.ROOMS, Permission.SCHOOL, Permission.FIGURES}),
    Role.OFFICER: frozenset({Permission.DEPARTMENT, Permission.FIGURES}),
}
ROLE_WORDS: Final[Mapping[Role, str]] = {
    Role.TEACHER: N_("Teacher"),
    Role.HOMEROOM: N_("Homeroom teacher"),
    Role.ADMIN: N_("Administrator"),
    Role.READ_ONLY: N_("Read only"),
    Role.OFFICER: N_("Department officer"),
}
PERMISSION_WORDS: Final[Mapping[Permission, str]] = {
    Permission.ROOMS: N_("see the rooms"),
    Permission.SCHOOL: N_("see lists of the whole school"),
    Permission.MARKS: N_("see pupils' marks"),
    Permission.CORRECT: N_("correct pupils' marks"),
    Permission.STOCKTAKE: N_("take stock"),
    Permission.BOOK: N_("change the equipment book"),
    Permission.MANAGE: N_("manage accounts, tokens and copies"),
    Permission.DEPARTMENT: N_("see figures of the schools below"),
    Permission.FIGURES: N_("read figures of the server's work"),
}
# Whose accounts name their own classes and rooms.
OWN_ONLY: Final = frozenset({Role.TEACHER, Role.HOMEROOM})


class Person(Struct, frozen=True, kw_only=True):
    """Who asks, for the length of one request.

    account: the name they log in by; of a program the token's. classes, rooms, areas: their own,
    rooms by code; None for all. school: the only one below a department; empty for all. schools:
    the codes that school and areas come to today; None for all. session: the number of the session;
    0 without one.
    """

    account: str
    permissions: frozenset[Permission]
    name: str = ""
    classes: frozenset[str] | None = None
    rooms: frozenset[str] | None = None
    areas: frozenset[str] | None = None
    school: str = ""
    schools: frozenset[str] | None = None
    session: int = 0

    def may(self, *permissions: Permission) -> bool:
        """Whether they may do one of these."""
        return not self.permissions.isdisjoint(permissions)

    @property
    def sees_part(self) -> bool:
        """Whether a department shows them only some of its schools."""
        return bool(self.school) or self.areas is not None

    def has_class(self, code: str) -> bool:
        """Whether the class is theirs to see."""
        return self.classes is None or code in self.classes

    def has_room(self, room: str, school: str | None = None) -> bool:
        """Whether the room is theirs to see, however it is written. school: whose room it is."""
        is_own = self.rooms is None or room_code(room) in self.rooms
        return is_own and (school is None or self.has_school(school))

    def part_of(self, place: Place) -> Place:
        """What of a place they see: its rows, for every query that is given it."""
        return narrow(place, self.schools)

    def has_school(self, code: str) -> bool:
        """Whether the school is theirs to see."""
        return self.schools is None or code in self.schools


# Who looks at the first screen where the settings leave it open to everybody.
GUEST: Final = Person(account="", permissions=frozenset({Permission.ROOMS, Permission.DEPARTMENT}))
