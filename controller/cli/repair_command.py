"""This file is `lophoc-controller repair`: what a damaged database holds, and its copy adds."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from controller.cli.folder import add_place, existing_database, existing_folder, told_database
from controller.cli.output import tell
from controller.config import UPWARD_OUTBOX
from controller.database.engine import url_from
from controller.database.place_note import DATABASE
from controller.database.repair import RepairReport, SavedTable, repair
from controller.database.required import Row
from controller.database.served import refuse_other
from controller.database.upkeep import copies_in, is_sound
from protocol.clock import wall_ms
from protocol.command_line import CommandParser
from protocol.folder import lock_folder
from protocol.formats import moment_in_text, phrase
from protocol.model import instant
from protocol.outbox import mend
from protocol.settings import SettingsError
from protocol.words import N_, Translate


def fill_repair(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _repair(options, say))


def _repair(options: argparse.Namespace, say: Translate) -> int:
    folder = existing_folder(options)
    database = _database(options, folder / "backups")
    with lock_folder(folder):
        for line in [
            *_mend_outbox(folder, say),
            *_mend_database(database, folder, say, options.is_readable),
        ]:
            tell(line)
    return 0


def _mend_outbox(folder: Path, say: Translate) -> Iterator[str]:
    path = folder / UPWARD_OUTBOX
    aside = path.with_name(f"{path.name}.damaged-{_stamp()}")
    saved = mend(path, aside)
    if saved is not None:
        done = N_(
            "{file} was damaged, is kept as {path}; {count} {count:message upward was|messages"
            " upward were} saved."
        )
        yield phrase(done, say, file=path.name, path=aside.name, count=saved)


def _mend_database(
    database: Path, folder: Path, say: Translate, is_readable: Callable[[str, Row], bool]
) -> Iterator[str]:
    if is_sound(database):
        yield phrase(N_("{path} is sound; nothing was changed."), say, path=database)
    else:
        yield from _lines(repair(database, folder / "backups", _stamp(), is_readable), say)


def _stamp() -> str:
    return f"{instant(wall_ms()):%Y%m%d-%H%M%S}"


def _database(options: argparse.Namespace, backups: Path) -> Path:
    """The SQLite file, which may be gone where its copies are not. Raises SettingsError."""
    refuse_other(backups.parent, named := told_database(options))
    if not named:
        has_copies = bool(copies_in(backups))
        return backups.with_name(DATABASE) if has_copies else existing_database(options)
    url = url_from(named)
    if url.get_backend_name() == "sqlite":
        return Path(url.database or "")
    raise SettingsError(
        "repair_of_sqlite",
        N_("`repair` is for SQLite files; the database of this controller is PostgreSQL."),
        N_("The server mends its own files; bring a copy back with pg_restore."),
    )


def _lines(report: RepairReport, say: Translate) -> Iterator[str]:
    """What was saved from where."""
    if report.aside.exists():
        aside = N_("The damaged database was put aside as {path}.")
        yield phrase(aside, say, path=report.aside.name)
    yield _of_the_file(report, say)
    yield _of_the_copy(report.copy, report, say)
    yield from (_of_a_table(table, say) for table in report.tables if table.read or table.copied)
    yield from (_of_the_refused(table, say) for table in report.tables if table.refused)
    yield say(N_("What the rooms still hold is sent again; who pulls changes begins anew."))


def _of_the_file(report: RepairReport, say: Translate) -> str:
    read = sum(table.read for table in report.tables)
    if not read:
        return say(N_("Nothing in the damaged file can be read, not even which tables it has."))
    written = N_("From the damaged file, last written {when}: {rows} {rows:row|rows}.")
    return phrase(written, say, when=moment_in_text(report.written_ms, None, say), rows=read)


def _of_the_copy(copy: Path | None, report: RepairReport, say: Translate) -> str:
    if copy is None:
        return say(N_("There is no sound copy: what could not be read is lost."))
    copied = sum(table.copied for table in report.tables)
    made = N_("From the copy {path}, made {when}: {rows} {rows:row|rows} that could not be read.")
    when = moment_in_text(report.copied_ms, None, say)
    return phrase(made, say, path=copy, when=when, rows=copied)


def _of_the_refused(table: SavedTable, say: Translate) -> str:
    refused = N_(
        "  {name}: {count} {count:row makes no sense and was|rows make no sense and were} not"
        " taken, such as {rows}."
    )
    rows = ", ".join(map(str, table.at))
    return phrase(refused, say, name=table.name, count=table.refused, rows=rows)


def _of_a_table(table: SavedTable, say: Translate) -> str:
    whole = N_("  {name}: {read} {read:row|rows} from the damaged file, all that it had")
    torn = N_("  {name}: {read} {read:row|rows} from the damaged file, {copied} from the copy")
    lost = N_(
        "  {name}: {read} {read:row|rows} from the damaged file, {copied} from the copy; at most"
        " {lost} lost"
    )
    incomplete = lost if table.lost else torn
    return phrase(whole if table.whole else incomplete, say, **table._asdict())
