"""This file says what the quarantine brings: what could not be taken, shown and tried again."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, MenuEntry
from controller.people.person import Permission
from controller.quarantine import store
from controller.quarantine.service import quarantine_of
from controller.quarantine.tables import quarantine
from protocol.words import N_

FEATURE: Final = Feature(
    name="quarantine",
    held=("POST /quarantine",),
    keep=store.keep,
    figures=store.counts,
    forget=(quarantine.c.received_ms,),
    look=lambda program: program.service(quarantine_of).look,
    frame=lambda program, _words: {"quarantined": program.service(quarantine_of).length},
    menu=(
        MenuEntry(
            "/quarantine",
            N_("Messages not taken"),
            (Permission.MANAGE,),
            lambda frame: frame["quarantined"],
            9,
        ),
    ),
)
