"""This file keeps a line of each command that changed something here, or showed pupils."""

from __future__ import annotations

import argparse
from contextlib import suppress
from typing import Final

from controller.access.deeds import BY_COMMAND
from controller.access.store import note_access
from controller.cli.folder import has_database, operator
from controller.cli.school import opened_store, own
from controller.database.clock import now_in
from protocol.errors import LopHocError
from protocol.model import Place

# A new command leaves a line, unless it is named here: it only reads, and no pupil is in it.
READING: Final = frozenset(
    {
        "agents list",
        "agents refused",
        "areas history",
        "attendance verify",
        "doctor",
        "dossier notice",
        "dossier safety",
        "export",
        "forecast",
        "guests list",
        "history list",
        "history show",
        "inspection draw",
        "inspection list",
        "inspection minutes",
        "inspection verify",
        "pull",
        "reconcile",
        "register decisions",
        "register history",
        "register imports",
        "repairs figures",
        "repairs list",
        "report list",
        "report show",
        "report write",
        "schedule sample",
        "schools history",
        "schools seals",
        "stocktake list",
        "stocktake minutes",
        "students proofs",
        "token list",
        "updates list",
        "use",
        "webhooks",
    }
)
# Their lines stand before the look.
OWN_LINES: Final = frozenset(
    {
        "attendance erase",
        "attendance export",
        "attendance find",
        "students erase",
        "students export",
        "students find",
    }
)


def command_code(options: argparse.Namespace) -> str:
    """The words of the command, without what a person wrote behind them."""
    called = options.called.split()[1:]
    return " ".join([*called, *filter(None, [getattr(options, "deed", "")])])


def note_command(options: argparse.Namespace) -> None:
    """Keep that a command was run, where there is a database; what it did is done in any case."""
    code = command_code(options)
    if code in READING | OWN_LINES or getattr(options, "dry_run", False):
        return
    with suppress(LopHocError):
        if has_database(options):
            _keep(options, code)


def _keep(options: argparse.Namespace, code: str) -> None:
    with opened_store(options) as store:
        school = next(iter(own(store, options)), Place())
        who = (f"{BY_COMMAND}{operator()}", 0)
        store.write(note_access, school, who, code, "", now_ms=store.read(now_in))
