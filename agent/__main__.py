"""This file is the command line: lophoc-agent run, scan, explain, check-camera and the others."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from agent.config import DEFAULT_DATA, DEFAULT_PORT, PREFIX, TITLE, AgentConfig, Passwords
from protocol import __version__
from protocol.command_line import CommandParser
from protocol.door_key import door_key
from protocol.errors import EXIT_SETTINGS, LopHocError, exit_code_of
from protocol.repeats import limit_repeats
from protocol.settings import (
    SettingsError,
    add_options,
    load,
    password_in,
    sample,
    speaker,
)
from protocol.words import N_, Translate

EXIT_UNREAD: Final = 1
EXIT_DAMAGED: Final = 3

_LOG_FORMAT: Final = "%(levelname)s %(name)s: %(message)s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; returns the exit code."""
    say = speaker(PREFIX, os.environ)
    try:
        options = _parser(say).parse_args(arguments)
        return _COMMANDS[options.command](options) or 0
    except LopHocError as error:
        sys.stderr.write(f"lophoc-agent: {error.text(say)}\n")
        return exit_code_of(
            error, EXIT_SETTINGS if isinstance(error, SettingsError) else EXIT_DAMAGED
        )
    except KeyboardInterrupt:
        return 130


def _parser(say: Translate) -> CommandParser:
    parser = CommandParser(
        say=say,
        prog="lophoc-agent",
        description=say(
            N_("The program in a classroom: senses the room's equipment, keeps attendance.")
        ),
    )
    parser.add_argument("--version", action="version", version=f"lophoc-agent {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help=say(N_("run the agent")))
    add_options(run, AgentConfig, say)
    scan = commands.add_parser("scan", help=say(N_("look once and list devices")))
    _add_scan(scan, say)
    explain = commands.add_parser(
        "explain", help=say(N_("say what a device is known by, and why it is missing"))
    )
    explain.add_argument("device_id", metavar="DEVICE_ID")
    _add_json(explain, say)
    _add_data(explain, say)
    camera = commands.add_parser("check-camera", help=say(N_("judge a camera's picture")))
    camera.add_argument("target", metavar="FILE|URL", help=say(N_("a picture, a film, or a URL")))
    _add_json(camera, say)
    _add_camera(camera, say)
    _add_read_cards(
        commands.add_parser("read-cards", help=say(N_("read the cards in pictures"))), say
    )
    _add_page(commands.add_parser("page", help=say(N_("open the teacher's page"))), say)
    repair = commands.add_parser(
        "repair", help=say(N_("put damaged files aside and save what can be read"))
    )
    _add_data(repair, say)
    commands.add_parser("sample-config", help=say(N_("print a commented settings file")))
    return parser


def _add_scan(scan: argparse.ArgumentParser, say: Translate) -> None:
    seconds = say(N_("how long to look [seconds] (default: 5)"))
    scan.add_argument("--seconds", type=float, default=5.0, help=seconds)
    _add_json(scan, say)
    _add_data(scan, say)
    scan.add_argument(
        "--from-udev-db",
        type=Path,
        metavar="FILE",
        help=say(N_("read what `udevadm info --export-db` printed on another computer")),
    )
    _add_camera(scan, say)
    scan.add_argument(
        "--pjlink-password-file",
        default="",
        metavar="FILE",
        help=say(N_("A file that holds the PJLink password of projectors and boards.")),
    )


def _add_read_cards(cards: argparse.ArgumentParser, say: Translate) -> None:
    cards.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help=say(N_("a picture")))
    _add_json(cards, say)
    file = say(N_("a file of keys that door cards are signed with, a line each: VERSION:HEX"))
    cards.add_argument("--door-key-file", type=Path, metavar="FILE", help=file)
    _add_data(cards, say)


def _add_page(page: argparse.ArgumentParser, say: Translate) -> None:
    browser = say(N_("open it in a browser; else its link is printed"))
    page.add_argument("--open", action="store_true", help=browser)
    port = os.environ.get(f"{PREFIX}LOCAL_PORT", DEFAULT_PORT)
    text = say(N_("The port of the teacher's window."))
    page.add_argument("--local-port", type=int, default=port, metavar="PORT", help=text)
    text = say(N_("where the agent leaves its key (default: the usual places)"))
    folder = os.environ.get(f"{PREFIX}DOOR_FOLDER", "")
    page.add_argument("--door-folder", default=folder, metavar="DIR", help=text)


