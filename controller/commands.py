"""This file lists the commands in the order of --help; only the one that is run is imported.

They stand in the `command.py` of their folders, where `fill_<command>` gives one its arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pkgutil import resolve_name
from typing import Any, Final, NamedTuple

from protocol.command_line import CommandParser
from protocol.words import N_, Translate


class CommandEntry(NamedTuple):
    """A command: its word, the module below `controller` that holds it, and what it is for."""

    name: str
    module: str
    meaning: str

    def fill(self, parser: CommandParser, say: Translate) -> None:
        """Give the command its arguments; its module is imported now."""
        parser.set_defaults(
            adopt_plan=partial(_call, "controller.features:adopt_plan"),
            is_readable=partial(_call, "controller.features:is_readable"),
            erase_pupil=partial(_call, "controller.students.erasing:erase_everywhere"),
            verify_evidence=partial(_call, "controller.evidence.command:verify"),
            schools_of=partial(_call, "controller.roster.store:schools_of"),
            features=partial(resolve_name, "controller.features:FEATURES"),
            life_years=partial(_call, "controller.forecast.life_table:years_in"),
            leave_line=partial(_call, "controller.access.command_log:note_command"),
        )
        resolve_name(f"controller.{self.module}:fill_{self.name}")(parser, say)


def _call(name: str, *args: Any) -> Any:
    """Call the function of this name; its module is imported now."""
    return resolve_name(name)(*args)


COMMANDS: Final[Sequence[CommandEntry]] = (
    CommandEntry("agents", "broker.command", N_("give agents a password, or take it away")),
    CommandEntry(
        "repair",
        "cli.repair_command",
        N_("put a damaged database aside and its newest sound copy back"),
    ),
    CommandEntry("backup", "copies.command", N_("copy everything, encrypted, into another place")),
    CommandEntry("restore", "copies.command", N_("bring a controller back from a copy")),
    CommandEntry(
        "guests", "guests.command", N_("let other schools leave their encrypted copies here")
    ),
    CommandEntry("roster", "roster.command", N_("bring class lists in, show them, erase a pupil")),
    CommandEntry("schedule", "schedule.command", N_("bring in bells, terms, holidays, timetable")),
    CommandEntry("cards", "cards.command", N_("print cards of a class, revoke a door card")),
    CommandEntry(
        "register",
        "reconcile.decide_command",
        N_("bring the equipment book in, decide about what was seen"),
    ),
    CommandEntry(
        "reconcile", "reconcile.command", N_("compare the equipment book with what was seen")
    ),
    CommandEntry("use", "use.command", N_("how many hours a week boards are used")),
    CommandEntry(
        "forecast",
        "forecast.command",
        N_("what equipment reaches its end of life when, and its cost"),
    ),
    CommandEntry("repairs", "repairs.command", N_("what is broken and being repaired")),
    CommandEntry(
        "export",
        "inventory.command",
        N_("write the inventory for Excel, GLPI, Snipe-IT or programs"),
    ),
    CommandEntry(
        "pull",
        "inventory.pull_command",
        N_("copy another controller's inventory into a file or database, and keep it up to date"),
    ),
    CommandEntry(
        "labels", "stocktake.labels_command", N_("print labels with QR codes for the equipment")
    ),
    CommandEntry(
        "stocktake", "stocktake.command", N_("begin or end a stocktake, write its minutes")
    ),
    CommandEntry(
        "inspection",
        "inspection.command",
        N_("draw, ask and list inspections from the desk, draw a sample again, write minutes"),
    ),
    CommandEntry("report", "reports.command", N_("make, compare and write report packs")),
    CommandEntry(
        "webhooks", "webhooks.command", N_("tell how far webhooks are and why one takes nothing")
    ),
    CommandEntry(
        "history",
        "history.command",
        N_("a department's figures over days, and its dated files"),
    ),
    CommandEntry("areas", "department.command", N_("areas (communes, wards), and their mergers")),
    CommandEntry("schools", "department.command", N_("schools, and their mergers")),
    CommandEntry("rooms", "department.command", N_("in which building and site rooms are")),
    CommandEntry(
        "updates",
        "updates.command",
        N_("give this server a version for the rooms, have it go out, stop it"),
    ),
    CommandEntry(
        "attendance",
        "attendance.command",
        N_("verify the attendance log, write a class's sheet, find or erase a pupil"),
    ),
    CommandEntry(
        "students",
        "students.command",
        N_("find, export or erase all data of one pupil"),
    ),
    CommandEntry(
        "dossier", "dossier.command", N_("print papers on pupils' data, and the safety dossier")
    ),
    CommandEntry(
        "doctor", "doctor.command", N_("say what is wrong here and what to do, without logs")
    ),
    CommandEntry(
        "enrol", "department.enrol_command", N_("join the department above by a code of its page")
    ),
    CommandEntry("password", "access.command", N_("set a password, show a set-up link")),
    CommandEntry("token", "access.token_command", N_("give a program a token, list them, end one")),
)
