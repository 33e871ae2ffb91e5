"""This file is what commands write: what they tell, JSON, and a file that is named by -o."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from protocol.command_line import unwritable
from protocol.folder import EVERYBODY, whole_file, write_whole
from protocol.formats import phrase
from protocol.settings import SettingsError
from protocol.words import N_, Translate

_FORMS: Final = frozenset({".csv", ".docx", ".json", ".ndjson", ".pdf", ".xlsx", ".zip"})


def add_json(parser: argparse.ArgumentParser, say: Translate) -> None:
    """Give a command the option to answer programs."""
    parser.add_argument("--json", action="store_true", help=say(N_("tell it as JSON")))


def add_out(
    parser: argparse.ArgumentParser,
    say: Translate,
    *endings: str,
    is_required: bool = True,
    once: str = "",
) -> None:
    """Give a command -o and --out, the file that it writes; one with another ending is refused.

    endings: such as .pdf; none where any will do. once: what the option was called before.
    """
    meaning = say(N_("the file to write"))
    meaning += f", {' | '.join(endings)}" if endings else ""
    kind = partial(_out, endings=endings)
    parser.add_argument(
        "-o", "--out", type=kind, required=is_required, metavar="FILE", help=meaning
    )
    if once:
        renamed = phrase(N_("{old} is called {new} now."), say, old=once, new="--out")
        parser.add_argument(
            once,
            dest="out",
            type=kind,
            metavar="FILE",
            action=_Renamed,
            notice=renamed,
            help=argparse.SUPPRESS,
        )


def check_ending(path: Path, endings: Sequence[str]) -> None:
    """Refuse a file name that promises what the file is not. Raises SettingsError.

    A form that one command alone writes may have any name but that of another form.
    """
    ending = path.suffix.lower()
    if ending in endings or (len(endings) == 1 and ending not in _FORMS):
        return
    raise SettingsError(
        "ending_unknown",
        N_("{path} cannot be written: that is no ending for it."),
        N_("Let the file's name end in {endings}."),
        path=path,
        endings=", ".join(endings),
    )


def check_apart(out: Path | None, source: Path) -> None:
    """Refuse to write over the very file that is read. Raises SettingsError."""
    if out and out.resolve() == source.resolve():
        raise SettingsError(
            "file_read_and_written",
            N_("{path} is the file that is read."),
            N_("Write to another one."),
            path=out,
        )


@contextmanager
def output(path: Path) -> Iterator[BinaryIO]:
    """The file that a command writes; whole when the block ends. Raises SettingsError."""
    with unwritable(path), whole_file(path, EVERYBODY) as file:
        yield file


def tell(text: str, stream: TextIO | None = None) -> None:
    """Say a line to whoever runs the command."""
    (stream or sys.stdout).write(f"{text}\n")


def _out(text: str, endings: Sequence[str]) -> Path:
    path = Path(text)
    if endings:
        check_ending(path, endings)
    return path


class _Renamed(argparse.Action):
    """An option by its old name: it is taken, and the new name is told."""

    def __init__(self, *, notice: str, **described: Any) -> None:
        super().__init__(**described)
        self._notice = notice

    def __call__(
        self, _parser: object, options: argparse.Namespace, value: object, _name: object = None
    ) -> None:
        tell(self._notice, sys.stderr)
        setattr(options, self.dest, value)


def give_back(options: argparse.Namespace, rows: str, failure: str, say: Translate) -> Path | None:
    """Write an import's refused rows beside its file; a dry run only where it was told to.

    options: path, errors, dry_run. failure: what is said where they cannot be written.
    """
    beside = options.path.with_name(f"{options.path.resolve().name}.errors.csv")
    target: Path | None = options.errors or (None if options.dry_run else beside)
    if target is None or not rows:
        return None
    try:
        write_whole(target, rows.encode(), EVERYBODY)
    except OSError as error:
        tell(phrase(failure, say, path=target, cause=error.strerror), sys.stderr)
        return None
    return target
