"""This file is the command `lophoc-sim`: it reads the arguments and runs what they name."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import pkgutil
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from protocol import __version__
from protocol.command_line import CommandParser
from protocol.errors import LopHocError
from protocol.log import set_up_log
from protocol.outbox import OutboxError
from protocol.settings import SettingsError, add_options, load, sample, speaker
from protocol.words import N_, Translate, translator
from simulators import config
from simulators.config import SimConfig, prefix_of

EXIT_FAILED: Final = 1
EXIT_SETTINGS: Final = 2
EXIT_DAMAGED: Final = 3

_SAMPLE: Final = "sample-config"


class Play(NamedTuple):
    """A command: what it plays, its settings, and what runs it, which is loaded only then."""

    meaning: str
    shape: type[msgspec.Struct]
    runner: str
    positional: str = ""  # what may be written without its option's name


_SCHOOL: Final = "simulators.school:play_school"
PLAYS: Final = {
    "school": Play(N_("play a school: many rooms in one process"), SimConfig, _SCHOOL),
    "run": Play(N_("the same as school"), SimConfig, _SCHOOL),
    "classroom": Play(N_("play one room"), SimConfig, "simulators.school:play_classroom"),
    "demo": Play(
        N_("start controller, this computer's agent and a simulated school, for a look"),
        config.DemoConfig,
        "simulators.demo:play_demo",
    ),
    "camera": Play(
        N_("play one ONVIF camera, and switch its faults by lines"),
        config.CameraConfig,
        "simulators.devices.single:play_camera",
    ),
    "projector": Play(
        N_("play one PJLink projector, and switch its faults by lines"),
        config.ProjectorConfig,
        "simulators.devices.single:play_projector",
    ),
    "fleet": Play(
        N_("announce a network full of mDNS devices"),
        config.FleetConfig,
        "simulators.devices.single:play_fleet",
    ),
    "udev": Play(
        N_("print what udev says while something is plugged in or pulled"),
        config.UdevConfig,
        "simulators.devices.scripts:play_udev",
        "file",
    ),
    "host": Play(
        N_("write what an ailing computer's kernel shows, as a folder"),
        config.HostConfig,
        "simulators.devices.scripts:play_host",
        "folder",
    ),
    "province": Play(
        N_("fill a department: many schools tell it of their equipment"),
        config.ProvinceConfig,
        "simulators.province:play_province",
    ),
    "ledger": Play(
        N_("play a school through faults, and hold what is stored against a list"),
        config.LedgerConfig,
        "simulators.ledger.play:play_ledger",
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `lophoc-sim`; returns the exit code."""
    argv = sys.argv[1:] if arguments is None else list(arguments)
    play = PLAYS.get(argv[0]) if argv else None
    say = speaker(prefix_of(play.shape if play else SimConfig), os.environ)
    try:
        return _run(argv, say)
    except LopHocError as error:
        sys.stderr.write(f"lophoc-sim: {error.text(say)}\n")
        return _exit_code(error)


def _exit_code(error: LopHocError) -> int:
    match error:
        case SettingsError():
            return EXIT_SETTINGS
        case OutboxError():
            return EXIT_DAMAGED
        case _:
            return EXIT_FAILED


def _run(argv: list[str], say: Translate) -> int:
    options = _parser(say).parse_args(argv)
    if options.command == _SAMPLE:
        sys.stdout.write(sample(SimConfig, config.SIM_TITLE, prefix_of(SimConfig)))
        return 0
    play = PLAYS[options.command]
    settings = load(play.shape, prefix_of(play.shape), options, os.environ)
    runner = pkgutil.resolve_name(play.runner)
    if level := getattr(settings, "log_level", ""):
        _log(level)
    if language := getattr(settings, "lang", ""):
        say = translator(language)
    return asyncio.run(_until_stopped(lambda stop: runner(settings, say, stop))) or 0


def _parser(say: Translate) -> CommandParser:
    parser = CommandParser(
        say=say, prog="lophoc-sim", description=say(N_("Classrooms without hardware."))
    )
    parser.add_argument("--version", action="version", version=f"lophoc-sim {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, play in PLAYS.items():
        command = commands.add_parser(name, help=say(play.meaning), description=say(play.meaning))
        add_options(command, play.shape, say)
        if where := play.positional:
            command.add_argument(where, nargs="?", default=argparse.SUPPRESS, metavar=where.upper())
    says = say(N_("print a settings file for `school` with every setting explained"))
    commands.add_parser(_SAMPLE, help=says, description=says)
    return parser


async def _until_stopped(work: Callable[[asyncio.Event], Awaitable[int | None]]) -> int | None:
    """Do the work; Ctrl-C, SIGTERM and a closed terminal set its event."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with contextlib.suppress(NotImplementedError, AttributeError):  # as on Windows
            loop.add_signal_handler(getattr(signal, name), stop.set)
    return await work(stop)


def _log(level: str) -> None:
    set_up_log(level.upper(), "%(asctime)s %(levelname)s %(message)s")


if __name__ == "__main__":
    sys.exit(main())
