"""This file is the command `lophoc-controller`: arguments, logging, run."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial

from controller.commands import COMMANDS
from controller.config import ENVIRONMENT, TITLE, ControllerConfig
from protocol import __version__
from protocol.command_line import CommandParser
from protocol.errors import EXIT_SETTINGS, LopHocError, exit_code_of, files_in_words
from protocol.log import set_up_log
from protocol.memory import hold_memory
from protocol.settings import SettingsError, add_options, load, sample, speaker
from protocol.words import N_, Translate

EXIT_DAMAGED = 3

_DAMAGED = frozenset({"store_damaged", "store_newer", "passwords_damaged", "passwords_unreadable"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    say = speaker(ENVIRONMENT, os.environ)
    try:
        options = command_parser(say).parse_args(arguments)
        with files_in_words():
            code = int(options.command(options))
            if code == 0 and "leave_line" in options:
                options.leave_line(options)
    except LopHocError as error:
        print(f"lophoc-controller: {error.text(say)}", file=sys.stderr)
        return exit_code_of(error, EXIT_DAMAGED if error.code in _DAMAGED else EXIT_SETTINGS)
    return code


ABOUT = N_("The school's controller: it remembers what the classrooms' agents see.")


def command_parser(say: Translate) -> CommandParser:
    """The parser of all commands, each filled when it is the one to be run."""
    parser = CommandParser(
        say=say,
        prog="lophoc-controller",
        description=say(ABOUT),
    )
    parser.add_argument("--version", action="version", version=f"lophoc {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help=say(N_("run the controller")))
    add_options(run, ControllerConfig, say)
    run.set_defaults(command=_run)
    for entry in COMMANDS:
        meaning = say(entry.meaning)
        commands.add_parser(
            entry.name, help=meaning, description=meaning, fill=partial(entry.fill, say=say)
        )
    printed = say(N_("print a settings file with every option"))
    commands.add_parser("sample-config", help=printed).set_defaults(command=_sample)
    return parser


def _run(options: argparse.Namespace) -> int:
    from controller.broker.above import with_department  # noqa: PLC0415 - --help needs no broker

    config = with_department(load(ControllerConfig, ENVIRONMENT, options, os.environ))
    _log(config.log_level)
    hold_memory()
    from controller.app import run_on_any_disk  # noqa: PLC0415 - --help needs no web server

    async def until_signal() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await run_on_any_disk(config, stop, dict(os.environ))

    asyncio.run(until_signal())
    return 0


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
