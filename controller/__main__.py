"""This file is the command `lophoc-controller`: arguments, logging, run."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from controller.cards.command import add_cards
from controller.config import ENVIRONMENT, TITLE, ControllerConfig
from controller.department.command import add_department
from controller.forecast.command import add_forecast
from controller.inventory.command import add_export
from controller.reconcile.command import add_reconcile
from controller.register.command import add_register
from controller.repairs.command import add_repairs
from controller.roster.command import add_roster
from controller.roster.schedule_command import add_schedule
from controller.stocktake.command import add_stocktake
from controller.stocktake.labels_command import add_labels
from controller.use.command import add_use
from protocol import __version__
from protocol.errors import LopHocError
from protocol.folder import lock_folder
from protocol.settings import SettingsError, add_options, load, refuse_unknown, sample, speaker
from protocol.words import N_, Translate

EXIT_SETTINGS = 2
EXIT_DAMAGED = 3

_DAMAGED = frozenset({"store_damaged", "store_newer", "store_unreachable", "passwords_damaged"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    say = speaker(ENVIRONMENT, os.environ)
    parser = _parser(say)
    options, extra = parser.parse_known_args(arguments)
    try:
        refuse_unknown(parser, extra)
        return int(options.command(options))
    except LopHocError as error:
        print(f"lophoc-controller: {error.text(say)}", file=sys.stderr)
        return EXIT_DAMAGED if error.code in _DAMAGED else EXIT_SETTINGS


def _parser(say: Translate) -> argparse.ArgumentParser:
    from controller.attendance.command import add_commands  # noqa: PLC0415 - not for every start

    parser = argparse.ArgumentParser(
        prog="lophoc-controller",
        description=say(
            N_("The school's controller: it remembers what the classrooms' agents see.")
        ),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"lophoc {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help=say(N_("run the controller")), allow_abbrev=False)
    add_options(run, ControllerConfig, say)
    run.set_defaults(command=_run)
    agents = commands.add_parser(
        "agents", help=say(N_("give agents a password, or take it away")), allow_abbrev=False
    )
    deed = say(N_("give a password, take it away, or list who has one"))
    agents.add_argument("deed", choices=["add", "remove", "list"], help=deed)
    agents.add_argument("agent", nargs="?", help=say(N_("the agent's id")))
    data = say(N_("the controller's folder"))
    agents.add_argument("--data", type=Path, required=True, metavar="DIR", help=data)
    agents.set_defaults(command=_agents)
    repair = commands.add_parser(
        "repair", help=say(N_("put a damaged database aside and its newest sound copy back"))
    )
    repair.add_argument("--data", type=Path, required=True, metavar="DIR", help=data)
    repair.set_defaults(command=_repair)
    add_roster(commands, say)
    add_schedule(commands, say)
    add_cards(commands, say)
    add_register(commands, say)
    add_reconcile(commands, say)
    add_use(commands, say)
    add_forecast(commands, say)
    add_repairs(commands, say)
    add_export(commands, say)
    add_labels(commands, say)
    add_stocktake(commands, say)
    add_department(commands, say)
    add_commands(commands, say)
    shown = commands.add_parser(
        "sample-config", help=say(N_("print a settings file with every option"))
    )
    shown.set_defaults(command=_sample)
    return parser


def _run(options: argparse.Namespace) -> int:
    config = load(ControllerConfig, ENVIRONMENT, options, os.environ)
    _log(config.log_level)
    from controller.app import run  # noqa: PLC0415 - --help needs no web server

    async def until_signal() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await run(config, stop, dict(os.environ))

    asyncio.run(until_signal())
    return 0


def _agents(options: argparse.Namespace) -> int:
    from controller.broker.credentials import Credentials  # noqa: PLC0415

    credentials = Credentials(options.data / "agents.json")
    match options.deed, options.agent:
        case "list", _:
            print("\n".join(sorted(credentials.users())))
        case _, None:
            raise SettingsError("agent_missing", N_("Which agent?"), N_("Give its id."))
        case "add", agent:
            print(credentials.add(agent))
        case _, agent:
            credentials.remove(agent)
    return 0


def _repair(options: argparse.Namespace) -> int:
    from controller.database.upkeep import is_sound, repair  # noqa: PLC0415

    say = speaker(ENVIRONMENT, os.environ)
    database = options.data / "lophoc.db"
    if not database.exists():
        raise SettingsError(
            "nothing_to_repair", N_("There is no database at {database}."), database=database
        )
    with lock_folder(options.data):
        if is_sound(database):
            print(say(N_("{path} is sound; nothing was changed.")).format(path=database))
            return 0
        stamp = time.strftime("%Y%m%d-%H%M%S")
        copy = repair(database, options.data / "backups", stamp)
    aside = say(N_("The damaged database was put aside as {path}."))
    print(aside.format(path=f"{database.name}.damaged-{stamp}"))
    if copy is None:
        print(say(N_("There is no sound copy: it starts empty and the agents report anew.")))
    else:
        restored = say(N_("Restored from {path}; what the agents still hold will be sent again."))
        print(restored.format(path=copy))
    return 0


def _sample(_options: argparse.Namespace) -> int:
    print(sample(ControllerConfig, TITLE, ENVIRONMENT), end="")
    return 0


def _log(level: str) -> None:
    levels = logging.getLevelNamesMapping()
    if level.upper() not in levels:
        raise SettingsError("setting_invalid", N_("There is no log level {level}."), level=level)
    logging.basicConfig(
        level=levels[level.upper()], format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    for chatty in ("alembic", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
