"""This file says what the dossier brings: papers to print, by pages and by a command."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, MenuEntry
from controller.people.person import Permission
from protocol.words import N_

FEATURE: Final = Feature(
    name="dossier",
    menu=(MenuEntry("/dossier", N_("Papers on data"), (Permission.MANAGE,), rank=8, is_tool=True),),
)
