"""This file is the command `lophoc-sim`: it reads the arguments and runs what they name."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import msgspec

from protocol import __version__
from protocol.command_line import CommandParser
from protocol.errors import LopHocError
from protocol.link import broker_from
from protocol.outbox import OutboxError
from protocol.settings import (
    SettingsError,
    add_options,
    load,
    sample,
    speaker,
)
from protocol.topics import level_of
from protocol.words import N_, Translate
from simulators.config import (
    CAMERA_PREFIX,
    DEMO_PREFIX,
    FLEET_PREFIX,
    HOST_PREFIX,
    PROJECTOR_PREFIX,
    PROVINCE_PREFIX,
    SIM_PREFIX,
    SIM_TITLE,
    UDEV_PREFIX,
    CameraConfig,
    DemoConfig,
    FleetConfig,
    HostConfig,
    ProjectorConfig,
    ProvinceConfig,
    SimConfig,
    UdevConfig,
)

Result = TypeVar("Result")

EXIT_FAILED: Final = 1
EXIT_SETTINGS: Final = 2
EXIT_DAMAGED: Final = 3

_COMMANDS: Final = {
    "school": N_("play a school: many rooms in one process"),
    "run": N_("the same as school"),
    "classroom": N_("play one room"),
    "demo": N_("start controller, this computer's agent and a simulated school, for a look"),
    "camera": N_("play one ONVIF camera, and switch its faults by lines"),
    "projector": N_("play one PJLink projector, and switch its faults by lines"),
    "fleet": N_("announce a network full of mDNS devices"),
    "udev": N_("print what udev says while something is plugged in or pulled"),
    "host": N_("write what an ailing computer's kernel shows, as a folder"),
    "province": N_("fill a department: many schools tell it of their equipment"),
    "sample-config": N_("print a settings file for `school` with every setting explained"),
}
_SHAPES: Final[dict[str, tuple[type[msgspec.Struct], str]]] = {
    "demo": (DemoConfig, DEMO_PREFIX),
    "camera": (CameraConfig, CAMERA_PREFIX),
    "projector": (ProjectorConfig, PROJECTOR_PREFIX),
    "fleet": (FleetConfig, FLEET_PREFIX),
    "udev": (UdevConfig, UDEV_PREFIX),
    "host": (HostConfig, HOST_PREFIX),
    "province": (ProvinceConfig, PROVINCE_PREFIX),
}
_SCHOOL: Final[tuple[type[msgspec.Struct], str]] = (SimConfig, SIM_PREFIX)
# What may be written without its option's name.
_POSITIONAL: Final = {"udev": "file", "host": "folder"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `lophoc-sim`; returns the exit code."""
    argv = sys.argv[1:] if arguments is None else list(arguments)
    _, prefix = _SHAPES.get(argv[0] if argv else "", _SCHOOL)
    say = speaker(prefix, os.environ)
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
    match options.command:
        case "sample-config":
            sys.stdout.write(sample(SimConfig, SIM_TITLE, SIM_PREFIX))
        case "school" | "run" | "classroom":
            config = _check(load(SimConfig, SIM_PREFIX, options, os.environ))
            return _play(config, options.command)
        case command:
            shape, prefix = _SHAPES[command]
            return _alone(load(shape, prefix, options, os.environ), say)
    return 0


def _parser(say: Translate) -> CommandParser:
    parser = CommandParser(
        say=say, prog="lophoc-sim", description=say(N_("Classrooms without hardware."))
    )
    parser.add_argument("--version", action="version", version=f"lophoc-sim {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, meaning in _COMMANDS.items():
        says = say(meaning)
        command = commands.add_parser(name, help=says, description=says)
        if name != "sample-config":
            add_options(command, _SHAPES.get(name, _SCHOOL)[0], say)
        if name in _POSITIONAL:
            where = _POSITIONAL[name]
            command.add_argument(where, nargs="?", default=argparse.SUPPRESS, metavar=where.upper())
    return parser


def _check(config: SimConfig) -> SimConfig:
    """Refuse what would only fail later: an address or code that no broker or topic takes."""
    try:
        broker_from(config.broker)
        for code in (config.province, config.school, config.first_room, config.room or "-"):
            level_of(code)
    except ValueError as error:
        raise SettingsError(
            "setting_invalid", N_("A setting is wrong: {cause}."), cause=error
        ) from error
    return config


def _play(config: SimConfig, command: str) -> int:
    from simulators.school import room_of, run, school_of  # noqa: PLC0415 - only this needs zeroconf

    _log(config.log_level)
    rooms = room_of(config) if command == "classroom" else school_of(config)
    asyncio.run(_until_stopped(lambda stop: run(config, rooms, stop)))
    return 0


def _alone(config: msgspec.Struct, say: Translate) -> int:
    """Whatever needs no school round it; each loads only what it needs."""
    match config:
        case DemoConfig():
            return _demo(config)
        case HostConfig():
            from simulators.devices.scripts import host  # noqa: PLC0415

            host(config, say)
        case UdevConfig():
            from simulators.devices.scripts import udev  # noqa: PLC0415

            asyncio.run(_until_stopped(lambda stop: udev(config, say, stop)))
        case CameraConfig():
            from simulators.devices.single import camera  # noqa: PLC0415

            asyncio.run(_until_stopped(lambda stop: camera(config, say, stop)))
        case ProjectorConfig():
            from simulators.devices.single import projector  # noqa: PLC0415

            asyncio.run(_until_stopped(lambda stop: projector(config, say, stop)))
        case ProvinceConfig():
            from simulators.province import run  # noqa: PLC0415

            _log(config.log_level)
            asyncio.run(_until_stopped(lambda stop: run(config, say, stop)))
        case FleetConfig():
            from simulators.devices.single import fleet  # noqa: PLC0415

            asyncio.run(_until_stopped(lambda stop: fleet(config, say, stop)))
    return 0


def _demo(config: DemoConfig) -> int:
    from simulators.demo import run  # noqa: PLC0415 - the school has no use for it

    return asyncio.run(_until_stopped(lambda stop: run(config, stop)))


async def _until_stopped(work: Callable[[asyncio.Event], Awaitable[Result]]) -> Result:
    """Do the work; Ctrl-C, SIGTERM and a closed terminal set its event."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with contextlib.suppress(NotImplementedError, AttributeError):  # as on Windows
            loop.add_signal_handler(getattr(signal, name), stop.set)
    return await work(stop)


def _log(level: str) -> None:
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )


if __name__ == "__main__":
    sys.exit(main())
