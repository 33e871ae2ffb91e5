"""This file is `lophoc-controller backup` and `restore`: everything into a file, and back."""

from __future__ import annotations

import argparse
import getpass
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.cli.folder import (
    add_place,
    data_folder,
    existing_database,
    existing_folder,
    has_database,
    told_settings,
)
from controller.cli.output import tell
from controller.copies.content import COPIES, SETTINGS_FILE
from controller.copies.copying import make_copy
from controller.copies.errors import CopyError
from controller.copies.keys import PassphraseOpener, keep_key, key_in, new_key, rewrapped
from controller.copies.remote import RemoteShelf, has_token, is_address, keep_token
from controller.copies.restore import Restored, restore
from controller.copies.standing import PlaceStanding, trouble_of
from controller.copies.words import SAME_DISK
from protocol.clock import wall_ms
from protocol.command_line import CommandParser
from protocol.formats import moment_in_text, phrase
from protocol.settings import SettingsError, password_in
from protocol.words import N_, Translate


def fill_backup(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    to = say(N_("the folder for copies, such as a stick's, or another controller's address"))
    parser.add_argument("--to", default="", metavar="FOLDER|URL", help=to)
    token = say(N_("a file that holds the other controller's token, instead of typing it"))
    parser.add_argument("--token-file", default="", metavar="FILE", help=token)
    anew = say(N_("set another passphrase; copies made before keep theirs"))
    parser.add_argument("--new-passphrase", action="store_true", help=anew)
    _add_passphrase(parser, say)
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _backup(options, say))


def fill_restore(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    source = say(
        N_("a copy, a folder of copies, or another controller's address: the newest whole one")
    )
    parser.add_argument("source", metavar="FILE|FOLDER|URL", help=source)
    token = say(N_("a file that holds the other controller's token, instead of typing it"))
    parser.add_argument("--token-file", default="", metavar="FILE", help=token)
    force = say(N_("put the folder aside if it is not empty"))
    parser.add_argument("--force", action="store_true", help=force)
    _add_passphrase(parser, say)
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _restore(options, say))


def _add_passphrase(parser: CommandParser, say: Translate) -> None:
    file = say(N_("a file that holds the passphrase, instead of typing it"))
    parser.add_argument("--passphrase-file", default="", metavar="FILE", help=file)


def _backup(options: argparse.Namespace, say: Translate) -> int:
    folder = existing_folder(options)
    if not (options.to or options.new_passphrase):
        raise SettingsError("backup_where", N_("Where to? Name a folder with --to."))
    last = folder / COPIES / SETTINGS_FILE
    if not (has_database(options) or last.exists()):
        existing_database(options)
    _set_passphrase(options, folder / COPIES, say)
    if not options.to:
        return 0
    config = told_settings(options, last)
    with _in_words():
        place = _place(options, folder / COPIES, say)
        tell(_made(make_copy(config, place, wall_ms(), full=True, prepare=True), say))
    return 0


def _set_passphrase(options: argparse.Namespace, folder: Path, say: Translate) -> None:
    """Set the first passphrase, or another one. Raises CopyError, SettingsError."""
    key = key_in(folder)
    if key and not options.new_passphrase:
        return
    passphrase = _passphrase(options, say, is_new=True)
    keep_key(folder, rewrapped(key.identity, passphrase) if key else new_key(passphrase))
    tell(say(N_("The passphrase is set. Write it down and keep it away from this computer:")))
    tell(say(N_("without it no copy can be opened once this computer is gone.")))


def _passphrase(options: argparse.Namespace, say: Translate, *, is_new: bool = False) -> str:
    if options.passphrase_file:
        return password_in(options.passphrase_file)
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed = getpass.getpass(say(N_("Passphrase of the copies: ")))
    if is_new and getpass.getpass(say(N_("The same again: "))) != typed:
        raise CopyError("passphrase_differs", N_("The two were not the same."))
    return typed


def _place(options: argparse.Namespace, copies: Path, say: Translate) -> str:
    """Where the copies go; of another controller the token is asked once. Raises OSError."""
    place = str(options.to)
    if not is_address(place):
        return str(Path(place).absolute())
    if options.token_file or not has_token(copies, place):
        keep_token(copies, place, _token(options, say))
    return place


def _token(options: argparse.Namespace, say: Translate) -> str:
    if options.token_file:
        return password_in(options.token_file)
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return getpass.getpass(say(N_("Token of the other controller: ")))


@contextmanager
def _source(options: argparse.Namespace, data: Path, say: Translate) -> Iterator[Path]:
    """The copies as files; from another controller they are fetched first."""
    if is_address(options.source):
        shelf = RemoteShelf(options.source, _token(options, say), data.parent)
        with _in_words(), shelf.within_reach() as fetched:
            yield fetched
        return
    source = Path(options.source).absolute()
    if not source.exists():
        raise SettingsError("copy_missing", N_("There is no {path}."), path=source)
    yield source


def _restore(options: argparse.Namespace, say: Translate) -> int:
    data = data_folder(options).absolute()
    with _source(options, data, say) as source:
        opener = PassphraseOpener(_passphrase(options, say))
        with _in_words():
            restored = restore(source, data, opener, force=options.force)
    for line in _lines(restored, data, say):
        tell(line)
    return 0


def _made(standing: PlaceStanding, say: Translate) -> str:
    made = N_("Copy made and read back: {file}, {size} MB.")
    told = phrase(made, say, file=standing.name.file, size=standing.size / 1_000_000)
    return f"{told} {say(SAME_DISK)}" if standing.is_apart is False else told


def _lines(restored: Restored, data: Path, say: Translate) -> Iterator[str]:
    """What was brought back, what was not whole, and what is left to do."""
    manifest = restored.manifest
    for file in restored.passed_over:
        yield phrase(N_("{file} is not whole and was passed over."), say, file=file)
    done = N_(
        "{folder} is as of {when}: {rows} {rows:row|rows} in {tables} {tables:table|tables}, all"
        " as promised."
    )
    when = moment_in_text(manifest.made_ms, None, say)
    rows = sum(manifest.rows.values())
    yield phrase(done, say, folder=data, when=when, rows=rows, tables=len(manifest.rows))
    settings = N_("The settings are in {folder}; look them over, then put them where they were:")
    yield phrase(settings, say, folder=data / "settings")
    yield from (f"  {name}" for name in restored.settings)
    if not manifest.pages:
        dump = N_("The server's database is in {file}; bring it back with pg_restore.")
        yield phrase(dump, say, file=data / "database.dump")
    yield say(N_("What the rooms still hold is sent again once the controller runs."))


@contextmanager
def _in_words() -> Iterator[None]:
    """Refusals of the disk, or of SQLite, in our own words. Raises CopyError."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        trouble = trouble_of(error)
        raise CopyError(trouble.code, trouble.message, trouble.hint, **trouble.values) from error
