"""This file is `lophoc-controller stocktake`: begin one, list them, end one, write its minutes."""

from __future__ import annotations

import argparse
from typing import Final

from controller.cli.folder import add_place, data_folder, operator, told_name, told_zone
from controller.cli.output import add_out, output, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.sheets.names import room_of
from controller.stocktake import store as stocktake
from controller.stocktake.count import Outcome, counted
from protocol.command_line import CommandParser
from protocol.formats import moment, phrase
from protocol.settings import SettingsError
from protocol.words import N_, Translate

PAPERS: Final = (".xlsx", ".docx")


def fill_stocktake(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    begin = deeds.add_parser("begin", help=say(N_("begin a stocktake by the book as it is now")))
    room = say(N_("only this room's; it may be given several times"))
    begin.add_argument("--room", action="append", default=[], metavar="P203", help=room)
    listed = deeds.add_parser("list", help=say(N_("tell the stocktakes and how far they are")))
    finish = deeds.add_parser("finish", help=say(N_("end a stocktake; it never changes again")))
    minutes = deeds.add_parser("minutes", help=say(N_("write the minutes as XLSX or DOCX")))
    for deed in (finish, minutes):
        deed.add_argument("number", type=int, metavar="NO", help=say(N_("its number")))
    add_out(minutes, say, *PAPERS)
    for deed, run in ((begin, _begin), (listed, _list), (finish, _finish), (minutes, _minutes)):
        add_place(deed, say)
        deed.set_defaults(command=lambda options, run=run: run(options, say))


def _begin(options: argparse.Namespace, say: Translate) -> int:
    rooms = [room_of(room_name) for room_name in options.room]
    with opened(options) as (store, place), store.locked(place) as db:
        take = stocktake.begin(db, place, rooms, who=operator(), now_ms=now_in(db))
    if take is None:
        raise SettingsError(
            "book_empty",
            N_("The equipment book has no line of these rooms."),
            N_("Bring it in first: lophoc-controller register import FILE"),
        )
    sentence = N_(
        "Stocktake {no} has begun: {lines} {lines:line|lines}. On a phone open /stocktake/{no}."
    )
    tell(phrase(sentence, say, no=str(take.no), lines=len(take.lines)))
    return 0


def _list(options: argparse.Namespace, say: Translate) -> int:
    zone = told_zone(options)
    with opened(options) as (store, place), store.view() as db:
        for head in stocktake.stocktakes_of(db, place):
            take = stocktake.stocktake_of(db, place, head.no) or head
            result = counted(take, stocktake.scans_of(db, place, take.no))
            done = len(result.lines) - result.count(Outcome.UNCOUNTED)
            begun = moment(take.begun_ms, zone, say)
            state = say(N_("going on") if take.finished_ms is None else N_("finished"))
            tell("\t".join((str(take.no), begun, f"{done}/{len(result.lines)}", state)))
    return 0


def _finish(options: argparse.Namespace, say: Translate) -> int:
    with opened(options) as (store, place), store.locked(place) as db:
        ended = stocktake.finish(db, place, options.number, who=operator(), now_ms=now_in(db))
    if not ended:
        raise _unknown(options.number)
    tell(phrase(N_("Stocktake {no} is finished."), say, no=str(options.number)))
    return 0


def _minutes(options: argparse.Namespace, say: Translate) -> int:
    from controller.stocktake.form import form_in  # noqa: PLC0415 - other commands write no paper
    from controller.stocktake.minutes import minutes_of  # noqa: PLC0415 - likewise
    from controller.stocktake.papers import as_docx, as_xlsx  # noqa: PLC0415 - likewise

    form = form_in(data_folder(options))
    with opened(options) as (store, place), store.view() as db:
        take = stocktake.stocktake_of(db, place, options.number)
        if take is None:
            raise _unknown(options.number)
        result = counted(take, stocktake.scans_of(db, place, take.no))
    school = told_name(options) or place.school
    drawn = minutes_of(take, result, form, school=school, zone=told_zone(options))
    is_workbook = options.out.suffix.lower() == ".xlsx"
    with output(options.out) as file:
        file.write((as_xlsx if is_workbook else as_docx)(drawn))
    tell(phrase(N_("The minutes are in {path}."), say, path=options.out))
    return 0


def _unknown(number: int) -> SettingsError:
    return SettingsError(
        "stocktake_unknown", N_("There is no stocktake {no}, or it has ended."), no=number
    )
