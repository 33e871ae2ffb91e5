"""This file holds the facts of a school's installation that its papers tell; pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from controller.config import ControllerConfig

ROOM_DAYS: Final = 30  # a room's computer keeps what was acknowledged, in running time
ANSWER_DAYS: Final = 2  # working days to answer who asks about their data
WITHDRAWAL_DAYS: Final = 15  # to carry a restriction or withdrawal out
LOCAL_PORT: Final = 8765  # the defaults of a room's computer
TABLET_PORT: Final = 8090


class SchoolFacts(NamedTuple):
    """What the settings say. mark_days: how long marks are kept; days: everything else.

    copies: how many full ones each place keeps; copy_places: how many places there are;
    daily_copies: how many lie in the server's own folder.
    """

    name: str
    code: str
    mark_days: int
    days: int
    copies: int
    daily_copies: int
    copy_places: int
    has_department: bool
    is_open: bool
    http_port: int
    mqtt_port: int
    enrol_port: int
    updates_port: int
    has_own_broker: bool


def facts_of(config: ControllerConfig) -> SchoolFacts:
    """The facts in a controller's settings."""
    return SchoolFacts(
        name=config.name or config.school,
        code=config.school,
        mark_days=config.attendance_keep_days,
        days=config.keep_days,
        copies=config.keep_copies,
        daily_copies=config.keep_backups,
        copy_places=sum(bool(place.strip()) for place in config.copies.split(",")),
        has_department=bool(config.upstream),
        is_open=config.open_screens,
        http_port=config.http_port,
        mqtt_port=config.mqtt_port,
        enrol_port=config.enrol_port,
        updates_port=config.updates_port,
        has_own_broker=not config.broker,
    )
