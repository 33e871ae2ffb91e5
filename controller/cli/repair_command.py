"""This file is `lophoc-controller repair`: put a damaged database aside, its newest copy back."""

from __future__ import annotations

import argparse
import time

from controller.cli.folder import add_place, existing_database
from controller.cli.output import tell
from controller.database.upkeep import is_sound, repair
from protocol.command_line import CommandParser
from protocol.folder import lock_folder
from protocol.formats import phrase
from protocol.words import N_, Translate


def fill_repair(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _repair(options, say))


def _repair(options: argparse.Namespace, say: Translate) -> int:
    database = existing_database(options)
    with lock_folder(database.parent):
        if is_sound(database):
            tell(phrase(N_("{path} is sound; nothing was changed."), say, path=database))
            return 0
        stamp = time.strftime("%Y%m%d-%H%M%S")
        copy = repair(database, database.parent / "backups", stamp)
    aside = N_("The damaged database was put aside as {path}.")
    tell(phrase(aside, say, path=f"{database.name}.damaged-{stamp}"))
    if copy is None:
        tell(say(N_("There is no sound copy: it starts empty and the agents report anew.")))
    else:
        restored = N_("Restored from {path}; what the agents still hold will be sent again.")
        tell(phrase(restored, say, path=copy))
    return 0