def _add_json(parser: argparse.ArgumentParser, say: Translate) -> None:
    text = say(N_("print JSON for other programs"))
    parser.add_argument("--json", action="store_true", help=text)


def _add_data(parser: argparse.ArgumentParser, say: Translate) -> None:
    text = say(N_("the agent's folder (default: {folder})")).format(folder=DEFAULT_DATA)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help=text)


def _add_camera(parser: argparse.ArgumentParser, say: Translate) -> None:
    user = say(N_("The user name at the room's network cameras."))
    file = say(N_("A file that holds the password of the room's network cameras."))
    parser.add_argument("--camera-user", default="", metavar="NAME", help=user)
    parser.add_argument("--camera-password-file", default="", metavar="FILE", help=file)


def _run(options: argparse.Namespace) -> None:
    config = load(AgentConfig, PREFIX, options, os.environ)
    logging.basicConfig(level=config.log_level.upper(), format=_LOG_FORMAT, stream=sys.stderr)
    limit_repeats()
    for name in ("uvicorn.error", "zeroconf"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from agent.app import run  # noqa: PLC0415 - heavy, and only this command needs it

    asyncio.run(run(config))


def _scan(options: argparse.Namespace) -> None:
    from agent.commands.scan import scan, scan_export  # noqa: PLC0415 - only this command needs it

    if options.from_udev_db:
        answer = scan_export(options.from_udev_db, as_json=options.json, environ=os.environ)
    else:
        secrets = Passwords(
            camera_user=options.camera_user,
            camera=password_in(options.camera_password_file),
            pjlink=password_in(options.pjlink_password_file),
        )
        seconds, data = max(0.0, options.seconds), options.data
        looking = scan(
            seconds, as_json=options.json, environ=os.environ, data=data, secrets=secrets
        )
        answer = asyncio.run(looking)
    sys.stdout.write(answer)


def _explain(options: argparse.Namespace) -> None:
    from agent.commands.explain import explain  # noqa: PLC0415 - heavy, and only this command needs it
    from agent.database import DOCUMENTS  # noqa: PLC0415 - likewise
    from agent.database.documents import Documents  # noqa: PLC0415 - likewise

    saved = Documents(options.data / DOCUMENTS).load()
    answer = explain(saved, options.device_id, as_json=options.json, environ=os.environ)
    sys.stdout.write(answer)


def _check_camera(options: argparse.Namespace) -> None:
    from agent.commands.check_camera import check  # noqa: PLC0415 - heavy, and only this command needs it

    password = password_in(options.camera_password_file)
    answer = check(
        options.target,
        as_json=options.json,
        environ=os.environ,
        user=options.camera_user,
        password=password,
    )
    sys.stdout.write(answer)


def _read_cards(options: argparse.Namespace) -> int:
    from agent.commands.read_cards import keys_in, keys_of_school, read  # noqa: PLC0415 - heavy

    key_file = options.door_key_file
    keys = keys_in(key_file) if key_file else keys_of_school(options.data)
    reading = read(
        options.images, sys.stdout.write, as_json=options.json, environ=os.environ, keys=keys
    )
    return 0 if asyncio.run(reading) else EXIT_UNREAD


def _page(options: argparse.Namespace) -> None:
    from agent.commands.page import browse, link_of  # noqa: PLC0415 - only this command needs it

    link = link_of(
        options.local_port, door_key(options.local_port, os.environ, options.door_folder)
    )
    if not (options.open and browse(link.url)):
        sys.stdout.write(link.text(speaker(PREFIX, os.environ)))


def _repair(options: argparse.Namespace) -> None:
    from agent.database.repair import repair  # noqa: PLC0415 - heavy, and only this command needs it

    say = speaker(PREFIX, os.environ)
    sys.stdout.writelines(f"{deed.text(say)}\n" for deed in repair(options.data))


def _sample(_options: argparse.Namespace) -> None:
    sys.stdout.write(sample(AgentConfig, TITLE, PREFIX))


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int | None]]] = {
    "run": _run,
    "scan": _scan,
    "explain": _explain,
    "check-camera": _check_camera,
    "read-cards": _read_cards,
    "page": _page,
    "repair": _repair,
    "sample-config": _sample,
}

if __name__ == "__main__":
    sys.exit(main())
