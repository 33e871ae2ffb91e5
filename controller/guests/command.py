"""This file is `lophoc-controller guests`: which schools leave their encrypted copies here."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from controller.broker.authority import Authority
from controller.cli.folder import (
    add_place,
    existing_database,
    existing_folder,
    has_database,
    shows_authority,
)
from controller.cli.output import tell
from controller.guests.registry import GUESTS, Guest, add_guest, end_guest, guests_in
from controller.guests.store import GuestShelf
from protocol.command_line import CommandParser, unwritable
from protocol.enrolment import fingerprint_of
from protocol.formats import phrase
from protocol.model import Place
from protocol.words import N_, Translate

LIMIT_MB: Final = 20_000


def fill_guests(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    added = say(N_("let a school leave its encrypted copies here; prints its token, once"))
    add = deeds.add_parser("add", help=added, description=added)
    _add_school(add, say)
    limit = say(N_("how much of this disk they may have [MB] (default: 20000)"))
    add.add_argument("--limit-mb", type=int, default=LIMIT_MB, metavar="MB", help=limit)
    add.set_defaults(command=lambda options: _add(options, say))
    ended = say(N_("take no more copies of a school; those that are here stay"))
    end = deeds.add_parser("end", help=ended, description=ended)
    _add_school(end, say)
    end.set_defaults(command=lambda options: _end(options, say))
    shown = say(N_("list the schools, and what of theirs is here"))
    listing = deeds.add_parser("list", help=shown, description=shown)
    add_place(listing, say)
    listing.set_defaults(command=lambda options: _list(options, say))


def _add_school(parser: argparse.ArgumentParser, say: Translate) -> None:
    parser.add_argument("province", metavar="PROVINCE", help=say(N_("the province's code")))
    parser.add_argument("guest", metavar="SCHOOL", help=say(N_("the school's code")))
    add_place(parser, say)


def _add(options: argparse.Namespace, say: Translate) -> int:
    folder = _folder(options)
    with unwritable(folder / GUESTS):
        token = add_guest(folder, _place(options), max(1, options.limit_mb))
    tell(say(N_("The token of this school, shown once; type it there when `backup --to` asks:")))
    tell(f"{token}{_certificate(options, folder)}")
    return 0


def _certificate(options: argparse.Namespace, folder: Path) -> str:
    """What the other side holds this server's certificate against, behind a dot."""
    authority = Authority(folder)
    if not (shows_authority(options) and authority.file.exists()):
        return ""
    return f".{fingerprint_of(authority.pem()).hex()}"


def _end(options: argparse.Namespace, say: Translate) -> int:
    folder = _folder(options)
    with unwritable(folder / GUESTS):
        end_guest(folder, _place(options))
    tell(phrase(N_("No more copies of {school} are taken."), say, school=options.guest))
    return 0


def _list(options: argparse.Namespace, say: Translate) -> int:
    folder = _folder(options)
    guests = guests_in(folder)
    for line in (_line(folder, guest, say) for guest in guests):
        tell(line)
    if not guests:
        tell(say(N_("No school leaves copies here.")))
    return 0


def _line(folder: Path, guest: Guest, say: Translate) -> str:
    files = GuestShelf(folder, guest, 1).files()
    text = N_(
        "{province} {school}: {count} {count:copy|copies}, {size} MB of {limit}; newest: {file}"
    )
    return phrase(
        text,
        say,
        province=guest.province,
        school=guest.school,
        count=len(files),
        size=sum(each.size for each in files) / 1_000_000,
        limit=guest.limit_mb,
        file=files[-1].file if files else "-",
    )


def _folder(options: argparse.Namespace) -> Path:
    """The folder of a controller at work. Raises SettingsError."""
    if not has_database(options):
        existing_database(options)
    return existing_folder(options)


def _place(options: argparse.Namespace) -> Place:
    return Place(options.province, options.guest)
