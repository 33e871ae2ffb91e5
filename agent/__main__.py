"""This file is the command line: lophoc-agent run, scan, explain, check-camera and the others."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from agent.config import (
    DEFAULT_DATA,
    DEFAULT_PORT,
    INSTALLED,
    PREFIX,
    TITLE,
    AgentConfig,
    Passwords,
)
from agent.school.credential import settings_with
from protocol.command_line import CommandParser
from protocol.door_key import door_key
from protocol.errors import EXIT_SETTINGS, LopHocError, exit_code_of, files_in_words
from protocol.folder import left_to_owner
from protocol.installed import add_place
from protocol.log import set_up_log
from protocol.loop import run_async
from protocol.memory import hold_memory
from protocol.settings import (
    SettingsError,
    add_options,
    load,
    password_in,
    sample,
    speaker,
)
from protocol.typed_code import code_of
from protocol.version import BUILD
from protocol.words import N_, Translate

EXIT_UNREAD: Final = 1
EXIT_DAMAGED: Final = 3

LOG: Final = "agent.log"
_LOG_FORMAT: Final = "%(levelname)s %(name)s: %(message)s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; returns the exit code."""
    say = speaker(PREFIX, os.environ)
    try:
        options = _parser(say).parse_args(arguments)
        with files_in_words(), left_to_owner(partial(_folder, options)):
            return _COMMANDS[options.command](options) or 0
    except LopHocError as error:
        sys.stderr.write(f"lophoc-agent: {error.text(say)}\n")
        return exit_code_of(
            error, EXIT_SETTINGS if isinstance(error, SettingsError) else EXIT_DAMAGED
        )
    except KeyboardInterrupt:
        return 130


def _folder(options: argparse.Namespace) -> Path | None:
    """The agent's folder, where a command is about one. Raises SettingsError."""
    if "data" not in options:
        return None
    return INSTALLED.readable_folder(options, os.environ)


def _parser(say: Translate) -> CommandParser:
    parser = CommandParser(
        say=say,
        prog="lophoc-agent",
        description=say(
            N_("The program in a classroom: senses the room's equipment, keeps attendance.")
        ),
    )
    parser.add_argument("--version", action="version", version=f"lophoc-agent {BUILD}")
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
    add_place(camera, say(N_("the agent's folder, which tells whether the cameras are off")), say)
    _add_read_cards(
        commands.add_parser("read-cards", help=say(N_("read the cards in pictures"))), say
    )
    _add_page(commands.add_parser("page", help=say(N_("open the teacher's page"))), say)
    _add_enrol(
        commands.add_parser("enrol", help=say(N_("join a school by the code that it shows"))), say
    )
    repair = commands.add_parser(
        "repair", help=say(N_("put damaged files aside and save what can be read"))
    )
    _add_data(repair, say)
    doctor = commands.add_parser(
        "doctor", help=say(N_("say what is wrong here and what to do, without logs"))
    )
    _add_doctor(doctor, say)
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
    port = os.environ.get(f"{PREFIX}LOCAL_PORT")
    text = say(N_("The port of the teacher's window."))
    page.add_argument("--local-port", type=int, default=port, metavar="PORT", help=text)
    text = say(N_("where the agent leaves its key (default: the usual places)"))
    page.add_argument("--door-folder", default="", metavar="DIR", help=text)


def _add_doctor(doctor: argparse.ArgumentParser, say: Translate) -> None:
    text = say(N_("write what may be sent to who helps you; it holds no name, code or address"))
    doctor.add_argument("--bundle", type=Path, metavar="FILE", help=text)
    add_options(doctor, AgentConfig, say)


def _add_enrol(enrol: argparse.ArgumentParser, say: Translate) -> None:
    code = say(
        N_("the code that the school's controller shows, or its link; none: knock, and compare")
    )
    enrol.add_argument("code", nargs="*", metavar="CODE", help=code)
    room = say(N_("where this computer stands, for the office to see when it knocks"))
    enrol.add_argument("--room", default="", metavar="ROOM", help=room)
    where = say(N_("the controller's address; without it, it is looked for in the network"))
    enrol.add_argument("--controller", default="", metavar="HOST[:PORT]", help=where)
    _add_data(enrol, say)


def _add_json(parser: argparse.ArgumentParser, say: Translate) -> None:
    text = say(N_("print JSON for other programs"))
    parser.add_argument("--json", action="store_true", help=text)


def _add_data(parser: argparse.ArgumentParser, say: Translate) -> None:
    add_place(parser, say(N_("the agent's folder (default: the installed agent's)")), say)


def _add_camera(parser: argparse.ArgumentParser, say: Translate) -> None:
    user = say(N_("The user name at the room's network cameras."))
    file = say(N_("A file that holds the password of the room's network cameras."))
    parser.add_argument("--camera-user", default="", metavar="NAME", help=user)
    parser.add_argument("--camera-password-file", default="", metavar="FILE", help=file)


