"""This file is `lophoc-controller password`: set an account's password, or show a set-up link."""

from __future__ import annotations

import argparse
import getpass
import sys

from msgspec.structs import replace

from controller.access.account import OFFICE, Account, account_name
from controller.access.codes import FirstCode, setup_link
from controller.access.office import keep_office
from controller.access.passkey_store import drop_passkeys
from controller.access.passwords import check_password, hashed
from controller.access.store import account_of, end_sessions, keep_account
from controller.cli.folder import add_place, existing_folder, has_database, told_address
from controller.cli.output import tell
from controller.cli.school import opened_store
from controller.database.clock import now_in
from controller.people.person import Role
from protocol.command_line import CommandParser, unwritable
from protocol.words import N_, Translate


def fill_password(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    parser.add_argument("deed", choices=["set", "setup-link"])
    add_place(parser, say)
    whose = say(N_("whose password; the office's account if none is named"))
    parser.add_argument("--account", default=OFFICE, metavar="NAME", help=whose)
    address = say(N_("how browsers call this server, http://HOST:PORT"))
    parser.add_argument("--address", default="", metavar="URL", help=address)
    deeds = {"set": _set, "setup-link": _setup_link}
    parser.set_defaults(command=lambda options: deeds[options.deed](options, say))


def _set(options: argparse.Namespace, say: Translate) -> int:
    folder, name = existing_folder(options), account_name(options.account)
    prompt = say(N_("New password: "))
    typed = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    check_password(typed, name)
    if has_database(options):
        _keep(options, name, typed)
    else:
        with unwritable(folder):
            keep_office(folder, typed)
    tell(say(N_("The password is set; who was logged in by it must log in again.")))
    return 0


def _keep(options: argparse.Namespace, name: str, password: str) -> None:
    """A new account is an administrator's: who runs this command may do all."""
    with opened_store(options) as store, store.transaction() as db:
        now_ms = now_in(db)
        before = account_of(db, name) or Account(account=name, role=Role.ADMIN, made_ms=now_ms)
        keep_account(db, replace(before, password=hashed(password), setup="", ended_ms=None))
        drop_passkeys(db, name)
        end_sessions(db, name, now_ms=now_ms)


def _setup_link(options: argparse.Namespace, say: Translate) -> int:
    folder = existing_folder(options)
    base = options.address.rstrip("/") or told_address(options)
    with unwritable(folder):
        code = FirstCode(folder).renew()
    tell(say(N_("This link works once; it makes an administrator's account:")))
    tell(setup_link(base, code))
    return 0
