"""This file is `lophoc-controller areas`, `schools` and `rooms`: bring lists in, merge, undo."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from controller.areas import store as areas
from controller.areas.areas import AreaError, Merger, MergerKind
from controller.cli.folder import add_place, operator, told_zone
from controller.cli.output import add_json, add_out, output, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.database.plan_version import bump_version
from controller.department.bringing import Brought, areas_in, schools_in, spots_in
from controller.department.census import figures_now
from controller.department.reading import (
    AREAS,
    MESSAGES,
    ROOMS,
    SCHOOLS,
    Aliases,
    ReadList,
    day_of,
    read_list,
)
from controller.department.seals import seals_of
from controller.department.store import schools_of
from controller.evidence.seals import KeptSeals
from controller.inventory.counting import settle
from controller.inventory.store import keep_spots
from controller.reconcile.kpi import Kpi
from controller.reconcile.words import percent_words
from controller.sheets.errors import SheetError
from controller.sheets.text import RefusedError
from controller.sheets.writing import EXCEL_MARK, csv_text
from protocol.command_line import CommandParser
from protocol.folder import EVERYBODY, write_whole
from protocol.formats import moment, phrase
from protocol.model import Place, instant
from protocol.nearest import nearest
from protocol.settings import SettingsError
from protocol.words import N_, Translate

EXIT_REFUSED: Final = 1
_UNKNOWN_AREA: Final = N_("The area {name} was not listed; it was made anew by that name.")
Changed = tuple[int, list[tuple[str, str]]]  # how much, and what a person should know: code, name
Bring = Callable[[Connection, Place, ReadList, str], Changed]


def fill_areas(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    _add_import(deeds, say, AREAS, _bring_areas)
    _add_mergers(deeds, say, MergerKind.AREA)


def fill_schools(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    _add_import(deeds, say, SCHOOLS, _bring_schools)
    _add_mergers(deeds, say, MergerKind.SCHOOL)
    _add_seals(deeds, say)


def fill_rooms(parser: CommandParser, say: Translate) -> None:
    """Give the command its deed."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    _add_import(deeds, say, ROOMS, _bring_rooms)


def _add_import(deeds: Any, say: Translate, aliases: Aliases, bring: Bring) -> None:
    parser = deeds.add_parser("import", help=say(N_("read Excel or CSV")))
    parser.add_argument("path", type=Path, metavar="FILE", help=say(N_("an Excel file or a CSV")))
    trial = say(N_("read and tell, write nothing"))
    parser.add_argument("--dry-run", action="store_true", help=trial)
    add_json(parser, say)
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _import(options, say, aliases, bring))


def _add_mergers(deeds: Any, say: Translate, what: MergerKind) -> None:
    merge = deeds.add_parser("merge", help=say(N_("say that one merged into another")))
    retire = deeds.add_parser("retire", help=say(N_("say that one is closed: it counts no more")))
    undo = deeds.add_parser("undo", help=say(N_("undo a merger")))
    history = deeds.add_parser("history", help=say(N_("tell all mergers")))
    for deed in (merge, retire):
        deed.add_argument("old", help=say(N_("the code of the one that is no more")))
    merge.add_argument("new", help=say(N_("the code of the one that stays")))
    for deed in (merge, retire):
        day = say(N_("the first day on which it holds, otherwise today"))
        deed.add_argument("--since", metavar="DAY", default="", help=day)
        trial = say(N_("tell what the figures become, write nothing"))
        deed.add_argument("--dry-run", action="store_true", help=trial)
    undo.add_argument("number", type=int, help=say(N_("the merger's number")))
    for deed, run in ((merge, _merge), (retire, _merge), (undo, _undo), (history, _history)):
        add_place(deed, say)
        deed.set_defaults(command=lambda options, run=run: run(options, say, what), new="")


def _add_seals(deeds: Any, say: Translate) -> None:
    meaning = say(N_("write what a school told of its attendance logs, for attendance verify"))
    parser = deeds.add_parser("seals", help=meaning)
    parser.add_argument("code", help=say(N_("the school's code")))
    add_out(parser, say, ".json")
    add_place(parser, say)
    parser.set_defaults(command=_write_seals)


def _write_seals(options: argparse.Namespace) -> int:
    with _department(options) as (db, place, _):
        seals = seals_of(db, Place(place.province, options.code))
    kept = KeptSeals(province=place.province, school=options.code, seals=tuple(seals))
    with output(options.out) as file:
        file.write(msgspec.json.format(msgspec.json.encode(kept)))
    return 0