def _run(options: argparse.Namespace) -> int:
    complete = partial(settings_with, default_data=DEFAULT_DATA)
    named = INSTALLED.for_start(options, os.environ)
    settings = partial(load, AgentConfig, PREFIX, named, os.environ, complete)
    config = settings()
    set_up_log(config.log_level.upper(), _LOG_FORMAT, config.data / LOG)
    hold_memory()
    for name in ("uvicorn.error", "zeroconf"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from agent.app import run  # noqa: PLC0415 - heavy, and only this command needs it

    return run(settings)


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
        seconds = max(0.0, options.seconds)
        data = INSTALLED.readable_folder(options, os.environ)
        looking = scan(
            seconds, as_json=options.json, environ=os.environ, data=data, secrets=secrets
        )
        answer = run_async(looking)
    sys.stdout.write(answer)


def _explain(options: argparse.Namespace) -> None:
    from agent.commands.explain import explain  # noqa: PLC0415 - heavy, and only this command needs it
    from agent.database import DOCUMENTS  # noqa: PLC0415 - likewise
    from agent.database.documents import Documents  # noqa: PLC0415 - likewise

    saved = Documents(INSTALLED.folder(options, os.environ) / DOCUMENTS).load()
    answer = explain(saved, options.device_id, as_json=options.json, environ=os.environ)
    sys.stdout.write(answer)


def _check_camera(options: argparse.Namespace) -> None:
    from agent.commands.check_camera import check  # noqa: PLC0415 - heavy, and only this command needs it
    from agent.commands.switched import shutter_for  # noqa: PLC0415 - likewise

    password = password_in(options.camera_password_file)
    answer = check(
        options.target,
        as_json=options.json,
        environ=os.environ,
        shutter=shutter_for(options, os.environ),
        user=options.camera_user,
        password=password,
    )
    sys.stdout.write(answer)


def _read_cards(options: argparse.Namespace) -> int:
    from agent.commands.read_cards import known_to_room, read, signed_by  # noqa: PLC0415 - heavy

    key_file = options.door_key_file
    data = INSTALLED.readable_folder(options, os.environ) or DEFAULT_DATA
    is_valid = signed_by(key_file) if key_file else known_to_room(data)
    reading = read(
        options.images,
        sys.stdout.write,
        as_json=options.json,
        environ=os.environ,
        is_valid=is_valid,
    )
    return 0 if run_async(reading) else EXIT_UNREAD


def _page(options: argparse.Namespace) -> None:
    from agent.commands.page import browse, link_of  # noqa: PLC0415 - only this command needs it

    told = partial(_told, options)
    port = options.local_port or int(told("local_port") or DEFAULT_PORT)
    link = link_of(port, door_key(port, os.environ, options.door_folder or told("door_folder")))
    if not (options.open and browse(link.url)):
        sys.stdout.write(link.text(speaker(PREFIX, os.environ)))


def _told(options: argparse.Namespace, name: str) -> str:
    """What the installed agent's settings say, to an account that may read them."""
    try:
        return INSTALLED.told(options, os.environ, name)
    except SettingsError:
        return ""


def _enrol(options: argparse.Namespace) -> None:
    code = code_of(options.code)
    from agent.commands.enrol import compare_typed, look_for_controllers  # noqa: PLC0415 - heavy
    from agent.database import DOCUMENTS  # noqa: PLC0415 - likewise
    from agent.database.documents import Documents  # noqa: PLC0415 - likewise
    from agent.health.machine import agent_id_from  # noqa: PLC0415 - likewise
    from hardware.host.machine import identify  # noqa: PLC0415 - likewise
    from protocol import joining  # noqa: PLC0415 - likewise
    from protocol.knocking import knock  # noqa: PLC0415 - likewise

    invited = joining.invited_by(code) if code else None
    if options.controller:
        controllers = [joining.controller_at(options.controller)]
    elif invited and invited.controller:
        controllers = [invited.controller]
    else:
        controllers = run_async(look_for_controllers())
    data = INSTALLED.folder(options, os.environ)
    saved, machine = Documents(data / DOCUMENTS).load(), identify()
    agent = saved.agent_id or agent_id_from(machine.hostname, machine.machine)
    computer = joining.Computer(agent, machine.hostname)
    if invited:
        joined = joining.enrol(invited, controllers, computer, data)
    else:
        joined = knock(controllers, computer, options.room, data, compare_typed)
    say, credential = speaker(PREFIX, os.environ), joined.credential
    done = N_("Enrolled: this is {agent} in room {room} of {school}.")
    same = N_("The controller's page shows the same four words: {words}")
    next_step = N_("An agent that runs takes it up by itself; else start it.")
    values = {"agent": credential.agent, "room": credential.room, "school": credential.school}
    lines = (say(done).format(**values), say(same).format(words=joined.words), say(next_step))
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _repair(options: argparse.Namespace) -> None:
    from agent.database.repair import repair  # noqa: PLC0415 - heavy, and only this command needs it

    say = speaker(PREFIX, os.environ)
    data = INSTALLED.folder(options, os.environ)
    sys.stdout.writelines(f"{deed.text(say)}\n" for deed in repair(data))


def _doctor(options: argparse.Namespace) -> int:
    from agent.doctor.command import examine  # noqa: PLC0415 - heavy, and only this command needs it

    return examine(options, os.environ, sys.stdout.write)


def _sample(_options: argparse.Namespace) -> None:
    sys.stdout.write(sample(AgentConfig, TITLE, PREFIX))


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int | None]]] = {
    "run": _run,
    "scan": _scan,
    "explain": _explain,
    "check-camera": _check_camera,
    "read-cards": _read_cards,
    "page": _page,
    "enrol": _enrol,
    "repair": _repair,
    "doctor": _doctor,
    "sample-config": _sample,
}

if __name__ == "__main__":
    sys.exit(main())
