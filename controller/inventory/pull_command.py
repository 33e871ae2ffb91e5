"""This file is `lophoc-controller pull`: a copy of another controller's inventory."""

from __future__ import annotations

import argparse
import os
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from controller.cli.output import add_json, check_ending, output, tell
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.settings import SettingsError
from protocol.words import N_, Translate

if TYPE_CHECKING:
    from sqlalchemy import URL

    from controller.inventory.pulling.copy import Copy

_TOKEN: Final = "LOPHOC_TOKEN"  # noqa: S105 - a variable's name
_FILES: Final = (".csv", ".ndjson")
_DATABASES: Final = (".db", ".sqlite")
_TARGET: Final = "FILE.csv|FILE.ndjson|FILE.db|postgresql://HOST/DATABASE"
_MOST_CHARS: Final = 4096


def fill_pull(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    where = say(N_("the other controller's address, with filters behind ? if only some are wanted"))
    parser.add_argument("url", metavar="URL", help=where)
    into = say(N_("the copy: a file for programs, a SQLite file, or a PostgreSQL database"))
    parser.add_argument("--into", required=True, metavar=_TARGET, help=into)
    token = phrase(
        N_("a file with the token; without it the variable {variable}"), say, variable=_TOKEN
    )
    parser.add_argument("--token-file", type=Path, metavar="FILE", help=token)
    authority = say(N_("the certificate of the controller's own authority, from its page /trust"))
    parser.add_argument("--ca", type=Path, metavar="FILE", help=authority)
    tries = say(N_("how often to try again while not a single row comes"))
    parser.add_argument("--tries", type=int, default=8, metavar="N", help=tries)
    add_json(parser, say)
    parser.set_defaults(command=lambda options: _pull(options, say))


def _pull(options: argparse.Namespace, say: Translate) -> int:
    from controller.inventory.pulling.address import address_of  # noqa: PLC0415 - other commands need none of it
    from controller.inventory.pulling.copy import Copy  # noqa: PLC0415 - likewise
    from controller.inventory.pulling.puller import pull  # noqa: PLC0415 - likewise
    from controller.inventory.pulling.source import Source  # noqa: PLC0415 - likewise

    token = _token(options.token_file)
    address = address_of(options.url, has_token=bool(token))
    source = Source(address, token, _tls(options.ca) if address.is_encrypted else None)
    url, shown = _target(options.into)
    with Copy(url, source.name) as copy:
        if shown:
            _check_own(copy, source.name, shown)
        pulled = pull(source, copy, time.sleep, max(options.tries, 1))
        if shown:
            _show(copy, shown)
        count = copy.count()
    if options.json:
        counts = f'"told":{pulled.told},"gone":{pulled.gone},"anew":{pulled.anew}'
        tell(f'{{"items":{count},{counts},"cuts":{pulled.cuts}}}')
        return 0
    if pulled.anew:
        tell(say(N_("All was told anew: the database or the schools of the token are others.")))
    words = N_("{told} came or changed, {gone} went; the copy holds {count}.")
    tell(phrase(words, say, told=pulled.told, gone=pulled.gone, count=count))
    return 0


def _token(path: Path | None) -> str:
    """The token; "" without one. Raises SettingsError."""
    if path is None:
        return os.environ.get(_TOKEN, "").strip()
    try:
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _no_token(path) from error
    if not text or len(text) > _MOST_CHARS or any(char.isspace() for char in text):
        raise _no_token(path)
    return text


def _no_token(path: Path) -> SettingsError:
    return SettingsError(
        "token_unreadable",
        N_("{path} holds no token that can be read."),
        N_("Write the token that `lophoc-controller token create` showed, and nothing else."),
        path=path,
    )


def _tls(authority: Path | None) -> ssl.SSLContext:
    from protocol.pin import pinned  # noqa: PLC0415 - for https alone

    return pinned(authority) if authority else ssl.create_default_context()


def _target(text: str) -> tuple[URL, Path | None]:
    """The database of the copy, and the file that shows it, if any. Raises SettingsError."""
    from sqlalchemy import URL  # noqa: PLC0415 - heavy

    from controller.database.engine import url_from  # noqa: PLC0415 - likewise

    if "://" in text:
        url = url_from(text)
        if url.password:
            raise SettingsError(
                "password_in_arguments",
                N_("Everybody on this computer can see what a command is given."),
                N_("Put the password into a file of its own and add ?passfile=FILE."),
            )
        return url, None
    path = Path(text)
    check_ending(path, [*_FILES, *_DATABASES])
    if path.suffix.lower() in _DATABASES:
        return URL.create("sqlite", database=str(path)), None
    return URL.create("sqlite", database=f"{path}.pull"), path


def _check_own(copy: Copy, source: str, path: Path) -> None:
    """A file shows one source: rows of two would be told apart by nobody. Raises SettingsError."""
    if others := [other for other in copy.sources() if other != source]:
        raise SettingsError(
            "pulled_from_elsewhere",
            N_("{path} is a copy of {source}."),
            N_("Pull into another file, or remove this one and the one that ends in .pull."),
            path=path,
            source=others[0],
        )


def _show(copy: Copy, path: Path) -> None:
    """Write the file anew where the copy is another than it shows, or it was cut since.

    Raises SettingsError.
    """
    standing = copy.standing()
    if path.exists() and standing.shown == _mark(path, standing.token):
        return
    with output(path) as file:
        for part in _parts(copy, path.suffix.lower()):
            file.write(part)
    copy.note_shown(_mark(path, standing.token))


def _mark(path: Path, token: str) -> str:
    return f"{token} {path.stat().st_size}"


def _parts(copy: Copy, ending: str) -> Iterator[bytes]:
    from controller.inventory.feed import csv_lines, json_line  # noqa: PLC0415 - heavy

    if ending == ".csv":
        return csv_lines(copy.told())
    return map(json_line, copy.told())