def _import(options: argparse.Namespace, say: Translate, aliases: Aliases, bring: Bring) -> int:
    listed, changed, warnings = ReadList(), 0, list[dict[str, str]]()
    refused: SheetError | None = None
    try:
        listed = read_list(options.path, aliases)
        with _department(options, province=aliases is not ROOMS) as (db, place, today):
            changed, notes = bring(db, place, listed, today)
            if options.dry_run:
                db.rollback()
        warnings += [_warning(code, phrase(_NOTES[code], say, name=name)) for code, name in notes]
    except SheetError as error:
        refused = error
        warnings.append(_warning(error.code, error.text(say)))
    warnings[:0] = [notice.said(say) for notice in listed.notices]
    if options.json:
        _tell_json(options, listed, changed, warnings, say)
    else:
        _tell(options, listed, changed, warnings, say)
    if listed.flaws and not options.dry_run:
        _give_back(options, listed, say)
    return EXIT_REFUSED if refused else 0


def _warning(code: str, message: str) -> dict[str, str]:
    return {"file": "", "code": code, "message": message}


def _tell_json(
    options: argparse.Namespace,
    listed: ReadList,
    changed: int,
    warnings: Sequence[dict[str, str]],
    say: Translate,
) -> None:
    errors = [
        {"row": flaw.row, "code": flaw.code, "message": say(MESSAGES[flaw.code])}
        for flaw in listed.flaws
    ]
    summary = {"rows": len(listed.entries), "changed": changed, "dry_run": options.dry_run}
    report = summary | {"errors": errors, "warnings": warnings}
    tell(json.dumps(report, ensure_ascii=False, indent=1))


_NOTES: Final = {
    "area_unknown": _UNKNOWN_AREA,
    "merged_already": N_("{name} has merged or was retired already: nothing was changed."),
    "merger_circular": N_("{name} cannot merge into what merged into it."),
}


def _tell(
    options: argparse.Namespace,
    listed: ReadList,
    changed: int,
    warnings: Sequence[dict[str, str]],
    say: Translate,
) -> None:
    for warning in warnings:
        tell(warning["message"], sys.stderr)
    for flaw in listed.flaws:
        row = phrase(N_("row {row}"), say, row=str(flaw.row))
        tell("\t".join((row, *flaw.cells[:3], say(MESSAGES[flaw.code]))), sys.stderr)
    sums = N_("{rows} {rows:row|rows}, {changed} of them changed something; {errors} in error.")
    tell(phrase(sums, say, rows=len(listed.entries), changed=changed, errors=len(listed.flaws)))
    if options.dry_run:
        tell(say(N_("This was a trial: nothing was written.")))


def _give_back(options: argparse.Namespace, listed: ReadList, say: Translate) -> None:
    """Write the rows in error beside the file."""
    target = options.path.with_name(f"{options.path.resolve().name}.errors.csv")
    width = len(listed.heads)
    rows = [
        [*listed.heads, say(N_("Error"))],
        *([*_filled(flaw.cells, width), say(MESSAGES[flaw.code])] for flaw in listed.flaws),
    ]
    try:
        write_whole(target, (EXCEL_MARK + csv_text(rows, delimiter=";")).encode(), EVERYBODY)
    except OSError as error:
        message = N_("The rows in error could not be written to {path}: {cause}.")
        tell(phrase(message, say, path=target, cause=error.strerror), sys.stderr)
        return
    message = phrase(N_("The rows in error are in {path}."), say, path=target)
    tell(message, sys.stderr if options.json else None)


def _filled(cells: Sequence[str], count: int) -> list[str]:
    return [*cells, *[""] * count][:count]


def _bring_areas(db: Connection, place: Place, listed: ReadList, today: str) -> Changed:
    return _keep(db, place, areas_in(listed.entries, today), today)


def _bring_schools(db: Connection, place: Place, listed: ReadList, today: str) -> Changed:
    by_code = areas.atlas_of(db, place.province).areas
    return _keep(db, place, schools_in(listed.entries, by_code, today), today)


def _bring_rooms(db: Connection, place: Place, listed: ReadList, _: str) -> Changed:
    return keep_spots(db, place, spots_in(listed.entries)), []


def _keep(db: Connection, place: Place, brought: Brought, today: str) -> Changed:
    """Keep what a list says."""
    province = place.province
    notes = [("area_unknown", name) for name in brought.unknown]
    changed = areas.keep_areas(db, province, brought.areas)
    changed += areas.keep_facts(db, province, brought.facts)
    changed += areas.keep_memberships(db, province, brought.memberships, today)
    standing = {
        (merger.what, merger.old): merger for merger in areas.atlas_of(db, province).mergers
    }
    for merger in brought.mergers:
        before = standing.get((merger.what, merger.old))
        if before is not None and before.new == merger.new:
            continue
        try:
            areas.keep_merger(db, province, _signed(merger, now_in(db)))
        except AreaError as error:
            notes.append((error.code, merger.old))
        else:
            changed += 1
    bump_version(db, place, changed=changed > 0)
    return changed, notes


