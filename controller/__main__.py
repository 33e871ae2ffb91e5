"""This file is the command `lophoc-controller`: arguments, logging, run."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from controller.cli.own_settings import StartSettings, start_settings, with_own_settings
from controller.commands import COMMANDS
from controller.config import ENVIRONMENT, TITLE, ControllerConfig
from protocol.command_line import CommandParser
from protocol.errors import EXIT_SETTINGS, LopHocError, exit_code_of, files_in_words
from protocol.folder import left_to_owner
from protocol.log import set_up_log
from protocol.memory import hold_memory
from protocol.process import module_command
from protocol.settings import SettingsError, add_options, load, sample, speaker
from protocol.version import BUILD
from protocol.words import N_, Translate

EXIT_DAMAGED = 3
MAX_WORKERS: Final = 64
Ended = TypeVar("Ended")

_DAMAGED = frozenset({"store_damaged", "store_newer", "passwords_damaged", "passwords_unreadable"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    say = speaker(ENVIRONMENT, os.environ)
    try:
        options = command_parser(say).parse_args(arguments)
        options.given = sys.argv[1:] if arguments is None else arguments
        with files_in_words(), left_to_owner(partial(_folder, options)):
            code = int(options.command(options))
            if code == 0 and "leave_line" in options:
                options.leave_line(options)
    except LopHocError as error:
        print(f"lophoc-controller: {error.text(say)}", file=sys.stderr)
        return exit_code_of(error, EXIT_DAMAGED if error.code in _DAMAGED else EXIT_SETTINGS)
    return code


def _folder(options: argparse.Namespace) -> Path | None:
    """The controller's folder, where a command is about one. Raises SettingsError."""
    if not {"data", "config"} <= vars(options).keys():
        return None
    from controller.cli.folder import data_folder  # noqa: PLC0415 - --help needs none

    return data_folder(options)


ABOUT = N_("The school's controller: it remembers what the classrooms' agents see.")


def command_parser(say: Translate) -> CommandParser:
    """The parser of all commands, each filled when it is the one to be run."""
    parser = CommandParser(
        say=say,
        prog="lophoc-controller",
        description=say(ABOUT),
    )
    parser.add_argument("--version", action="version", version=f"lophoc {BUILD}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help=say(N_("run the controller")))
    add_options(run, ControllerConfig, say)
    run.set_defaults(command=_run)
    _add_roles(commands, say)
    for entry in COMMANDS:
        meaning = say(entry.meaning)
        commands.add_parser(
            entry.name, help=meaning, description=meaning, fill=partial(entry.fill, say=say)
        )
    printed = say(N_("print a settings file with every option"))
    commands.add_parser("sample-config", help=printed).set_defaults(command=_sample)
    return parser


def _add_roles(commands: Any, say: Translate) -> None:
    """Several processes on one PostgreSQL, for a department."""
    ingest = say(N_("only hear rooms and schools: one process of a PostgreSQL"))
    part = commands.add_parser("ingest", help=ingest, description=ingest)
    add_options(part, ControllerConfig, say)
    part.set_defaults(command=_ingest)
    web = say(N_("only serve the pages, by several processes, beside an ingest"))
    part = commands.add_parser("web", help=web, description=web)
    add_options(part, ControllerConfig, say)
    part.add_argument("--workers", type=_workers, default=2, help=say(N_("how many processes")))
    part.set_defaults(command=_web)


def _workers(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MAX_WORKERS:
        raise ValueError(text)
    return number


def _run(options: argparse.Namespace) -> int:
    first = _start(options)
    from controller.app import run_always  # noqa: PLC0415 - --help needs no web server

    read = partial(_start, options)
    _until_signal(lambda stop: run_always(first, read, stop, dict(os.environ)))
    return 0


def _ingest(options: argparse.Namespace) -> int:
    config = _config(options)
    from controller.app import run_ingest  # noqa: PLC0415 - --help needs no web server

    _until_signal(lambda stop: run_ingest(config, stop, dict(os.environ)))
    return 0


def _web(options: argparse.Namespace) -> int:
    config = _config(options)
    from controller.app import WebCommand, run_web  # noqa: PLC0415 - --help needs no web server

    again = WebCommand(module_command("controller", *options.given), options.workers)
    return _until_signal(lambda stop: run_web(config, stop, dict(os.environ), again))


def _config(options: argparse.Namespace) -> ControllerConfig:
    named = _named(options)
    return _set_up(load(ControllerConfig, ENVIRONMENT, named, os.environ, with_own_settings))


def _start(options: argparse.Namespace) -> StartSettings:
    from controller.cli.restored import take_restored  # noqa: PLC0415 - --help needs none

    named = _named(options)
    start = start_settings(named, os.environ)
    if take_restored(start.config.data):
        start = start_settings(named, os.environ)
    return start._replace(config=_set_up(start.config))


def _named(options: argparse.Namespace) -> argparse.Namespace:
    """The options with the folder that the settings they name mean. Raises SettingsError."""
    from controller.cli.folder import INSTALLED  # noqa: PLC0415 - --help needs none

    return INSTALLED.for_start(options, os.environ)


def _set_up(config: ControllerConfig) -> ControllerConfig:
    """The settings with the department's, where the school is known; they hold from here on."""
    from controller.broker.above import with_department  # noqa: PLC0415 - --help needs no broker

    whole = with_department(config) if config.school else config
    _log(whole.log_level)
    hold_memory()
    return whole


def _until_signal(play: Callable[[asyncio.Event], Coroutine[Any, Any, Ended]]) -> Ended:
    async def until_signal() -> Ended:
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        return await play(stop)

    return asyncio.run(until_signal())


def _sample(_options: argparse.Namespace) -> int:
    print(sample(ControllerConfig, TITLE, ENVIRONMENT), end="")
    return 0


def _log(level: str) -> None:
    levels = logging.getLevelNamesMapping()
    if level.upper() not in levels:
        raise SettingsError("setting_invalid", N_("There is no log level {level}."), level=level)
    set_up_log(levels[level.upper()], "%(levelname)s %(name)s: %(message)s")
    for chatty in ("alembic", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
