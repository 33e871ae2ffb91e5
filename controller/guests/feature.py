"""This file says what guests bring: room for the encrypted copies of other schools."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, MenuEntry, Program
from controller.guests.registry import GUESTS
from controller.people.person import Permission
from protocol.words import N_


def _has_guests(program: Program, _language: str) -> dict[str, bool]:
    return {"has_guests": (program.config.data / GUESTS).exists()}


FEATURE: Final = Feature(
    name="guests",
    frame=_has_guests,
    menu=[
        MenuEntry(
            "/guests",
            N_("Other schools' copies"),
            (Permission.MANAGE,),
            lambda frame: bool(frame["has_guests"]),
            rank=9,
            is_tool=True,
        )
    ],
)