def _signed(merger: Merger, now_ms: int) -> Merger:
    return msgspec.structs.replace(merger, who=operator(), at_ms=now_ms)


def _merge(options: argparse.Namespace, say: Translate, what: MergerKind) -> int:
    try:
        since = day_of(options.since)
    except RefusedError as error:
        raise SettingsError("day_invalid", MESSAGES["day_invalid"]) from error
    with _department(options) as (db, place, today):
        for code in (options.old, options.new):
            _check_known(db, place.province, what, code)
        now_ms, day = now_in(db), since or today
        settle(db, place, today)
        before = figures_now(db, place.province, now_ms)
        merger = Merger(what=what, old=options.old, new=options.new, since=day)
        record = areas.keep_merger(db, place.province, _signed(merger, now_ms))
        settle(db, place, max(day, today))
        after = figures_now(db, place.province, now_ms)
        bump_version(db, place, changed=True)
        if options.dry_run:
            db.rollback()
    if what is MergerKind.SCHOOL:
        _tell_figures(before, after, {options.old, options.new} - {""}, say)
    if options.dry_run:
        tell(say(N_("This was a trial: nothing was written.")))
        return 0
    done = N_("Kept; to undo it: lophoc-controller {what} undo {number}")
    tell(phrase(done, say, what=f"{what.value}s", number=str(record.no)))
    return 0


def _check_known(db: Connection, province: str, what: MergerKind, code: str) -> None:
    """Raises SettingsError for a code that nobody has listed and no school has told."""
    if what is MergerKind.AREA:
        known = {*areas.atlas_of(db, province).areas}
    else:
        told = {record.code for record in schools_of(db, Place(province))}
        known = {*areas.facts_of(db, province), *told, *figures_now(db, province, 0)}
    if code in {"", *known}:
        return
    near = nearest(code, known)
    raise SettingsError(
        f"{what.value}_unknown",
        N_("Nobody knows the code {asked} here."),
        N_("Did you mean {near}?") if near else N_("Bring its list in first."),
        asked=code,
        near=near,
    )


def _tell_figures(
    before: Mapping[str, Kpi], after: Mapping[str, Kpi], codes: set[str], say: Translate
) -> None:
    """What the figures of these schools become."""
    for code in sorted(codes):
        then, now = before.get(code, Kpi()), after.get(code, Kpi())
        message = N_(
            "{code}: {then} {then:item|items}, {then_pct}; then {now} {now:item|items}, {now_pct}."
        )
        parts = {
            "then": then.declared,
            "then_pct": percent_words(then.digital_managed_pct, say),
            "now": now.declared,
            "now_pct": percent_words(now.digital_managed_pct, say),
        }
        tell(phrase(message, say, code=code, **parts))


def _undo(options: argparse.Namespace, say: Translate, what: MergerKind) -> int:
    with _department(options) as (db, place, _):
        undone = areas.undo_merger(db, place.province, what, options.number, now_in(db))
        bump_version(db, place, changed=undone)
    if not undone:
        raise SettingsError(
            "merger_unknown", N_("No standing merger has the number {no}."), no=options.number
        )
    tell(say(N_("Undone.")))
    return 0


def _history(options: argparse.Namespace, say: Translate, what: MergerKind) -> int:
    zone = told_zone(options)
    with _department(options) as (db, place, _):
        mergers = areas.mergers_of(db, place.province)
    for merger in mergers:
        if merger.what is what:
            at = moment(merger.at_ms, zone, say)
            undone = say(N_("undone")) if merger.undone_ms is not None else ""
            into = merger.new or say(N_("closed"))
            tell(
                "\t".join((str(merger.no), merger.since, merger.old, into, merger.who, at, undone))
            )
    return 0


@contextmanager
def _department(
    options: argparse.Namespace, *, province: bool = True
) -> Iterator[tuple[Connection, Place, str]]:
    """One transaction on what the department knows, its own place, and today."""
    with opened(options) as (store, place):
        if province and not place.province:
            raise SettingsError(
                "province_unknown",
                N_("Which province?"),
                N_("Name it with --config, or by LOPHOC_CONTROLLER_PROVINCE and _SCHOOL."),
            )
        with store.locked(place) as db:
            today = instant(now_in(db)).astimezone(told_zone(options)).date().isoformat()
            yield db, place, today
