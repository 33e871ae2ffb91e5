"""This file is the command line: lophoc-agent run, scan, repair, sample-config."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from agent.config import DEFAULT_DATA, PREFIX, TITLE, AgentConfig
from protocol import __version__
from protocol.errors import LopHocError
from protocol.settings import SettingsError, add_options, load, refuse_unknown, sample, speaker
from protocol.words import N_, Translate

EXIT_SETTINGS: Final = 2
EXIT_DAMAGED: Final = 3

_LOG_FORMAT: Final = "%(levelname)s %(name)s: %(message)s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; returns the exit code."""
    say = speaker(PREFIX, os.environ)
    parser = _parser(say)
    options, extra = parser.parse_known_args(arguments)
    try:
        refuse_unknown(parser, extra)
        _COMMANDS[options.command](options)
    except LopHocError as error:
        sys.stderr.write(f"lophoc-agent: {error.text(say)}\n")
        return EXIT_SETTINGS if isinstance(error, SettingsError) else EXIT_DAMAGED
    except KeyboardInterrupt:
        return 130
    return 0


def _parser(say: Translate) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lophoc-agent",
        description=say(
            N_("The program in a classroom: senses the room's equipment, keeps attendance.")
        ),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"lophoc-agent {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help=say(N_("run the agent")), allow_abbrev=False)
    add_options(run, AgentConfig, say)
    scan = commands.add_parser(
        "scan", help=say(N_("look once and list devices")), allow_abbrev=False
    )
    seconds = say(N_("how long to look [seconds] (default: 5)"))
    scan.add_argument("--seconds", type=float, default=5.0, help=seconds)
    scan.add_argument("--json", action="store_true", help=say(N_("print JSON for other programs")))
    repair = commands.add_parser(
        "repair",
        help=say(N_("put damaged files aside and save what can be read")),
        allow_abbrev=False,
    )
    repair.add_argument(
        "--data",
        type=Path,
        default=DEFAULT_DATA,
        metavar="DIR",
        help=say(N_("the agent's folder (default: {folder})")).format(folder=DEFAULT_DATA),
    )
    commands.add_parser("sample-config", help=say(N_("print a commented settings file")))
    return parser


def _run(options: argparse.Namespace) -> None:
    config = load(AgentConfig, PREFIX, options, os.environ)
    logging.basicConfig(level=config.log_level.upper(), format=_LOG_FORMAT, stream=sys.stderr)
    for name in ("uvicorn.error", "zeroconf"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from agent.app import run  # noqa: PLC0415 - heavy, and only this command needs it

    asyncio.run(run(config))


def _scan(options: argparse.Namespace) -> None:
    from agent.scan import scan  # noqa: PLC0415 - heavy, and only this command needs it

    sys.stdout.write(asyncio.run(scan(options.seconds, as_json=options.json, environ=os.environ)))


def _repair(options: argparse.Namespace) -> None:
    from agent.memory.repair import repair  # noqa: PLC0415 - heavy, and only this command needs it

    say = speaker(PREFIX, os.environ)
    sys.stdout.writelines(f"{deed.text(say)}\n" for deed in repair(options.data))


def _sample(_options: argparse.Namespace) -> None:
    sys.stdout.write(sample(AgentConfig, TITLE, PREFIX))


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], None]]] = {
    "run": _run,
    "scan": _scan,
    "repair": _repair,
    "sample-config": _sample,
}

if __name__ == "__main__":
    sys.exit(main())
