"""This file takes class lists in: weighed against those that are kept, and kept."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from controller.database.plan_version import version_of
from controller.roster.changes import ClassChange, changes_of
from controller.roster.importing import import_lists
from controller.roster.plan import Lists
from controller.roster.roll import Roll, notices_of_rooms
from controller.roster.store import classes_of, rooms_unanswered
from controller.roster.undoing import Origin
from controller.sheets.errors import Notice
from protocol.model import Place


class Weighed(NamedTuple):
    """What a file would do. version: of the plan that it was held against."""

    lists: Lists
    changes: list[ClassChange]
    rooms: list[Notice]
    version: int


def weighed(
    db: Connection, place: Place, roll: Roll, *, names: bool, whole: bool, file: str
) -> Weighed:
    """What a roll would change; nothing is written. names: keep them. whole: others are gone."""
    before = classes_of(db, place)
    classes = roll.classes(names=names, known=before)
    return Weighed(
        Lists(classes=classes, whole_school=whole),
        changes_of(before, classes, whole=whole),
        notices_of_rooms(file, rooms_unanswered(db, place, roll.rooms.values())),
        version_of(db, place),
    )


def keep(db: Connection, place: Place, found: Weighed, origin: Origin) -> bool:
    """Keep the lists from that day on; False where the plan is not the one they were held to."""
    if version_of(db, place) != found.version:
        return False
    import_lists(db, place, found.lists, origin)
    return True
