"""This file takes a book into the register: tried first, or kept; by command and by browser."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from controller.database.plan_version import version_of
from controller.database.store import Store
from controller.register import store as register
from controller.register.book import Book
from controller.register.headings import field_of
from controller.register.merging import UNASKED, Answers, Kept, Merged, MergeVerdict, merged
from controller.register.pairing import Pairs, told_fields
from controller.register.prices import priced
from controller.register.undoing import BookImport
from controller.sheets.errors import SheetError
from protocol.folder import EVERYBODY, changing, write_whole
from protocol.formats import phrase
from protocol.model import Place
from protocol.settings import SettingsError
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE
from protocol.words import N_, Translate

HEADINGS: Final = "register-headings.json"
VERDICTS: Final[Mapping[MergeVerdict, str]] = {
    MergeVerdict.NEW: N_("new"),
    MergeVerdict.CHANGED: N_("changed"),
    MergeVerdict.SAME: N_("as before"),
}
ABSENT: Final = N_(
    "{count} {count:line|lines} of the register {count:is|are} not in this file and"
    " {count:stays|stay}; give --all if gone from the school."
)
DOUBTFUL: Final = N_(
    "{count} {count:line|lines} may be in the register already and {count:is|are} taken as new;"
    " give --same if {count:it is|they are} the same."
)
SEVERAL: Final = N_(
    "{lines} {lines:line has|lines have} a quantity other than 1: {things} {things:thing|things}"
    " if each is counted."
)
SUMS: Final = N_(
    "{rows} {rows:line|lines}: {new} new, {changed} changed, {same} as before; {removed} gone."
)

CHANGED: Final = N_("{new} new, {changed} changed; {removed} gone.")
REMAINING: Final = N_(
    "{count} {count:line|lines} changed since and {count:stays|stay} as {count:it is|they are}:"
    " {lines}."
)


class PairedAt(NamedTuple):
    """What a trial paired lines to, and the version of the school's data for which that holds."""

    version: int
    pairs: Pairs


def take_in(
    store: Store,
    place: Place,
    book: Book,
    *,
    whole: bool,
    now_ms: int,
    who: str = "",
    file: str = "",
    answers: Answers = UNASKED,
    paired: PairedAt | None = None,
) -> Merged:
    """Keep the book's lines. whole: lines that it lacks have left. Raises StoreError.

    paired: of a trial with the same answers; it is paired anew where something changed since.
    """
    with store.locked(place) as db:
        is_as_tried = paired is not None and paired.version == version_of(db, place)
        return register.bring_in(
            db, place, book.lines, whole=whole, now_ms=now_ms, who=who, file=file,
            fields=book.told, answers=answers,
            pairs=paired.pairs if paired and is_as_tried else None,
        )  # fmt: skip


def weigh(
    store: Store, place: Place, book: Book, *, whole: bool = False, answers: Answers = UNASKED
) -> Merged:
    """What would become of the book's lines; nothing is written. Raises StoreError."""
    lines = store.read(register.lines_of, place)
    return merged(lines, book.lines, whole=whole, fields=book.told, answers=answers)


def headings_in(path: Path) -> dict[str, str]:
    """What unknown headings are, as the school explained them once. Raises SettingsError."""
    try:
        return from_json(path.read_bytes(), dict[str, str])
    except FileNotFoundError:
        return {}
    except (OSError, *UNREADABLE) as error:
        raise SettingsError(
            "headings_damaged",
            N_("The file {path} cannot be read."),
            N_("Remove it, and map the headings again."),
            path=path,
        ) from error


def explained(mapped: Mapping[str, str]) -> dict[str, str]:
    """What headings are that are not known by themselves.

    Which of two columns that everybody knows is meant is said of one book, not of the next.
    """
    return {head: field for head, field in mapped.items() if field_of(head, {}) != field}


def remember_headings(path: Path, mapped: Mapping[str, str]) -> None:
    """Keep what headings are, beside those known, for the next book. Raises OSError.

    What is damaged was asked about anew, and is replaced.
    """
    with changing(path):
        try:
            before = explained(headings_in(path))
        except SettingsError:
            before = {}
        text = json.dumps({**before, **mapped}, ensure_ascii=False, indent=1)
        write_whole(path, text.encode(), EVERYBODY)


def report_of(
    book: Book, merger: Merged, refused: SheetError | None, say: Translate, *, dry_run: bool
) -> dict[str, object]:
    """What `register import --json` tells; a dry run says of each line what would become of it."""
    items = [priced(line, told=told_fields(line)).said(say) for line in book.lines]
    if dry_run:
        for item, verdict in zip(items, merger.verdicts, strict=bool(merger.verdicts)):
            item["verdict"] = verdict.value
    warnings: list[dict[str, str]] = [warning.said(say) for warning in book.warnings]
    if merger.absent:
        absent = phrase(ABSENT, say, count=merger.absent)
        warnings.append({"file": "", "code": "lines_absent", "message": absent})
    if merger.doubtful:
        doubtful = phrase(DOUBTFUL, say, count=merger.doubtful)
        warnings.append({"file": "", "code": "lines_doubtful", "message": doubtful})
    if book.several.lines:
        several = phrase(SEVERAL, say, **book.several._asdict())
        warnings.append({"file": "", "code": "doubt_quantity", "message": several})
    if refused:
        warnings.insert(0, {"file": "", "code": refused.code, "message": refused.text(say)})
    return {
        "rows": len(book.lines),
        "title_rows_skipped": book.title_rows_skipped,
        "total_row_skipped": book.total_row_skipped,
        "items": items,
        "warnings": warnings,
    }


def sums_of(merger: Merged) -> dict[str, int]:
    """The values of SUMS."""
    counts = {verdict.value: merger.verdicts.count(verdict) for verdict in MergeVerdict}
    return {**counts, "rows": len(merger.verdicts), "removed": merger.removed}


def counts_of(record: BookImport) -> dict[str, int]:
    """The values of CHANGED."""
    return {"new": record.new, "changed": record.changed, "removed": record.removed}


def rows_told(record: BookImport, lines: Iterable[Kept]) -> str:
    """The lines that undoing an import left as they were, by their numbers in the book."""
    remaining = {*record.remaining}
    return ", ".join(str(entry.data.row) for entry in lines if entry.no in remaining)
